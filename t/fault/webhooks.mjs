// What the gateway tells by itself comes in any order, twice, late, early or
// not at all: the end is the same (P35, P37).  In each order of a flow's events
// its own act (the bank's word, the buyer's return, the decision) has a place
// as well, so every event comes before it and after it.
//
// ORDERS   how many of each flow's, drawn by SEED; 0 is all of them
// DOUBLED  yes: each event comes twice

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Acks, ask, buyer, hurried, seeded, settled } from '../lib/campaign.mjs';
import { eventually, request, sleep, start } from '../lib/stack.mjs';
import { sign } from '../sandbox/webhooks.mjs';
import { oracle } from './oracle.mjs';

const orders = Number(process.env.ORDERS ?? 10);
const seed = Number(process.env.SEED ?? 20261123);
const doubled = process.env.DOUBLED === 'yes';
const lanes = 8;
let stack;
let acks;
let secret;

before(async () => {
  stack = await start();
  acks = new Acks(stack);
  secret = fs.readFileSync(path.join(stack.dir, 'secrets/gateway_webhook'), 'utf8').trim();
  await sandbox('webhooks', { do: 'lost' });
});

after(async () => { await stack?.stop(); });

const sandbox = (what, json) => request(`${stack.gateway}/_sandbox/${what}`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(json),
});

function permutations(list) {
  return list.length < 2 ? [list] : list.flatMap((one, i) => permutations(
    [...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [one, ...rest]));
}

// All of them, then each with one left out, then with none but the acts.
function ways({ steps }) {
  const acts = steps.filter((step) => !step.includes('.'));
  const all = [...permutations(steps),
    ...steps.filter((step) => step.includes('.')).flatMap((out) => permutations(
      steps.filter((step) => step !== out))), acts];
  const random = seeded(seed, steps.length);

  return orders === 0 ? all
    : [acts, ...all.map((way) => [random(), way]).sort(([a], [b]) => a - b)
      .map(([, way]) => way).slice(0, orders - 1)];
}

// Told as the gateway tells it, again until it is taken.
async function tell(type, object) {
  const body = JSON.stringify({
    id: `evt_${randomBytes(12).toString('hex')}`, object: 'event', api_version: '2024-06-20',
    created: Math.floor(Date.now() / 1000), data: { object }, livemode: false,
    pending_webhooks: 1, type,
  });

  for (let left = doubled ? 2 : 1; left > 0;) {
    const answer = await request(`${stack.url}/billing/webhook`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'stripe-signature': sign(secret, body, Math.floor(Date.now() / 1000)),
      },
      body,
    });
    left -= answer.status === 200 ? 1 : 0;
    assert.ok([200, 429, 503].includes(answer.status), answer.text);
  }
}

const order = ({ team, card }) => ({
  team, plan: 'team', seats: 3, period: 'monthly', payment: { method: 'card', payment_method: card },
});

async function checkoutOf(team) {
  return (await stack.sql(`SELECT id, state, intent FROM checkout WHERE team = '${team}'`))[0];
}

async function challenged(one) {
  one.card = (await one.client.card(one.team, '4000002760003184')).id;
  const first = await one.client.buy(order(one));
  assert.equal(first.json?.state, 'action_required', first.text);
  one.operation = first.json.operation;
  one.intent = first.json.payment.client_secret.split('_secret_')[0];
}

