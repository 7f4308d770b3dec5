// Who may do what, asked through HTTP: every row and column of the table in
// doc/rules.md, section 3.  The table is read from there, so what is written
// and what is done cannot part.
//
// A cell says yes when the action is not refused for who asks; it may still be
// refused for what is asked.  Cells that say neither Y nor a dash are named
// here, one by one, with what they mean.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client, start } from '../lib/stack.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const columns = ['V', 'G', 'M', 'TA1', 'TA2', 'CA', 'BA', 'BAx'];

// Refusals that mean "not you".
const notYou = new Set(['UNAUTHENTICATED', 'TEAM_NOT_FOUND', 'BOARD_NOT_FOUND', 'NOT_A_MEMBER',
  'BILLING_RIGHTS', 'ADMIN_RIGHTS', 'INVITE_FORBIDDEN', 'BOARD_NOT_OWNER',
  'TEAM_CREATE_ENTERPRISE', 'GUEST_VIEW_ONLY', 'REQUEST_NEEDLESS', 'REQUEST_NOT_FOUND',
  'FEATURE_MISSING']);

const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });
const fresh = () => `x${randomBytes(6).toString('hex')}@example.test`;

let stack;
const who = {};                 // column -> { client, team }

// The table, as { row number: { action, cells: { V: "Y", ... } } }.

function table() {
  const text = fs.readFileSync(path.join(root, 'doc/rules.md'), 'utf8');
  const rows = new Map();
  for (const line of text.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    if (/^\d+$/.test(cells[1] ?? '') && cells.length >= 12) {
      rows.set(Number(cells[1]), { action: cells[2],
        cells: Object.fromEntries(columns.map((name, i) => [name, cells[3 + i]])) });
    }
  }
  return rows;
}

// A paid team of its own for each column that needs one, so that no answer
// depends on what another column did.

async function people() {
  const visitor = new Client(stack, '');

  const founder = await stack.client('founder@example.test');
  const team = await founder.team('Roles');
  const add = async (email) => {
    const answer = await founder.post(`/dashboard/teams/${team}/members`, { email });
    assert.equal(answer.status, 201, answer.text);
    return stack.client(email);
  };
  const member = await add('plain@example.test');
  const payer = await add('pays@example.test');
  const left = await add('left@example.test');

  const buys = async (client, order) => {
    const card = await client.card(order.team);
    const answer = await client.buy({ plan: 'team', seats: 30, period: 'monthly',
      payment: { method: 'card', payment_method: card.id }, ...order });
    assert.equal(answer.status, 200, answer.text);
  };
  await buys(payer, { team });
  const board = await founder.board(team, 'Shared');
  const guest = await stack.client('invited@example.test');
  const asked = await founder.post(`/dashboard/boards/${board}/guests`,
    { email: 'invited@example.test' });
  assert.equal(asked.status, 201, asked.text);

  // a payer who leaves has paid for a team of another's
  const far = await founder.team('Left behind');
  assert.equal((await founder.post(`/dashboard/teams/${far}/members`,
    { email: 'left@example.test' })).status, 201);
  await buys(left, { team: far });
  const gone = await left.delete(`/dashboard/teams/${far}/members/left@example.test`);
  assert.equal(gone.status, 200, gone.text);

  // Business: who was Team Admin is Company Admin; one Team Admin beside
  const company = await founder.team('Company');
  for (const email of ['second@example.test', 'colleague@example.test']) {
    assert.equal((await founder.post(`/dashboard/teams/${company}/members`, { email })).status, 201);
  }
  await buys(founder, { team: company, plan: 'business' });
  const promoted = await founder.patch(`/dashboard/teams/${company}/members/second@example.test`,
    { role: 'team_admin' });
  assert.equal(promoted.status, 200, promoted.text);

  Object.assign(who, {
    V: { client: visitor, team, board },
    G: { client: guest, team, board },
    M: { client: member, team, board },
    TA1: { client: founder, team, board },
    TA2: { client: await stack.client('second@example.test'), team: company },
    CA: { client: founder, team: company },
    BA: { client: payer, team, board },
    BAx: { client: left, team: far },
  });
  who.TA2.board = who.CA.board = await founder.board(company, 'Company board');
  who.BAx.board = await founder.board(far, 'Far board');
  who.founder = founder;
  who.staff = { client: await stack.client('staff@corp.example.test'), team: 'team-enterprise' };
  who.chief = { client: await stack.client('big@example.test'), team: 'team-enterprise' };
}

