// The payment page: each thing that can be wrong, and what is said about it.
// Numbers in names are those of doc/pages.md.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible, answersLater, begin, CARDS, end, newTeam, open, picture, priced, purchases, signIn,
  site, toUpgrade, typeCard, WAIT,
} from './browser.mjs';

before(() => begin());
after(end);

const invoicesOf = (page, team) => page.evaluate(async (id) => (await (await fetch(
  `/billing/invoices?team=${id}`, { headers: { accept: 'application/json' } })).json()).invoices,
team);

test('items 11 31: promo codes: unknown, expired, for another order, used: four messages', async (t) => {
  const page = await open(t);
  const said = [];
  const refused = async (code) => {
    await page.locator('#promo-box').evaluate((one) => { one.open = true; });
    await page.locator('#promo').fill(code);
    await page.locator('#promo-apply').click();
    await page.locator('#promo-error:not([hidden])').waitFor(WAIT);
    await priced(page);
    said.push(await page.locator('#promo-error').innerText());
    assert.equal(await page.locator('#promo').inputValue(), code);
  };

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&seats=5&period=monthly&promo=WELCOME20');
  assert.match(await priced(page), /40\.00/, 'the address brings the code');
  assert.equal(await page.locator('#promo').inputValue(), 'WELCOME20');
  for (const code of ['NOSUCHCODE', 'LASTYEAR', 'YEARLY50']) {
    await refused(code);
  }
  await page.locator('#promo').fill('WELCOME20');
  await page.keyboard.press('Enter');
  await page.locator('.line.discount').waitFor(WAIT);
  await purchases(page);
  await toUpgrade(page, team, '&plan=business&seats=5&period=monthly');
  await refused('WELCOME20');
  assert.equal(new Set(said).size, 4, said.join(' / '));
});

test('items 14 15: labels above, kinds of fields, a pasted number; errors on leaving, not on each key', async (t) => {
  const page = await open(t);

  await signIn(page);
  await page.goto(`${site}/upgrade?team=team-free`);
  await priced(page);
  const fields = await page.locator('#by-card input').evaluateAll((all) => all.map((one) => ({
    id: one.id, auto: one.autocomplete, mode: one.inputMode, hint: one.placeholder, name: one.name,
    above: one.labels[0].getBoundingClientRect().bottom <= one.getBoundingClientRect().top,
  })));
  assert.deepEqual(fields.map(({ id, auto, mode }) => [id, auto, mode]), [
    ['number', 'cc-number', 'numeric'], ['expiry', 'cc-exp', 'numeric'], ['cvc', 'cc-csc', 'numeric']]);
  assert.ok(fields.every((one) => one.above && !one.hint && !one.name));

  await page.locator('#number').focus();
  await page.evaluate(() => document.execCommand('insertText', false, ' 4242-4242 4242 4242 '));
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('#number').inputValue(), '4242 4242 4242 4242');
  assert.ok(await page.locator('#number-error').isHidden());
  await page.keyboard.type('1');
  assert.ok(await page.locator('#expiry-error').isHidden(), 'said on a key');
  await page.keyboard.press('Tab');
  await page.locator('#expiry-error:not([hidden])').waitFor(WAIT);
  const described = await page.locator('#expiry').getAttribute('aria-describedby');
  assert.ok(described.split(' ').includes('expiry-error'));
  assert.match(await page.locator('#expiry-error').innerText(), /for example 08 \/ 29/);
});

test('item 18: the same order in two tabs: one charge', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  const other = await page.context().newPage();
  for (const tab of [page, other]) {
    await toUpgrade(tab, team, '&plan=team&seats=1&period=monthly');
    await typeCard(tab, CARDS.good);
  }
  await Promise.all([page, other].map((tab) => tab.locator('#purchase').click()));
  await Promise.all([page, other].map((tab) => tab.locator('#done, .summary, .notice.bad').first()
    .waitFor(WAIT)));
  assert.ok(await page.locator('#done').count() + await other.locator('#done').count() >= 1);
  assert.equal((await invoicesOf(page, team.id)).length, 1);
});

// [the gateway's code, its decline code, the field, words in English and French]
const REFUSALS = [
  ['incorrect_number', null, 'number', /Check the card number/, /Vérifiez le numéro/],
  ['expired_card', null, 'expiry', /expired/, /expiré/],
  ['incorrect_cvc', null, 'cvc', /security code/, /code de sécurité/],
  ['card_declined', 'insufficient_funds', 'number', /balance is too low/, /solde de la carte/],
  ['processing_error', null, 'number', /Try again in a few minutes/, /quelques minutes/],
  ['card_declined', 'generic_decline', 'number', /bank refused the card/, /banque a refusé/],
  ['card_declined', 'lost_card', 'number', /bank refused the card/, /banque a refusé/],
  ['card_declined', 'stolen_card', 'number', /bank refused the card/, /banque a refusé/],
  ['card_declined', 'fraudulent', 'number', /bank refused the card/, /banque a refusé/],
];

