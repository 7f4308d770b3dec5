// When a page is of use on a slow telephone, beside a plain HTML file of what
// it then shows:
//
//   node paint.mjs [RUNS]
//
// Both are asked for in turn by the same throttled browser, without a cache.

import http from 'node:http';
import zlib from 'node:zlib';

import { begin, end, open, signIn, site, WAIT, withoutDemo } from './browser.mjs';
import { PAGES } from './pages.mjs';

const RUNS = Number(process.argv[2] ?? 5);
const LINE = { offline: false, latency: 150, downloadThroughput: 200000, uploadThroughput: 94000 };
const CPU = 4;                        // times slower

const middle = (list) => Math.round(list.sort((a, b) => a - b)[Math.floor(list.length / 2)]);

// The first frame in which the selector is there.
function watch(selector) {
  const look = () => {
    if (globalThis.usefulAt === undefined && document.querySelector(selector)) {
      globalThis.usefulAt = null;
      requestAnimationFrame(() => setTimeout(() => { globalThis.usefulAt = performance.now(); }));
    }
  };

  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
}

async function throttled(page) {
  const cdp = await page.context().newCDPSession(page);

  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  await cdp.send('Network.emulateNetworkConditions', LINE);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: CPU });
}

async function measure(page, url) {
  await page.goto('about:blank');
  await page.goto(url);
  await page.waitForFunction(() => globalThis.usefulAt > 0, null, WAIT);
  return page.evaluate(() => ({ useful: globalThis.usefulAt,
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    files: performance.getEntriesByType('resource').length }));
}

// What the page shows, with its styles, without its code.
async function plainOf(page, url, shown) {
  await page.goto(url);
  await page.locator(shown).first().waitFor(WAIT);
  await page.waitForLoadState('networkidle');
  return page.evaluate(() => {
    document.querySelectorAll('script, noscript, link[rel*="preload"]').forEach((one) => one.remove());
    return `<!doctype html>${document.documentElement.outerHTML}`;
  });
}

function serve(texts) {
  const server = http.createServer(async (request, response) => {
    if (!texts.has(request.url)) {
      texts.set(request.url, await (await fetch(site + request.url)).text());
    }
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Cache-Control': 'no-store',
      'Content-Type': request.url.endsWith('.css') ? 'text/css'
        : request.url.endsWith('.svg') ? 'image/svg+xml' : 'text/html' });
    response.end(zlib.gzipSync(texts.get(request.url)));
  });

  return new Promise((done) => { server.listen(0, '127.0.0.1', () => done(server)); });
}

const closing = [];
const run = { after: (work) => closing.push(work) };

await begin();
const texts = new Map();
const server = await serve(texts);
const plainSite = `http://127.0.0.1:${server.address().port}`;

console.log('first useful paint, ms      ours   plain HTML   files');
try {
  for (const [where, shown] of PAGES) {
    const page = await open(run);
    const found = { ours: [], plain: [] };
    let files = 0;

    await signIn(page);
    await withoutDemo(page);
    texts.set(where, await plainOf(page, site + where, shown));
    await page.unrouteAll({ behavior: 'wait' });
    await page.addInitScript(watch, shown);
    await throttled(page);
    for (let i = 0; i < RUNS; i += 1) {
      const one = await measure(page, site + where);
      found.ours.push(one.useful);
      files = one.files;
      found.plain.push((await measure(page, plainSite + where)).useful);
    }
    console.log(where.padEnd(42), String(middle(found.ours)).padStart(6),
      String(middle(found.plain)).padStart(8), String(files).padStart(6));
    await closing.pop()();
  }
} finally {
  server.closeAllConnections();
  server.close();
  await end();
}
