// The dashboard: the ways to a plan, boards, people, settings.  Numbers in
// names are those of the items this project holds its pages to.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible, begin, end, fits, newBoards, newTeam, open, picture, signIn, site, WAIT,
} from './browser.mjs';

before(() => begin());
after(end);

const dialog = (page) => page.locator('dialog:modal');
const at = async (page, team) => {
  await page.goto(`${site}/dashboard?team=${team}`);
  await page.locator('.team-head').waitFor(WAIT);
};

test('item 1: Upgrade, a link to the billing, or who can: by team and person', async (t) => {
  const page = await open(t);

  await signIn(page);
  await at(page, 'team-free');
  assert.equal(await page.locator('.team-head #upgrade').count(), 1);
  for (const team of ['team-monthly', 'team-past-due', 'team-cancelled', 'team-expired']) {
    await at(page, team);
    assert.equal(await page.locator('#upgrade').count(), 0, team);
    assert.equal(await page.locator('#billing').getAttribute('href'),
      `/billing/overview?team=${team}`);
  }
  await page.context().clearCookies();
  await signIn(page, 'member@example.test');
  const teams = await page.locator('.teams a').evaluateAll((all) => all
    .map((one) => [one.textContent, new URL(one.href).searchParams.get('team')]));
  const [, paid] = teams.find(([text]) => !/Free$/.test(text));
  await at(page, paid);
  assert.equal(await page.locator('#upgrade, #billing').count(), 0);
  assert.match(await page.locator('#who-can').textContent(), /@example\.test|admins/);
  await accessible(page, 'a member of a paid team');
});

for (const [locale, name] of [['en-US', 'en'], ['fr-FR', 'fr']]) {
  test(`items 2 4 5 6 7 38 39: the pop-up, by keyboard, ${name}`, async (t) => {
    const page = await open(t, { locale, reducedMotion: 'reduce' });

    await signIn(page);
    const team = await newTeam(page);
    await page.locator('#upgrade').focus();
    await page.keyboard.press('Enter');
    await page.locator('#popup-go').waitFor(WAIT);
    assert.ok((await dialog(page).locator('h2').textContent()).includes(team.name));
    assert.ok(await page.evaluate(() => document.querySelector('dialog')
      .contains(document.activeElement)));
    await accessible(page, `pop-up ${name}`);
    await picture(page, `popup-${name}`);

    // Tab stays in: all the way round, with the browser's own place between
    for (let i = 0; i < 14; i += 1) {
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(() => document.activeElement === document.body
        || document.querySelector('dialog').contains(document.activeElement)), `Tab ${i}`);
    }
    // arrows choose; the size begins at the members and ends at 100
    await page.locator('#plan-business').focus();
    await page.keyboard.press('ArrowUp');
    assert.ok(await page.locator('#plan-team').isChecked());
    const sizes = await page.locator('#seats-team option')
      .evaluateAll((all) => [all[0].value, all.at(-1).value]);
    assert.deepEqual(sizes, ['1', '100']);
    await page.locator('#period-monthly').focus();
    await page.keyboard.press('ArrowDown');
    assert.match(await page.locator('.popup-total').textContent(), /480[.,]00/);
    assert.match(await dialog(page).innerText(), /20\s?%/);

    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached', ...WAIT });
    assert.equal(await page.evaluate(() => document.activeElement.id), 'upgrade');

    // the option in the settings leads to the same (R57), and on to the payment
    await page.locator('#settings').click();
    await page.locator('#team-name').waitFor(WAIT);
    await accessible(page, `settings ${name}`);
    await page.locator('.parts .part button').filter({ hasText: /Upgrade|Mettre/ }).click();
    await page.locator('#popup-go').click(WAIT);
    await page.waitForURL(/\/upgrade\?/, WAIT);
    const query = new URL(page.url()).searchParams;
    assert.deepEqual(['team', 'plan', 'seats', 'period', 'return'].map((one) => query.get(one)),
      [team.id, 'business', '5', 'yearly', `/dashboard?team=${team.id}`]);
  });
}

test('r29 r32 r229 boards: named, made a copy of, moved with its warning, deleted, restored', async (t) => {
  const page = await open(t);

  await signIn(page);
  const to = await newTeam(page);
  const team = await newTeam(page);
  await page.locator('#email').fill('member@example.test');
  await page.locator('.invite button').first().click();
  await page.locator('.members li', { hasText: 'member@example.test' }).waitFor(WAIT);
  await newBoards(page, 1);
  const manage = async (title) => {
    await page.getByRole('button', { name: `Manage ${title}`, exact: true }).last().click(WAIT);
    await dialog(page).locator('.part').first().waitFor(WAIT);
  };

  await manage('Board 1');
  await accessible(page, 'a board');
  await page.locator('#board-name').fill('Plan');
  await dialog(page).getByRole('button', { name: 'Save' }).first().click();
  await page.locator('.board', { hasText: 'Plan' }).waitFor(WAIT);
  await manage('Plan');
  await dialog(page).getByRole('button', { name: 'Make a copy' }).click();
  await page.locator('.board').nth(1).waitFor(WAIT);

  await manage('Plan');
  await page.locator('#board-to').selectOption(to.id);
  await page.locator('#move-go').waitFor(WAIT);
  assert.match(await page.locator('#move-told').innerText(), /1 person.*member@example\.test/s);
  await accessible(page, 'moving a board');
  await page.locator('#move-go').click();
  await dialog(page).waitFor({ state: 'detached', ...WAIT });
  await page.locator('.board').nth(1).waitFor({ state: 'detached', ...WAIT });

  await page.locator('.board .manage').click();
  await dialog(page).getByRole('button', { name: 'Delete the board' }).click(WAIT);
  await dialog(page).getByRole('button', { name: 'Yes, delete it' }).click();
  await page.locator('.board').waitFor({ state: 'detached', ...WAIT });
  await page.getByRole('button', { name: 'Deleted boards' }).click();
  await dialog(page).getByRole('button', { name: /^Restore/ }).click(WAIT);
  await page.locator('.board').waitFor(WAIT);

  await at(page, to.id);
  assert.equal(await page.locator('.board', { hasText: 'Plan' }).count(), 1);
});

