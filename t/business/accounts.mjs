// One subscription for several teams: who makes them, who is what in them, and
// whose licence it is, asked as a browser asks it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Company, key } from '../lib/company.mjs';
import { start } from '../lib/stack.mjs';

let stack;
let company;

before(async () => {
  stack = await start();
  company = new Company(stack);
});
after(async () => { await stack?.stop(); });

test('r26 r28 a further team inside: nothing to pay, all of the plan', async () => {
  const { owner, team } = await company.bought('grows');
  const charges = (await stack.ledger()).length;
  const mine = await company.team(owner, team);

  assert.deepEqual(mine.roles, ['company_admin', 'team_admin', 'member', 'billing_admin']);
  assert.deepEqual(mine.account, { id: team, name: 'grows', teams: 1, seats_used: 1 });
  assert.equal(mine.can.create_team, true);

  const inside = await company.further(owner, team, 'grows design');
  assert.equal(inside.plan, 'business');
  assert.equal(inside.state, 'active');
  assert.equal(inside.seats, 5);
  assert.equal(inside.members, 1);
  assert.equal(inside.role, 'company_admin');
  assert.deepEqual(inside.account, { id: team, name: 'grows', teams: 2, seats_used: 1 });
  assert.equal(inside.period_end, mine.period_end);
  assert.equal((await stack.ledger()).length, charges);

  // five boards, all of them editable at once by a member who joins
  const boards = [];
  for (let i = 0; i < 5; i++) {
    boards.push(await owner.board(inside.id, `board ${i}`));
  }
  await company.gate(owner, boards[0], 200);
  const friend = await stack.client('grows-friend@example.test');
  assert.notEqual((await friend.put(`/boards/${boards[0]}`, { text: 'x' })).status, 200);
  await company.joins(owner, inside.id, friend.profile);
  await company.gate(friend, boards[0], 200);

  // the friend knows its own team only, the Company Admin all of them
  const seen = await friend.get('/dashboard');
  assert.deepEqual(seen.json.teams.map(({ id }) => id), [inside.id]);
  assert.equal(seen.json.team.can.create_team, false);
  assert.equal(seen.json.team.can.delete_team, false);
  const all = (await owner.get('/dashboard')).json.teams;
  assert.deepEqual(new Set(all.map(({ id }) => id)), new Set([team, inside.id]));
  assert.ok(all.every(({ account }) => account === team));
  await company.agrees();
});

test('r26 refusals of a further team', async () => {
  const { owner, team } = await company.bought('refuses');
  const { owner: small, team: single } = await company.bought('single', { plan: 'team' });
  const plain = await stack.client('refuses-plain@example.test');
  const admin = await stack.client('refuses-admin@example.test');
  const guest = await stack.client('guest@example.test');
  const free = await small.team('still free');
  const where = '/dashboard/teams';
  const body = (account) => ({ name: 'Another', from: 'dashboard', account });

  await company.joins(owner, team, plain.profile);
  await company.joins(owner, team, admin.profile);
  assert.equal((await company.role(owner, team, admin.profile, 'team_admin')).status, 200);

  await company.refused(plain, 'POST', where, body(team), 403, 'ADMIN_RIGHTS');
  await company.refused(admin, 'POST', where, body(team), 403, 'ADMIN_RIGHTS');
  await company.refused(small, 'POST', where, body(team), 404, 'TEAM_NOT_FOUND', 'account');
  await company.refused(small, 'POST', where, body('no such!'), 404, 'TEAM_NOT_FOUND', 'account');
  await company.refused(guest, 'POST', where, body('team-business'), 403, 'NOT_A_MEMBER');
  await company.refused(small, 'POST', where, body(single), 402, 'FEATURE_MISSING');
  await company.refused(small, 'POST', where, body(free), 409, 'NO_SUBSCRIPTION');
  await company.refused(owner, 'POST', where, { ...body(team), name: ' ' }, 422, 'NAME_INVALID', 'name');
});

test('r14 r145 r150 one licence a person, bought when there is none', async () => {
  const { owner, team } = await company.bought('licences');
  const inside = await company.further(owner, team, 'licences two');

  for (const name of ['a', 'b', 'c', 'd']) {
    await company.joins(owner, team, `licences-${name}@example.test`);
  }
  const both = await company.joins(owner, inside.id, 'licences-a@example.test');
  assert.equal(both.team.account.seats_used, 5);
  assert.equal(both.team.seats, 5);

  const sixth = await company.joins(owner, inside.id, 'licences-e@example.test');
  assert.equal(sixth.team.id, inside.id);
  assert.equal(sixth.team.seats, 6);
  assert.equal(sixth.team.account.seats_used, 6);
  const overview = await owner.get(`/billing/overview?team=${inside.id}`);
  assert.equal(overview.json.pending, 2000, overview.text);
  assert.equal(overview.json.members, 6);
  assert.equal(overview.json.team.id, inside.id);
  await company.agrees();
});

