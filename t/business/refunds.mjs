// Refunds through the whole stack: asked for, decided outside, returned once.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { eventually, request, start } from '../lib/stack.mjs';
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
  client.decide(refund.id, decision, { note });
const say = (client, refund, by, decision = 'granted') =>
  client.post(`/demo/refunds/${refund.id}`, { decision, by });

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

  await ok(say(owner, part, 'ann@example.test'), 202);
  const [one, two] = await Promise.all([say(owner, part, 'bob@example.test'),
    say(owner, part, 'bob@example.test')]);
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

test('r192 two persons grant a refund, and only then is the gateway asked', async () => {
  const { owner, team, number } = await byCard(stack, 'twofold');
  const asked = await ask(owner, team, number, { amount: 900 });
  const secret = fs.readFileSync(`${stack.dir}/secrets/application_key`, 'utf8');
  const app = async (body, named = key()) => {
    const answer = await request(`${stack.url}/app/v1/refunds/${asked.id}?lang=en`, {
      method: 'POST', body: JSON.stringify(body),
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...named },
    });
    return { ...answer, code: answer.json.code };
  };
  const granted = (by) => ({ decision: 'granted', by, note: 'a double' });
  const waiting = async () => JSON.parse(await stack.ctl(['status', '--json'], { fine: [1] }))
    .refunds_waiting;

  assert.equal((await app({ decision: 'granted' })).code, 'APPROVER_MISSING');
  assert.equal((await app(granted('Ann'))).status, 422, 'no address');
  assert.equal(await waiting(), 0);

  const named = key();
  const first = await app(granted('Ann@example.test'), named);
  assert.equal(first.status, 202, first.text);
  assert.deepEqual([first.json.refund.state, first.json.refund.credit_note,
    first.json.approval.by], ['open', '', 'ann@example.test']);
  assert.equal(Date.parse(first.json.approval.until) - Date.parse(first.json.approval.at),
    7 * 86400_000);
  assert.equal(await waiting(), 1);

  const again = await app(granted('Ann@example.test'), named);
  assert.deepEqual([again.status, again.text], [202, first.text], 'the same key, the same answer');
  const same = await app(granted('aNN@example.test'));
  assert.deepEqual([same.status, same.code], [409, 'APPROVER_SAME']);
  assert.match(same.json.detail, /^ann@example.test has already granted/);
  assert.equal(await givenBack(team), 0);
  const seen = (await ok(owner.get(`/billing/refunds?team=${team}`))).refunds[0];
  assert.equal(seen.state, 'open');
  assert.ok(!JSON.stringify(seen).includes('ann@'), 'who decides is nobody else\'s business');

  const second = await app(granted('bob@example.test'));
  assert.equal(second.status, 200, second.text);
  assert.equal(second.json.refund.state, 'granted');
  await returned(asked);
  assert.equal(await givenBack(team), 900);
  assert.equal(await waiting(), 0);
  assert.equal((await app({ decision: 'refused', by: 'bob@example.test' })).code, 'REFUND_DECIDED');

  const { approvals } = JSON.parse(await stack.ctl(['export', '--table', 'approvals']));
  assert.deepEqual(approvals.filter((one) => one.refund === asked.id)
    .map((one) => [one.act, one.by, one.note]), [['asked', 'ann@example.test', 'a double'],
    ['granted', 'bob@example.test', 'a double']]);
  assert.ok(approvals.every((one) => Date.parse(one.at) > 0));
  await booksAgree(stack);
});

test('r192 a first word is forgotten after a week; one person refuses', async () => {
  const { owner, team, number } = await byCard(stack, 'forgotten', { period: 'yearly' });
  const asked = await ask(owner, team, number, { amount: 100 });
  await ok(say(owner, asked, 'ann@example.test'), 202);
  await advance(owner, '7d');
  await ok(say(owner, asked, 'bob@example.test'), 202);
  const { refund } = await ok(say(owner, asked, 'bob@example.test', 'refused'));
  assert.equal(refund.state, 'refused');
  assert.equal(await givenBack(team), 0);
});

test('each refund and credit note is a security event, once', async () => {
  const { owner, team, number } = await byCard(stack, 'watched');
  const asked = await ask(owner, team, number, { amount: 300 });
  const refunds = () => stack.log('worker-security.log').split('\n').filter((line) => line.includes(team))
    .map((line) => JSON.parse(line)).filter(({ event }) => event !== 'role_changed');
  assert.deepEqual(refunds(), [], 'asked for is nothing yet');

  await ok(decide(owner, asked, 'granted'));
  await returned(asked);
  const [{ credit_note: note }] = await stack.sql(`SELECT credit_note FROM refund WHERE id = '${asked.id}'`);
  await eventually('all four', () => refunds().length >= 4);
  const [first, second, who] = await Promise.all(['first@example.test', 'second@example.test', owner.profile]
    .map(async (email) => (await stack.ctl(['who', email])).split('\n')[0]));
  assert.deepEqual(refunds().map((one) => [one.event, one.reason, one.what, one.who]), [
    ['refund', 'asked', asked.id, first],
    ['refund', 'granted', asked.id, second],
    ['credit_note', 'refund', note, who],
    ['refund', 'returned', asked.id, undefined],
  ]);
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

test('r192 where the setting says so one person is enough', async () => {
  await stack.configure({ refunds: { two_persons: false } });
  const { owner, team, number } = await byCard(stack, 'alone');
  const asked = await ask(owner, team, number, { amount: 100 });
  const { refund } = await ok(owner.post(`/demo/refunds/${asked.id}`, { decision: 'granted' }));
  assert.equal(refund.state, 'granted');
  await returned(asked);
  assert.equal(await givenBack(team), 100);
});
