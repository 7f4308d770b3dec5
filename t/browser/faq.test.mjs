// The nine questions people ask about upgrading, each walked through as the
// person who asks it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible, begin, end, newBoards, newTeam, open, plan, priced, purchases, signIn, site,
  toUpgrade, WAIT,
} from './browser.mjs';

before(() => begin());
after(end);

const dialog = (page) => page.locator('dialog:modal');

async function at(page, team) {
  await page.goto(`${site}/dashboard?team=${team}`);
  await page.locator('.team-head').waitFor(WAIT);
}

async function invite(page, email) {
  await page.locator('#email').fill(email);
  await page.locator('.invite button').first().click();
  await page.locator('.members li', { hasText: email }).waitFor(WAIT);
}

async function buy(page, team, more) {
  await toUpgrade(page, team, more);
  await purchases(page);
}

test('faq 1 r109: it still says Free: another team is open; the sidebar leads to the paid one', async (t) => {
  const page = await open(t);

  await signIn(page);
  const free = await newTeam(page);
  const paid = await newTeam(page);
  await buy(page, paid, '&plan=team&seats=1&period=monthly');
  await at(page, free.id);
  assert.equal(await plan(page), 'Free');
  const link = page.locator('.teams a', { hasText: paid.name });
  assert.match(await link.innerText(), /Team$/, 'each team is named with its plan');
  await link.click();
  await page.getByRole('heading', { level: 1, name: paid.name }).waitFor(WAIT);
  assert.equal(await plan(page), 'Team');
});

test('faq 2 r58: there is no Upgrade button: the team is paid, its plan changes in the billing', async (t) => {
  const page = await open(t);

  await signIn(page);
  await at(page, 'team-monthly');
  assert.equal(await page.locator('#upgrade').count(), 0);
  await page.locator('#billing').click();
  await page.getByRole('link', { name: 'Change plan' }).click(WAIT);
  await page.locator('#plan-business').check(WAIT);
  await priced(page);
  assert.ok(await page.locator('.line.credit').count() > 0, 'unused time counts');
});

test('faq 3 4 r59 r102 r103: who is no admin upgrades, manages the billing, and asks for admin rights', async (t) => {
  const owner = await open(t);
  const page = await open(t);

  await signIn(owner);
  const team = await newTeam(owner);
  await invite(owner, 'member@example.test');
  await signIn(page, 'member@example.test');
  await at(page, team.id);
  await page.locator('#upgrade').waitFor(WAIT);
  await buy(page, team, '&plan=team&seats=2&period=monthly');
  const told = await page.locator('.notice.good').innerText();
  assert.match(told, /billing admin.*stay with the team’s admins/s);

  await at(page, team.id);
  await page.locator('#billing').waitFor(WAIT);
  const me = page.locator('.members li', { hasText: 'member@example.test' });
  assert.match(await me.innerText(), /Billing admin/i);
  assert.doesNotMatch(await me.innerText(), /Team admin/i);
  await me.getByRole('button').click();
  await dialog(page).getByRole('button', { name: 'Ask for admin rights' }).click(WAIT);
  await dialog(page).waitFor({ state: 'detached', ...WAIT });
  await at(owner, team.id);
  await owner.locator('.asked').getByRole('button', { name: /^Approve/ }).first().click(WAIT);
  await owner.locator('.members li', { hasText: 'member@example.test' })
    .filter({ hasText: 'Team admin' }).waitFor(WAIT);
});

test('faq 5 r28 r29 r72: an own team: any size, its buyer is admin, boards move in', async (t) => {
  const page = await open(t);

  await signIn(page);
  const shared = await newTeam(page);
  await invite(page, 'member@example.test');
  await invite(page, 'guest@example.test');
  await newBoards(page, 1);
  const own = await newTeam(page);
  await buy(page, own, '&plan=team&seats=1&period=monthly');
  assert.match(await page.locator('.notice.good').innerText(), /keep your admin rights/);
  assert.match(await page.locator('.facts-list').innerText(), /1 \(1 used\)/);

  await at(page, shared.id);
  await page.locator('.board .manage').first().click();
  await page.locator('#board-to').selectOption(own.id, WAIT);
  await page.locator('#move-go').click(WAIT);
  await dialog(page).waitFor({ state: 'detached', ...WAIT });
  await at(page, own.id);
  await page.locator('.board', { hasText: 'Board 1' }).waitFor(WAIT);
});

test('faq 6 r66 r67 r68: fewer seats than members: the list starts at the members; remove somebody first', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await invite(page, 'member@example.test');
  await toUpgrade(page, team, '&plan=team&seats=1');
  assert.equal(await page.locator('#seats-team option').first().getAttribute('value'), '2');
  await page.locator('#seats-team-hint a').click();
  await page.getByRole('button', { name: 'Manage member@example.test' }).click(WAIT);
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await page.locator('.members li', { hasText: 'member@example.test' })
    .waitFor({ state: 'detached', ...WAIT });
  await toUpgrade(page, team, '&plan=team&seats=1');
  assert.equal(await page.locator('#seats-team').inputValue(), '1');
});

test('faq 7 r47 r208: a freelancer alone: Consultant, with one licence', async (t) => {
  const page = await open(t);

  await signIn(page, 'freelance@example.test');
  const team = await newTeam(page);
  await page.locator('#upgrade').click();
  await page.locator('#plan-consultant').check(WAIT);
  assert.match(await page.locator('.plan-option[data-chosen="true"]').innerText(), /Freelancers/);
  await page.locator('#seats-consultant').selectOption('1');
  await page.locator('#popup-go').click();
  await page.waitForURL(/\/upgrade\?/, WAIT);
  await priced(page);
  await purchases(page);
  await at(page, team.id);
  assert.equal(await plan(page), 'Consultant');
  assert.match(await page.locator('.facts').innerText(), /1 seat\b/);
});

test('faq 8 r84: PayPal is not accepted: a card or an invoice, nothing else', async (t) => {
  const page = await open(t, { locale: 'fr-FR' });

  await signIn(page);
  await page.goto(`${site}/upgrade?team=team-free`);
  await priced(page);
  const methods = await page.locator('input[name="method"]').evaluateAll((all) => all
    .map((one) => one.value));
  assert.deepEqual(methods, ['card', 'invoice']);
  assert.doesNotMatch(await page.locator('body').innerText(), /paypal/i);
  await accessible(page, 'ways to pay');
});

test('faq 9 r88: one month only: monthly, renewal off, paid until the end, then not charged', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await buy(page, team, '&plan=team&seats=1&period=monthly');
  await page.goto(`${site}/billing/overview?team=${team.id}#cancel`);
  await page.locator('#task-do[aria-disabled="false"]').click(WAIT);
  await page.locator('#said .notice').waitFor(WAIT);
  await at(page, team.id);
  assert.equal(await plan(page), 'Team');
  assert.match(await page.locator('.chip.state').innerText(), /Renewal off/);

  await page.locator('#clock-month').click();
  await page.locator('#clock-day').click(WAIT);
  await page.locator('.chip.state', { hasText: 'Paused' }).waitFor(WAIT);
  const list = await page.evaluate(async (id) => (await (await fetch(
    `/billing/invoices?team=${id}`, { headers: { accept: 'application/json' } })).json()).invoices,
  team.id);
  assert.equal(list.length, 1, 'one month was charged');
});
