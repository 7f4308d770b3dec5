// The payment page where it meets taxes, a price that moved, and the gate; the
// whole purchase by keyboard.  (The rest of it is in purchase.test.mjs.)

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible, begin, CARDS, end, fits, newBoards, newTeam, open, picture, plan, priced, purchases,
  signIn, site, typeCard, WAIT,
} from './browser.mjs';

before(() => begin({ settings: { tax: [{ country: 'FR', permyriad: 2000 }] } }));
after(end);

const amount = async (page) => /[\d\s.,  ]*\d/.exec(
  (await priced(page)).replace(/^[^\d]*/, ''))[0].replace(/\D/g, '');

// The tax table asks for a country before there is a price.
async function toPrice(page, address) {
  await page.goto(site + address);
  await page.locator('#country').selectOption('US', WAIT);
  await page.locator('#postal_code').fill('10001');
  return priced(page);
}

async function tabTo(page, id) {
  for (let i = 0; i < 60; i += 1) {
    if (await page.evaluate(() => document.activeElement.id) === id) {
      return;
    }
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never comes to ${id}`);
}

test('items 8 10 13 39: the country\'s tax is on the bill and on the button, as it is charged', async (t) => {
  const page = await open(t, { locale: 'fr-FR', colorScheme: 'dark' });

  await signIn(page);
  const team = await newTeam(page);
  await page.goto(`${site}/upgrade?team=${team.id}&plan=team&seats=3&period=monthly`);
  await page.locator('#bill .notice a').click(WAIT);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'country');
  await accessible(page, 'the country is asked');
  await page.locator('#country').selectOption('US');
  await page.locator('#postal_code').focus();
  assert.equal(await amount(page), '3000');
  assert.equal(await page.locator('.line.tax').count(), 0);
  await page.locator('#country').selectOption('FR');
  await page.locator('#postal_code').focus();
  await page.locator('.line.tax').waitFor(WAIT);
  assert.equal(await amount(page), '3600');
  await accessible(page, 'with tax');
  await picture(page, 'tax');
  await typeCard(page, CARDS.good);
  await page.locator('#purchase').click();
  await page.locator('.summary a[href="#postal_code"]').waitFor(WAIT);
  await page.locator('#postal_code').fill('75001');
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
  assert.match(await page.locator('.facts-list').innerText(), /36,00/);
});

test('item 10: a price that moved meanwhile: nothing bought, both amounts, then the new one', async (t) => {
  const page = await open(t);

  await signIn(page);
  const shown = await toPrice(page, '/upgrade?team=team-monthly&plan=business&seats=10&period=yearly');
  await page.evaluate(async () => {
    const { csrf } = await (await fetch('/dashboard', { headers: { accept: 'application/json' } }))
      .json();
    await fetch('/demo/clock', { method: 'POST', body: '{"advance":"3d"}',
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrf } });
  });
  await typeCard(page, CARDS.good);
  await page.locator('#purchase').click();
  await page.locator('#stale').waitFor(WAIT);
  const [before, now] = await page.locator('#stale dd').allTextContents();
  assert.ok(shown.includes(before), `${shown} is not ${before}`);
  assert.notEqual(before, now);
  assert.match(await page.title(), /^Error:/);
  assert.ok((await priced(page)).includes(now));
  assert.equal(await page.locator('#number').inputValue(), CARDS.good);
  await accessible(page, 'a stale price');
  await picture(page, 'stale');
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
  assert.ok((await page.locator('.facts-list').innerText()).includes(now));
});

test('r113 r116 choosing a country that uses VAT makes the VAT number appear; hidden, it is not sent', async (t) => {
  const page = await open(t, { locale: 'fr-FR' });
  let quoted;

  page.on('request', (one) => {
    quoted = one.url().endsWith('/upgrade/quote') ? one.postDataJSON() : quoted;
  });
  await signIn(page);
  const team = await newTeam(page);
  await toPrice(page, `/upgrade?team=${team.id}&plan=team&seats=1&period=monthly`);
  const vat = page.locator('#vat_id');
  assert.ok(await vat.isHidden(), 'no VAT in the United States');
  for (const [country, asked] of [['FR', true], ['CH', false], ['TR', true], ['NO', true],
    ['GB', true], ['US', false]]) {
    await page.locator('#country').selectOption(country);
    assert.equal(await vat.isVisible(), asked, country);
    assert.equal(await page.locator('label[for="vat_id"]').isVisible(), asked, country);
  }
  await page.locator('#country').selectOption('FR');
  await vat.fill('FR1');
  await page.locator('#city').focus();
  await page.locator('#vat_id-error:not([hidden])').waitFor(WAIT);
  assert.equal(quoted.billing_information.vat_id, 'FR1');
  await accessible(page, 'a wrong VAT number');
  await page.locator('#country').selectOption('US');
  await priced(page);
  assert.deepEqual(quoted.billing_information, { country: 'US' });
});

test('item 34: from the gate: what is missing, and back to the same board', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await newBoards(page, 4);
  const board = await page.locator('.board[data-locked="true"] a').getAttribute('href');
  await toPrice(page,
    `/upgrade?team=${team.id}&plan=team&seats=1&return=${encodeURIComponent(board)}`);
  assert.match(await page.locator('#gated').innerText(), /Board 1.*3 newest boards/s);
  await accessible(page, 'from the gate');
  await purchases(page);
  assert.equal(await page.locator('.done .button.primary').getAttribute('href'), board);
});

for (const [locale, words] of [['en-US', /not part of the plan of team/],
  ['fr-FR', /n’est pas compris dans le forfait de l’équipe/]]) {
  test(`item 34: from a gate that knows no board: its reason, and back, ${locale}`, async (t) => {
    const page = await open(t, { locale });

    await signIn(page);
    const team = await newTeam(page);
    const at = `/upgrade?team=${team.id}&plan=team&seats=1&return=%2Fvoting%3Fid%3D1`;
    await toPrice(page, `${at}&reason=FEATURE_MISSING`);
    assert.match(await page.locator('#gated').innerText(), words);
    assert.ok((await page.locator('#gated').innerText()).includes(team.name));
    await accessible(page, `a gate's reason ${locale}`);
    for (const none of ['', '&reason=', '&reason=NO_SUCH', '&reason=return', '&reason=moved', '&reason=%3Cb%3E']) {
      await toPrice(page, at + none);
      assert.equal(await page.locator('#gated').count(), 0, none);
    }
  });
}

