// node --test t/sandbox/test.mjs

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  attached, call, charge, control, customer, enterCard, ledger, PUBLIC, SECRET, start,
} from './client.mjs';
import { decode } from './form.mjs';
import { words } from './money.mjs';

const OK = '4242424242424242';
const program = fileURLToPath(new URL('gateway.mjs', import.meta.url));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'sandbox.'));
let gateway;

before(async () => { gateway = await start(); });
beforeEach(() => { gateway.faults.clear(); });
after(async () => {
  await gateway.close();
  fs.rmSync(scratch, { recursive: true });
});

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function eventually(ask, within = 4000) {
  for (const end = Date.now() + within; ;) {
    const value = await ask();
    if (value) {
      return value;
    }
    assert.ok(Date.now() < end, `not in time: ${ask}`);
    await sleep(20);
  }
}


// --- forms and money ---------------------------------------------------------

test('nested brackets become objects and lists', () => {
  const plain = (value) => JSON.parse(JSON.stringify(value));

  assert.deepEqual(plain(decode('a=1&m[x]=y+z&m[w][v]=%C3%A9&t[]=card&t[]=b')),
    { a: '1', m: { x: 'y z', w: { v: 'é' } }, t: ['card', 'b'] });
  for (const bad of ['a=1&a=2', 'a=1&a[b]=2', '[a]=1', 'a[b=1', 'a[][b]=1', 'a[]=1&a[b]=2',
    `a${'[b]'.repeat(9)}=1`]) {
    assert.throws(() => decode(bad), bad);
  }
  assert.equal(decode('__proto__[x]=1').x, undefined);
});

test('amounts in words know currencies without decimals', () => {
  assert.equal(words(172800, 'usd'), '1728.00 USD');
  assert.equal(words(5, 'eur'), '0.05 EUR');
  assert.equal(words(500, 'jpy'), '500 JPY');
  assert.equal(words(1500, 'kwd'), '1.500 KWD');
});


// --- who may ask ---------------------------------------------------------------

test('keys: basic and bearer pass, others are 401, the public one only confirms', async () => {
  const basic = { authorization: `Basic ${Buffer.from(`${SECRET}:`).toString('base64')}` };

  assert.equal((await call(gateway, 'GET', '/v1/events')).status, 200);
  assert.equal((await call(gateway, 'GET', '/v1/events', {},
    { key: null, headers: basic })).status, 200);
  for (const key of [null, 'sk_test_other', `${SECRET}x`]) {
    assert.equal((await call(gateway, 'GET', '/v1/events', {}, { key })).status, 401);
  }
  const refused = await call(gateway, 'POST', '/v1/customers', {}, { key: PUBLIC });
  assert.equal(refused.status, 401);
  assert.equal(refused.json.error.code, 'secret_key_required');

  const { intent } = await enterCard(gateway, OK);
  const where = `/v1/setup_intents/${intent.id}`;
  assert.equal((await call(gateway, 'GET', where, { client_secret: intent.client_secret },
    { key: PUBLIC })).status, 200);
  assert.equal((await call(gateway, 'GET', where, { client_secret: 'other' },
    { key: PUBLIC })).status, 400);

  const open = (await charge(gateway, await attached(gateway, OK), { confirm: false })).json;
  assert.equal((await call(gateway, 'POST', `/v1/payment_intents/${open.id}/cancel`,
    { client_secret: open.client_secret }, { key: PUBLIC })).status, 401);
});

test('browsers of other origins may ask, also with a preflight', async () => {
  const asked = await call(gateway, 'OPTIONS', '/v1/setup_intents/seti_1/confirm', {}, {
    key: null,
    headers: { origin: 'http://127.0.0.1:1', 'access-control-request-method': 'POST' },
  });

  assert.equal(asked.status, 204);
  assert.equal(asked.headers['access-control-allow-origin'], '*');
  assert.match(asked.headers['access-control-allow-headers'], /Content-Type/);
  const { confirmed } = await enterCard(gateway, OK);
  assert.equal(confirmed.headers['access-control-allow-origin'], '*');
  assert.equal((await call(gateway, 'GET', '/_sandbox/ledger'))
    .headers['access-control-allow-origin'], undefined);
});