const resume = ({ client, operation }) => client.post('/upgrade/resume', { operation });
const flows = {
  'a purchase whose answer was lost': {
    steps: ['charge.succeeded', 'payment_intent.created', 'payment_intent.succeeded', 'LOOK'],
    async begin(one) {
      await stack.fault({ match: 'POST /v1/payment_intents', do: 'reset_after', nth: 1,
        team: one.team });
      one.key = randomBytes(16).toString('hex');
      await one.client.buy(order(one), one.key);
      one.intent = (await stack.ledger()).find((each) => each.metadata.team === one.team)
        ? `pi_${randomBytes(12).toString('hex')}` : '';
    },
    acts: { LOOK: () => hurried(stack) },
    plan: 'team',
  },
  '3-D Secure': {
    steps: ['payment_intent.requires_action', 'APPROVE', 'charge.succeeded',
      'payment_intent.succeeded', 'payment_intent.payment_failed'],
    begin: challenged,
    acts: { APPROVE: ({ intent }) => sandbox('authenticate',
      { payment_intent: intent, outcome: 'approve' }) },
    plan: 'team',
  },
  '3-D Secure that fails': {
    steps: ['payment_intent.requires_action', 'DECLINE', 'payment_intent.payment_failed',
      'payment_intent.canceled', 'RESUME'],
    begin: challenged,
    acts: {
      DECLINE: ({ intent }) => sandbox('authenticate', { payment_intent: intent, outcome: 'fail' }),
      RESUME: resume,
    },
    plan: 'free',
  },
  'a refund': {
    steps: ['charge.succeeded', 'charge.refunded', 'payment_intent.succeeded', 'GRANT'],
    async begin(one) {
      const bought = await ask(acks, 'card', one);
      const { number } = JSON.parse(bought.text).invoice;
      const asked = await one.client.post('/billing/refunds',
        { team: one.team, invoice: number, amount: 100, reason: 'x' },
        { 'idempotency-key': randomBytes(16).toString('hex') });
      assert.equal(asked.status, 201, asked.text);
      one.refund = asked.json.refund.id;
      one.intent = (await checkoutOf(one.team)).intent;
    },
    acts: { GRANT: ({ client, refund }) => client.decide(refund, 'granted') },
    plan: 'team',
    back: 100,
  },
};

// All that may differ between two orders of one story, and must not.
async function end({ team }) {
  const of = (what, from) => stack.sql(`SELECT ${what} FROM ${from}`);
  const mine = `checkout IN (SELECT id FROM checkout WHERE team = '${team}')`;

  return {                                    // the checkout first: it ends all
    checkouts: await of('state, attempt', `checkout WHERE team = '${team}'`),
    charged: await of('n, state', `attempt WHERE kind = 'charge' AND ${mine}`),
    invoices: await of('COUNT(*) AS n', `invoice WHERE ${mine}`),
    refunds: await of('state, money', `refund WHERE team = '${team}'`),
    gateway: (await stack.ledger()).filter((each) => each.metadata.team === team && each.captured)
      .map((each) => [each.amount, each.refunded]),
    team: await of('plan, state, seats, members, hold_seats', `team WHERE id = '${team}'`),
  };
}

const ended = ({ checkouts, refunds }) => checkouts.every(({ state }) => ['succeeded', 'failed',
  'expired', 'refunded'].includes(state)) && refunds.every(({ money }) => money === 'returned');

async function run(flow, way, name) {
  const one = await buyer(stack, acks, name, 'card');

  await flow.begin(one);
  const { id } = await checkoutOf(one.team);
  for (const step of way) {
    if (flow.acts[step]) {
      await flow.acts[step](one);
    } else {
      await tell(step, step.startsWith('charge.')
        ? { id: `ch_${randomBytes(12).toString('hex')}`, object: 'charge',
          payment_intent: one.intent, metadata: { checkout: id, team: one.team } }
        : { id: one.intent, object: 'payment_intent', status: step.split('.')[1],
          metadata: { checkout: id, team: one.team } });
    }
  }
  let last;
  await eventually(`the end of ${way.join(' ')}`, async () => {
    last = await end(one);
    if (!ended(last)) {
      await hurried(stack);
    }
    return ended(last);
  }, { within: 90000, every: 400 });
  return last;
}

for (const [name, flow] of Object.entries(flows)) {
  const all = ways(flow);

  test(`p35 p37 ${name}: ${all.length} orders end alike (seed ${seed})`, async () => {
    const queue = all.map((way, i) => ({ way, i }));
    const word = name.replace(/\W/g, '');
    let first = null;

    await Promise.all(Array.from({ length: lanes }, async () => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const last = await run(flow, next.way, `${word}${next.i}`);
        first ??= last;
        assert.deepEqual(last, first, next.way.join(' '));
        assert.equal(last.team[0].plan, flow.plan, next.way.join(' '));
      }
    }));
    assert.deepEqual(first.gateway, flow.plan === 'team' ? [[3000, flow.back ?? 0]] : []);
  });
}

test('p10 all books tell one story afterwards', async () => {
  await sleep(500);
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
});
