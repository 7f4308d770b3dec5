// Account settings > Billing: the subscription at a glance, each of its tasks,
// its invoices.  The numbers are those of the front end's forty items.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, begin, CARDS, end, fits, mails, open, picture, signIn, site, typeCard,
  WAIT } from './browser.mjs';
import { Company } from '../lib/company.mjs';

before(begin);
after(end);

const overview = (team, hash = '') => `${site}/billing/overview?team=${team}${hash}`;
const invoices = (team, hash = '') => `${site}/billing/invoices?team=${team}${hash}`;

async function go(page, url) {
  await page.goto('about:blank');        // another '#' alone would load nothing
  await page.goto(url);
  await page.locator('main h1').waitFor(WAIT);
}

const ready = (page) => page.locator('#task-do[aria-disabled="false"]').waitFor(WAIT);
const said = (page) => page.locator('#said .notice').innerText();

async function confirmed(page) {
  await ready(page);
  await page.locator('#task-do').click();
  await page.locator('dialog').waitFor({ state: 'detached', ...WAIT });
  await page.waitForFunction(() => document.activeElement?.matches('#said .notice'), null, WAIT);
  return said(page);
}

const ask = (page, path) => page.evaluate(async (where) => (
  await (await fetch(where, { headers: { accept: 'application/json' } })).json()), path);

test('item 26 36: plan, seats, renewal and card on one screen, dates with their machine form',
  async (t) => {
    const page = await open(t);
    await signIn(page);
    await go(page, overview('team-monthly'));

    const text = await page.locator('main').innerText();
    assert.match(text, /Team\s+Active/);
    assert.match(text, /5 \(3 used\)/);
    assert.match(text, /\$50\.00/);
    assert.match(text, /Visa ending in 4242/);
    const renewal = page.locator('[aria-labelledby="panel-renewal"] time');
    const { renewal: told } = await ask(page, '/billing/overview?team=team-monthly');
    assert.equal(await renewal.getAttribute('datetime'), told.at);
    const closing = await page.locator('.closing').boundingBox();
    assert.ok(closing.y + closing.height <= 860, 'one screen');
    await accessible(page, 'overview');
    await picture(page, 'billing-overview');
  });

test('item 31: a deep link survives signing in and opens its task', async (t) => {
  const page = await open(t);

  await page.goto(overview('team-monthly', '#size'));
  await page.getByRole('button', { name: 'owner@example.test' }).click(WAIT);
  await page.locator('dialog #seats').waitFor(WAIT);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'seats');
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached', ...WAIT });
  assert.equal(new URL(page.url()).hash, '');
  for (const [hash, heading] of [['#cancel', 'Cancel the subscription'],
    ['#card', 'Change the card'], ['#yearly', 'Switch to yearly'],
    ['#information', 'Edit billing information']]) {
    await go(page, overview('team-monthly', hash));
    await page.getByRole('heading', { level: 2, name: heading, exact: true }).last().waitFor(WAIT);
    await page.locator('dialog').waitFor(WAIT);
    if (hash !== '#information' && hash !== '#card') {
      await ready(page);
    }
    await accessible(page, hash);
  }
});

test('item 27 r142 r152: the size, above 100 too, with what is charged when; not below members',
  async (t) => {
    const page = await open(t);
    await signIn(page);
    await go(page, overview('team-monthly', '#size'));

    await page.locator('#seats').fill('2');
    await page.locator('#seats-error:not([hidden])').waitFor(WAIT);
    assert.match(await page.locator('#seats-error').innerText(), /3/);
    await page.locator('#seats').fill('120');
    await ready(page);
    const shown = await page.locator('#preview').innerText();
    assert.match(shown, /Charged now\s+\$0\.00/);
    const { change } = await page.evaluate(async () => {
      const { csrf } = await (await fetch('/dashboard', {
        headers: { accept: 'application/json' } })).json();
      return (await fetch('/billing/seats?dry_run=1', { method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
        body: JSON.stringify({ team: 'team-monthly', seats: 120 }) })).json();
    });
    const amount = new Intl.NumberFormat('en-US', { style: 'currency', currency: change.currency })
      .format(change.amount / 100);
    assert.ok(shown.includes(amount), `${shown} has not ${amount}`);
    await accessible(page, 'size');
    assert.match(await confirmed(page), /120 seats/);
    assert.match(await page.locator('main').innerText(), /120 \(3 used\)/);
    const after = await ask(page, '/billing/overview?team=team-monthly');
    assert.equal(after.seats, 120);
    assert.equal(after.pending, change.pending);

    await page.locator('a[href="#size"]').click();
    await page.locator('#seats').fill('5');
    await ready(page);
    assert.match(await page.locator('#preview').innerText(), /unused time\s+-\$/);
    await confirmed(page);
  });

