// How teams of a company end: deleted, expired, or one with the others.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Company, key } from '../lib/company.mjs';
import { eventually, start } from '../lib/stack.mjs';

let stack;
let company;

before(async () => {
  stack = await start();
  company = new Company(stack);
});
after(async () => { await stack?.stop(); });

test('r212 r231 a team inside is deleted, its boards with it; licences stay', async () => {
  const { owner, team } = await company.bought('deletes');
  const inside = await company.further(owner, team, 'deletes two');
  const board = await owner.board(inside.id, 'Inside');
  const plain = await stack.client('deletes-plain@example.test');

  await company.joins(owner, inside.id, plain.profile);
  await company.gate(plain, board, 200);
  await company.refused(plain, 'DELETE', `/dashboard/teams/${inside.id}`, undefined, 403,
    'ADMIN_RIGHTS');
  await company.refused(plain, 'DELETE', `/dashboard/teams/${team}`, undefined, 404,
    'TEAM_NOT_FOUND', 'team');

  const done = await company.remove(owner, inside.id);
  assert.equal(done.status, 200, done.text);
  assert.deepEqual(done.json.team, { id: inside.id, name: 'deletes two', gone: true });
  await company.gate(owner, board, 404, 'BOARD_NOT_FOUND');
  await company.gate(plain, board, 404, 'BOARD_NOT_FOUND');
  await company.refused(owner, 'GET', `/dashboard?team=${inside.id}`, undefined, 404,
    'TEAM_NOT_FOUND', 'team');
  const left = await company.team(owner, team);
  assert.deepEqual(left.account, { id: team, name: 'deletes', teams: 1, seats_used: 2 });
  await company.refused(owner, 'DELETE', `/dashboard/teams/${team}`, undefined, 409, 'LAST_TEAM');

  const freed = await company.leaves(owner, team, plain.profile, 'company');
  assert.equal(freed.json.team.account.seats_used, 1, freed.text);
  await company.agrees();
});

test('r231 a single team is deleted by the link of a mail, once', async () => {
  const { owner, team } = await company.bought('alone', { plan: 'team', seats: 2 });
  const board = await owner.board(team, 'Alone');
  const where = `/dashboard/teams/${team}`;

  await company.refused(owner, 'DELETE', where, undefined, 409, 'CANCEL_FIRST');
  assert.equal((await owner.post('/billing/cancel', { team }, key())).status, 200);
  const asked = await owner.delete(where, { 'accept-language': 'fr' });
  assert.equal(asked.status, 202, asked.text);
  assert.equal(asked.json.state, 'confirmation_sent');
  assert.equal(asked.json.sent_to, owner.profile);
  await company.gate(owner, board, 200);
  await company.refused(owner, 'DELETE', where, undefined, 429, 'TOO_MANY');
  await company.refused(owner, 'DELETE', `${where}?confirm=d_wrong`, undefined, 422,
    'CONFIRMATION_INVALID', 'confirm');

  const mail = await company.mail(owner.profile, `${stack.url}/dashboard?team=${team}#delete=`);
  const [, token] = /#delete=(d_[a-z2-7]{26})/.exec(mail);
  assert.match(mail, /demande la suppression/);
  assert.deepEqual(await stack.sql(`SELECT 1 FROM team_removal WHERE digest LIKE '%${token}%'`), []);

  // who does not belong to it is told nothing, with the token or without
  const stranger = await stack.client('alone-stranger@example.test');
  await company.refused(stranger, 'DELETE', `${where}?confirm=${token}`, undefined, 404,
    'TEAM_NOT_FOUND', 'team');
  const done = await company.remove(owner, team, token);
  assert.equal(done.status, 200, done.text);
  assert.equal((await company.remove(owner, team, token)).status, 404);
  await company.gate(owner, board, 404, 'BOARD_NOT_FOUND');
  assert.deepEqual((await owner.get('/dashboard')).json.teams, []);
  const kept = await stack.sql(`SELECT COUNT(*) n FROM invoice WHERE team = '${team}'`);
  assert.equal(kept[0].n, 1);
  await company.agrees();
});

test('r231 a Free team too, but not while somebody pays for it', async () => {
  const owner = await stack.client('paying@example.test');
  const team = await owner.team('paying');
  const card = await owner.card(team, '4000002760003184');
  const open = await owner.buy({
    team, plan: 'team', seats: 1, period: 'monthly',
    payment: { method: 'card', payment_method: card.id },
  });
  assert.equal(open.json.state, 'action_required', open.text);
  await company.refused(owner, 'DELETE', `/dashboard/teams/${team}`, undefined, 409,
    'CHECKOUT_OPEN');

  const other = await owner.team('paying not');
  assert.equal((await company.remove(owner, other)).status, 202);
  const mail = await company.mail(owner.profile, `team=${other}#delete=`);
  const [, token] = /#delete=(d_[a-z2-7]{26})/.exec(mail);
  await company.advance(owner, '25h');
  await company.refused(owner, 'DELETE', `/dashboard/teams/${other}?confirm=${token}`, undefined,
    422, 'CONFIRMATION_INVALID', 'confirm');
});

