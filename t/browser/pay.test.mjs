// The page behind the link of an invoice's mail: no login, any card, once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { arrived } from '../lib/mails.mjs';
import { Client, eventually } from '../lib/stack.mjs';
import { advance, byInvoice, finalised, invoice } from '../business/documents.mjs';
import {
  accessible, begin, CARDS, end, fits, mails, open, picture, site, typeCard, WAIT,
} from './browser.mjs';

before(begin);
after(end);

const PATTERN = /\S+\/billing\/pay#[\w-]+/;

// An invoice that is due, and what its mail leads to.
async function due(name) {
  const stack = { client: (profile) => new Client({ url: site }, profile).login() };
  const { owner, team } = await byInvoice(stack, name);
  await advance(owner, '61m');
  const { number } = await finalised(owner, team);
  const link = await eventually('the mail', () => arrived(mails())
    .find((mail) => mail.to === `<bills-${name}@example.test>`)?.text.match(PATTERN)?.[0]);
  return { owner, team, number, link, state: async () => (await invoice(owner, team, number)).state };
}

for (const [locale, lang, words] of [
  ['en-US', 'en', { title: /^Pay an invoice$/, amount: /\$1,267\.20|\$1,056\.00/, day: /[A-Z][a-z]+ \d+, \d{4}/ }],
  ['fr-FR', 'fr', { title: /facture/i, amount: /1\s(?:267,20|056,00)\s\$US/, day: /\d+ [a-zéû]+ \d{4}/ }],
]) {
  test(`r135 who holds the link pays that invoice, once, in ${lang}`, async (t) => {
    const one = await due(`holder-${lang}`);
    const page = await open(t, { locale });
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));

    await page.goto(one.link);
    await page.locator('#number').waitFor(WAIT);
    assert.equal(await page.locator('html').getAttribute('lang'), lang);
    assert.match(await page.locator('h1').innerText(), words.title);
    const text = await page.locator('main').innerText();
    assert.ok(text.includes(one.number), text);
    assert.match(text, words.day);
    assert.match(await page.locator('main button.primary').innerText(), words.amount);
    assert.ok(!text.includes(one.owner.profile), 'nobody is named');
    await accessible(page, `pay ${lang}`);
    await fits(page, 'pay');
    await picture(page, `pay-${lang}`);

    await page.locator('main button.primary').click();
    await page.locator('#number[aria-invalid="true"]').waitFor(WAIT);
    await accessible(page, `pay, nothing typed, ${lang}`);
    await typeCard(page, CARDS.declined);
    await page.locator('main button.primary').click();
    await page.locator('#number[aria-invalid="true"]').waitFor(WAIT);
    assert.equal(await one.state(), 'open');

    await typeCard(page, CARDS.good);
    await page.locator('main button.primary').dblclick();
    await page.locator('#done').waitFor(WAIT);
    await accessible(page, `paid ${lang}`);
    await picture(page, `paid-${lang}`);
    assert.equal(await one.state(), 'paid');
    assert.equal((await invoice(one.owner, one.team, one.number)).payments.length, 1);
    const token = one.link.split('#')[1];
    assert.deepEqual(asked.filter((url) => url.includes(token)), [], 'the token is in no address');

    await page.reload();
    await page.locator('#done').waitFor(WAIT);
  });
}

test('r135 3-D Secure: refused once, then approved at card entry and at the charge', async (t) => {
  const one = await due('bank');
  const page = await open(t, { viewport: { width: 360, height: 740 } });
  const bank = page.locator('button[value="approve"]');

  await page.goto(one.link);
  await page.locator('#number').waitFor(WAIT);
  await fits(page, 'pay on a telephone');
  await typeCard(page, CARDS.alwaysChallenge);
  await page.locator('main button.primary').click();
  await bank.waitFor(WAIT);
  await page.locator('button[value="fail"]').click();
  await page.locator('#number').waitFor(WAIT);
  assert.equal(await one.state(), 'open');

  await typeCard(page, CARDS.alwaysChallenge);
  await page.locator('main button.primary').click();
  for (let i = 0; i < 2; i += 1) {
    await bank.waitFor(WAIT);
    const here = page.url();
    await bank.click();
    await page.waitForURL((url) => url.href !== here, WAIT);
    await page.locator('#done, button[value="approve"]').first().waitFor(WAIT);
  }
  await page.locator('#done').waitFor(WAIT);
  assert.equal(await one.state(), 'paid');
  assert.equal((await invoice(one.owner, one.team, one.number)).payments.length, 1);
});

test('p47 a link that is wrong, and one that is over, say the same and show nothing', async (t) => {
  const one = await due('over');
  const told = [];

  const look = async (link, name) => {
    const page = await open(t);
    await page.goto(link);
    const alert = page.locator('main [role="alert"], main .notice.bad').first();
    await alert.waitFor(WAIT);
    assert.equal(await page.locator('#number').count(), 0, 'no form');
    assert.ok(!(await page.locator('main').innerText()).includes(one.number));
    await accessible(page, name);
    await picture(page, `pay-${name}`);
    told.push(await page.locator('main').innerText());
  };

  await look(`${site}/billing/pay#n_${'a'.repeat(26)}`, 'wrong');
  await look(`${site}/billing/pay`, 'none');
  await advance(one.owner, '91d');
  await look(one.link, 'over');
  assert.equal(told[2], told[0]);
});