test('unknown addresses, objects and parameters are refused', async () => {
  assert.equal((await call(gateway, 'GET', '/v1/invoices')).status, 404);
  assert.equal((await call(gateway, 'GET', '/v1/payment_intents/pi_none')).status, 404);
  const unknown = await call(gateway, 'POST', '/v1/customers', { foo: 'bar' });
  assert.equal(unknown.status, 400);
  assert.equal(unknown.json.error.code, 'parameter_unknown');
  assert.equal((await call(gateway, 'POST', '/v1/customers', {},
    { raw: 'x'.repeat(70000) })).status, 413);
});


// --- cards ----------------------------------------------------------------------

test('a card is entered, attached, made the default and charged', async () => {
  const card = await attached(gateway, '5555 5555 5555 4444');

  assert.equal(card.confirmed.json.status, 'succeeded');
  const method = (await call(gateway, 'GET', `/v1/payment_methods/${card.method}`)).json;
  assert.deepEqual([method.card.brand, method.card.last4, method.customer],
    ['mastercard', '4444', card.customer]);
  const payer = await call(gateway, 'POST', `/v1/customers/${card.customer}`,
    { invoice_settings: { default_payment_method: card.method } });
  assert.equal(payer.json.invoice_settings.default_payment_method, card.method);
  assert.equal(payer.json.email, 'payer@example.test');

  const done = await charge(gateway, card);
  assert.equal(done.status, 200);
  assert.match(done.json.id, /^pi_/);
  assert.deepEqual([done.json.status, done.json.amount_received, done.json.metadata.attempt],
    ['succeeded', 172800, '1']);
  const books = (await ledger(gateway)).find((one) => one.id === done.json.latest_charge);
  assert.deepEqual(books, {
    id: done.json.latest_charge, amount: 172800, currency: 'usd', status: 'succeeded',
    captured: true, refunded: 0, metadata: { checkout: 'co1', attempt: '1' },
    created: books.created,
  });
});

const REFUSED = [
  ['4000000000000002', 'card_declined', 'generic_decline'],
  ['4000000000009995', 'card_declined', 'insufficient_funds'],
  ['4000000000009987', 'card_declined', 'lost_card'],
  ['4000000000009979', 'card_declined', 'stolen_card'],
  ['4100000000000019', 'card_declined', 'fraudulent'],
  ['4000000000000069', 'expired_card'],
  ['4000000000000127', 'incorrect_cvc'],
  ['4000000000000119', 'processing_error'],
  ['4242424242424241', 'incorrect_number'],
  ['6011111111111117', 'incorrect_number'],
  ['4929000000006', 'incorrect_number'],
  ['4532015112830366', 'card_declined', 'live_mode_card'],
];

for (const [number, code, decline] of REFUSED) {
  test(`card entry refuses ${number}: ${decline ?? code}`, async () => {
    const { confirmed, method, intent } = await enterCard(gateway, number);

    assert.equal(confirmed.status, 402);
    assert.equal(method, undefined);
    assert.equal(confirmed.json.error.type, 'card_error');
    assert.equal(confirmed.json.error.code, code);
    if (decline) {
      assert.equal(confirmed.json.error.decline_code, decline);
    }
    // the same form may be tried again with another card
    const again = await call(gateway, 'POST', `/v1/setup_intents/${intent.id}/confirm`, {
      key: PUBLIC, client_secret: intent.client_secret,
      payment_method_data: {
        type: 'card', card: { number: OK, exp_month: 1, exp_year: 40, cvc: 123 },
      },
    }, { key: null });
    assert.equal(again.json.status, 'succeeded');
  });
}