for (const [i, locale] of ['en-US', 'fr-FR'].entries()) {
  test(`items 16 17 22: each refusal of the card at its field, ${locale}`, async (t) => {
    const page = await open(t, { locale });
    let answer;

    await signIn(page);
    const team = await newTeam(page);
    await toUpgrade(page, team, '&plan=team&seats=1&period=monthly');
    await page.route('**/v1/setup_intents/*/confirm', (route) => route.fulfill({ status: 402,
      headers: { 'access-control-allow-origin': '*' }, json: { error: answer } }));
    await typeCard(page, CARDS.good);
    for (const [code, decline, field, ...words] of REFUSALS) {
      answer = { type: 'card_error', code, message: 'x', ...(decline ? { decline_code: decline } : {}) };
      await page.locator('#cvc').fill('123');
      await page.locator('#purchase').click();
      await page.waitForFunction(([id]) => document.querySelector(`#${id}`).value === ''
        && document.activeElement.matches('.summary'), ['cvc'], WAIT);
      const text = await page.locator(`#${field}-error`).innerText();
      assert.match(text, words[i], `${code} ${decline}`);
      assert.match(await page.title(), [/^Error:/, /^Erreur\s:/][i]);
      await page.locator('.summary a').click();
      assert.equal(await page.evaluate(() => document.activeElement.id), field);
      assert.equal(await page.locator('#number').inputValue(), CARDS.good);
    }
    await accessible(page, `refused ${locale}`);
  });
}

test('items 20 23: an unknown outcome: said after 10 s, not to pay again, a mail follows; then done', async (t) => {
  const page = await open(t);
  let asked = 0;
  let hold = true;

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=2');
  await answersLater(page);
  await page.route('**/billing/operations/*', async (route) => {
    asked += 1;
    await (hold ? route.fulfill({ json: { operation: 'x', state: 'pending', answer: null } })
      : route.continue());
  });
  await typeCard(page, CARDS.good);
  await page.clock.install();
  await page.locator('#purchase').click();
  const progress = page.locator('#progress[role="status"]');
  await progress.filter({ hasText: 'Waiting' }).waitFor(WAIT);
  await picture(page, 'waiting');
  for (let i = 0; i < 30 && !/Do not pay again/.test(await progress.innerText()); i += 1) {
    await page.clock.runFor(2000);
    await new Promise((done) => { setTimeout(done, 100); });
  }
  assert.match(await progress.innerText(), /Do not pay again.*a mail follows/s);
  assert.ok(asked >= 6);
  assert.equal(await page.locator('#done').count(), 0, 'nothing is done before the server says so');
  hold = false;
  await page.clock.runFor(6000);
  await page.clock.resume();
  await page.locator('#done').waitFor(WAIT);
});

test('item 40: a slow answer shows that it is awaited; a session that ended comes back to the same step', async (t) => {
  const page = await open(t);

  await signIn(page);
  await page.route('**/dashboard?*', async (route) => {
    await new Promise((done) => { setTimeout(done, 1500); });
    await route.continue();
  }, { times: 1 });
  await page.goto(`${site}/upgrade?team=team-free`);
  await page.locator('.loading:not([hidden])').waitFor(WAIT);
  await priced(page);
  await page.locator('#plan-consultant').check();
  await page.locator('#seats-consultant').selectOption('4');
  await priced(page);
  await page.context().clearCookies();
  await page.locator('#period-monthly').check();
  await page.locator('#bill [role="alert"] button').click(WAIT);
  await page.getByRole('button', { name: 'owner@example.test' }).click(WAIT);
  await page.locator('#plan-consultant').waitFor(WAIT);
  assert.ok(await page.locator('#plan-consultant').isChecked());
  assert.ok(await page.locator('#period-monthly').isChecked());
  assert.equal(await page.locator('#seats-consultant').inputValue(), '4');
});

