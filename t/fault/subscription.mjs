// The life of a subscription through the whole stack, months at a time: what
// is charged, when, and what becomes of the boards.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });

async function bought(name, { boards = 0, card = '4242424242424242', ...more } = {}) {
  const owner = await stack.client(`${name}@example.test`);
  const team = await owner.team(name);
  const ids = [];

  for (let i = 0; i < boards; i++) {
    ids.push(await owner.board(team, `${name} ${i + 1}`));
  }
  const entered = await owner.card(team, card);
  const answer = await owner.buy({
    team, plan: 'team', seats: 2, period: 'monthly',
    payment: { method: 'card', payment_method: entered.id }, ...more,
  });
  assert.equal(answer.status, 200, answer.text);
  return { owner, team, boards: ids };
}

async function advance(client, span) {
  const answer = await client.post('/demo/clock', { advance: span });
  assert.equal(answer.status, 200, answer.text);
}

async function teamOf(client, team) {
  return (await client.get(`/dashboard?team=${team}`)).json.team;
}

const becomes = (client, team, state) => eventually(`team ${state}`, async () => {
  const now = await teamOf(client, team);
  return now.state === state && now;
}, { within: 30000 });

async function chargesOf(team) {
  const own = (await stack.ledger()).filter((charge) => charge.metadata?.team === team);
  return own.filter((charge) => charge.status === 'succeeded').map((charge) => charge.amount);
}

// The gateway says so first; our rows follow its answer.
const renewals = (team, n) => eventually(`${n} renewals`, async () => {
  const rows = await stack.sql('SELECT due_at, amount_minor FROM checkout WHERE'
    + ` team = '${team}' AND purpose = 'renewal' AND state = 'succeeded' ORDER BY due_at`);
  return rows.length === n && rows;
}, { within: 60000 });

async function balanced() {
  const off = await stack.sql('SELECT txn, SUM(amount_minor) s FROM ledger GROUP BY txn, currency'
    + ' HAVING SUM(amount_minor) <> 0');
  assert.deepEqual(off, []);
}

test('r146 r168 seats added in a month are on its renewal, once', async () => {
  const { owner, team } = await bought('grows');
  const shown = await owner.post('/billing/seats?dry_run=1', { team, seats: 4 });
  assert.equal(shown.status, 200, shown.text);
  assert.equal(shown.json.change.amount, 2000);

  const grown = await owner.post('/billing/seats', { team, seats: 4 }, key());
  assert.equal(grown.status, 200, grown.text);
  assert.equal(grown.json.change.amount, 2000);
  assert.deepEqual(await chargesOf(team), [2000]);

  const overview = await owner.get(`/billing/overview?team=${team}`);
  assert.equal(overview.json.pending, 2000);
  assert.equal(overview.json.renewal.amount, 6000);

  await advance(owner, '31d');
  await renewals(team, 1);
  assert.deepEqual(await chargesOf(team), [2000, 6000]);
  assert.equal((await owner.get(`/billing/overview?team=${team}`)).json.pending, 0);
  await balanced();
});

test('r175 r181 r184 r187 cancelled, expired, back, expired again, Free', async () => {
  const { owner, team, boards } = await bought('leaves', { boards: 4 });
  const ended = await owner.post('/billing/cancel', { team, reason: 'done' }, key());
  assert.equal(ended.status, 200, ended.text);
  assert.equal(ended.json.team.state, 'cancelled');
  assert.equal((await owner.put(`/boards/${boards[0]}`, { text: 'x' })).status, 200);

  await advance(owner, '32d');
  await becomes(owner, team, 'expired');
  const locked = await owner.put(`/boards/${boards[0]}`, { text: 'x' });
  assert.equal(locked.status, 403, locked.text);
  assert.equal(locked.json.code, 'TEAM_EXPIRED');
  assert.equal((await owner.get(`/boards/${boards[0]}`)).status, 200);
  assert.deepEqual(await chargesOf(team), [2000]);

  const shown = await owner.post('/billing/reactivate?dry_run=1', { team });
  assert.equal(shown.json.due_now, 2000, shown.text);
  const back = await owner.post('/billing/reactivate', { team }, key());
  assert.equal(back.status, 200, back.text);
  assert.equal(back.json.team.state, 'active');
  assert.deepEqual(await chargesOf(team), [2000, 2000]);
  assert.equal((await owner.put(`/boards/${boards[0]}`, { text: 'x' })).status, 200);

  assert.equal((await owner.post('/billing/cancel', { team }, key())).status, 200);
  await advance(owner, '32d');
  await becomes(owner, team, 'expired');
  const free = await owner.post('/billing/downgrade', { team }, key());
  assert.equal(free.status, 200, free.text);
  assert.equal(free.json.team.plan, 'free');
  const newest = await owner.put(`/boards/${boards[3]}`, { text: 'x' });
  const oldest = await owner.put(`/boards/${boards[0]}`, { text: 'x' });
  assert.equal(newest.status, 200, newest.text);
  assert.equal(oldest.json.code, 'BOARD_LOCKED_LIMIT');
  await balanced();
});