test('date and security code are checked, per brand', async () => {
  const cases = [
    [OK, { exp_month: 13 }, 'invalid_expiry_month'],
    [OK, { exp_year: 2020 }, 'invalid_expiry_year'],
    [OK, { cvc: 12 }, 'invalid_cvc'],
    [OK, { cvc: 1234 }, 'invalid_cvc'],
    ['378282246310005', { cvc: 123 }, 'invalid_cvc'],
  ];

  for (const [number, card, code] of cases) {
    const { confirmed } = await enterCard(gateway, number, { card });
    assert.equal(confirmed.json.error?.code, code);
  }
  assert.equal((await enterCard(gateway, '378282246310005')).confirmed.status, 200);
});

test('0341 attaches, then every charge fails and takes nothing', async () => {
  const card = await attached(gateway, '4000000000000341');
  const failed = await charge(gateway, card);

  assert.equal(failed.status, 402);
  assert.equal(failed.json.error.decline_code, 'generic_decline');
  assert.equal(failed.json.error.payment_intent.status, 'requires_payment_method');
  const books = (await ledger(gateway)).find((one) => one.id === failed.json.error.charge);
  assert.deepEqual([books.status, books.captured], ['failed', false]);

  // another card on the same intent
  const good = await attached(gateway, OK, { customer: card.customer });
  const again = await call(gateway, 'POST',
    `/v1/payment_intents/${failed.json.error.payment_intent.id}/confirm`,
    { payment_method: good.method });
  assert.equal(again.json.status, 'succeeded');
});


// --- 3-D Secure ------------------------------------------------------------------

test('3155 asks at card entry once; the charge then passes', async () => {
  const card = await enterCard(gateway, '4000002500003155');

  assert.equal(card.confirmed.json.status, 'requires_action');
  assert.match(card.confirmed.json.next_action.redirect_to_url.url,
    /^http:\/\/127\.0\.0\.1:\d+\/_sandbox\/challenge\/seti_/);
  const done = await control(gateway, 'POST', 'authenticate',
    { setup_intent: card.intent.id, outcome: 'approve' });
  assert.equal(done.json.status, 'succeeded');
  assert.equal((await charge(gateway, card)).json.status, 'succeeded');
});

test('3155 not authenticated at entry asks at the charge', async () => {
  const card = await enterCard(gateway, '4000002500003155');
  const waiting = await charge(gateway, card);

  assert.equal(waiting.json.status, 'requires_action');
  assert.match(waiting.json.client_secret, /^pi_\w+_secret_/);
  assert.equal((await ledger(gateway)).some((one) => one.id === waiting.json.latest_charge),
    false);
});

test('3184 asks at each charge; failing takes nothing; off session is refused', async () => {
  const card = await enterCard(gateway, '4000002760003184');
  const first = await charge(gateway, card);
  const failed = await control(gateway, 'POST', 'authenticate',
    { payment_intent: first.json.id, outcome: 'fail' });

  assert.equal(failed.json.status, 'requires_payment_method');
  assert.equal(failed.json.last_payment_error.code, 'payment_intent_authentication_failure');
  assert.equal(failed.json.latest_charge, null);
  assert.equal((await control(gateway, 'POST', 'authenticate',
    { payment_intent: first.json.id, outcome: 'approve' })).status, 400);

  const second = await charge(gateway, card);
  const done = await control(gateway, 'POST', 'authenticate',
    { payment_intent: second.json.id, outcome: 'approve' });
  assert.equal(done.json.status, 'succeeded');

  const renewal = await charge(gateway, card, { off_session: true });
  assert.equal(renewal.status, 402);
  assert.equal(renewal.json.error.code, 'authentication_required');
});

