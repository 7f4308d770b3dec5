// Purchases through the real worker, Redis, database and sandbox gateway: what
// was acknowledged is there once, whatever dies or lies meanwhile.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';

import { Gateway } from '../sandbox/server.mjs';
import { Asker, Stage, eventually, sleep } from './worker.mjs';

const OWNER = 'owner@example.test';

let stage, asker, gateway, clients;

beforeEach(async () => {
  stage = new Stage();
  gateway = await new Gateway({ secretKey: 'sk_test_1', publishableKey: 'pk_test_sandbox' }).listen(0);
  stage.configure((settings) => { settings.gateway.url = gateway.origin; });
  await stage.redis();
  await work();
  asker = new Asker(stage);
  clients = 0;
});

afterEach(async () => {
  asker?.close();
  asker = null;
  await stage.stop();
  await gateway.close();
});

// Each process says once that it is ready, so what was said before counts too.
async function work() {
  const ready = () => stage.logged().split(/ lease \d+/).length;
  const before = ready();
  const child = stage.worker();
  await eventually('a ready worker', () => ready() > before || child.gone, 20000);
  return child;
}

function sql(text) {
  const out = execFileSync('sqlite3', ['-json', '-readonly', stage.database, text]).toString();
  return out === '' ? [] : JSON.parse(out);
}

async function call(method, where, json) {
  const answer = await fetch(`${gateway.origin}${where}`, {
    method,
    ...(json && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
  });
  return answer.json().catch(() => null);
}

const fault = (what) => call('POST', '/_sandbox/faults', { match: 'payment_intents', nth: 1, ...what });
const charges = async (team) => (await call('GET', '/_sandbox/ledger')).charges
  .filter((charge) => charge.metadata?.team === team);

async function team(actor = OWNER) {
  clients += 1;
  const made = await asker.command('team.create', { actor, body: { name: `Team ${clients}` } });
  assert.equal(made.status, 201, made.text);
  return made.body.team.id;
}

async function card(id, { actor = OWNER, number = '4242424242424242' } = {}) {
  const started = await asker.command('card.start', { actor, body: { team: id } });
  assert.equal(started.status, 200, started.text);
  const answer = await fetch(`${gateway.origin}/v1/setup_intents/${started.body.setup_intent}/confirm`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      key: started.body.publishable_key,
      client_secret: started.body.client_secret,
      'payment_method_data[type]': 'card',
      'payment_method_data[card][number]': number,
      'payment_method_data[card][exp_month]': '12',
      'payment_method_data[card][exp_year]': '2040',
      'payment_method_data[card][cvc]': '123',
    }),
  });
  const json = await answer.json();
  return json.payment_method;
}

const order = (id, pm, more = {}) => ({
  team: id, plan: 'team', seats: 3, period: 'monthly',
  payment: { method: 'card', payment_method: pm }, ...more,
});

const buy = (body, options = {}) => asker.command('upgrade.buy', { team: body.team, body, ...options });

async function final(body, options) {
  let answer;
  await eventually('a final answer', async () => {
    answer = await buy(body, options).catch(() => null);
    return answer && answer.status !== 202 && answer.status < 500
      && answer.body.code !== 'OPERATION_IN_PROGRESS';
  }, 60000);
  return answer;
}

const shown = async (id) => (await asker.query('dashboard', { body: { team: id } })).body.team;

test('r100 the purchase, its quote, its invoice, its operation', async () => {
  const id = await team();
  const quote = await asker.query('upgrade.quote', {
    body: { team: id, plan: 'team', seats: 3, period: 'yearly', payment_method: 'card', promo: 'WELCOME20' },
  });
  assert.equal(quote.status, 200, quote.text);
  const pm = await card(id);
  const bought = await buy(order(id, pm, { period: 'yearly', promo: 'WELCOME20', quote: quote.body.quote }));
  assert.equal(bought.status, 200, bought.text);
  assert.equal(bought.body.invoice.total, 3 * 9600 * 0.8);
  assert.equal(bought.body.invoice.number, 'INV-2026-000001');
  assert.equal(bought.body.receipt.payment_method.last4, '4242');
  assert.equal(bought.team, id);
  assert.deepEqual((await charges(id)).map((c) => [c.amount, c.status]), [[quote.body.total, 'succeeded']]);

  const asked = await asker.query('operation', { body: { operation: bought.op } });
  assert.equal(asked.body.state, 'done');
  assert.deepEqual(asked.body.answer, bought.body);
  const list = await asker.query('billing.invoices', { body: { team: id } });
  assert.equal(list.body.invoices[0].number, bought.body.invoice.number);
  const now = await shown(id);
  assert.equal(now.plan, 'team');
  assert.equal(now.version, bought.version);
});

