// The pages in a browser:
//
//   npm ci && node --test purchase.test.mjs
//
// DEMO_URL names a demo that runs already; without it one is started and
// stopped.  SCREENSHOT_DIR keeps pictures, CHROMIUM names another browser.
// Each test makes a team of its own, so it can be run again and again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible, answersLater, begin, CARDS, end, fits, newBoards, newTeam, open, picture, plan,
  priced, purchases, signIn, site, toUpgrade, typeCard, WAIT,
} from './browser.mjs';

before(begin);
after(end);

// The purchase as the seed tells it: locked board, button, size, card, done.
async function purchase(t, { locale, picked, words }) {
  const page = await open(t, { locale });

  await signIn(page);
  const team = await newTeam(page);
  await newBoards(page, 4);
  await page.locator('.board[data-locked="true"]').waitFor(WAIT);
  assert.equal(await page.locator('.board[data-locked="true"]').count(), 1);
  await accessible(page, `dashboard ${locale}`);
  await picture(page, `dashboard-${picked}`);

  await page.locator('#upgrade').click();
  await page.locator('#popup-go').click(WAIT);
  await page.getByRole('heading', { level: 1, name: team.name }).waitFor(WAIT);
  assert.equal(await page.locator('html').getAttribute('lang'), picked);
  await priced(page);
  await page.locator('#plan-business').check();
  await page.locator('#period-monthly').check();
  await page.locator('#seats-business').selectOption('7');
  await page.waitForFunction(() => /140/.test(document.querySelector('#purchase').textContent),
    null, WAIT);
  assert.match(await page.locator('#purchase').textContent(), words.button);
  await accessible(page, `upgrade ${locale}`);
  await picture(page, `upgrade-${picked}`);

  await typeCard(page, CARDS.good);
  await page.locator('#purchase').dblclick();
  await page.locator('#done').waitFor(WAIT);
  const text = await page.locator('main').innerText();
  assert.match(text, words.admin);
  assert.match(text, /Business/);
  assert.match(text, words.date);
  assert.match(text, /INV/);
  assert.ok(text.includes(team.name));
  await accessible(page, `confirmation ${locale}`);
  await picture(page, `done-${picked}`);

  // its own address: a reload shows it again
  await page.reload();
  await page.locator('#done').waitFor(WAIT);

  await page.locator('.done .button.primary').click();
  await page.locator('.team-head').waitFor(WAIT);
  assert.equal(await plan(page), 'Business');
  assert.equal(await page.locator('.board[data-locked="true"]').count(), 0);
  assert.equal(await page.locator('#upgrade').count(), 0);
}

test('r61 r62 a Free team is upgraded to Business, in English', (t) => purchase(t, {
  locale: 'en-US', picked: 'en',
  words: { button: /^Purchase · \$140\.00$/, admin: /You are now billing admin/,
    date: /[A-Z][a-z]+ \d{1,2}, \d{4}/ },
}));

test('r1 r61 r62 a Free team is upgraded to Business, in French', (t) => purchase(t, {
  locale: 'fr-FR', picked: 'fr',
  words: { button: /^Acheter · 140,00\s\$US$/, admin: /Vous êtes maintenant administrateur/,
    date: /\d{1,2} [a-zéû]+ \d{4}/ },
}));

test('a declined card: said next to the field, nothing bought, then another one', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team);
  await page.locator('#plan-team').check();
  await page.locator('#period-monthly').check();
  await priced(page);

  await page.locator('#purchase').click();
  await page.locator('.summary').waitFor(WAIT);
  assert.match(await page.title(), /^Error: /);
  assert.ok(await page.locator('.summary').evaluate((one) => one === document.activeElement));
  await page.locator('.summary a').first().click();
  assert.ok(await page.locator('#number').evaluate((one) => one === document.activeElement));
  await accessible(page, 'empty card');

  for (const number of [CARDS.declined, CARDS.failsLater]) {
    await typeCard(page, number);
    await page.locator('#purchase').click();
    await page.waitForFunction(() => document.querySelector('#cvc').value === ''
      && !document.querySelector('#progress'), null, WAIT);
    assert.ok((await page.locator('#number-error').textContent()).length > 20);
    assert.ok(await page.locator('#plan-team').isChecked(), 'choices kept');
    assert.equal((await page.locator('#number').inputValue()).replace(/ /g, ''), number);
  }
  await picture(page, 'declined');
  await accessible(page, 'declined');

  await purchases(page);
});

