// What a page weighs on the wire, compressed: its own code and styles.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { begin, end, open, signIn, site, WAIT, withoutDemo } from './browser.mjs';
import { PAGES } from './pages.mjs';

const LIMIT = 25000;                  // bytes

before(() => begin());
after(end);

const parts = () => performance.getEntriesByType('resource')
  .filter(({ name }) => /\.(js|css)$/.test(name))
  .map(({ name, encodedBodySize }) => [name.replace(/.*\//, ''), encodedBodySize]);

for (const [where, shown] of PAGES) {
  test(`${where.replace(/\?.*/, '')} loads ${LIMIT / 1000} kB of its own code and styles at most`, async (t) => {
    const page = await open(t);

    await signIn(page);
    await withoutDemo(page);          // and without the browser's cache
    await page.goto(site + where);
    await page.locator(shown).first().waitFor(WAIT);
    await page.waitForLoadState('networkidle');
    const list = await page.evaluate(parts);
    const sum = list.reduce((all, [, size]) => all + size, 0);
    t.diagnostic(`${sum} bytes in ${list.length} files`);
    assert.ok(list.some(([name]) => name === 'style.css') && sum > 5000, 'they are seen');
    assert.ok(sum <= LIMIT, `${sum} bytes: ${list.map((one) => one.join(' ')).join(', ')}`);
  });
}
