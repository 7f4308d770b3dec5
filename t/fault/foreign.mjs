// What is in Redis and is not ours, or was: entries, streams and records of
// other types, of other programs, cut short, binary, enormous, of versions to
// come.  Entries are set aside and counted with their bytes, records and keys
// are made again; nothing that was asked for is lost, nobody waits (P24, P31).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Acks, ask, buyer, flows, settled } from '../lib/campaign.mjs';
import { eventually, start } from '../lib/stack.mjs';
import { Asker } from '../worker/worker.mjs';
import { oracle } from './oracle.mjs';

let stack;
let acks;
let asker;

before(async () => {
  stack = await start();
  acks = new Acks(stack);
  asker = new Asker({
    socket: path.join(stack.dir, 'redis.sock'),
    master: fs.readFileSync(path.join(stack.dir, 'secrets/master'), 'utf8').trim(),
  });
});

after(async () => {
  asker?.close();
  await stack?.stop();
});

const redis = (input, ...args) => execFileSync('redis-cli',
  ['-s', path.join(stack.dir, 'redis.sock'), ...args], { encoding: 'utf8', input }).trim();
const commands = 'billing:1:commands';
const add = (...fields) => asker.redis.call('XADD', commands, '*', ...fields);
const dead = async () => (await stack.sql('SELECT COUNT(*) AS n FROM dead_letter'))[0].n;

const good = () => asker.entry('team.create', { body: { name: 'never' } });
const signed = (change) => {
  const entry = asker.entry('team.create', { body: { name: 'never' }, ...change });
  return ['c', entry.c, 'm', entry.m];
};

// Each of them one entry.
const entries = {
  'no field of ours': () => ['x', 'y'],
  'a field without a name': () => ['', ''],
  'no MAC': () => ['c', good().c],
  'no command': () => ['m', good().m],
  'the MAC of another': () => ['c', good().c, 'm', good().m],
  'JSON cut short': () => ['c', good().c.slice(0, 90), 'm', good().m],
  'bytes that are no text': () => ['c', randomBytes(300).toString('latin1'), 'm', good().m],
  'NUL in the middle': () => ['c', good().c.replace('never', 'ne\0ver'), 'm', good().m],
  'five megabytes': () => ['c', 'x'.repeat(5 << 20), 'm', good().m],
  'a MAC of a megabyte': () => ['c', good().c, 'm', 'f'.repeat(1 << 20)],
  'ten thousand fields': () => Array.from({ length: 20000 }, (_, i) => `f${i}`),
  'signed, of a version to come': () => signed({ schema: 2 }),
  'signed, of version 0': () => signed({ schema: 0 }),
  'signed, and a query': () => {
    const entry = asker.entry('dashboard', {});
    return ['c', entry.c, 'm', entry.m];
  },
};

async function buys(name, within = 60000) {
  await Promise.all(flows.map(async (flow) => {
    const one = await buyer(stack, acks, `${name}${flow}`, flow);
    assert.equal((await ask(acks, flow, one, { within })).status, 200);
  }));
}

async function told() {
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
}

for (const [name, fields] of Object.entries(entries)) {
  test(`p24 an entry: ${name}`, async () => {
    const before = await dead();

    await add(...fields());
    await eventually('it to be set aside', async () => await dead() === before + 1);
  });
}

test('p24 all of them at once, and people buy meanwhile', async () => {
  const before = await dead();
  const all = Object.values(entries).flatMap((fields) => [fields, fields, fields]);

  await Promise.all([buys('among'), ...all.map((fields) => add(...fields()))]);
  await eventually('all to be set aside', async () => await dead() === before + all.length);
  assert.equal(redis('', 'xlen', commands), '0');
  assert.deepEqual(await stack.sql("SELECT id FROM team WHERE name LIKE 'never%'"), []);
  await told();
});

for (const [name, spoil] of [
  ['the last id there is', () => redis('', 'xadd', commands,
    '18446744073709551615-18446744073709551615', 'x', 'y')],
  ['a time in the year 5000', () => redis('', 'xadd', commands, '95617584000000-0', 'x', 'y')],
  ['a text', () => redis('', 'set', commands, 'nonsense')],
  ['a hash', () => { redis('', 'del', commands); redis('', 'hset', commands, 'a', 'b'); }],
]) {
  test(`p24 the stream of commands is ${name}: it is made again`, async () => {
    spoil();
    await buys(`stream${name.replace(/\W/g, '')}`);
    await told();
  });
}

test('p24 the stream of queries is a list', async () => {
  redis('', 'del', 'billing:1:queries');
  redis('', 'lpush', 'billing:1:queries', 'nonsense');
  await buys('queries');
  await told();
});

const records = {
  'a list': (key) => { redis('', 'del', key); redis('', 'lpush', key, 'x'); },
  'cut short': (key) => redis('', 'set', key, redis('', 'get', key).slice(0, -70)),
  'of a version to come': (key) => redis('', 'set', key, redis('', 'get', key)
    .replace(/^1 /, '2 ')),
  'binary': (key) => redis(randomBytes(200), '-x', 'set', key),
  'enormous': (key) => redis('x'.repeat(20 << 20), '-x', 'set', key),
};

// They look newer than ours: they stay until all are written under a new epoch.
const forged = {
  'of another team': (key) => redis('', 'set', key,
    redis('', 'get', 'billing:1:{team-enterprise}:team')),
  'of a version nobody has reached': (key) => redis('', 'set', key,
    redis('', 'get', key).replace(/^(1 team \d+) \d+/, '$1 999999')),
};

for (const [name, spoil] of Object.entries({ ...records, ...forged })) {
  test(`p31 a record: ${name}, and its team buys`, async () => {
    const one = await buyer(stack, acks, `record${name.replace(/\W/g, '')}`, 'card');
    const key = `billing:1:{${one.team}}:team`;
    const board = await one.client.board(one.team, 'oldest');
    for (const title of ['second', 'third', 'fourth']) {
      await one.client.board(one.team, title);
    }

    spoil(key);
    assert.equal((await ask(acks, 'card', one)).status, 200);
    await eventually('the board that Free does not edit', async () =>
      (await one.client.put(`/boards/${board}`, { text: 'x' })).status === 200);
    if (forged[name]) {
      await stack.ctl(['rehydrate']);
    }
    await eventually('its record', () => /"plan":"team"/.test(redis('', 'get', key)),
      { within: 20000 });
  });
}

test('p24 the operator is told of each why; some can only be dropped', async () => {
  const ctl = async (...args) => JSON.parse(await stack.ctl(['dead-letters', ...args, '--json'],
    { fine: [1] }));
  const list = (await ctl()).dead_letters;
  const reasons = new Set(list.map(({ reason }) => reason));
  assert.ok(list.length >= 4 * Object.keys(entries).length, `${list.length}`);
  assert.ok(reasons.has('not signed by us') && reasons.size >= 3, [...reasons].join());
  const unsigned = list.find(({ signed }) => !signed);
  await assert.rejects(stack.ctl(['dead-letters', 'retry', unsigned.id]), /can only be dropped/);
});

test('p10 all books tell one story afterwards', told);