test('r205 r206 r207 r229 people: invited, role, boards handed over, link', async (t) => {
  const page = await open(t);

  await signIn(page);
  const team = await newTeam(page);
  await page.locator('#email').fill('member@example.test');
  await page.locator('.invite button').first().click();
  await page.locator('.members li', { hasText: 'member@example.test' }).waitFor(WAIT);
  await page.locator('#email').fill('one@example.test, two@example.test');
  await page.getByRole('button', { name: 'Invite by mail' }).click();
  await page.locator('#invitations li').nth(1).waitFor(WAIT);
  await page.getByRole('button', { name: 'Take back the invitation of one@example.test' }).click();
  await page.locator('#invitations li').nth(1).waitFor({ state: 'detached', ...WAIT });

  await page.getByRole('button', { name: 'Manage member@example.test' }).click();
  await page.locator('#role-team_admin').check(WAIT);
  await accessible(page, 'a member');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await page.locator('.members li', { hasText: 'member@example.test' })
    .filter({ hasText: 'Team admin' }).waitFor(WAIT);

  await page.locator('#settings').click();
  await page.locator('#invite-link').check(WAIT);
  await page.locator('#invite-admins').check();
  await page.locator('#team-name').fill(`${team.name} B`);
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: `${team.name} B` }).waitFor(WAIT);
  assert.match(await page.locator('#link').inputValue(), /#join=/);
  await accessible(page, 'people');

  // the other admin removes the owner of a board: it is asked what becomes of it
  await newBoards(page, 1);
  const other = await open(t);
  await signIn(other, 'member@example.test');
  await at(other, team.id);
  await other.getByRole('button', { name: 'Manage owner@example.test' }).click(WAIT);
  await dialog(other).getByRole('button', { name: 'Remove' }).click();
  await other.locator('#boards-to').waitFor(WAIT);
  assert.deepEqual(await other.locator('#boards-to option').evaluateAll((all) => all
    .map((one) => one.value)), ['transfer:member@example.test', 'delete']);
  await accessible(other, 'boards to hand over');
  await dialog(other).getByRole('button', { name: 'Remove' }).click();
  await other.locator('.members li', { hasText: 'owner@example.test' })
    .waitFor({ state: 'detached', ...WAIT });
  assert.equal(await other.locator('.board').count(), 1);
});

test('r205 r232 who may not asks; an admin answers', async (t) => {
  const page = await open(t);
  const other = await open(t, { locale: 'fr-FR' });

  await signIn(page);
  const team = await newTeam(page);
  await page.locator('#email').fill('freelance@example.test');
  await page.locator('.invite button').first().click();
  await page.locator('.members li', { hasText: 'freelance@example.test' }).waitFor(WAIT);
  await signIn(other, 'freelance@example.test');
  await at(other, team.id);
  await other.getByRole('button', { name: 'Gérer freelance@example.test' }).click();
  await other.getByRole('button', { name: 'Demander les droits d’administration' }).click(WAIT);
  await dialog(other).waitFor({ state: 'detached', ...WAIT });

  await at(page, team.id);
  const asked = page.locator('.asked li', { hasText: team.name });
  await asked.waitFor(WAIT);
  await accessible(page, 'a request');
  await asked.getByRole('button', { name: 'Approve' }).click();
  await asked.waitFor({ state: 'detached', ...WAIT });
  await page.locator('.members li', { hasText: 'freelance@example.test' })
    .filter({ hasText: 'Team admin' }).waitFor(WAIT);
});

test('r221 the trial: what it is, when it ends, what follows; then it runs', async (t) => {
  const page = await open(t);

  await signIn(page);
  await newTeam(page);
  await page.locator('#trial button').click();
  await page.locator('#trial-start').waitFor(WAIT);
  await accessible(page, 'trial');
  await page.locator('#number').fill('4242 4242 4242 4242');
  await page.locator('#expiry').fill('12 / 40');
  await page.locator('#cvc').fill('123');
  await page.locator('#trial-start').click();
  await page.locator('.chip.state[data-state="trial"]').waitFor(WAIT);
  await accessible(page, 'in the trial');
});

test('items 38 39: dialogs at 320 px, dark, forced colours', async (t) => {
  for (const [scheme, forced] of [['dark', 'none'], ['light', 'active']]) {
    const page = await open(t, { colorScheme: scheme, forcedColors: forced, locale: 'fr-FR',
      viewport: { width: 320, height: 700 } });

    await signIn(page);
    await at(page, 'team-free');
    await fits(page, 'dashboard');
    await accessible(page, `dashboard ${scheme} ${forced}`);
    await page.locator('#upgrade').click();
    await page.locator('#popup-go').waitFor(WAIT);
    await fits(page, 'pop-up');
    assert.ok(await dialog(page).evaluate((one) => one.scrollWidth <= one.clientWidth),
      'the pop-up scrolls sideways');
    await accessible(page, `pop-up ${scheme} ${forced}`);
    await picture(page, `popup-320-${scheme}`);
    await page.keyboard.press('Escape');
    await page.locator('.board .manage').first().click();
    await page.locator('#board-to').waitFor(WAIT);
    await accessible(page, `board ${scheme} ${forced}`);
  }
});
