// What the tests of invoices and refunds share: buying by invoice, the clock,
// refusals in both languages, and the state in which the books must be.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

import { eventually } from '../lib/stack.mjs';


export const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });

export async function ok(answer, status = 200) {
  const got = await answer;
  assert.equal(got.status, status, got.text);
  return got.json;
}

export async function advance(client, span) {
  await ok(client.post('/demo/clock', { advance: span }));
}

export async function byInvoice(stack, name, order = {}) {
  const owner = await stack.client(`${name}@example.test`);
  const team = await owner.team(name);
  const bought = await ok(owner.buy({
    team, plan: 'team', seats: 11, period: 'yearly',
    payment: { method: 'invoice', email: `bills-${name}@example.test` }, ...order,
  }));
  return { owner, team, bought };
}

export async function byCard(stack, name, order = {}) {
  const owner = await stack.client(`${name}@example.test`);
  const team = await owner.team(name);
  const card = await owner.card(team);
  const bought = await ok(owner.buy({
    team, plan: 'team', seats: 2, period: 'monthly',
    payment: { method: 'card', payment_method: card.id }, ...order,
  }));
  return { owner, team, bought, number: bought.invoice.number };
}

export const invoices = async (client, team) =>
  (await ok(client.get(`/billing/invoices?team=${team}`))).invoices;

export const invoice = async (client, team, number) =>
  (await ok(client.get(`/billing/invoices/${number}?team=${team}`))).invoice;

// The newest invoice once its hour is over.
export async function finalised(client, team, within = 30000) {
  return eventually('a final invoice', async () => {
    const newest = (await invoices(client, team))[0];
    return newest?.number && newest;
  }, { within });
}

export async function teamOf(client, team) {
  return (await ok(client.get(`/dashboard?team=${team}`))).team;
}

export const becomes = (client, team, state) => eventually(`team ${state}`, async () => {
  const now = await teamOf(client, team);
  return now.state === state && now;
}, { within: 30000 });

export const wire = (client, number, amount, reference, more = {}) =>
  client.post(`/demo/invoices/${number}/paid`,
    { amount, currency: 'USD', reference, ...more });

// The same code in both languages, and words of its own in each.
export async function refused(client, method, where, body, status, code) {
  const texts = [];
  for (const lang of ['en', 'fr']) {
    const joined = `${where}${where.includes('?') ? '&' : '?'}lang=${lang}`;
    const answer = await client.call(method, joined, body, key());
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code, answer.text);
    assert.ok(answer.json.detail && answer.json.next && answer.json.title, answer.text);
    assert.ok(!/[{}]/.test(answer.json.detail + answer.json.next), answer.text);
    texts.push(answer.json.detail);
  }
  assert.notEqual(texts[0], texts[1]);
}

// Ledger, rows, numbers and hashes.
export async function booksAgree(stack) {
  const one = async (sql) => (await stack.sql(`SELECT (${sql}) AS n`))[0].n;

  assert.deepEqual(await stack.sql('SELECT txn, SUM(amount_minor) AS s FROM ledger'
    + ' GROUP BY txn, currency HAVING SUM(amount_minor) <> 0'), []);
  const owed = await one("SELECT COALESCE(SUM(amount_minor), 0) FROM ledger WHERE account LIKE 'receivable:%'");
  const open = await one('SELECT COALESCE(SUM(total_minor - paid_minor - credited_minor'
    + " + refunded_minor), 0) FROM bill_money WHERE ended = ''");
  const going = await one("SELECT COALESCE(SUM(card_minor), 0) FROM refund WHERE money IN ('sending', 'stuck')");
  assert.equal(owed, open - going);
  assert.equal(
    await one("SELECT COALESCE(-SUM(amount_minor), 0) FROM ledger WHERE account LIKE 'credit:%'"),
    await one('SELECT SUM(credit_minor) FROM team'));

  for (const table of ['invoice', 'credit_note']) {
    const rows = await stack.sql('SELECT series, year, no, issued_at, document, hash, prev_hash'
      + ` FROM ${table} ORDER BY series, year, no`);
    rows.forEach((row, i) => {
      const last = rows[i - 1];
      assert.equal(row.no, last?.year === row.year ? last.no + 1 : 1, `${table} ${row.year}`);
      assert.equal(row.prev_hash, last?.hash ?? '');
      assert.ok(!last || row.issued_at >= last.issued_at);
      assert.equal(createHash('sha256').update(row.document).digest('hex'), row.hash);
    });
  }

  // The operator's own look at them.
  const found = (await stack.verify()).checks.filter((check) => /^(ledger|invoice|gateway)\./
    .test(check.check) && check.found > 0);
  assert.deepEqual(found, []);
}
