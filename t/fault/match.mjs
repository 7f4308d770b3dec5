// What the gateway took and nothing of ours accounts for is found on its list
// within minutes and goes back, or somebody is told (P9).

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Acks, ask, buyer, settled } from '../lib/campaign.mjs';
import { eventually, request, start } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

let stack;
let acks;
let bought;
let key;

before(async () => {
  stack = await start();
  acks = new Acks(stack);
  await ask(acks, 'card', await buyer(stack, acks, 'granted', 'card'));
  [bought] = await stack.sql("SELECT * FROM checkout WHERE state = 'succeeded'");
  key = fs.readFileSync(path.join(stack.dir, 'secrets/gateway_secret_key'), 'utf8').trim();
});

after(async () => { await stack?.stop(); });

const form = (where, values) => request(`${stack.gateway}/v1/${where}`, {
  method: 'POST',
  headers: {
    authorization: `Bearer ${key}`, 'content-type': 'application/x-www-form-urlencoded',
  },
  body: new URLSearchParams(values).toString(),
});

// Taken behind the worker's back, and no event tells of it.
async function taken(values, customer = bought) {
  await request(`${stack.gateway}/_sandbox/webhooks`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ do: 'lost' }),
  });
  const answer = await form('payment_intents', {
    amount: 3000, currency: 'usd', confirm: 'true', customer: customer.customer,
    payment_method: customer.payment_method, 'metadata[attempt]': '1', ...values,
  });
  assert.equal(answer.status, 200, answer.text);
  await request(`${stack.gateway}/_sandbox/webhooks`, { method: 'DELETE' });
  return answer.json.id;
}

const now = () => stack.execute('UPDATE gateway_match SET next_try_at = 0');

async function charge(intent) {
  const answer = await request(`${stack.gateway}/v1/payment_intents/${intent}`,
    { headers: { authorization: `Bearer ${key}` } });
  return (await stack.ledger()).find((one) => one.id === answer.json.latest_charge);
}

const back = (intent) => eventually('the money to go back', async () => {
  const one = await charge(intent);
  return one.refunded === one.amount;
}, { within: 60000, every: 250 });

const stray = async (intent) => (await stack.sql(
  `SELECT state FROM stray WHERE intent = '${intent}'`))[0]?.state;

test('p9 a second charge of a purchase goes back, whatever the gateway answers first', async () => {
  await stack.fault({ match: 'POST /v1/refunds', nth: 1, do: 'reset_after' });
  const intent = await taken({ 'metadata[checkout]': bought.id, 'metadata[team]': bought.team });

  await now();
  await back(intent);
  await eventually('the row to say so', async () => await stray(intent) === 'returned',
    { within: 90000, every: 500 });
  assert.equal((await charge(bought.intent)).refunded, 0);
});

test('p9 money for a purchase that failed goes back, and its books hold', async () => {
  const one = await buyer(stack, acks, 'failed', 'card');
  one.card = (await one.client.card(one.team, '4000000000000341')).id;
  const told = await ask(acks, 'card', one);
  assert.equal(told.status, 402, told.text);
  const [failed] = await stack.sql(`SELECT * FROM checkout WHERE team = '${one.team}'`);
  assert.equal(failed.state, 'failed');

  const intent = await taken({ 'metadata[checkout]': failed.id, 'metadata[team]': one.team });
  await now();
  await back(intent);
});

test('p9 money for a checkout that is not known here is only told of', async () => {
  const intent = await taken({ 'metadata[checkout]': `op_${'0'.repeat(32)}` });

  await now();
  await eventually('the alert', async () => await stray(intent) === 'flagged');
  assert.match(stack.log('error.log') + stack.log('billing-worker.log'), /ALERT: payment pi_/);
  assert.equal((await charge(intent)).refunded, 0);
  await form('refunds', { payment_intent: intent });
});

test('p9 what is not ours, and what is as it must be, is left alone', async () => {
  const other = await taken({});
  const before = (await stack.sql('SELECT count(*) AS n FROM stray'))[0].n;

  await now();
  await eventually('a look to end', async () => (await stack.sql(
    'SELECT begun_at, next_try_at FROM gateway_match'))
    .every((row) => row.begun_at === 0 && row.next_try_at > 0));
  assert.equal((await stack.sql('SELECT count(*) AS n FROM stray'))[0].n, before);
  assert.equal((await charge(other)).refunded, 0);
  await form('refunds', { payment_intent: other });
});

test('p10 all books tell one story afterwards', async () => {
  await settled(stack);
  const list = await oracle(stack);
  // verify goes on telling of the one that nobody has looked at
  assert.deepEqual(list.filter((one) => !one.startsWith('verify: ')), []);
  assert.ok(list.length <= 1 && list.every((one) => one.includes('is not known')), list.join());
  stack.tampered = true;
});