test('r181 r187 r189 r190 expired in every team, then one Free team with all', async () => {
  const { owner, team } = await company.bought('ends');
  const inside = await company.further(owner, team, 'ends two');
  const other = await stack.client('ends-other@example.test');

  await company.joins(owner, inside.id, other.profile);
  const first = await owner.board(team, 'First');
  const second = await other.board(inside.id, 'Second');
  const third = await owner.board(team, 'Third');
  const fourth = await other.board(inside.id, 'Fourth');

  const cancelled = await owner.post('/billing/cancel', { team: inside.id }, key());
  assert.equal(cancelled.json.team.state, 'cancelled', cancelled.text);
  await company.advance(owner, '32d');
  await company.becomes(owner, inside.id, 'expired');
  await company.gate(other, fourth, 403, 'TEAM_EXPIRED');
  await company.refused(owner, 'POST', '/dashboard/teams',
    { name: 'Late', from: 'dashboard', account: inside.id }, 403, 'TEAM_EXPIRED');

  const free = await owner.post('/billing/downgrade', { team }, key());
  assert.equal(free.status, 200, free.text);
  assert.equal(free.json.team.plan, 'free');
  assert.equal(free.json.team.members, 2);
  assert.deepEqual(free.json.team.account, { id: team, name: 'ends', teams: 1, seats_used: 2 });
  await company.gate(other, fourth, 200);
  await company.gate(other, third, 200);
  await company.gate(owner, second, 200);
  await company.gate(owner, first, 403, 'BOARD_LOCKED_LIMIT');
  assert.equal((await other.get(`/dashboard?team=${inside.id}`)).status, 404);
  assert.deepEqual((await other.get('/dashboard')).json.teams.map(({ id }) => id), [team]);
  assert.equal((await company.team(owner, team)).role, 'team_admin');
  await company.agrees();
});

test('r188 r189 Business becomes Team at the end of its period, as one team', async () => {
  const { owner, team } = await company.bought('shrinks');
  const inside = await company.further(owner, team, 'shrinks two');
  const other = await stack.client('shrinks-other@example.test');

  await company.joins(owner, inside.id, other.profile);
  const board = await other.board(inside.id, 'Kept');
  const later = await owner.post('/billing/downgrade', { team: inside.id, plan: 'team' }, key());
  assert.equal(later.status, 200, later.text);
  assert.equal(later.json.team.plan, 'business');

  await company.advance(owner, '32d');
  await eventually('a Team plan', async () => (await company.team(owner, team)).plan === 'team',
    { within: 30000 });
  assert.equal((await company.team(owner, team)).members, 2);
  assert.equal((await other.get(`/dashboard?team=${inside.id}`)).status, 404);
  await company.gate(other, board, 200);
  await company.refused(owner, 'POST', '/dashboard/teams',
    { name: 'No more', from: 'dashboard', account: team }, 402, 'FEATURE_MISSING');
  await company.agrees();
});

test('the team that holds the subscription is deleted, the others go on', async () => {
  const { owner, team } = await company.bought('holds');
  const inside = await company.further(owner, team, 'holds two');
  const board = await owner.board(inside.id, 'Goes on');
  const gone = await owner.board(team, 'Gone');

  assert.equal((await company.remove(owner, team)).status, 200);
  await company.gate(owner, gone, 404, 'BOARD_NOT_FOUND');
  await company.gate(owner, board, 200);
  assert.deepEqual((await owner.get('/dashboard')).json.teams.map(({ id }) => id), [inside.id]);

  await company.advance(owner, '31d');
  await eventually('a renewal', async () => (await stack.sql('SELECT 1 FROM checkout WHERE'
    + ` team = '${team}' AND purpose = 'renewal' AND state = 'succeeded'`)).length === 1,
  { within: 60000 });
  await company.gate(owner, board, 200);
  const overview = await owner.get(`/billing/overview?team=${inside.id}`);
  assert.equal(overview.json.state, 'active', overview.text);
  await company.agrees();
});

// Of all that was done above: the books, the rows, the copies and Redis agree.
test('billingctl finds nothing wrong with any of these teams', async () => {
  await eventually('Redis as the rows are', async () => {
    const told = JSON.parse(await stack.ctl(['verify', '--json'], { fine: [1] }));
    const wrong = told.checks.filter(({ found }) => found?.length ?? found);
    if (wrong.length) {
      throw new Error(JSON.stringify(wrong));
    }
    return told.found === 0;
  });
});