// Somebody to act upon, in the team of that column.

async function disposable({ team }) {
  const email = fresh();
  const answer = await who.founder.post(`/dashboard/teams/${team}/members`, { email });
  assert.equal(answer.status, 201, answer.text);
  return email;
}

async function ownBoard({ client, team }) {
  const made = await client.post(`/dashboard/teams/${team}/boards`, { title: 'Own' });
  return made.json?.board?.id;
}

// A team inside the company's subscription, with the Team Admin of that kind.

async function inside() {
  const made = await who.founder.post('/dashboard/teams',
    { name: 'Inside', from: 'dashboard', account: who.CA.team });
  assert.equal(made.status, 201, made.text);
  const { id } = made.json.team;
  const email = who.TA2.client.profile;
  const added = await who.founder.post(`/dashboard/teams/${id}/members`, { email });
  assert.equal(added.status, 201, added.text);
  await who.founder.patch(`/dashboard/teams/${id}/members/${email}`, { role: 'team_admin' });
  return id;
}

// A guest of the column's team who asks for a licence.

async function licenceRequest({ team, board }) {
  const guest = await stack.client(fresh());
  const asked = await who.founder.post(`/dashboard/boards/${board}/guests`,
    { email: guest.profile });
  assert.equal(asked.status, 201, asked.text);
  const request = await guest.post(`/dashboard/teams/${team}/requests`, { kind: 'licence' });
  assert.equal(request.status, 201, request.text);
  return request.json.request.id;
}

// A Free team with that person in it, for what only a Free team offers.

async function freeTeam(column) {
  const email = who[column].client.profile;
  const team = await who.founder.team(`Free for ${column}`);
  if (column === 'M') {
    await who.founder.post(`/dashboard/teams/${team}/members`, { email });
  }
  if (column === 'G') {
    return who.G.team;                      // guests of a Free team are its members
  }
  return team;
}

const dry = (p, where, body) => p.client.post(`${where}?dry_run=1`, { team: p.team, ...body });

// Row -> the request.  What may be shown without being done is shown.

