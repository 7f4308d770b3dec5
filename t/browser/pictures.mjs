// The pictures of doc/pages.md and README, made anew: each page in English by
// day and in French by night.
//
//   node pictures.mjs FOLDER

import fs from 'node:fs';
import path from 'node:path';

import {
  begin, CARDS, end, newBoards, newTeam, open, priced, signIn, site, toUpgrade, typeCard, WAIT,
  withoutDemo,
} from './browser.mjs';

const [, , folder = 'pictures'] = process.argv;
const READERS = [
  { word: 'en', locale: 'en-US', colorScheme: 'light' },
  { word: 'fr', locale: 'fr-FR', colorScheme: 'dark' },
];
const QUALITY = 65;
const WIDTH = 1280;                     // px
const LEAST = 640;
const MOST = 1500;

async function take(page, name) {
  const cdp = await page.context().newCDPSession(page);
  await page.waitForLoadState('networkidle');
  // As tall as the page, or its foot would lie across it.
  const height = await page.evaluate(() => (document.querySelector('dialog:modal') ? innerHeight
    : document.documentElement.scrollHeight));
  await page.setViewportSize({ width: WIDTH, height: Math.min(Math.max(height, LEAST), MOST) });
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished
    .catch(() => null))));
  const { data } = await cdp.send('Page.captureScreenshot', {
    format: 'webp', quality: QUALITY,
  });
  const file = path.join(folder, `${name}.webp`);

  fs.writeFileSync(file, Buffer.from(data, 'base64'));
  console.log(file, fs.statSync(file).size, 'bytes');
  await cdp.detach();
  await page.setViewportSize({ width: WIDTH, height: LEAST });
}

async function pages(page, word) {
  const see = async (name, where, shown) => {
    await page.setViewportSize({ width: WIDTH, height: LEAST });
    await page.goto(site + where);
    await page.locator(shown).first().waitFor(WAIT);
    await take(page, `${name}-${word}`);
  };

  await signIn(page);
  await withoutDemo(page);
  const team = await newTeam(page);
  await newBoards(page, 4);
  await see('dashboard', `/dashboard?team=${team.id}`, '.board');
  await page.locator('#upgrade').click();
  await page.locator('dialog:modal .plan-option').first().waitFor(WAIT);
  await take(page, `plans-${word}`);
  await see('pricing', '/pricing', '.plan-card');
  await toUpgrade(page, team, '&plan=team&seats=4&period=yearly');
  await typeCard(page, CARDS.good);
  await priced(page);
  await take(page, `upgrade-${word}`);
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
  await take(page, `confirmation-${word}`);
  await see('overview', `/billing/overview?team=${team.id}`, '#panel-renewal');
  await see('invoices', `/billing/invoices?team=${team.id}`, 'table');
  await see('missing', '/nowhere', 'h1');
}

const closing = [];
fs.mkdirSync(folder, { recursive: true });
await begin();
try {
  for (const { word, ...how } of READERS) {
    const page = await open({ after: (work) => closing.push(work) }, how);
    await pages(page, word);
  }
} finally {
  await Promise.allSettled(closing.map((work) => work()));
  await end();
}