test('r210 out of a team keeps the licence, out of the company frees it', async () => {
  const { owner, team } = await company.bought('leaves');
  const inside = await company.further(owner, team, 'leaves two');
  const admin = await stack.client('leaves-admin@example.test');
  const other = 'leaves-other@example.test';

  await company.joins(owner, inside.id, admin.profile);
  await company.joins(owner, inside.id, other);
  await company.joins(owner, team, other);
  assert.equal((await company.role(owner, inside.id, admin.profile, 'team_admin')).status, 200);

  const out = await company.leaves(admin, inside.id, other);
  assert.equal(out.status, 200, out.text);
  assert.equal(out.json.team.account.seats_used, 3);
  const where = (email, scope) => `/dashboard/teams/${inside.id}/members/${email}?scope=${scope}`;
  await company.refused(admin, 'DELETE', where(other, 'company'), undefined, 403, 'ADMIN_RIGHTS');
  await company.refused(owner, 'DELETE', where(other, 'planet'), undefined, 422, 'FIELD_TYPE',
    'scope');
  await company.refused(owner, 'DELETE', where('nobody@example.test', 'company'), undefined, 404,
    'MEMBER_NOT_FOUND', 'email');
  await company.refused(owner, 'DELETE', where(owner.profile, 'company'), undefined, 409,
    'LAST_ADMIN');
  await company.refused(admin, 'DELETE', where(owner.profile, 'team'), undefined, 403,
    'ADMIN_RIGHTS');

  const gone = await company.leaves(owner, inside.id, other, 'company');
  assert.equal(gone.status, 200, gone.text);
  assert.equal(gone.json.team.account.seats_used, 2);
  assert.equal((await company.team(owner, team)).members, 2);
  await company.agrees();
});

test('r210 the Company Admin sees who has a licence, in a team or in none', async () => {
  const { owner, team } = await company.bought('people');
  const other = await stack.client('people-other@example.test');

  await company.joins(owner, team, other.profile);
  assert.equal((await other.get(`/dashboard?team=${team}`)).json.licences, undefined);
  assert.equal((await company.leaves(owner, team, other.profile)).status, 200);
  const { licences } = (await owner.get(`/dashboard?team=${team}`)).json;
  assert.deepEqual(licences.map(({ email, role, teams }) => [email, role, teams]), [
    [other.profile, 'member', 0], [owner.profile, 'company_admin', 1]]);
});

test('r209 Company Admins: made by their like, never the last taken away', async () => {
  const { owner, team } = await company.bought('admins');
  const { owner: small, team: single } = await company.bought('nocompany', { plan: 'team' });
  const inside = await company.further(owner, team, 'admins two');
  const second = await stack.client('admins-second@example.test');
  const where = (of, email) => `/dashboard/teams/${of}/members/${email}`;
  const given = { role: 'company_admin' };

  await company.joins(owner, team, second.profile);
  assert.equal((await company.role(owner, team, second.profile, 'team_admin')).status, 200);
  await company.refused(second, 'PATCH', where(team, second.profile), given, 403, 'ADMIN_RIGHTS');
  await company.refused(second, 'PATCH', where(team, owner.profile), { role: 'member' }, 403,
    'ADMIN_RIGHTS');
  await company.refused(owner, 'PATCH', where(team, owner.profile), { role: 'member' }, 409,
    'LAST_ADMIN');
  await company.refused(small, 'PATCH', where(single, small.profile), given, 422, 'ROLE_INVALID',
    'role');
  await company.refused(owner, 'PATCH', where(team, 'nobody@example.test'), given, 404,
    'MEMBER_NOT_FOUND', 'email');

  // in every team at once, those that it is no member of among them
  assert.equal((await second.get(`/dashboard?team=${inside.id}`)).status, 404);
  const made = await company.role(owner, team, second.profile, 'company_admin');
  assert.equal(made.status, 200, made.text);
  assert.equal(made.json.member.role, 'company_admin');
  assert.equal((await company.team(second, inside.id)).can.remove_members, true);
  assert.equal((await second.get('/dashboard')).json.teams.length, 2);
  const further = await company.further(second, inside.id, 'admins three');
  assert.equal(further.account.teams, 3);

  const ended = await company.role(second, team, owner.profile, 'member');
  assert.equal(ended.status, 200, ended.text);
  assert.equal((await company.team(owner, inside.id)).can.create_team, false);
  assert.equal((await company.team(owner, inside.id)).role, 'team_admin');
  await company.agrees();
});