test('item 18 r162 r163: yearly with exact figures, pressed twice: one charge of what was shown',
  async (t) => {
    const page = await open(t, { locale: 'fr-FR' });
    const keys = new Set();

    page.on('request', (one) => {
      const key = one.headers()['idempotency-key'];
      if (key && one.url().includes('/billing/period')) {
        keys.add(key);
      }
    });
    await signIn(page);
    await go(page, overview('team-monthly', '#yearly'));
    await ready(page);
    const button = await page.locator('#task-do').textContent();
    await accessible(page, 'yearly fr');
    await page.locator('#task-do').dblclick();
    await page.locator('#said .notice').waitFor(WAIT);
    assert.equal(keys.size, 1);
    assert.match(await page.locator('main').innerText(), /Annuel/);
    await go(page, invoices('team-monthly'));
    const cell = await page.locator('tbody .num').first().innerText();
    assert.ok(button.replace(/\s/g, ' ').includes(cell.replace(/\s/g, ' ').trim().split('\n')[0]),
      `${button} / ${cell}`);
    await accessible(page, 'invoices fr');
    await picture(page, 'billing-invoices-fr');
  });

for (const [locale, off, on] of [['en-US', /Renewal is off/, /is active/],
  ['fr-FR', /renouvellement est désactivé/, /est actif/]]) {
  test(`item 28 29 r175 r184: two steps end the renewal, one brings it back, ${locale}`, async (t) => {
    const page = await open(t, { locale });
    await signIn(page);
    await go(page, overview('team-business'));

    await page.locator('.closing a').click();
    await ready(page);
    const end = (await ask(page, '/billing/overview?team=team-business')).period_end;
    assert.equal(await page.locator('dialog time').first().getAttribute('datetime'), end);
    assert.equal(await page.locator('dialog .two li').count(), 6);
    await page.locator('#reason').selectOption('price');
    await accessible(page, `cancel ${locale}`);
    await picture(page, `billing-cancel-${locale}`);
    assert.match(await confirmed(page), off);

    await page.locator('.notice.warn a[href="#reactivate"]').waitFor(WAIT);
    assert.equal(await page.locator('a[href="#size"]').count(), 0);
    assert.ok(await page.locator('.panel .hint').count() >= 2, 'why they are not offered');
    await accessible(page, `cancelled ${locale}`);
    await page.locator('a[href="#reactivate"]').click();
    assert.match(await confirmed(page), on);
    if (mails()) {
      const mail = await new Company({ mails: mails() }).mail('owner@example.test', 'Business Team');
      assert.ok(mail.length > 0);
    }
  });
}

test('item 30 r173: past due says amount and date, and leads to the card, which pays', async (t) => {
  const page = await open(t);
  await signIn(page);
  await go(page, overview('team-past-due'));

  const notice = page.locator('.notice.bad');
  assert.match(await notice.innerText(), /\$\d+\.\d\d could not be charged|overdue/);
  await accessible(page, 'past due');
  await notice.locator('a').click();
  await page.locator('dialog').waitFor(WAIT);
  await page.locator('#task-do').click();
  await page.locator('#number-error:not([hidden])').waitFor(WAIT);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'number');
  await typeCard(page, CARDS.declined);
  await page.locator('#task-do').click();
  await page.waitForFunction(() => document.querySelector('#cvc').value === '', null, WAIT);
  await typeCard(page, CARDS.good);
  await page.locator('#task-do').click();
  await page.locator('#said .notice').waitFor(WAIT);
  assert.equal(await page.locator('.notice.bad').count(), 0);
  assert.equal((await ask(page, '/billing/overview?team=team-past-due')).state, 'active');
});

