// A year in the life of many teams, through the whole stack: each simulated
// day brings random actions, legal and illegal, cards that are declined and a
// gateway that stumbles; then the clock goes on.  What must hold afterwards is
// read from the books, not from what the answers said.
//
// TEAMS, DAYS, ACTIONS (a day) and SEED set the run; a seed repeats its
// actions, not their interleaving.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

const teams = Number(process.env.TEAMS ?? 60);
const days = Number(process.env.DAYS ?? 75);
const actions = Number(process.env.ACTIONS ?? Math.ceil(teams / 4));
const seed = Number(process.env.SEED ?? 20261123);
const lanes = 8;

const good = '4242424242424242';
const declining = '4000000000000341';       // taken, then declined when charged
const plans = ['team', 'business', 'consultant'];

let stack;
let state = seed | 0 || 1;
const seen = new Map();                     // "action status code" -> times

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

function random() {                         // xorshift32
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

const below = (n) => Math.floor(random() * n);
const one = (list) => list[below(list.length)];
const chance = (p) => random() < p;
const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });

// Every answer is one the contract knows: never an error of the server.

function note(action, answer) {
  const what = `${action} ${answer.status} ${answer.json?.code ?? ''}`.trim();
  seen.set(what, (seen.get(what) ?? 0) + 1);
  const away = answer.status === 503 && ['GATEWAY_UNAVAILABLE', 'STORE_UNAVAILABLE']
    .includes(answer.json?.code);
  assert.ok(answer.status < 500 || away, `${what}: ${answer.text}`);
  if (answer.status >= 400) {
    assert.ok(answer.json?.code && answer.json.next, `${what}: ${answer.text}`);
  }
  return answer;
}

// What each thing is, drawn before anything is sent: the draws of a day are
// the same in every run of a seed.

const deeds = {
  async buy(t) {
    const order = {
      team: t.id, plan: one(plans), period: one(['monthly', 'monthly', 'yearly']),
      seats: t.draw < 0.9 ? 1 + Math.floor(t.draw * 20) : Math.floor(t.draw * 130),
    };
    const method = one(['card', 'card', 'card', 'invoice', 'paypal']);
    const number = chance(0.1) ? declining : good;
    order.payment = { method };
    if (method === 'card') {
      order.payment.payment_method = (await t.owner.card(t.id, number)).id;
    }
    if (method === 'invoice') {
      order.payment.email = t.owner.profile;
      order.billing_information = { country: 'FR', postal_code: '75001' };
    }
    return t.owner.buy(order);
  },
  seats: (t) => t.owner.post('/billing/seats', { team: t.id, seats: Math.floor(t.draw * 25) }, key()),
  cancel: (t) => t.owner.post('/billing/cancel', { team: t.id, reason: 'soak' }, key()),
  reactivate: (t) => t.owner.post('/billing/reactivate', { team: t.id }, key()),
  free: (t) => t.owner.post('/billing/downgrade', { team: t.id }, key()),
  smaller: (t) => t.owner.post('/billing/downgrade', { team: t.id, plan: 'team' }, key()),
  yearly: (t) => t.owner.post('/billing/period', { team: t.id, period: 'yearly' }, key()),
  monthly: (t) => t.owner.post('/billing/period', { team: t.id, period: 'monthly' }, key()),
  async card(t) {
    const card = await t.owner.card(t.id, t.draw < 0.2 ? declining : good);
    return t.owner.post('/billing/payment-method', { team: t.id, payment_method: card.id }, key());
  },
  join: (t) => t.owner.post(`/dashboard/teams/${t.id}/members`,
    { email: `m${Math.floor(t.draw * 30)}-${t.n}@example.test` }),
  leave: (t) => t.owner.delete(`/dashboard/teams/${t.id}/members/`
    + `m${Math.floor(t.draw * 30)}-${t.n}@example.test`),
  admin: (t) => t.owner.patch(`/dashboard/teams/${t.id}/members/`
    + `m${Math.floor(t.draw * 30)}-${t.n}@example.test`, { role: 'team_admin' }),
  board: (t) => t.owner.post(`/dashboard/teams/${t.id}/boards`,
    { title: `board ${t.n}`, private: t.draw < 0.3 }),
  stranger: (t) => t.other.post('/billing/cancel', { team: t.id }, key()),
  preview: (t) => t.owner.post('/billing/seats?dry_run=1', { team: t.id, seats: 5 }),
  overview: (t) => t.owner.get(`/billing/overview?team=${t.id}`),
};

const weights = Object.entries({
  buy: 12, seats: 8, cancel: 3, reactivate: 3, free: 2, smaller: 1, yearly: 2, monthly: 1,
  card: 2, join: 14, leave: 6, admin: 2, board: 8, stranger: 1, preview: 2, overview: 2,
}).flatMap(([name, weight]) => Array(weight).fill(name));

async function instant(client) {
  return Math.floor(Date.parse((await client.get('/demo/clock')).json.now) / 1000);
}

