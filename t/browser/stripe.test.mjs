// The payment with Stripe's own script, which a stub plays from the address
// that billing.json names: loaded, mounted, confirmed, refused, not there.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import {
  accessible, begin, CARDS, end, newTeam, open, picture, plan, priced, signIn, site, WAIT,
} from './browser.mjs';

const SCRIPT = 'https://js.stripe.com/v3/';
const STUB = fs.readFileSync(new URL('./stripe.js', import.meta.url), 'utf8');
const FRAME = `<!doctype html><html lang="en"><title>Card</title>
<label>Card number <input id="number" inputmode="numeric"></label>
<script>addEventListener('message', (event) => event.source.postMessage(
  { number: document.querySelector('#number').value.replace(/ /g, '') }, '*'));</script></html>`;

before(() => begin({ settings: { gateway: { script: SCRIPT } } }));
after(end);

async function visit(t, { served = () => true, more = '&plan=team&seats=2&period=monthly', ...how } = {}) {
  const page = await open(t, how);
  const refused = [];

  page.on('console', (one) => /Content Security Policy/.test(one.text()) && refused.push(one.text()));
  t.after(() => assert.deepEqual(refused, []));
  await page.route('https://js.stripe.com/**', (route) => (!served() ? route.abort()
    : route.request().url() === SCRIPT
      ? route.fulfill({ contentType: 'text/javascript', body: STUB })
      : route.fulfill({ contentType: 'text/html', body: FRAME })));
  await signIn(page);
  const team = await newTeam(page);
  await page.goto(`${site}/upgrade?team=${team.id}${more}`);
  return { page, team, card: page.frameLocator('#number iframe').locator('#number'),
    calls: () => page.evaluate(() => globalThis.stub.calls) };
}

test('the script is loaded from where billing.json says, its field mounted, the card confirmed: bought', async (t) => {
  const { page, team, card, calls } = await visit(t, { locale: 'fr-FR' });
  const sent = [];

  page.on('request', (one) => one.url().startsWith(site) && sent.push(one.postData() ?? ''));
  await card.fill(CARDS.good, WAIT);
  assert.equal(await page.locator('#cvc').count(), 0, 'no field of ours');
  assert.deepEqual(await calls(), ['Stripe fr', 'elements setup usd', 'create payment', 'mount']);
  await priced(page);
  await accessible(page, 'Stripe fr');
  await picture(page, 'stripe');
  await page.locator('#purchase').dblclick();
  await page.locator('#done').waitFor(WAIT);
  assert.ok(!sent.some((one) => one.replace(/\D/g, '').includes('4242424242424242')));
  await page.goto(`${site}/dashboard?team=${team.id}`);
  await page.locator('.team-head').waitFor(WAIT);
  assert.equal(await plan(page), 'Team');
});

test('nothing typed, then refused: said at the field, which takes the focus; another card buys', async (t) => {
  const { page, card, calls } = await visit(t);

  await card.waitFor(WAIT);
  await priced(page);
  await page.locator('#purchase').click();
  await page.locator('.summary a', { hasText: 'card number is incomplete' }).click(WAIT);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'IFRAME');
  await card.fill(CARDS.declined);
  await page.locator('#purchase').click();
  await page.locator('#number-error', { hasText: 'bank refused the card' }).waitFor(WAIT);
  assert.match(await page.title(), /^Error:/);
  await accessible(page, 'Stripe refused');
  await card.fill(CARDS.good);
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
  assert.equal((await calls()).filter((one) => one === 'confirmSetup if_required').length, 2);
});

test('3-D Secure on the page itself, at card entry and at the charge; refused once', async (t) => {
  const { page, card, calls } = await visit(t);

  await card.fill(CARDS.alwaysChallenge, WAIT);
  await priced(page);
  await page.evaluate(() => { globalThis.stub.outcome = 'fail'; });
  await page.locator('#purchase').click();
  await page.locator('.summary').waitFor(WAIT);
  await page.evaluate(() => { globalThis.stub.outcome = 'approve'; });
  await priced(page);
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
  const list = await calls();
  assert.ok(list.includes('handleNextAction'));
  assert.equal(list.filter((one) => one === 'bank').length, 3);
});

test('the script cannot be loaded: said with a way to try again, which loads it', async (t) => {
  let up = false;
  const { page, card } = await visit(t, { served: () => up });

  page.removeAllListeners('console');
  await page.getByText('The card service does not answer').waitFor(WAIT);
  await accessible(page, 'no Stripe');
  up = true;
  await page.locator('[role="alert"] button').click();
  await card.waitFor(WAIT);
});

test('a task of the billing page takes its card there, too', async (t) => {
  const { page, card } = await visit(t);

  await card.waitFor(WAIT);
  await page.goto(`${site}/billing/overview?team=team-monthly#card`);
  await page.locator('dialog').waitFor(WAIT);
  await card.fill(CARDS.good, WAIT);
  await page.locator('#task-do').click();
  await page.locator('#said .notice').waitFor(WAIT);
});