for (const [name, number, challenges] of [
  ['at card entry', CARDS.setupChallenge, 1], ['at card entry and charge', CARDS.alwaysChallenge, 2],
]) {
  test(`item 21: 3-D Secure ${name}: refused once, then approved`, async (t) => {
    const page = await open(t);
    const bank = page.locator('button[value="approve"]');

    await signIn(page);
    const team = await newTeam(page);
    await toUpgrade(page, team, '&plan=consultant&period=monthly&seats=2');
    await typeCard(page, number);
    await page.locator('#purchase').click();
    await bank.waitFor(WAIT);
    await accessible(page, 'bank');
    await page.locator('button[value="fail"]').click();

    await page.locator('.summary').waitFor(WAIT);
    assert.ok(await page.locator('#plan-consultant').isChecked(), 'choices kept');
    assert.equal(await page.locator('#seats-consultant').inputValue(), '2');
    assert.ok(!page.url().includes('setup_intent'));
    await priced(page);

    await typeCard(page, number);
    await page.locator('#purchase').click();
    for (let i = 0; i < challenges; i += 1) {
      await bank.waitFor(WAIT);
      const here = page.url();
      await bank.click();
      await page.waitForURL((url) => url.href !== here, WAIT);
      await page.locator('#done, button[value="approve"]').first().waitFor(WAIT);
    }
    await page.locator('#done').waitFor(WAIT);
    assert.match(await page.locator('main').innerText(), /Consultant/);
  });
}

test('items 19 21: 3-D Secure at the charge: Back, on again, refused; another card buys', async (t) => {
  const page = await open(t);
  const bank = page.locator('button[value="approve"]');
  const next = async (button) => {
    const here = page.url();
    await button.click();
    await page.waitForURL((url) => url.href !== here, WAIT);
  };

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=2');
  await typeCard(page, CARDS.alwaysChallenge);
  await page.locator('#purchase').click();
  await bank.waitFor(WAIT);
  await next(bank);
  await page.waitForURL(/challenge\/pi_/, WAIT);
  await bank.waitFor(WAIT);

  await page.goto(`${site}/upgrade?team=${team.id}`);
  await page.getByRole('heading', { level: 1, name: /bank is waiting/ }).waitFor(WAIT);
  assert.equal(await page.locator('#buy').count(), 0, 'no second form');
  await accessible(page, 'bank waits');
  await picture(page, 'bank-waits');
  await page.locator('main button.primary').click();
  await page.waitForURL(/challenge\/pi_/, WAIT);
  await next(page.locator('button[value="fail"]'));

  await page.locator('.summary').waitFor(WAIT);
  assert.ok(!page.url().includes('payment_intent'));
  await priced(page);
  await purchases(page);
});

test('item 20: a pending answer is waited for, in words, until the operation is done', async (t) => {
  const page = await open(t);
  let asked = 0;

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=2');
  await answersLater(page);
  await page.route('**/billing/operations/*', async (route) => {
    asked += 1;
    if (asked < 4) {
      await route.fulfill({ json: { operation: 'x', state: 'pending', answer: null } });
      return;
    }
    await route.continue();
  });
  await typeCard(page, CARDS.good);
  await page.locator('#purchase').click();
  await page.locator('#progress', { hasText: 'Waiting' }).waitFor(WAIT);
  await picture(page, 'waiting');
  await page.locator('#done').waitFor(WAIT);
  assert.ok(asked >= 4);
});

test('item 19: a reload while paying goes on with the same key: one order', async (t) => {
  const page = await open(t);
  const keys = [];
  let hold = true;

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=2');
  await page.route('**/upgrade', async (route) => {
    if (route.request().method() !== 'POST') {
      await route.continue();
      return;
    }
    keys.push(route.request().headers()['idempotency-key']);
    if (hold) {
      await route.fetch();            // bought, but the page never hears of it
      return;
    }
    await route.continue();
  });
  await typeCard(page, CARDS.good);
  await page.locator('#purchase').click();
  await page.waitForFunction(() => document.querySelector('#progress'), null, WAIT);
  while (keys.length === 0) {
    await page.waitForTimeout(50);
  }
  hold = false;
  await page.waitForTimeout(500);
  await page.reload();
  await page.locator('#done').waitFor(WAIT);
  assert.equal(new Set(keys).size, 1);
  assert.ok(keys.length > 1);
});