test('r209 billing is the account\'s, whichever of its teams is named', async () => {
  const { owner, team } = await company.bought('pays');
  const inside = await company.further(owner, team, 'pays two');
  const admin = await stack.client('pays-admin@example.test');

  await company.joins(owner, inside.id, admin.profile);
  assert.equal((await company.role(owner, inside.id, admin.profile, 'team_admin')).status, 200);
  const seen = await company.team(admin, inside.id);
  assert.equal(seen.can.open_billing, false);
  assert.equal(seen.can.cancel, false);
  assert.equal(seen.can.delete_team, true);
  await company.refused(admin, 'GET', `/billing/overview?team=${inside.id}`, undefined, 403,
    'BILLING_RIGHTS');
  await company.refused(admin, 'POST', '/billing/cancel', { team: inside.id }, 403,
    'BILLING_RIGHTS');

  const size = await owner.post('/billing/seats', { team: inside.id, seats: 7 }, key());
  assert.equal(size.status, 200, size.text);
  assert.equal(size.json.team.id, inside.id);
  assert.equal(size.json.team.seats, 7);
  assert.equal((await company.team(owner, team)).seats, 7);

  const yearly = await owner.post('/billing/period', { team: inside.id, period: 'yearly' }, key());
  assert.equal(yearly.status, 200, yearly.text);
  assert.equal(yearly.json.team.id, inside.id);
  assert.equal(yearly.json.team.period, 'yearly');
  assert.equal((await company.team(owner, team)).period, 'yearly');
  const operation = await owner.get(`/billing/operations/${yearly.json.operation}`);
  assert.equal(operation.json.answer.team.id, inside.id);
  const invoices = await owner.get(`/billing/invoices?team=${inside.id}`);
  assert.equal(invoices.json.invoices.length, 2, invoices.text);
  await company.agrees();
});

test('r101 r102 a plain member pays: admins of the team are the company\'s', async () => {
  const owner = await stack.client('founder@example.test');
  const payer = await stack.client('payer@example.test');
  const team = await owner.team('founded');

  await company.joins(owner, team, payer.profile);
  const card = await payer.card(team);
  const answer = await payer.buy({
    team, plan: 'consultant', seats: 2, period: 'monthly',
    payment: { method: 'card', payment_method: card.id },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.team.roles, ['member', 'billing_admin']);
  assert.equal((await company.team(owner, team)).role, 'company_admin');
  await company.refused(payer, 'POST', '/dashboard/teams',
    { name: 'Mine', from: 'dashboard', account: team }, 403, 'ADMIN_RIGHTS');
});

test('r19 r26 the demo\'s companies: two teams of Business, and Enterprise', async () => {
  const data = (await (await stack.client('owner@example.test')).get('/demo/data')).json;
  const inside = data.teams.find(({ id }) => id === 'team-business-2');
  assert.equal(inside.account, 'team-business');
  assert.equal(inside.plan, 'business');
  const admin = await stack.client('admin@example.test');
  await company.gate(admin, 'board-business-2-1', 200);

  const big = await stack.client('big@example.test');
  await company.refused(big, 'POST', '/dashboard/teams', { name: 'Own', from: 'dashboard' }, 403,
    'TEAM_CREATE_ENTERPRISE');
  const further = await company.further(big, 'team-enterprise', 'Enterprise two');
  assert.equal(further.state, 'enterprise');
  assert.equal(further.seats, 50);
  const board = await big.board(further.id, 'Plans');
  await company.gate(big, board, 200);
  const staff = await stack.client('staff@corp.example.test');
  assert.notEqual((await staff.put(`/boards/${board}`, { text: 'x' })).status, 200);
  await company.joins(big, further.id, staff.profile);
  await company.gate(staff, board, 200);
  await company.refused(staff, 'POST', '/dashboard/teams',
    { name: 'Mine', from: 'dashboard', account: further.id }, 403, 'ADMIN_RIGHTS');
  await company.agrees();
});
