// Faults that tests order of the sandbox gateway.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { attached, call, charge, control, ledger, start } from './client.mjs';

const OK = '4242424242424242';
let gateway;

before(async () => { gateway = await start(); });
beforeEach(() => { gateway.faults.clear(); });
after(() => gateway.close());

const FAULTS = [
  // fault, what the caller meets, charges after it, after the retry, its status
  ['500', 500, 0, 1, 200],
  ['500_kept', 500, 1, 1, 500],
  ['429', 429, 0, 1, 200],
  ['reset_before', 'ECONNRESET', 0, 1, 200],
  ['reset_after', 'ECONNRESET', 1, 1, 200],
  ['hang', 'timeout', 1, 1, 200],
  ['409', 409, 0, 1, 200],
  ['other_params', 400, 0, 1, 200],
  ['html', 'SyntaxError', 1, 1, 200],
  ['truncated', 'SyntaxError', 1, 1, 200],
  ['foreign', 200, 1, 1, 200],
  ['keyless', 200, 1, 2, 200],
];

for (const [kind, met, taken, total, status] of FAULTS) {
  test(`fault ${kind}: the retry under the same key charges once`, async () => {
    const card = await attached(gateway, OK);
    const more = { idempotency: `f-${kind}`, timeout: 500 };
    const before = (await ledger(gateway)).length;

    await control(gateway, 'POST', 'faults', { match: 'payment_intents', nth: 1, do: kind });
    const first = await charge(gateway, card, {}, more).catch((error) => error);
    assert.ok([first.status, first.code, first.name, first.message].includes(met), `${first}`);
    assert.equal((await ledger(gateway)).length - before, taken);
    const again = await charge(gateway, card, {}, more);
    assert.equal(again.status, status);
    assert.equal((await ledger(gateway)).length - before, total);
  });
}

test('fault wrong_currency charges another currency and says so', async () => {
  await control(gateway, 'POST', 'faults',
    { match: 'payment_intents', nth: 1, do: 'wrong_currency' });
  const card = await attached(gateway, OK);
  const [wrong, right] = [await charge(gateway, card), await charge(gateway, card)];

  assert.deepEqual([wrong.json.amount_received, wrong.json.currency], [172800, 'eur']);
  assert.equal(right.json.currency, 'usd');
});

test('faults of one team are met by no other, and cleared alone', async () => {
  const card = await attached(gateway, OK);
  const of = (team) => charge(gateway, card, { metadata: { team } });

  await control(gateway, 'POST', 'faults', { match: 'payment_intents', team: 't_1', do: '500' });
  await control(gateway, 'POST', 'faults', { match: 'payment_intents', team: 't_2', do: '409' });
  assert.deepEqual([(await of('t_1')).status, (await of('t_2')).status, (await of('t_10')).status],
    [500, 409, 200]);
  await control(gateway, 'DELETE', 'faults?team=t_1');
  assert.deepEqual([(await of('t_1')).status, (await of('t_2')).status], [200, 409]);
});

test('fault wrong_amount charges one unit more and says so', async () => {
  await control(gateway, 'POST', 'faults', { match: 'payment_intents', do: 'wrong_amount' });
  const card = await attached(gateway, OK);
  const done = await charge(gateway, card);

  assert.equal(done.json.amount_received, 172801);
  await control(gateway, 'DELETE', 'faults');
  assert.equal((await charge(gateway, card)).json.amount_received, 172800);
});

test('faults count what matches; nonsense is refused', async () => {
  const card = await attached(gateway, OK);

  await control(gateway, 'POST', 'faults', { match: 'POST /v1/payment_intents', nth: 2, do: '500' });
  assert.equal((await charge(gateway, card)).status, 200);
  assert.equal((await call(gateway, 'GET', '/v1/payment_intents')).status, 200);
  assert.equal((await charge(gateway, card)).status, 500);
  assert.equal((await charge(gateway, card)).status, 200);
  for (const bad of [{}, { match: 'x', do: 'melt' }, { match: 'x', do: '500', nth: 0 },
    { match: 'x', do: 'delay', ms: -1 }]) {
    assert.equal((await control(gateway, 'POST', 'faults', bad)).status, 400);
  }
});
