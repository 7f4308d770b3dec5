// Refunds through the whole stack: asked for, decided outside, returned once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';
import {
  advance, booksAgree, byCard, byInvoice, finalised, invoice, key, ok, refused, wire,
} from './documents.mjs';

let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

const ask = async (owner, team, number, more = {}) =>
  (await ok(owner.post('/billing/refunds',
    { team, invoice: number, reason: 'by mistake', ...more }, key()), 201)).refund;

const decide = (client, refund, decision, note = 'by support') =>
  client.post(`/demo/refunds/${refund.id}`, { decision, note });

const returned = (refund) => eventually('the money back', async () => (await stack.sql(
  `SELECT money FROM refund WHERE id = '${refund.id}'`))[0].money === 'returned',
{ within: 30000 });

async function givenBack(team) {
  const own = (await stack.ledger()).filter((one) => one.metadata?.team === team);
  return own.reduce((sum, one) => sum + one.refunded, 0);
}

test('r192 a part, then the rest, never more than was paid', async () => {
  const { owner, team, number } = await byCard(stack, 'refunded');
  const where = '/billing/refunds';
  const body = { team, invoice: number, reason: 'x' };

  const stranger = await stack.client('other@example.test');
  await refused(stranger, 'POST', where, body, 404, 'TEAM_NOT_FOUND');
  await ok(owner.post(`/dashboard/teams/${team}/members`, { email: 'plain@example.test' }), 201);
  const plain = await stack.client('plain@example.test');
  await refused(plain, 'POST', where, body, 403, 'BILLING_RIGHTS');
  await refused(plain, 'GET', `${where}?team=${team}`, undefined, 403, 'BILLING_RIGHTS');
  await refused(owner, 'POST', where, { ...body, invoice: 'INV-1999-000001' }, 404,
    'INVOICE_NOT_FOUND');
  await refused(owner, 'POST', where, { ...body, amount: 2001 }, 422, 'REFUND_AMOUNT');

  const part = await ask(owner, team, number, { amount: 700 });
  assert.equal(part.state, 'open');
  await refused(owner, 'POST', where, body, 409, 'REFUND_PENDING');
  assert.equal(await givenBack(team), 0);

  const [one, two] = await Promise.all([decide(owner, part, 'granted'),
    decide(owner, part, 'granted')]);
  await ok(one);
  await ok(two);
  await returned(part);
  assert.equal(await givenBack(team), 700);
  await refused(owner, 'POST', `/demo/refunds/${part.id}`, { decision: 'refused' }, 409,
    'REFUND_DECIDED');
  await refused(owner, 'POST', '/demo/refunds/r_nothing', { decision: 'refused' }, 404,
    'REFUND_NOT_FOUND');

  const rest = await ask(owner, team, number);
  assert.equal(rest.amount, 1300);
  await ok(decide(owner, rest, 'granted'));
  await returned(rest);
  assert.equal(await givenBack(team), 2000);
  await refused(owner, 'POST', where, body, 422, 'REFUND_AMOUNT');

  const now = await invoice(owner, team, number);
  assert.equal(now.state, 'void');
  assert.equal(now.credit_notes.length, 2);
  const list = (await ok(owner.get(`${where}?team=${team}`))).refunds;
  assert.deepEqual(list.map((refund) => refund.money), ['returned', 'returned']);
  await booksAgree(stack);
});

test('r192 r193 refused by people, and added licences by rule', async () => {
  const { owner, team, number } = await byCard(stack, 'refused', { period: 'yearly' });
  const asked = await ask(owner, team, number);
  const answer = (await ok(decide(owner, asked, 'refused', 'no'))).refund;
  assert.equal(answer.state, 'refused');
  assert.equal(answer.note, 'no');
  assert.equal(await givenBack(team), 0);

  await ok(owner.post('/billing/seats', { team, seats: 4 }, key()));
  await advance(owner, '32d');
  const seats = await eventually('a true-up', async () => (await ok(owner.get(
    `/billing/invoices?team=${team}`))).invoices.find((one) => one.kind === 'seats'));
  await refused(owner, 'POST', '/billing/refunds',
    { team, invoice: seats.number, reason: 'x' }, 409, 'REFUND_EXTRA_SEATS');
  await booksAgree(stack);
});

test('p8 a gateway that loses its answer returns the money once', async () => {
  const { owner, team, number } = await byCard(stack, 'unsure');
  await stack.fault({ match: 'refunds', nth: 1, do: 'reset_after' });
  const asked = await ask(owner, team, number, { amount: 500 });
  await ok(decide(owner, asked, 'granted'));
  await returned(asked);
  await stack.clearFaults();
  assert.equal(await givenBack(team), 500);

  await stack.fault({ match: 'refunds', nth: 1, do: 'reset_before' });
  const again = await ask(owner, team, number, { amount: 300 });
  await ok(decide(owner, again, 'granted'));
  await returned(again);
  await stack.clearFaults();
  assert.equal(await givenBack(team), 800);
  await booksAgree(stack);
});

test('r192 what was wired is returned outside: only the books know', async () => {
  const { owner, team } = await byInvoice(stack, 'wired');
  await advance(owner, '1h');
  const { number } = await finalised(owner, team);
  await ok(wire(owner, number, 11 * 9600, 'wire-1'));
  const asked = await ask(owner, team, number, { amount: 5000 });
  const granted = (await ok(decide(owner, asked, 'granted'))).refund;
  assert.equal(granted.money, 'outside');
  assert.match(granted.credit_note, /^CN-/);
  assert.equal(await givenBack(team), 0);
  assert.equal((await invoice(owner, team, number)).state, 'paid');
  await booksAgree(stack);
});