test('item 40: no connection: said in place, what was typed is kept', async (t) => {
  const page = await open(t);

  page.removeAllListeners('console');
  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=2');
  await typeCard(page, CARDS.good);
  await page.context().setOffline(true);
  await page.locator('#purchase').click();
  await page.locator('.summary').waitFor(WAIT);
  assert.match(await page.locator('.summary').innerText(), /No connection/);
  assert.equal(await page.locator('#number').inputValue(), CARDS.good);
  await page.context().setOffline(false);
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
});

test('item 12: invoice: offered with its reason, no card asked for', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=yearly&seats=10');
  assert.ok(await page.locator('#method-invoice').isDisabled());
  assert.match(await page.locator('#method-invoice-why').innerText(), /11 seats and yearly/);
  await page.locator('#seats-team').selectOption('11');
  await page.locator('#method-invoice').check();
  assert.ok(await page.locator('#number').isHidden());
  await page.locator('#email').fill('accounts@example.test');
  assert.match(await priced(page), /1,056\.00/);
  await accessible(page, 'invoice');
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
  assert.match(await page.locator('main').innerText(), /accounts@example\.test/);
});

test('item 11: promo codes: applied, removed, unknown', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=10');
  assert.match(await priced(page), /100\.00/);
  await page.locator('#promo-box summary').click();
  await page.locator('#promo').fill('welcome20');
  await page.locator('#promo-apply').click();
  await page.waitForFunction(() => /80\.00/.test(document.querySelector('#purchase').textContent),
    null, WAIT);
  await accessible(page, 'promo');
  await page.locator('.line.discount button').click();
  await page.waitForFunction(() => /100\.00/.test(document.querySelector('#purchase').textContent),
    null, WAIT);
  await page.locator('#promo').fill('NOSUCHCODE');
  await page.locator('#promo-apply').click();
  await page.locator('#promo-error:not([hidden])').waitFor(WAIT);
  assert.match(await priced(page), /100\.00/);
  await page.waitForTimeout(500);
  assert.ok(await page.locator('#promo-error').isVisible(), 'the reason stays');
  assert.equal(await page.locator('#promo').inputValue(), 'NOSUCHCODE');
});

test('item 9: a late answer to an older question never overwrites the newer', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=1');
  await page.route('**/upgrade/quote', async (route) => {
    if (JSON.parse(route.request().postData()).seats === 20) {
      await new Promise((done) => { setTimeout(done, 1500); });
    }
    await route.continue();
  });
  const asked = page.waitForRequest('**/upgrade/quote');
  await page.locator('#seats-team').selectOption('20');
  await asked;
  await page.locator('#seats-team').selectOption('30');
  await page.waitForFunction(() => /300/.test(document.querySelector('#purchase').textContent),
    null, WAIT);
  await page.waitForTimeout(2000);
  assert.match(await page.locator('#purchase').textContent(), /300\.00/);
});

test('a lost answer is asked again with the same key: bought once', async (t) => {
  const page = await open(t);
  const keys = [];

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team, '&plan=team&period=monthly&seats=3');
  await page.route('**/upgrade', async (route) => {
    if (route.request().method() !== 'POST') {
      await route.continue();
      return;
    }
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length === 1) {
      await route.fetch();
      await route.fulfill({ status: 502, body: 'bad gateway' });
      return;
    }
    await route.continue();
  });
  await typeCard(page, CARDS.good);
  page.removeAllListeners('console');
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
  assert.ok(keys.length > 1 && new Set(keys).size === 1);
});

test('card numbers never go to our origin', async (t) => {
  const page = await open(t);
  const bodies = [];

  page.on('request', (request) => {
    if (request.url().startsWith(site)) {
      bodies.push(`${request.url()} ${request.postData() ?? ''}`);
    }
  });
  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team);
  await purchases(page);
  assert.ok(!bodies.some((one) => one.replace(/\W/g, '').includes('4242424242424242')));
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage },
    { ...localStorage }]));
  assert.ok(!kept.includes('4242'));
});