test('r118: billing information is kept, shown, and prefilled the next time', async (t) => {
  const page = await open(t);
  await signIn(page);
  await go(page, overview('team-yearly', '#information'));

  await page.locator('#company').fill('Example Company');
  await page.locator('#country').selectOption('FR');
  await page.locator('#vat_id').fill('nonsense');
  await page.locator('#task-do').click();
  await page.locator('#vat_id-error:not([hidden])').waitFor(WAIT);
  await page.locator('#vat_id').fill('');
  await page.locator('#task-do').click();
  await page.locator('#said .notice').waitFor(WAIT);
  assert.match(await page.locator('address').innerText(), /Example Company/);
  await page.locator('a[href="#information"]').click();
  assert.equal(await page.locator('#company').inputValue(), 'Example Company');
});

test('item 33: who may not change it reads it, and whom to ask', async (t) => {
  for (const locale of ['en-US', 'fr-FR']) {
    const page = await open(t, { locale });
    await signIn(page, 'member@example.test');
    assert.equal(await page.locator('#billing').count(), 0);
    await go(page, overview('team-monthly', '#cancel'));
    const text = await page.locator('main').innerText();
    assert.match(text, /owner@example\.test/);
    assert.equal(await page.locator('main button, dialog, main a[href^="#"]').count(), 0);
    await accessible(page, `read only ${locale}`);
  }
});

test('a change made elsewhere is seen by the pages that are open', async (t) => {
  const [here, there] = [await open(t), await open(t, { locale: 'fr-FR' })];

  await signIn(here);
  await signIn(there);
  await go(here, overview('team-business'));
  const asked = here.waitForRequest('**/billing/follow?*', WAIT);
  await asked;
  await go(there, overview('team-business', '#size'));
  await there.locator('#seats').fill('8');
  await confirmed(there);
  await here.getByText('8 (3 used)').waitFor(WAIT);
});

test('item 40: no connection is said in place, Retry works, what was typed is kept', async (t) => {
  const page = await open(t);

  page.removeAllListeners('console');
  await signIn(page);
  await go(page, overview('team-business', '#size'));
  await page.locator('#seats').waitFor(WAIT);
  await page.context().setOffline(true);
  await page.locator('#seats').fill('9');
  await page.locator('dialog [role="alert"] button').waitFor(WAIT);
  await page.context().setOffline(false);
  await page.locator('dialog [role="alert"] button').click();
  await ready(page);
  assert.equal(await page.locator('#seats').inputValue(), '9');
  await page.route('**/billing/overview?*', (route) => (route.request().resourceType() === 'fetch'
    ? route.fulfill({ status: 503, json: { code: 'STORE_UNAVAILABLE', detail: 'Later.' } })
    : route.continue()));
  await go(page, overview('team-business'));
  await page.locator('[role="alert"] button').waitFor(WAIT);
  await page.unroute('**/billing/overview?*');
  await page.locator('[role="alert"] button').click();
  await page.locator('.panels').waitFor(WAIT);
});

test('item 38 39: every state, 320 px, dark, forced colours, print; clean for axe', async (t) => {
  const page = await open(t, { locale: 'fr-FR', colorScheme: 'dark', reducedMotion: 'reduce',
    viewport: { width: 320, height: 700 } });

  await signIn(page);
  for (const where of [overview('team-cancelled'), overview('team-expired'),
    overview('team-yearly', '#size'), invoices('team-past-due'), invoices('team-business'),
    `${site}/billing/overview`]) {
    await go(page, where);
    await page.waitForLoadState('networkidle');
    await fits(page, where);
    await accessible(page, where);
    const text = await page.locator('body').innerText();
    assert.ok(!/\{\w+\}|(^|\s)billing\.\w/.test(text), `${where}: a text is missing`);
    assert.ok(!/ [;?!:]/.test(text), `${where}: a blank before high punctuation`);
  }
  await picture(page, 'billing-320-dark');
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  await go(page, overview('team-expired'));
  assert.ok(await page.locator('.top').isHidden());
  assert.ok(await page.locator('.tabs').isHidden());
  await page.emulateMedia({ media: 'screen', forcedColors: 'active' });
  await fits(page, 'forced colours');
  assert.ok(await page.locator('.panels').isVisible());
});