test('items 33 34: who may not buy is told who may, and finds back', async (t) => {
  const page = await open(t, { viewport: { width: 320, height: 700 } });

  await signIn(page, 'member@example.test');
  const links = await page.locator('.teams a').evaluateAll((all) => all
    .filter((one) => !/Free$/.test(one.textContent)).map((one) => one.href));
  const team = new URL(links[0]).searchParams.get('team');
  await page.goto(`${site}/upgrade?team=${team}&return=/boards/b1`);
  await page.locator('.notice.bad').waitFor(WAIT);
  assert.equal(await page.locator('#purchase').count(), 0);
  assert.match(await page.locator('main').innerText(), /@example\.test|admin/);
  assert.equal(await page.locator('.actions a').first().getAttribute('href'), '/boards/b1');
  await fits(page, 'not offered');
  await accessible(page, 'not offered');
});

test('items 2 5 14 18 24: a purchase by keyboard alone', async (t) => {
  const page = await open(t, { reducedMotion: 'reduce' });

  await signIn(page);
  const team = await newTeam(page);
  await page.evaluate(() => document.activeElement.blur());
  await tabTo(page, 'upgrade');
  await page.keyboard.press('Enter');
  await page.locator('#popup-go').waitFor(WAIT);
  await tabTo(page, 'plan-business');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'popup-go');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/upgrade\?/, WAIT);
  await page.locator('#bill .notice a').waitFor(WAIT);
  await tabTo(page, 'plan-consultant');
  await tabTo(page, 'number');
  await page.keyboard.type('4242 4242 4242 4242');
  await tabTo(page, 'expiry');
  await page.keyboard.type('12/40');
  await tabTo(page, 'cvc');
  await page.keyboard.type('123');
  await tabTo(page, 'postal_code');
  await page.keyboard.type('10001');
  await tabTo(page, 'country');
  await page.keyboard.type('United States');
  await priced(page);
  await tabTo(page, 'purchase');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.locator('#done').waitFor(WAIT);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'done');
  await page.goto(`${site}/dashboard?team=${team.id}`);
  await page.locator('.team-head').waitFor(WAIT);
  assert.equal(await plan(page), 'Consultant');
});