const requests = {
  1: (p) => p.client.get(`/dashboard?team=${p.team}`),
  2: (p) => p.client.get('/dashboard'),
  3: (p) => p.client.post('/dashboard/teams', { name: 'Another', from: 'dashboard' }),
  5: (p) => p.client.post('/dashboard/teams', { name: 'From pricing', from: 'pricing' }),
  6: async (p, column) => p.client.post('/upgrade/quote', { team: await freeTeam(column),
    plan: 'team', seats: 5, period: 'monthly', payment_method: 'card' }),
  7: (p) => p.client.post('/upgrade/quote', { team: p.team,
    plan: p.team === who.CA.team ? 'consultant' : 'business', seats: 40, period: 'yearly',
    payment_method: 'card' }),
  8: (p) => p.client.get(`/upgrade?team=${p.team}`),
  9: (p) => dry(p, '/billing/seats', { seats: 60 }),
  10: (p) => dry(p, '/billing/seats', { seats: 29 }),
  11: async (p) => p.client.delete(`/dashboard/teams/${p.team}/members/${await disposable(p)}`),
  12: async (p, column) => (await leaver(p, column)).delete(),
  13: async (p) => p.client.patch(`/dashboard/teams/${p.team}/members/${await disposable(p)}`,
    { role: 'team_admin' }),
  14: (p) => p.client.post(`/dashboard/teams/${p.team}/requests`, { kind: 'admin' }),
  15: (p) => p.client.get(`/billing/overview?team=${p.team}`),
  16: (p) => p.client.get(`/billing/invoices?team=${p.team}`),
  17: (p) => dry(p, '/billing/payment-method', { payment_method: 'pm_none' }),
  18: (p) => p.client.put('/billing/information', { team: p.team,
    billing_information: { country: 'FR', postal_code: '75001', company: 'Example' } }),
  19: (p) => p.client.put('/billing/information', { team: p.team,
    billing_information: { email: 'bills@example.test' } }),
  20: (p) => dry(p, '/billing/period', { period: 'yearly' }),
  21: (p) => dry(p, '/billing/cancel', {}),
  22: (p) => dry(p, '/billing/reactivate', {}),
  23: (p) => dry(p, '/billing/downgrade', {}),
  24: (p) => p.client.get(`/billing/refunds?team=${p.team}`),
  25: (p) => p.client.post('/billing/invoices/INV-0000-000000/pay', { team: p.team }, key()),
  26: (p) => invites(p, 'members'),
  27: (p) => invites(p, 'admins'),
  28: (p) => p.client.patch(`/dashboard/teams/${p.team}`, { name: 'Renamed' }),
  29: (p) => p.client.patch(`/dashboard/teams/${p.team}/day-passes`, { enabled: true }),
  30: async (p) => p.client.post(`/dashboard/requests/${await licenceRequest(p)}`,
    { decision: 'decline' }),
  31: async (p) => p.client.post(
    `/dashboard/boards/${await ownBoard(p) ?? p.board}/move?dry_run=1`, { team: p.team }),
  32: (p) => p.client.post('/dashboard/teams', { name: 'Inside', from: 'dashboard',
    account: p.team }),
  33: async (p, column) => p.client.delete(
    `/dashboard/teams/${['TA2', 'CA'].includes(column) ? await inside() : p.team}`),
  34: (p) => p.client.get(`/dashboard/teams/${p.team}/domains`),
  35: (p) => p.client.post('/enterprise', { name: 'Somebody', email: fresh(),
    company: 'Example', from: 'pricing' }),
};

// Somebody of the same kind, so that the column itself stays.

async function leaver(p, column) {
  const roles = { TA1: 'team_admin', TA2: 'team_admin', CA: 'company_admin' };
  if (column === 'V' || column === 'BAx' || column === 'G' || column === 'BA') {
    const where = `/dashboard/teams/${p.team}/members/${p.client.profile || 'nobody@example.test'}`;
    return { delete: () => p.client.delete(where) };
  }
  const email = await disposable(p);
  if (roles[column]) {
    const given = await who.founder.patch(`/dashboard/teams/${p.team}/members/${email}`,
      { role: roles[column] });
    assert.equal(given.status, 200, given.text);
  }
  const client = await stack.client(email);
  return { delete: () => client.delete(`/dashboard/teams/${p.team}/members/${email}`) };
}

async function invites(p, invite) {
  const set = await who.founder.patch(`/dashboard/teams/${p.team}`, { invite });
  assert.equal(set.status, 200, set.text);
  const answer = await p.client.post(`/dashboard/teams/${p.team}/invitations`,
    { emails: [fresh()] });
  await who.founder.patch(`/dashboard/teams/${p.team}`, { invite: 'members' });
  return answer;
}

// What the cells mean that are not simply Y or a dash; absent: the first
// letter says it.  null is not asked: the column cannot be in that place.

const meant = {
  'n/a': null,
  'Free team': false,               // the members' team here is a paid one
  own: true,
  'ask an admin': true,             // asking is what is asked here
  'admin console only': null,
  'link holder': null,              // the link of the mail, not a role
  'via support': false,
  'Y if allowed': true,
  part: true,                       // a name is part of it
  'receives what is e-mailed if own address is the billing e-mail': false,
};

// Rows asked in another way or elsewhere, and why.
const elsewhere = new Map([
  [4, 'asked of members of an Enterprise account, below'],
  [36, 'add-ons are not sold'],
]);