test('3178 authenticates, then has no funds', async () => {
  const card = await enterCard(gateway, '4000008260003178');
  const waiting = await charge(gateway, card);
  const done = await control(gateway, 'POST', 'authenticate',
    { payment_intent: waiting.json.id, outcome: 'approve' });

  assert.equal(done.status, 200);
  assert.equal(done.json.status, 'requires_payment_method');
  assert.equal(done.json.last_payment_error.decline_code, 'insufficient_funds');
});

test('the challenge page: two buttons, back only to this machine', async () => {
  const card = await enterCard(gateway, '4000002760003184');
  const { id, client_secret: secret } = (await charge(gateway, card)).json;
  const where = (back) => `/_sandbox/challenge/${id}?${new URLSearchParams({
    client_secret: secret, return_url: back,
  })}`;
  const back = 'http://127.0.0.1:8080/upgrade?team=t1';
  const page = await call(gateway, 'GET', where(back));

  assert.equal(page.status, 200);
  assert.match(page.body, /1728\.00 USD/);
  assert.match(page.body, /value="approve"/);
  assert.match(page.headers['content-security-policy'], /default-src 'none'/);
  for (const bad of ['https://example.test/', 'javascript:alert(1)', '//example.test/', '',
    'http://127.0.0.1@example.test/', 'http://127.0.0.1.example.test/']) {
    assert.equal((await call(gateway, 'GET', where(bad))).status, 400, bad);
  }
  assert.equal((await call(gateway, 'GET',
    where(back).replace(secret, 'other'))).status, 400);

  const sent = await call(gateway, 'POST', where(back), { outcome: 'approve' });
  assert.equal(sent.status, 303);
  assert.equal(sent.headers.location, `${back}&payment_intent=${id}&redirect_status=succeeded`);
  // asked again by Back: straight on
  assert.equal((await call(gateway, 'GET', where(back))).status, 303);
});


// --- payment intents and refunds ---------------------------------------------------

test('intents: create, confirm later, cancel, list by payer', async () => {
  const card = await attached(gateway, OK);
  const open = await charge(gateway, card, { confirm: false });

  assert.equal(open.json.status, 'requires_confirmation');
  const done = await call(gateway, 'POST', `/v1/payment_intents/${open.json.id}/confirm`);
  assert.equal(done.json.status, 'succeeded');
  const cancel = (id) => call(gateway, 'POST', `/v1/payment_intents/${id}/cancel`);
  assert.equal((await cancel(open.json.id)).status, 400);
  const other = await charge(gateway, card, { confirm: false });
  assert.equal((await cancel(other.json.id)).json.status, 'canceled');
  const last = await charge(gateway, card);

  const all = [last, other, open].map((one) => one.json.id);
  const list = async (params) => (await call(gateway, 'GET', '/v1/payment_intents',
    { customer: card.customer, ...params })).json;
  const first = await list({ limit: 2 });
  assert.deepEqual([first.data.map((one) => one.id), first.has_more], [all.slice(0, 2), true]);
  const second = await list({ limit: 2, starting_after: all[1] });
  assert.deepEqual([second.data.map((one) => one.id), second.has_more], [[all[2]], false]);
  assert.equal((await call(gateway, 'GET', '/v1/payment_intents',
    { limit: 101 })).status, 400);
});

test('amounts are whole, currencies known, also without decimals', async () => {
  const card = await attached(gateway, OK);

  for (const bad of [{ amount: 0 }, { amount: -1 }, { amount: '1.5' }, { amount: '1e3' },
    { currency: 'xxz' }, { capture_method: 'manual' }, { payment_method_types: ['sepa'] },
    { description: 'no' }]) {
    assert.equal((await charge(gateway, card, bad)).status, 400, JSON.stringify(bad));
  }
  const yen = await charge(gateway, card, { amount: 500, currency: 'JPY' });
  assert.deepEqual([yen.json.amount, yen.json.currency], [500, 'jpy']);
});