test('r94 declined at the charge: nothing changes, the next card works', async () => {
  const id = await team();
  const before = await shown(id);
  const bad = await card(id, { number: '4000000000000341' });
  const refused = await buy(order(id, bad));
  assert.equal(refused.status, 402, refused.text);
  assert.equal(refused.body.code, 'CARD_DECLINED');
  // The seats were held while the gateway was asked: that alone counts the version up.
  const after = await shown(id);
  assert.deepEqual(after, { ...before, version: after.version });
  assert.equal((await buy(order(id, await card(id)))).status, 200);
});

test('r87 3-D Secure, then done once', async () => {
  const id = await team();
  const pm = await card(id, { number: '4000002760003184' });
  const first = await buy(order(id, pm));
  assert.equal(first.status, 402, first.text);
  assert.equal(first.body.state, 'action_required');
  const intent = first.body.payment.client_secret.split('_secret_')[0];
  await call('POST', '/_sandbox/authenticate', { payment_intent: intent, outcome: 'approve' });
  const resumed = await asker.command('upgrade.resume', { body: { operation: first.op } });
  assert.equal(resumed.status, 200, resumed.text);
  assert.equal(resumed.body.state, 'done');
  assert.equal((await shown(id)).plan, 'team');
  assert.equal((await charges(id)).filter((c) => c.status === 'succeeded').length, 1);
});

for (const how of ['reset_after', 'reset_before', '500', 'hang']) {
  test(`p8 ${how}: once, by the same key`, { timeout: 150000 }, async () => {
    const id = await team();
    const pm = await card(id);
    await fault({ do: how });
    const key = randomBytes(16).toString('hex');
    buy(order(id, pm), { key }).catch(() => {});
    await sleep(300);
    const rival = await buy(order(id, pm, { seats: 4 }));
    assert.equal(rival.status, 409, rival.text);    // open, or done already
    if (how === '500' || how === 'hang') {
      assert.equal(rival.body.code, 'CHECKOUT_OPEN', rival.text);
    }
    await call('DELETE', '/_sandbox/faults');
    const done = await eventually('the end', async () => {
      const state = sql(`SELECT state FROM checkout WHERE team = '${id}'`)[0]?.state;
      return ['succeeded', 'failed'].includes(state) && state;
    }, 120000);
    assert.equal(done, 'succeeded');
    const replay = await final(order(id, pm), { key });
    assert.equal(replay.status, 200, replay.text);
    assert.equal((await charges(id)).filter((c) => c.status === 'succeeded').length, 1);
  });
}

test('p9 a wrong amount is refunded, never granted', async () => {
  const id = await team();
  const pm = await card(id);
  await fault({ do: 'wrong_amount' });
  const answer = await buy(order(id, pm));
  assert.equal(answer.status, 202, answer.text);
  await eventually('the refund', () => sql('SELECT state FROM checkout')[0].state === 'refunded', 20000);
  assert.equal((await shown(id)).plan, 'free');
  const [charge] = await charges(id);
  assert.equal(charge.refunded, charge.amount);
});

test('p1 p4 p39 killed again and again while 40 teams buy', { timeout: 180000 }, async () => {
  let worker = stage.children.at(-1);
  const buyers = [];
  for (let i = 0; i < 40; i += 1) {
    const id = await team();
    buyers.push({ id, pm: await card(id), key: randomBytes(16).toString('hex') });
  }

  let over = false;
  const storm = (async () => {
    let kills = 0;
    while (!over) {
      await sleep(100 + Math.random() * 300);
      worker.kill('SIGKILL');
      await worker.ended;
      worker = await work();
      kills += 1;
    }
    return kills;
  })();

  const queue = [...buyers];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let b = queue.pop(); b; b = queue.pop()) {
      const answer = await final(order(b.id, b.pm), { key: b.key });
      assert.equal(answer.status, 200, answer.text);
      await sleep(400);
    }
  }));
  over = true;
  console.log(`# kills: ${await storm}`);

  for (const b of buyers) {
    const paid = (await charges(b.id)).filter((c) => c.status === 'succeeded');
    assert.deepEqual(paid.map((c) => c.amount), [3000]);
  }
  assert.deepEqual(sql('SELECT COUNT(*) AS n, MAX(no) AS m FROM invoice'), [{ n: 40, m: 40 }]);
  assert.deepEqual(sql('SELECT SUM(amount_minor) AS s FROM ledger'), [{ s: 0 }]);
  assert.equal(sql("SELECT COUNT(*) AS n FROM team WHERE hold_seats <> 0")[0].n, 0);
  assert.equal(sql("SELECT COUNT(*) AS n FROM mail_outbox WHERE template = 'mail.receipt'")[0].n, 40);
});