test('members: added, counted in the smallest size, removed; a bad address is said', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await page.locator('#email').fill('not an address');
  await page.locator('.invite button').first().click();
  await page.locator('#email-error:not([hidden])').waitFor(WAIT);
  await page.locator('#email').fill('Member@Example.test');
  await page.locator('.invite button').first().click();
  const added = page.locator('.members li', { hasText: 'member@example.test' });
  await added.waitFor(WAIT);
  await accessible(page, 'members');

  await toUpgrade(page, team, '&plan=team&seats=1');
  assert.equal(await page.locator('#seats-team').inputValue(), '2');
  assert.equal(await page.locator('#seats-team option').first().getAttribute('value'), '2');
  assert.equal(await page.locator('#seats-team option').last().getAttribute('value'), '100');

  await page.goto(`${site}/dashboard?team=${team.id}`);
  await added.getByRole('button').click();
  await page.locator('dialog').getByRole('button', { name: 'Remove' }).click();
  await added.waitFor({ state: 'detached', ...WAIT });
});

test('r4 item 37: the language switch keeps what was chosen', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await toUpgrade(page, team);
  await page.locator('#plan-consultant').check();
  await page.locator('#seats-consultant').selectOption('4');
  await page.locator('.languages button[lang="fr"]').click();
  await page.locator('html[lang="fr"]').waitFor({ state: 'attached', ...WAIT });
  await priced(page);
  assert.ok(await page.locator('#plan-consultant').isChecked());
  assert.equal(await page.locator('#seats-consultant').inputValue(), '4');
  const text = await page.locator('body').innerText();
  assert.ok(!/\{\w+\}/.test(text), 'a text with an open place');
  assert.ok(!/ [;?!:]/.test(text), 'an ordinary blank before high punctuation');
});

test('return leads to this site only', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  const hrefs = [];
  for (const back of ['/boards/b1', 'https://example.test/', '//example.test/x',
    'javascript:alert(1)']) {
    await toUpgrade(page, team, `&return=${encodeURIComponent(back)}`);
    hrefs.push(await page.locator('.crumb a').getAttribute('href'));
  }
  const home = `/dashboard?team=${team.id}`;
  assert.deepEqual(hrefs, ['/boards/b1', home, home, home]);
});

test('items 38 39: each page: axe clean, light and dark; no sideways scroll at 320 px', async (t) => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(t, { colorScheme, viewport: { width: 320, height: 700 } });

    await page.goto(`${site}/dashboard`);
    await page.locator('.people button').first().waitFor(WAIT);
    await accessible(page, `sign-in ${colorScheme}`);
    await fits(page, 'sign-in');
    await page.goto(`${site}/pricing`);
    await page.locator('.plan-card').first().waitFor(WAIT);
    await accessible(page, `pricing, nobody signed in, ${colorScheme}`);
    await signIn(page);
    const team = await newTeam(page);
    for (const where of [`/dashboard?team=${team.id}`, '/pricing', '/upgrade',
      `/upgrade?team=${team.id}`, '/dashboard?team=none']) {
      await page.goto(site + where);
      await page.locator('main h1').waitFor(WAIT);
      await page.waitForLoadState('networkidle');
      await accessible(page, `${where} ${colorScheme}`);
      await fits(page, where);
      await picture(page, `320-${colorScheme}-${where.replace(/\W+/g, '-').slice(1, 12)}`);
    }
  }
});

test('every team of the demo shows its page', async (t) => {
  const page = await open(t);

  for (const email of ['owner@example.test', 'big@example.test', 'freelance@example.test']) {
    await page.context().clearCookies();
    await signIn(page, email);
    const links = await page.locator('.teams a').evaluateAll((all) => all
      .filter((one) => !/^Test /.test(one.textContent.slice(1))).map((one) => one.href));
    for (const href of links) {
      await page.goto(href);
      await page.locator('.team-head').waitFor(WAIT);
      await accessible(page, href);
    }
  }
});