test('item 38: targets are large enough, and nothing that has the focus is under the foot', async (t) => {
  const page = await open(t, { viewport: { width: 1280, height: 560 }, locale: 'fr-FR' });

  await signIn(page);
  for (const where of ['/upgrade?team=team-free', '/billing/overview?team=team-monthly',
    '/dashboard?team=team-free', '/pricing']) {
    await page.goto(site + where);
    await page.locator('main h1').waitFor(WAIT);
    await page.waitForLoadState('networkidle');
    const small = await page.evaluate(() => [...document.querySelectorAll(
      'button, .button, input, select, summary, nav a, .crumb a')].map((one) => (
      one.closest('label') ?? one)).filter((one) => one.checkVisibility()).map((one) => {
      const { width, height } = one.getBoundingClientRect();
      const least = one.matches('.primary') ? 44 : 24;
      return width < least || height < least ? `${one.outerHTML.slice(0, 90)} ${width}x${height}`
        : null;
    }).filter(Boolean));
    assert.deepEqual(small, [], where);
    for (let i = 0; i < 40; i += 1) {
      await page.keyboard.press('Tab');
      const hidden = await page.evaluate(() => {
        const one = document.activeElement;
        const box = one.getBoundingClientRect();
        const foot = document.querySelector('.foot');
        return one !== document.body && !foot.contains(one) && !one.matches('.skip')
          && box.top >= foot.getBoundingClientRect().top ? one.outerHTML.slice(0, 90) : null;
      });
      assert.equal(hidden, null, where);
    }
  }
});

test('r3 item 37: a page that French lacks says so, and leads to the English one', async (t) => {
  const page = await open(t, { locale: 'fr-FR' });

  page.removeAllListeners('console');
  for (const where of ['/dashboard/nowhere', '/billing/nothing']) {
    const answer = await page.goto(site + where);
    assert.equal(answer.status(), 404);
    assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
    assert.match(await page.locator('main').innerText(), /n’existe pas en français/);
    assert.match(await page.locator('main').innerText(), /Passez à l’anglais/);
    await accessible(page, `missing ${where}`);
    await picture(page, 'missing-fr');
    await page.locator('.languages a[lang="en"]').click();
    await page.locator('html[lang="en"]').waitFor({ state: 'attached', ...WAIT });
    await page.goto(`${site}${where}?lang=fr`);
  }
  // the address comes before the cookie, the cookie before the browser
  await page.goto(`${site}/pricing?lang=en`);
  await page.locator('html[lang="en"]').waitFor({ state: 'attached', ...WAIT });
  await page.goto(`${site}/pricing`);
  await page.locator('html[lang="en"] .plan-card').first().waitFor(WAIT);
});

test('item 32: invoices: number, date, amount, state, a file with a telling name; more, and none', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await page.goto(`${site}/billing/invoices?team=team-business`);
  await page.locator('.empty').waitFor(WAIT);
  assert.match(await page.locator('.empty').innerText(), /first one comes with/);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=2');
  await purchases(page);
  await page.goto(`${site}/billing/invoices?team=${team.id}`);
  const row = page.locator('tbody tr').first();
  assert.match(await row.innerText(), /INV-\d{4}-\d+.*\d{4}.*\$20\.00.*Paid/s);
  const [file] = await Promise.all([page.waitForEvent('download'),
    row.getByRole('link', { name: /PDF/ }).first().click()]);
  assert.match(file.suggestedFilename(), /INV-\d{4}-\d+.*\.pdf$/);

  await page.route('**/billing/invoices?*', async (route) => {
    if (route.request().resourceType() !== 'fetch') {
      await route.continue();
      return;
    }
    const { invoices: [one] } = await (await route.fetch()).json();
    await route.fulfill({ json: { invoices: Array.from({ length: 30 }, (none, n) => (
      { ...one, number: `INV-2026-${n + 100}` })) } });
  });
  await page.reload();
  await page.locator('tbody tr').nth(11).waitFor(WAIT);
  const count = await page.locator('tbody tr').count();
  await page.getByRole('button', { name: 'Show older ones' }).click();
  assert.ok(await page.locator('tbody tr').count() > count);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'A');
  await accessible(page, 'many invoices');
});

test('r213 r214: the Enterprise form: what it needs, how many users; sent once', async (t) => {
  const page = await open(t, { locale: 'fr-FR' });
  const sent = [];

  page.on('request', (one) => one.url().endsWith('/enterprise') && sent.push(one.postDataJSON()));
  await page.goto(`${site}/pricing#contact`);
  await page.locator('#contact #users').fill('beaucoup', WAIT);
  await page.locator('.contact-form button').click();
  await page.locator('#name-error:not([hidden])').waitFor(WAIT);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'name');
  assert.match(await page.locator('#users-error').innerText(), /en chiffres/);
  await accessible(page, 'Enterprise form');
  await page.locator('#name').fill('Owner');
  await page.locator('#email').fill('owner@example.test');
  await page.locator('#company').fill('Example');
  await page.locator('#users').fill('1 250');
  await page.locator('.contact-form button').dblclick();
  await page.locator('.contact-form .notice.good').waitFor(WAIT);
  assert.deepEqual(sent, [{ name: 'Owner', email: 'owner@example.test', company: 'Example',
    users: 1250, from: 'pricing' }]);
});