test('r169 r173 a card that fails later: past due, another card, active', async () => {
  const { owner, team } = await bought('fails');
  const bad = await owner.card(team, '4000000000000341');
  const kept = await owner.post('/billing/payment-method',
    { team, payment: { method: 'card', payment_method: bad.id } }, key());
  assert.equal(kept.status, 200, kept.text);

  await advance(owner, '31d');
  await becomes(owner, team, 'past_due');
  await advance(owner, '7d');
  await eventually('a second attempt', async () => (await stack.sql(
    `SELECT failed FROM team WHERE id = '${team}'`))[0].failed === 2, { within: 30000 });
  assert.equal((await teamOf(owner, team)).state, 'past_due');

  const refused = await owner.card(team, '4000000000000341');
  const again = await owner.post('/billing/payment-method',
    { team, payment_method: refused.id }, key());
  assert.equal(again.status, 402, again.text);
  assert.equal(again.json.code, 'CARD_DECLINED');

  const good = await owner.card(team);
  const paid = await owner.post('/billing/payment-method',
    { team, payment_method: good.id }, key());
  assert.equal(paid.status, 200, paid.text);
  assert.equal(paid.json.team.state, 'active');
  assert.deepEqual(await chargesOf(team), [2000, 2000]);
  await balanced();
});

test('r171 nobody enters another card: expired after the last attempt', async () => {
  const { owner, team } = await bought('lapses');
  const bad = await owner.card(team, '4000000000000341');
  assert.equal((await owner.post('/billing/payment-method',
    { team, payment_method: bad.id }, key())).status, 200);
  await advance(owner, '46d');
  await becomes(owner, team, 'expired');
  assert.deepEqual(await chargesOf(team), [2000]);
});

test('p14 twelve months in one step are twelve renewals, in order, once each', async () => {
  const { owner, team } = await bought('year');
  const before = (await stack.sql('SELECT COUNT(*) n FROM invoice'))[0].n;

  await advance(owner, '366d');
  const rows = await renewals(team, 12);
  assert.equal(new Set(rows.map((row) => row.due_at)).size, 12);
  assert.ok(rows.every((row) => row.amount_minor === 2000));
  assert.equal((await chargesOf(team)).length, 13);

  const numbers = await stack.sql('SELECT year, no, issued_at FROM invoice ORDER BY year, no');
  assert.ok(numbers.length >= before + 12);
  numbers.forEach((row, i) => {
    const last = numbers[i - 1];
    assert.equal(row.no, last?.year === row.year ? last.no + 1 : 1);
    assert.ok(!last || row.issued_at >= last.issued_at);
  });
  const sum = await stack.sql('SELECT SUM(amount_minor) s FROM ledger');
  assert.equal(sum[0].s, 0);
  await balanced();
});

test('r162 yearly costs what was shown', async () => {
  const { owner, team } = await bought('yearly');
  const shown = await owner.post('/billing/period?dry_run=1', { team, period: 'yearly' });
  assert.equal(shown.status, 200, shown.text);
  const done = await owner.post('/billing/period', { team, period: 'yearly' }, key());
  assert.equal(done.status, 200, done.text);
  assert.equal(done.json.team.period, 'yearly');
  assert.deepEqual(await chargesOf(team), [2000, shown.json.due_now]);
  await balanced();
});

test('r213 the Enterprise form needs no login and charges nothing', async () => {
  const owner = await stack.client('form@example.test');
  const sent = await owner.post('/enterprise', {
    name: 'Somebody', email: 'form@example.test', company: 'Example', message: 'Hello',
    from: 'pricing',
  });
  assert.equal(sent.status, 201, sent.text);
  const refused = await owner.post('/enterprise', { name: 'Somebody' });
  assert.equal(refused.status, 422, refused.text);
  assert.equal(refused.json.code, 'ENTERPRISE_FORM_INCOMPLETE');
});
