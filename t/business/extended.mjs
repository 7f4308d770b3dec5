// What the help pages add to the article: rules that are about several things at
// once, each asked through HTTP where it shows.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Company, key } from '../lib/company.mjs';
import { eventually, start } from '../lib/stack.mjs';

let stack;
let company;

const ok = (answer) => {
  assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
  return answer.json;
};
const get = async (client, where) => ok(await client.get(where));
const overview = (client, team) => get(client, `/billing/overview?team=${team}`);
const invoices = async (client, team) => (await get(client, `/billing/invoices?team=${team}`)).invoices;
const document = async (client, team, { number }) =>
  (await get(client, `/billing/invoices/${number}?team=${team}`)).invoice.document;
const quote = (client, team, more) => client.post('/upgrade/quote', {
  team, plan: 'team', seats: 2, period: 'monthly', payment_method: 'card', ...more });
const address = { country: 'DE', postal_code: '10115', company: 'Example GmbH', address: 'Weg 1' };

async function buys(client, team, more = {}) {
  const card = await client.card(team);
  return ok(await client.buy({ team, plan: 'team', seats: 2, period: 'monthly',
    payment: { method: 'card', payment_method: card.id }, ...more }));
}

async function free(name) {
  const owner = await stack.client(`${name}@example.test`);
  return { owner, team: await owner.team(name) };
}

before(async () => {
  stack = await start();
  company = new Company(stack);
});
after(async () => { await stack?.stop(); });

test('r119 r123 the information of later bills, their address; what is issued stays', async () => {
  const { owner, team } = await free('moves');
  await buys(owner, team, { billing_information: address });
  const [first] = await invoices(owner, team);
  const issued = await document(owner, team, first);
  ok(await owner.put('/billing/information', { team, billing_information: {
    ...address, company: 'Renamed AG', email: 'bills-moves@example.test' } }));
  assert.deepEqual(await document(owner, team, first), issued);
  await buys(owner, team, { plan: 'business', seats: 5 });
  const later = (await invoices(owner, team)).find(({ number }) => number !== first.number);
  assert.match(JSON.stringify(await document(owner, team, later)), /Renamed AG/);
  ok(await owner.post('/billing/seats', { team, seats: 7 }, key()));
  await company.mail('bills-moves@example.test', '7');
});

test('r64 r118 r129 r177 a plain member changes nothing of a paid team and is told nothing', async () => {
  const { owner, team } = await free('rights');
  const member = await stack.client('rights-member@example.test');
  await company.joins(owner, team, member.profile);
  await buys(owner, team, { seats: 3 });
  const [{ number }] = await invoices(owner, team);
  for (const asked of [
    quote(member, team, { plan: 'business', seats: 5 }),
    member.put('/billing/information', { team, billing_information: address }),
    member.post('/billing/cancel', { team }, key()),
    member.post('/billing/refunds', { team, invoice: number, reason: 'x' }, key()),
    member.get(`/billing/invoices/${number}?team=${team}`)]) {
    const answer = await asked;
    assert.equal(answer.json.code, 'BILLING_RIGHTS', answer.text);
  }
  assert.equal((await overview(owner, team)).state, 'active');
});

test('r13 who pays elsewhere is a guest here, and buys no seat', async () => {
  const rich = await company.bought('rich');
  const { owner, team } = await free('poor');
  await buys(owner, team);
  const board = await owner.board(team, 'Poor');
  ok(await owner.post(`/dashboard/boards/${board}/guests`, { email: rich.owner.profile }));
  assert.equal((await rich.owner.get(`/boards/${board}`)).status, 200);
  await company.gate(rich.owner, board, 403, 'GUEST_VIEW_ONLY');
  const seat = await rich.owner.post('/billing/seats', { team, seats: 9 }, key());
  assert.ok(seat.status === 403 || seat.status === 404, seat.text);
  assert.equal((await overview(owner, team)).seats, 2);
});

test('r83 r74 the seats being bought count; who was removed comes back as guest or member', async () => {
  const { owner, team } = await free('shrunk');
  await company.joins(owner, team, 'shrunk-a@example.test');
  await company.joins(owner, team, 'shrunk-b@example.test');
  const invoice = { period: 'yearly', payment_method: 'invoice' };
  assert.equal((await quote(owner, team, { ...invoice, seats: 10 })).json.code, 'INVOICE_TEAM_SEATS');
  ok(await quote(owner, team, { ...invoice, seats: 11 }));
  for (const email of ['shrunk-a@example.test', 'shrunk-b@example.test']) {
    ok(await company.leaves(owner, team, email));
  }
  await buys(owner, team, { seats: 2 });
  const board = await owner.board(team, 'Shrunk');
  ok(await owner.post(`/dashboard/boards/${board}/guests`, { email: 'shrunk-a@example.test' }));
  ok(await owner.post(`/dashboard/teams/${team}/members`, { email: 'shrunk-b@example.test' }));
  const now = await overview(owner, team);
  assert.deepEqual([now.seats, now.members], [2, 2]);
});

test('r143 r154 licences are paid for, whoever has them', async () => {
  const { owner, team } = await free('vacant');
  const bought = await buys(owner, team, { seats: 4 });
  assert.equal(bought.invoice.total, 4000);
  await company.joins(owner, team, 'vacant-a@example.test');
  ok(await company.leaves(owner, team, 'vacant-a@example.test'));
  await company.joins(owner, team, 'vacant-b@example.test');
  const now = await overview(owner, team);
  assert.deepEqual([now.seats, now.members, now.pending, now.credit], [4, 2, 0, 0]);
});