async function settle(client, what) {
  const at = await instant(client);
  await eventually(`${what}: the worker has done what was due`, async () => {
    const [row] = await stack.sql(
      `SELECT (SELECT COUNT(*) FROM team WHERE due_at <= ${at}) AS due,`
      + " (SELECT COUNT(*) FROM checkout WHERE state IN ('new', 'charging', 'unknown')) AS open");
    return row.due === 0 && row.open === 0;
  }, { within: 180000, every: 100 });
}

async function populate() {
  const list = [];
  const owners = [];

  for (let i = 0; i < Math.ceil(teams / 10); i++) {
    owners.push(await stack.client(`soak${i}@example.test`));
  }
  for (let n = 0; n < teams; n++) {
    const owner = owners[n % owners.length];
    const other = owners[(n + 1) % owners.length];
    list.push({ n, owner, other, id: await owner.team(`soak ${n}`) });
  }
  return list;
}

async function day(list) {
  const queue = Array.from({ length: actions }, () => ({
    ...one(list), draw: random(), deed: one(weights),
  }));

  await Promise.all(Array.from({ length: lanes }, async () => {
    for (let t = queue.pop(); t; t = queue.pop()) {
      note(t.deed, await deeds[t.deed](t));
    }
  }));
}

const none = async (what, sql) => {
  const rows = await stack.sql(sql);
  assert.deepEqual(rows, [], what);
};

async function books() {
  await none('a ledger transaction that does not balance',
    'SELECT txn, currency, SUM(amount_minor) s FROM ledger GROUP BY txn, currency HAVING SUM(amount_minor) <> 0');
  await none('more members than licences', "SELECT id FROM team WHERE plan IN ('team', 'business',"
    + " 'consultant') AND members > seats");
  await none('a period renewed twice', "SELECT team, due_at FROM checkout WHERE purpose = 'renewal'"
    + " AND state = 'succeeded' GROUP BY team, due_at HAVING COUNT(*) > 1");
  await none('a gap in the numbers', 'SELECT series, year FROM invoice GROUP BY series, year'
    + ' HAVING MAX(no) - MIN(no) + 1 <> COUNT(*) OR MIN(no) <> 1');
  await none('a command without an end', "SELECT op FROM command WHERE state = 'open'");
  await none('a dead letter', 'SELECT entry FROM dead_letter');

  const captured = (await stack.ledger()).filter((charge) => charge.status === 'succeeded');
  const taken = captured.reduce((sum, charge) => sum + charge.amount - (charge.refunded ?? 0), 0);
  const [booked] = await stack.sql("SELECT COALESCE(SUM(amount_minor), 0) AS sum FROM ledger"
    + " WHERE account = 'gateway' OR account LIKE 'gateway:%'");
  assert.equal(booked.sum, taken, 'our books against the gateway');
  const twice = new Map();
  for (const charge of captured) {
    const id = charge.metadata.checkout;
    twice.set(id, (twice.get(id) ?? 0) + 1);
  }
  assert.deepEqual([...twice].filter(([, n]) => n > 1), [], 'charged twice');
}

// The operator's own tool must find nothing, and explain every invoice.
async function operator() {
  const program = `${process.env.DEMO_BUILD_DIR ?? 'build/release'}/billingctl`;
  const ctl = (...args) => new Promise((done) => {
    execFile(program, ['--config', `${stack.dir}/billing.json`, ...args], { maxBuffer: 1 << 26 },
      (error, out, err) => done([error ? error.code : 0, out + err]));
  });
  const [status, text] = await ctl('verify', '--gateway');
  assert.equal(status, 0, text);
  const [explained, lines] = await ctl('explain', '--all');
  assert.equal(explained, 0, lines);
}

test(`${teams} teams, ${days} days, ${actions} actions a day (seed ${seed})`, async () => {
  const began = Date.now();
  const list = await populate();
  const [{ owner }] = list;

  for (let d = 0; d < days;) {
    if (chance(0.2)) {
      await stack.fault({ match: 'payment_intents', nth: 1 + below(3),
        do: one(['500', 'reset_before', 'reset_after', 'delay']), ms: 50 });
    }
    await day(list);
    await stack.clearFaults();
    const step = chance(0.1) ? 3 : 1;
    assert.equal((await owner.post('/demo/clock', { advance: `${step}d` })).status, 200);
    d += step;
    await settle(owner, `day ${d}`);
    if (d % 10 < step) {
      console.log(`# day ${d} of ${days}, ${Math.round((Date.now() - began) / 1000)} s`);
    }
  }

  for (const [what, n] of [...seen].sort()) {
    console.log(`# ${n} ${what}`);
  }
  await books();
  await operator();
  await none('a period that ended and was not renewed', 'SELECT id FROM team WHERE state ='
    + " 'active' AND period_end_at > 0 AND period_end_at <= " + await instant(owner));
});