function expected(cell) {
  if (cell in meant) {
    return meant[cell];
  }
  assert.match(cell, /^(Y\b|–$)/, `a cell nobody explained: ${cell}`);
  return cell.startsWith('Y');
}

before(async () => {
  stack = await start();
  await people();
});
after(async () => { await stack?.stop(); });

// Leaving comes last: it takes a column's person away.
const order = [...table().keys()].sort((a, b) => (a === 12) - (b === 12) || a - b);

test('the table has all its rows', () => {
  assert.equal(order.length, 36);
  for (const n of order) {
    assert.ok(n in requests || elsewhere.has(n), `row ${n} is not asked`);
  }
});

for (const n of order.filter((row) => row in requests)) {
  const { action, cells } = table().get(n);

  test(`row ${n}: ${action}`, async () => {
    for (const column of columns) {
      const may = expected(cells[column]);
      if (may === null) {
        continue;
      }
      const answer = await requests[n](who[column], column);
      const code = answer.json?.code ?? '';
      assert.ok(answer.status < 500, `${column}: ${answer.text}`);
      // a guest may open the dashboard, and sees neither plan nor members there
      const refused = notYou.has(code)
        || (n === 1 && !('plan' in answer.json.team) && !('members' in answer.json.team));
      const open = n === 5 && column === 'V';       // after sign-up
      assert.equal(refused, open ? true : !may,
        `${column} says ${cells[column]}, answered ${answer.status} ${code}`);
    }
  });
}

test('row 4: a team from the dashboard, asked by members of an Enterprise account', async () => {
  for (const { client } of [who.staff, who.chief]) {
    const answer = await client.post('/dashboard/teams', { name: 'Own', from: 'dashboard' });
    assert.equal(answer.status, 403, answer.text);
    assert.equal(answer.json.code, 'TEAM_CREATE_ENTERPRISE');
  }
});

test('r27 r218 row 13, Education: the one admin passes the rights on by leaving', async () => {
  const { cells } = table().get(13);
  assert.match(cells.TA1, /^Y \(Education: only when leaving\)$/);
  const [admin, member] = await Promise.all(['admin', 'member']
    .map((name) => stack.client(`${name}@example.test`)));
  const members = '/dashboard/teams/team-education/members';
  const code = async (asked, wanted) => {
    const answer = await asked;
    assert.equal(answer.json.code, wanted, answer.text);
  };

  await code(admin.patch(`${members}/${member.profile}`, { role: 'team_admin' }), 'ADMIN_ON_LEAVING');
  const { request } = (await member.post('/dashboard/teams/team-education/requests',
    { kind: 'admin' })).json;
  await code(admin.post(`/dashboard/requests/${request.id}`, { decision: 'approve' }),
    'ADMIN_ON_LEAVING');
  await code(admin.post('/dashboard/teams', { name: 'Second', from: 'dashboard',
    account: 'team-education' }), 'FEATURE_MISSING');
  await code(admin.delete(`${members}/${admin.profile}`), 'LAST_ADMIN');
  await code(admin.delete(`${members}/${admin.profile}?successor=nobody@example.test`),
    'MEMBER_NOT_FOUND');
  await code(admin.delete(`${members}/${member.profile}?successor=${member.profile}`),
    'ADMIN_ON_LEAVING');
  await code(member.delete(`${members}/${member.profile}?successor=${admin.profile}`),
    'ADMIN_RIGHTS');

  const left = await admin.delete(`${members}/${admin.profile}?successor=${member.profile}`);
  assert.equal(left.status, 200, left.text);
  const seen = (await member.get('/dashboard?team=team-education')).json;
  assert.equal(seen.team.role, 'team_admin');
  assert.ok(seen.boards.length > 0 && seen.boards.every(({ owner }) => owner === member.profile));
  assert.equal((await admin.get('/dashboard?team=team-education')).status, 404);
});

test('note a: a plain member buys the plan of a Free team', async () => {
  const asked = await requests[6](who.M, 'M');
  assert.equal(asked.status, 200, asked.text);
});
