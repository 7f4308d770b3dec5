// The demo's test clock at the foot of each page: time passes, and what that
// brings is seen, mails as their readers get them and documents as files.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible, begin, CARDS, end, fits, newTeam, open, picture, signIn, site, toUpgrade,
  typeCard, WAIT, withoutDemo,
} from './browser.mjs';

before(() => begin());
after(end);

const shown = (page) => page.locator('.clock time').getAttribute('datetime').then(Date.parse);

// Counted by what a person sees: the number on the button.
async function mailsAfter(page, work) {
  const before = Number(await page.locator('#clock-mails b').textContent());

  await work();
  await page.waitForFunction((old) => (
    Number(document.querySelector('#clock-mails b').textContent) > old), before, WAIT);
}

test('items 25 35: the receipt is a mail at once, with the amount that was shown, and a PDF', async (t) => {
  const page = await open(t, { locale: 'fr-FR' });

  await signIn(page);
  const team = await newTeam(page);
  await page.locator('.clock time[datetime]').waitFor(WAIT);
  await toUpgrade(page, team, '&plan=team&period=yearly&seats=18');
  const total = await page.locator('.line.total dd').first().textContent();
  assert.equal(total, '1\u202f728,00\u00a0$US');
  await typeCard(page, CARDS.good);
  await mailsAfter(page, async () => {
    await page.locator('#purchase').click();
    await page.locator('#done').waitFor(WAIT);
  });
  assert.ok((await page.locator('.facts-list').innerText()).includes(total), 'the same text');

  await page.locator('#clock-mails').click();
  const mail = page.locator('dialog li', { hasText: team.name }).first();
  await mail.waitFor(WAIT);
  await accessible(page, 'mails');
  await picture(page, 'clock-mails');
  const [letter] = await Promise.all([page.context().waitForEvent('page'),
    mail.locator('a').first().click()]);
  await letter.waitForLoadState();
  const text = await letter.locator('body').innerText();
  assert.ok(text.includes(team.name) && text.includes(total), text);
  assert.equal(await letter.locator('html').getAttribute('lang'), 'fr');
  assert.equal(await letter.evaluate(() => document.scripts.length), 0);
  const file = await page.request.get(new URL(await mail.locator('a').last()
    .getAttribute('href'), site).href);
  assert.equal((await file.body()).subarray(0, 5).toString(), '%PDF-');
});

test('r166 a day, a month, a year: the clock says so, renewals come, documents are there', async (t) => {
  const page = await open(t);

  await signIn(page);
  await page.goto(`${site}/billing/overview?team=team-monthly`);
  await page.locator('.clock time[datetime]').waitFor(WAIT);
  const day = 24 * 3600 * 1000;
  const renewal = page.locator('[aria-labelledby="panel-renewal"] time');
  const due = await renewal.getAttribute('datetime');
  const began = await shown(page);
  await accessible(page, 'the clock');

  for (const [step, least, most] of [['day', 1, 1], ['month', 28, 31], ['year', 365, 366]]) {
    const from = await shown(page);
    await page.locator(`#clock-${step}`).click();
    await page.waitForFunction((old) => Date.parse(document.querySelector('.clock time').dateTime)
      > old, from, WAIT);
    const days = Math.round((await shown(page) - from) / day);
    assert.ok(days >= least && days <= most, `${step}: ${days} days`);
  }
  // the open page follows by itself: the next renewal is after now
  await page.waitForFunction(([old]) => {
    const one = document.querySelector('[aria-labelledby="panel-renewal"] time');
    return one && one.dateTime > old;
  }, [due], WAIT);
  assert.ok(await shown(page) > began + 390 * day);

  await page.locator('#clock-documents').click();
  await page.locator('dialog li a').first().waitFor(WAIT);
  await accessible(page, 'documents');
  const file = await page.request.get(new URL(await page.locator('dialog li a').first()
    .getAttribute('href'), site).href);
  assert.equal((await file.body()).subarray(0, 5).toString(), '%PDF-');
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 320, height: 700 });
  await fits(page, 'the clock');
  await accessible(page, 'the clock, narrow');
});

test('without a test clock there is no bar, and no page asks for one', async (t) => {
  const page = await open(t);
  const asked = [];

  page.on('request', (one) => asked.push(new URL(one.url()).pathname));
  await signIn(page);
  await withoutDemo(page);
  for (const where of ['/dashboard', '/pricing', '/upgrade?team=team-free',
    '/billing/overview?team=team-business', '/billing/invoices?team=team-business']) {
    await page.goto('about:blank');
    asked.length = 0;
    await page.goto(site + where);
    await page.locator('main h1').waitFor(WAIT);
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('.clock').count(), 0, where);
    assert.deepEqual(asked.filter((one) => /^\/demo|clock/.test(one)), [], where);
  }
});