test('r45 r156 r157 another plan: a new bill with the unused time, boards as they were', async () => {
  const { owner, team } = await free('rises');
  await buys(owner, team, { seats: 5 });
  const board = await owner.board(team, 'Rises');
  const boards = async () => (await get(owner, `/dashboard?team=${team}`)).boards
    .map(({ id, title, owner: by }) => [id, title, by]);
  const were = await boards();
  assert.deepEqual(were, [[board, 'Rises', owner.profile]]);
  await company.advance(owner, '10d');
  const bought = await buys(owner, team, { plan: 'business', seats: 5 });
  const lines = (await document(owner, team, bought.invoice)).lines;
  const unused = lines.find(({ kind }) => kind === 'credit');
  assert.ok(unused.amount < 0, JSON.stringify(lines));
  assert.equal((await invoices(owner, team)).length, 2);
  const now = await overview(owner, team);
  assert.equal(now.plan, 'business');
  const { now: today } = ok(await owner.get('/demo/clock'));
  assert.equal(now.period_start.slice(0, 10), today.slice(0, 10));
  assert.deepEqual(await boards(), were);
});

test('r165 r185 r186 r194 cancelling: looked at first, then nothing changes and nothing comes back', async () => {
  const { owner, team } = await free('stops');
  await buys(owner, team, { seats: 3 });
  const board = await owner.board(team, 'Stops');
  ok(await owner.post('/billing/cancel?dry_run=1', { team, reason: 'too dear' }));
  assert.equal((await overview(owner, team)).state, 'active');
  ok(await owner.post('/billing/seats', { team, seats: 2 }, key()));
  ok(await owner.post('/billing/cancel', { team, reason: 'too dear' }, key()));
  for (const [where, body] of [['period', { period: 'yearly' }], ['seats', { seats: 9 }]]) {
    const answer = await owner.post(`/billing/${where}`, { team, ...body }, key());
    assert.equal(answer.json.code, 'SUBSCRIPTION_CANCELLED', answer.text);
  }
  await company.gate(owner, board, 200);
  assert.deepEqual((await get(owner, `/billing/refunds?team=${team}`)).refunds, []);
  const charges = (await stack.ledger()).filter(({ metadata }) => metadata?.team === team);
  assert.deepEqual(charges.map(({ amount }) => amount), [3000]);
  assert.deepEqual(await stack.sql(`SELECT reason FROM cancellation WHERE team = '${team}'`),
    [{ reason: 'too dear' }]);
});

test('r201 r226 r211 a Day Pass on Consultant is told to who pays; card only, guests edit', async () => {
  const { owner, team } = await company.bought('solo', { plan: 'consultant', seats: 1 });
  assert.equal((await quote(owner, (await free('solo2')).team, { plan: 'consultant' })).status, 404);
  const other = await free('solo3');
  const invoice = await quote(other.owner, other.team,
    { plan: 'consultant', seats: 1, period: 'yearly', payment_method: 'invoice' });
  assert.equal(invoice.json.code, 'INVOICE_PLAN');
  for (const period of ['monthly', 'yearly']) {
    ok(await quote(other.owner, other.team, { plan: 'consultant', seats: 1, period }));
  }
  const board = await owner.board(team, 'Solo');
  const guest = await stack.client('solo-guest@example.test');
  ok(await owner.post(`/dashboard/boards/${board}/guests`, { email: guest.profile }));
  await eventually('a guest that edits', async () => (await guest.put(`/boards/${board}`, {})).status
    === 200);
  const day = await stack.client('solo-day@example.test');
  ok(await owner.post(`/dashboard/teams/${team}/occasional`, { email: day.profile }));
  ok(await day.post(`/dashboard/boards/${board}/open`, { mode: 'edit' }));
  await company.mail(owner.profile, day.profile);
});

test('r15 r43 r182 a team that has run out stays, others of its people go on', async () => {
  const { owner, team } = await free('ended');
  await buys(owner, team);
  const board = await owner.board(team, 'Ended');
  const other = await owner.team('goes on');
  const open = await owner.board(other, 'Free');
  ok(await owner.post('/billing/cancel', { team }, key()));
  await company.advance(owner, '40d');
  await company.becomes(owner, team, 'expired');
  await company.gate(owner, board, 403, 'TEAM_EXPIRED');
  assert.equal((await owner.get(`/boards/${board}`)).status, 200);
  await company.advance(owner, '400d');
  await company.gate(owner, open, 200);
  assert.equal((await company.team(owner, team)).state, 'expired');
});

test('r108 r114 r122 r124 r125 two seats by card: tax on top, its document at once', async () => {
  await stack.configure({ tax: [{ country: 'DE', permyriad: 1900, reverse_charge: true }] });
  const { owner, team } = await free('paper');
  const shown = ok(await quote(owner, team,
    { billing_information: { country: address.country } }));
  assert.deepEqual([shown.subtotal, shown.tax, shown.total], [2000, 380, 2380]);
  await buys(owner, team, { billing_information: address });
  const [invoice] = await invoices(owner, team);
  assert.deepEqual([invoice.state, invoice.total, invoice.tax], ['paid', 2380, 380]);
  assert.equal(invoice.payments[0].method, 'card');
  const text = JSON.stringify(await document(owner, team, invoice));
  for (const part of [invoice.number, 'Example GmbH', 'Weg 1', 'DE', '"card"', 'paper@example.test']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
});