test('refunds: in parts, at most the rest', async () => {
  const done = await charge(gateway, await attached(gateway, OK), { amount: 1000 });
  const refund = (params) => call(gateway, 'POST', '/v1/refunds',
    { payment_intent: done.json.id, ...params });

  assert.equal((await refund({ amount: 400 })).json.amount, 400);
  assert.equal((await refund({ amount: 601 })).status, 400);
  assert.equal((await refund({})).json.amount, 600);
  assert.equal((await refund({})).json.error.code, 'charge_already_refunded');
  const books = (await ledger(gateway)).find((one) => one.id === done.json.latest_charge);
  assert.equal(books.refunded, 1000);
});


// --- idempotency -------------------------------------------------------------------

test('one key: same answer; another body is refused; refusals are kept', async () => {
  const card = await attached(gateway, OK);
  const before = (await ledger(gateway)).length;
  const first = await charge(gateway, card, {}, { idempotency: 'k1' });
  const again = await charge(gateway, card, {}, { idempotency: 'k1' });

  assert.equal(again.body, first.body);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  assert.equal((await ledger(gateway)).length, before + 1);
  const other = await charge(gateway, card, { amount: 1 }, { idempotency: 'k1' });
  assert.equal(other.status, 400);
  assert.equal(other.json.error.type, 'idempotency_error');

  const bad = await attached(gateway, '4000000000000341');
  const refused = await charge(gateway, bad, {}, { idempotency: 'k2' });
  assert.equal((await charge(gateway, bad, {}, { idempotency: 'k2' })).body, refused.body);

  // what was refused before it began may be mended under the same key
  assert.equal((await charge(gateway, card, { amount: 0 }, { idempotency: 'k3' })).status, 400);
  assert.equal((await charge(gateway, card, {}, { idempotency: 'k3' })).status, 200);
});

test('a key in flight is 409', async () => {
  const card = await attached(gateway, OK);

  await control(gateway, 'POST', 'faults',
    { match: 'payment_intents', nth: 1, do: 'delay', ms: 300 });
  const slow = charge(gateway, card, {}, { idempotency: 'k4' });
  await sleep(100);
  const busy = await charge(gateway, card, {}, { idempotency: 'k4' });
  assert.equal(busy.status, 409);
  assert.equal(busy.json.error.code, 'idempotency_key_in_use');
  assert.equal((await slow).json.status, 'succeeded');
  assert.equal((await charge(gateway, card, {}, { idempotency: 'k4' })).status, 200);
});


// --- webhooks -------------------------------------------------------------------------

async function receiver(t, answers = []) {
  const got = [];
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      got.push({ body: Buffer.concat(parts).toString(), at: Date.now(),
        signature: request.headers['stripe-signature'] });
      response.writeHead(answers.shift() ?? 200);
      response.end();
    });
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const sender = await start({
    webhookUrl: `http://127.0.0.1:${server.address().port}/billing/webhook`,
    webhookSecret: 'whsec_one',
  });

  t.after(async () => {
    await sender.close();
    await new Promise((done) => { server.close(done); server.closeAllConnections(); });
  });
  return { got, sender };
}

function signed({ body, signature }, secret = 'whsec_one') {
  const [, at, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature);

  assert.ok(Math.abs(Number(at) - Date.now() / 1000) < 5);
  return mac === createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
}

test('events are told, signed over the raw bytes, and listed', async (t) => {
  const { got, sender } = await receiver(t);

  await charge(sender, await attached(sender, OK));
  await eventually(() => got.length === 4);
  assert.ok(got.every((one) => signed(one)));
  assert.deepEqual(got.map((one) => JSON.parse(one.body).type).sort(), ['charge.succeeded',
    'payment_intent.succeeded', 'payment_method.attached', 'setup_intent.succeeded']);
  const list = await call(sender, 'GET', '/v1/events', { type: 'payment_intent.succeeded' });
  assert.equal(list.json.data.length, 1);
  assert.equal(list.json.data[0].data.object.status, 'succeeded');
});

