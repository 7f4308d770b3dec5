// The elements in a page of another application, under a strict policy.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible, begin, end, fits, newTeam, open, picture, priced, purchases, signIn, site, WAIT,
} from './browser.mjs';

before(() => begin());
after(end);

for (const [locale, words] of [['en-US', /Business|Team/], ['fr-FR', /Le forfait/]]) {
  test(`items 1 2 39: a foreign dashboard's button and gate, bought, open, ${locale}`, async (t) => {
    const page = await open(t, { locale });

    await signIn(page);
    const team = await newTeam(page);
    await page.goto(`${site}/embed?team=${team.id}`);
    const button = page.locator('header billing-upgrade-button button');
    await button.waitFor(WAIT);
    await page.locator('billing-gate .notice').waitFor(WAIT);
    assert.equal(await page.locator('#feature').isVisible(), false);
    assert.match(await page.locator('billing-gate .notice').innerText(), words);
    // the page's own language is its own, its colours reach the button
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await button.evaluate((one) => getComputedStyle(one).backgroundColor),
      'rgb(138, 59, 18)');
    await accessible(page, `foreign page ${locale}`);
    await picture(page, `embed-${locale}`);

    await button.click();
    await page.locator('#popup-go').waitFor(WAIT);
    await picture(page, `embed-popup-${locale}`);
    await page.keyboard.press('Escape');
    await page.getByText('billing:cancelled').waitFor(WAIT);
    await button.click();
    await page.locator('#plan-business').check();
    await page.locator('#popup-go').click();
    await page.waitForURL(/\/upgrade\?/, WAIT);
    await priced(page);
    await purchases(page);
    await page.locator('.done .button.primary').click();
    await page.waitForURL(/\/embed/, WAIT);
    await page.getByText('billing:upgraded').waitFor(WAIT);
    await page.locator('billing-gate[allowed] #feature').waitFor(WAIT);
    assert.match(await page.locator('header billing-upgrade-button a').first()
      .getAttribute('href'), /^\/(billing\/overview|upgrade)\?team=/);
    await accessible(page, `open ${locale}`);
  });
}

test('what nobody answers is asked again', async (t) => {
  const page = await open(t);
  let left = 2;

  await signIn(page);
  const team = await newTeam(page);
  await page.route('**/pricing', (route) => (left-- > 0
    ? route.fulfill({ status: 429, contentType: 'application/problem+json', body: '{"code":"TOO_MANY"}' })
    : route.continue()));
  await page.goto(`${site}/embed?team=${team.id}`);
  await page.locator('billing-gate .notice').waitFor(WAIT);
  assert.ok(left < 0);
});

test('without a session the page keeps what it had', async (t) => {
  const page = await open(t, { viewport: { width: 320, height: 600 } });

  await page.goto(`${site}/embed`);
  await page.getByText('billing:problem').first().waitFor(WAIT);
  assert.ok(await page.locator('header a').isVisible());
  await fits(page, 'foreign page');
});

test('item 3: without JavaScript the link leads on, and the page says what it needs', async (t) => {
  const page = await open(t, { javaScriptEnabled: false });

  await page.goto(`${site}/embed`);
  assert.ok(await page.locator('header a').isVisible());
  assert.equal(await page.locator('header a').getAttribute('href'), '/upgrade?team=team-free');
  await page.goto(`${site}/upgrade?team=team-free`);
  assert.match(await page.locator('main').innerText(), /needs JavaScript/);
});
