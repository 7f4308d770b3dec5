// The judge must see each lie: one thing at a time is changed in what clients
// were told, in the database, in Redis, at the gateway, among invoices and
// mails, and it says so, naming the part.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Acks, ask, buyer, flows, settled } from '../lib/campaign.mjs';
import { request, start } from '../lib/stack.mjs';
import { execute, newStore, onPostgres, unguarded } from '../lib/store.mjs';
import { evidence, judge, oracle } from './oracle.mjs';

let stack;
let acks;
let good;

const redis = (...args) => execFileSync('redis-cli',
  ['-s', path.join(stack.dir, 'redis.sock'), ...args], { encoding: 'utf8' }).trim();

before(async () => {
  stack = await start();
  acks = new Acks(stack);
  for (const flow of flows) {
    await ask(acks, flow, await buyer(stack, acks, `o${flow}`, flow));
  }
  const refused = await buyer(stack, acks, 'orefused', 'card');
  refused.card = (await refused.client.card(refused.team, '4000000000000341')).id;
  assert.equal((await ask(acks, 'card', refused)).status, 402);
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
  good = await evidence(stack);
});

after(async () => {
  stack.tampered = true;
  await stack.stop();
});

const team = (flow) => acks.list.find((ack) => ack.flow === flow && ack.status === 200).team;
const operation = () => acks.list.find((ack) => ack.flow === 'card' && ack.status === 200).operation;

function finds(list, part) {
  assert.ok(list.some((one) => one.startsWith(`${part}: `)),
    `nothing about ${part}: ${JSON.stringify(list)}`);
}

// A copy of the database after the statement, and a configuration to it.
async function copied(statement) {
  const database = await newStore(stack.dir, 'judged', { from: stack.dsn });
  const config = path.join(stack.dir, 'judged.json');
  const settings = JSON.parse(fs.readFileSync(path.join(stack.dir, 'billing.json'), 'utf8'));

  await execute(database, unguarded + statement);
  settings.store.dsn = database;
  fs.writeFileSync(config, JSON.stringify(settings));
  return judge(await evidence(stack, { database, config }));
}

test('what clients were told', () => {
  const told = (change) => judge({ ...good, acks: acks.list.map((ack) => change({ ...ack })) });

  assert.deepEqual(told((ack) => ack), []);
  finds(told((ack) => ({ ...ack, key: `${ack.key}x` })), 'acks');
  finds(told((ack) => ({ ...ack, text: `${ack.text} ` })), 'acks');
  finds(told((ack) => (ack.flow === 'card' ? { ...ack, status: 402 } : ack)), 'acks');
  finds(told((ack) => (ack.status === 402 ? { ...ack, status: 200, text: '{"team":{}}' } : ack)),
    'acks');
});

for (const [what, part, statement] of [
  ['seats', 'database', () => `UPDATE team SET seats = seats + 1 WHERE id = '${team('card')}'`],
  ['a plan taken back', 'database', () => "UPDATE team SET plan = 'free', seats = 0, version = 1"
    + ` WHERE id = '${team('card')}'`],
  ['a checkout that failed', 'database', () => "UPDATE checkout SET state = 'failed'"
    + ` WHERE id = '${operation()}'`],
  ['a checkout under way', 'database', () => "UPDATE checkout SET state = 'unknown'"
    + ` WHERE id = '${operation()}'`],
  ['an entry of the ledger', 'database', () => 'UPDATE ledger SET amount_minor = amount_minor + 1'
    + ` WHERE txn = '${operation()}-sale' AND n = 0`],
  ['a command without its answer', 'acks', () => "UPDATE command SET state = 'retry', body = NULL"
    + ` WHERE op = '${operation()}'`],
  ['the amount of a checkout', 'gateway', () => 'UPDATE checkout SET amount_minor = 2999'
    + ` WHERE id = '${operation()}'`],
  ['a number left out', 'invoices', () => 'UPDATE invoice SET no = no + 1, number = number'
    + " || 'x' WHERE no = (SELECT MAX(no) FROM invoice)"],
  ['an invoice that is gone', 'invoices', () => `${onPostgres
    ? "SET session_replication_role = 'replica'" : 'PRAGMA foreign_keys = OFF'}; DELETE FROM invoice`
    + ` WHERE checkout = '${operation()}'`],
  ['a byte of an invoice', 'verify', () => "UPDATE invoice SET document = replace(document,"
    + ` '3000', '3001') WHERE checkout = '${operation()}'`],
  ['a receipt nobody queued', 'mails', () => "DELETE FROM mail_outbox WHERE template ="
    + " 'mail.receipt'"],
]) {
  test(`database: ${what}`, async () => finds(await copied(statement()), part));
}

test('redis: a record changed, gone, of another', async () => {
  const [mine, other] = ['card', 'invoice'].map((flow) => `billing:1:{${team(flow)}}:team`);
  const record = redis('get', mine);

  for (const lie of [record.replace('"seats":3', '"seats":9'), redis('get', other), '']) {
    assert.notEqual(lie, record);
    redis('set', mine, lie);
    finds(judge(await evidence(stack)), 'redis');
    redis('set', mine, record);
  }
  assert.deepEqual(await oracle(stack), []);
});

test('mails: one lost, one that nobody queued', async () => {
  const file = path.join(stack.mails, '1.eml');
  const text = fs.readFileSync(file, 'latin1');

  fs.rmSync(file);
  finds(judge(await evidence(stack)), 'mails');
  fs.writeFileSync(file, text.replace(/Message-ID: </i, 'Message-ID: <x'), 'latin1');
  finds(judge(await evidence(stack)), 'mails');
  fs.writeFileSync(file, text, 'latin1');
  assert.deepEqual(judge(await evidence(stack)), []);
});

test('gateway: money given back behind our back, and a second charge', async () => {
  const key = fs.readFileSync(path.join(stack.dir, 'secrets/gateway_secret_key'), 'utf8').trim();
  const post = (where, form) => request(`${stack.gateway}/v1/${where}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`, 'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(form).toString(),
  });
  const [checkout] = await stack.sql(`SELECT * FROM checkout WHERE id = '${operation()}'`);

  const second = await post('payment_intents', {
    amount: 3000, currency: 'usd', confirm: 'true', customer: checkout.customer,
    payment_method: checkout.payment_method, 'metadata[checkout]': checkout.id,
    'metadata[team]': checkout.team, 'metadata[attempt]': '1',
  });
  assert.equal(second.status, 200, second.text);
  finds(judge(await evidence(stack)), 'gateway');
  await post('refunds', { payment_intent: second.json.id });
  assert.deepEqual(judge(await evidence(stack)).filter((one) => one.startsWith('gateway')), []);

  await post('refunds', { payment_intent: checkout.intent });
  finds(judge(await evidence(stack)), 'gateway');
});