test('a webhook refused is told again, later', async (t) => {
  const { got, sender } = await receiver(t, [503, 500]);

  await enterCard(sender, OK);
  await eventually(() => got.length === 3);
  assert.equal(new Set(got.map((one) => one.body)).size, 1);
  assert.ok(got[2].at - got[1].at > got[1].at - got[0].at);
});

test('webhook switches: duplicate, late, lost, wrong signature', async (t) => {
  const { got, sender } = await receiver(t, []);
  const turn = async (order) => {
    got.length = 0;
    assert.equal((await control(sender, 'POST', 'webhooks', order)).status, 200);
    await enterCard(sender, OK);
  };

  await turn({ do: 'duplicate' });
  await eventually(() => got.length === 2);
  assert.equal(JSON.parse(got[0].body).id, JSON.parse(got[1].body).id);

  const began = Date.now();
  await turn({ do: 'late', ms: 300 });
  await eventually(() => got.length === 1);
  assert.ok(Date.now() - began >= 300);

  await turn({ do: 'lost' });
  await sleep(200);
  assert.equal(got.length, 0);
  assert.equal((await call(sender, 'GET', '/v1/events')).json.data.length, 3);

  await turn({ do: 'wrong_signature' });
  await eventually(() => got.length === 1);
  assert.ok(!signed(got[0]) && signed(got[0], 'whsec_wrong'));
  assert.equal((await control(sender, 'POST', 'webhooks', { do: 'x' })).status, 400);
});


// --- keeping, and not keeping ------------------------------------------------------------

test('a restart keeps books and keys; a line cut short is forgotten; no number is kept', async () => {
  const dir = path.join(scratch, 'books');
  const one = await start({ dir });
  const card = await attached(one, OK);
  const first = await charge(one, card, {}, { idempotency: 'k9' });
  const books = await ledger(one);
  await one.close();

  const journal = path.join(dir, 'journal');
  assert.ok(!/4242424242424242|"123"/.test(fs.readFileSync(journal, 'utf8')));
  fs.appendFileSync(journal, '[["charges","ch_x",{"amo');

  const two = await start({ dir });
  assert.deepEqual(await ledger(two), books);
  const again = await charge(two, card, {}, { idempotency: 'k9' });
  assert.equal(again.body, first.body);
  await charge(two, card);
  await two.close();

  const three = await start({ dir });
  assert.equal((await ledger(three)).length, 2);
  await three.close();
});

test('an event not yet told is told after a restart', async (t) => {
  const dir = path.join(scratch, 'events');
  const { got, sender } = await receiver(t);
  const one = await start({ dir, webhookUrl: 'http://127.0.0.1:1/', webhookSecret: 'whsec_one' });

  await enterCard(one, OK);
  await one.close();
  const two = await start({ dir, webhookUrl: sender.events.url, webhookSecret: 'whsec_one' });
  await eventually(() => got.length === 1);
  await two.close();
});

test('the program starts by its options and refuses a live key', async () => {
  const file = (name, text) => {
    fs.writeFileSync(path.join(scratch, name), text);
    return path.join(scratch, name);
  };
  const live = spawnSync(process.execPath, [program, '--port', '0',
    '--secret-key-file', file('live', `sk_${'live'}_x\n`)], { encoding: 'utf8' });
  assert.equal(live.status, 1);
  assert.match(live.stderr, /live key/);

  const child = spawn(process.execPath, [program, '--port', '0', '--secret-key-file',
    file('key', `${SECRET}\n`), '--dir', path.join(scratch, 'program')]);
  let said = '';
  child.stdout.on('data', (text) => { said += text; });
  await eventually(() => /http:\S+/.test(said));
  const [origin] = /http:\S+/.exec(said);
  assert.ok((await customer({ origin })).startsWith('cus_'));
  child.kill('SIGTERM');
  const code = await new Promise((done) => { child.on('exit', done); });
  assert.equal(code, 0);
});
