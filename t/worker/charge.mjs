// Purchases through billing-worker and the sandbox gateway while the worker is
// killed and the gateway lies: what is told as bought is charged once, what is
// charged is bought.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, test } from 'node:test';

import { call, control, ledger, start } from '../sandbox/client.mjs';
import { Asker, Stage, eventually, sleep } from './worker.mjs';

let stage, asker, gateway, worker;

const sql = (text) => {
  const out = execFileSync('sqlite3', ['-json', '-readonly', stage.database, text]).toString();
  return out === '' ? [] : JSON.parse(out).map(Object.values);
};

beforeEach(async () => {
  stage = new Stage();
  gateway = await start({ secretKey: 'sk_test_1' });
  stage.configure((settings) => {
    settings.gateway.url = gateway.origin;
    settings.gateway.timeout_ms = 1500;
  });
  await stage.redis();
  worker = stage.worker();
  await eventually('a ready worker', () => /records written/.test(stage.logged()));
  asker = new Asker(stage);
});

afterEach(async () => {
  asker.close();
  await stage.stop();
  await gateway.close();
});

// A Free team of its own buyer, with a card entered.
async function buyer(number, card = '4242424242424242') {
  const actor = `buyer${number}@example.test`;
  const made = await asker.command('team.create', { actor, body: { name: `Team ${number}` } });
  const team = made.body.team.id;
  const began = await asker.command('card.start', { actor, team, body: { team } });
  assert.equal(began.status, 200, began.text);
  const id = began.body.setup_intent ?? began.body.client_secret.split('_secret')[0];
  const confirmed = await call(gateway, 'POST', `/v1/setup_intents/${id}/confirm`, {
    key: 'pk_test_sandbox',
    client_secret: began.body.client_secret,
    payment_method_data: { type: 'card', card: { number: card, exp_month: 12, exp_year: 2040, cvc: 123 } },
  }, { key: null });
  return { actor, team, method: confirmed.json.payment_method };
}

function purchase({ actor, team, method }) {
  return asker.entry('upgrade.buy', { actor, team, deadline: Date.now() + 60000, body: { team, plan: 'team', seats: 2,
    period: 'monthly', payment: { method: 'card', payment_method: method },
    billing_information: { name: 'A', address: 'B', country: 'US' } } });
}

const captured = async () => (await ledger(gateway)).filter((each) => each.captured && each.status === 'succeeded');

test('p1 p4 kills between any two steps: charged once, bought once, answered', async () => {
  const buyers = [];
  for (let i = 0; i < 24; i += 1) {
    buyers.push(await buyer(i));
  }
  const entries = buyers.map(purchase);
  let leases = 1;
  for (const [i, entry] of entries.entries()) {
    await asker.send('commands', entry);
    if (i % 2 === 1) {
      await sleep((i * 7) % 40);
      worker.kill('SIGKILL');
      await worker.ended;
      worker = stage.worker();
      leases += 1;
      await eventually('a lease', () => stage.logged().includes(`lease ${leases}\n`));
    }
  }
  // Who was told to wait, because the gateway was slow to answer, asks again.
  await eventually('the end of all', async () => {
    const ends = new Map(sql("SELECT op, state, status FROM command WHERE kind = 'upgrade.buy'")
      .map(([op, ...end]) => [op, end.join(' ')]));
    for (const entry of entries.filter((each) => ends.get(each.op)?.startsWith('retry'))) {
      await asker.send('commands', entry);
    }
    return entries.every((each) => ends.get(each.op) === 'done 200') || sleep(300);
  }, 60000);
  const charges = await captured();
  assert.equal(charges.length, entries.length);
  assert.equal(new Set(charges.map((each) => each.metadata.checkout)).size, entries.length);
  assert.equal(sql("SELECT COUNT(*) FROM team WHERE plan = 'team' AND name LIKE 'Team %'")[0][0], entries.length);
  for (const entry of entries) {
    await asker.send('commands', entry);        // asked again: the same answer
    const answer = await eventually('a replay', () => asker.answers.get(entry.op)?.find((each) => each.replayed));
    assert.equal(answer.status, 200);
    assert.equal(answer.body.state, 'done');
  }
  assert.equal((await captured()).length, entries.length);
  assert.equal(sql('SELECT COUNT(*) FROM dead_letter')[0][0], 0);
});

for (const fault of ['hang', 'reset_after', 'reset_before', '500']) {
  test(`p8 the gateway does "${fault}": no double charge, the end is known`, async () => {
    const one = await buyer(1);
    const set = await control(gateway, 'POST', 'faults', { match: 'payment_intents', nth: 1, do: fault, ms: 3000 });
    assert.ok(set.status < 300, set.body);
    const entry = purchase(one);
    await asker.send('commands', entry);
    const row = await eventually('an end', () => sql(`SELECT state, status FROM command WHERE op = '${entry.op}'
      AND (state = 'done' OR (state = 'retry' AND status >= 500))`)[0], 30000);
    const charges = await captured();
    assert.ok(charges.length <= 1, JSON.stringify(charges));
    assert.equal(row[0] === 'done' && row[1] === 200, charges.length === 1, `${fault}: ${row} ${charges.length}`);
    const [plan] = sql(`SELECT plan FROM team WHERE id = '${one.team}'`)[0];
    assert.equal(plan, charges.length === 1 ? 'team' : 'free');
  });
}

test('p3 a declined card is told, nothing is charged', async () => {
  const one = await buyer(1, '4000000000000341');
  const entry = purchase(one);
  await asker.send('commands', entry);
  const answer = await eventually('an answer', () => asker.answers.get(entry.op)?.[0]);
  assert.equal(answer.status, 402, answer.text);
  assert.equal((await captured()).length, 0);
  assert.equal(sql(`SELECT plan FROM team WHERE id = '${one.team}'`)[0][0], 'free');
});

test('p38 a gateway that cannot prove who it is hears nothing', async () => {
  const { key, cert } = Object.fromEntries(['key', 'cert'].map((name) =>
    [name, path.join(path.dirname(stage.database), `${name}.pem`)]));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });

  let met = 0, heard = '';
  const server = tls.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) },
    (link) => link.on('data', (bytes) => { heard += bytes; }));
  server.on('connection', () => { met += 1; });
  server.on('tlsClientError', () => {});
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });

  const actor = 'careful@example.test';
  const { body: { team: { id: team } } } = await asker.command('team.create', { actor, body: { name: 'Careful' } });
  worker.kill('SIGTERM');
  await worker.ended;
  stage.configure((settings) => { settings.gateway.url = `https://localhost:${server.address().port}`; });
  stage.worker();
  await eventually('a lease', () => /lease 2/.test(stage.logged()));

  const began = await asker.command('card.start', { actor, team, body: { team } });
  server.close();
  assert.notEqual(began.status, 200, began.text);
  assert.ok(met > 0, 'nobody came');
  assert.equal(heard, '');
});
