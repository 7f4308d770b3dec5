// A record that Redis has lost is brought back by whoever needs it, from the
// database through the worker: that a key is missing never makes anybody free,
// paid or a stranger (P27, P31; reliability.md 5.8 rows 1, 2, 4 and 10).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, request, start } from '../lib/stack.mjs';

const team = 'team-business', board = 'board-business-1';
let stack, owner, guest, stranger;

before(async () => {
  stack = await start();
  owner = await stack.client('owner@example.test');
  guest = await stack.client('guest@example.test');
  stranger = await stack.client('stranger@example.test');
});

after(async () => { await stack?.stop(); });

const redis = (...args) => execFileSync('redis-cli',
  ['-s', path.join(stack.dir, 'redis.sock'), ...args], { encoding: 'utf8' }).trim();

const keys = () => ({
  team: `billing:1:{${team}}:team`,
  member: `billing:1:{${team}}:member:owner@example.test`,
  board: `billing:1:{${board}}:board`,
  access: `billing:1:{${board}}:access:guest@example.test`,
});

const status = async () =>
  (await request(`${stack.url}/billing/status?format=json`)).json;
const counters = async () => (await status()).counters;

// How often a persistence worker has taken over.
const terms = () => fs.readFileSync(path.join(stack.dir, 'error.log'), 'utf8')
  .split('this worker commits now').length;

// An nginx whose zone has another size begins with an empty one, and knows
// nothing but what Redis has.
let size = 10;

// relieved: only when the next persistence worker has taken over as well.
async function forget({ relieved = false } = {}) {
  const term = terms();
  const file = path.join(stack.dir, 'nginx.conf');
  const text = fs.readFileSync(file, 'utf8');
  const pids = () => execFileSync('pgrep', ['-P', String(stack.pids.nginx), '-f', 'worker process'],
    { encoding: 'utf8' }).trim().split('\n');
  const old = pids();

  size += 1;
  fs.writeFileSync(file, text.replace(/(billing_zone\s+\w+\s+)\w+;/, `$1${size}m;`));
  process.kill(stack.pids.nginx, 'SIGHUP');
  await eventually('workers with an empty zone', async () =>
    !pids().some((pid) => old.includes(pid)) && (await status()).link, { within: 20000 });
  if (relieved) {
    await eventually('the next worker', () => terms() > term);
  }
}

const verdict = async (client, where, method = 'get') => {
  const answer = await client[method](where, method === 'put' ? { text: 'x' } : undefined);
  return `${answer.status} ${answer.json?.code ?? ''}`.trim();
};

test('p27 each kind of record is back with the answer that needed it', async () => {
  const good = Object.fromEntries(Object.entries(keys())
    .map(([kind, key]) => [kind, redis('get', key)]));

  for (const [kind, key] of Object.entries(keys())) {
    assert.match(good[kind], new RegExp(`^1 ${kind} `), kind);
    assert.equal(redis('del', key), '1');
    await forget();                     // one worker may still relieve the other
    const seen = kind === 'access' ? await verdict(guest, `/boards/${board}`)
      : await verdict(owner, `/boards/${board}`, 'put');
    assert.equal(seen, '200', kind);
    assert.equal(redis('get', key), good[kind], kind);
    assert.equal(redis('ttl', key), '-1', 'to stay');
  }
});

test('p31 every record of a team gone at once, the epoch left: nobody notices', async () => {
  await forget({ relieved: true });
  for (const key of redis('keys', `billing:1:{*${team.slice(5)}*`).split('\n')) {
    redis('del', key);
  }
  const seen = await Promise.all([
    ...Array.from({ length: 20 }, () => verdict(owner, `/boards/${board}`, 'put')),
    ...Array.from({ length: 20 }, () => verdict(guest, `/boards/${board}`)),
  ]);
  assert.deepEqual([...new Set(seen)], ['200']);
  const { asked, untold } = await counters();
  const workers = fs.readFileSync(path.join(stack.dir, 'nginx.conf'), 'utf8')
    .match(/worker_processes\s+(\d+)/)?.[1] ?? 2;
  assert.ok(asked >= 5 && asked <= 6 * workers, `one ask a record and process: ${asked}`);
  assert.equal(untold, 0);
});

test('p31 a spoilt, a foreign and a mistyped record are mended', async () => {
  const { team: key } = keys();
  const good = redis('get', key);
  const other = redis('get', 'billing:1:{team-enterprise}:team');

  for (const [what, spoil] of Object.entries({
    'row 1, more seats': () => redis('set', key, good.replace('"seats":', '"seats":9')),
    'row 2, another team\'s': () => redis('set', key, other),
    'row 4, a list': () => { redis('del', key); redis('rpush', key, 'x'); },
    'row 6, not UTF-8': () => redis('set', key, '1 team \xff\xfe 1 {} 00'),
    'empty': () => redis('set', key, ''),
  })) {
    spoil();
    await forget();
    assert.equal(await verdict(owner, `/boards/${board}`, 'put'), '200', what);
    assert.equal(redis('get', key), good, what);
  }
});

test('who is nobody is told so, and somebody as soon as he is', async () => {
  const key = `billing:1:{${team}}:member:stranger@example.test`;
  assert.equal(redis('exists', key), '0');
  assert.equal(await verdict(stranger, `/boards/${board}`), '403 NOT_A_MEMBER');
  await eventually('the marker', () => redis('exists', key) === '1');
  assert.match(redis('get', key), /^1 member \d+ 0 \{"roles":0\} /);
  const ttl = Number(redis('ttl', key));
  assert.ok(ttl > 0 && ttl <= 60, `nothing is remembered for a while only: ${ttl}`);

  const before = (await counters()).asked;
  assert.equal(await verdict(stranger, `/boards/${board}`), '403 NOT_A_MEMBER');
  assert.equal((await counters()).asked, before, 'asked once');

  const added = await owner.post(`/dashboard/teams/${team}/members`,
    { email: 'stranger@example.test' });
  assert.equal(added.status, 201, added.text);
  await eventually('his board', async () =>
    await verdict(stranger, `/boards/${board}`) === '200', { within: 3000, every: 5 });
  assert.equal(redis('ttl', key), '-1', 'a record to stay');
});

test('a board that never was is not found, not unknown', async () => {
  assert.equal(await verdict(owner, '/boards/b_never'), '404 BOARD_NOT_FOUND');
  await eventually('the marker', () =>
    /^1 board \d+ 0 \{"gone":true\} /.test(redis('get', 'billing:1:{b_never}:board')));
  assert.ok(Number(redis('ttl', 'billing:1:{b_never}:board')) > 0);
});

test('the operator brings back what nobody has asked for', async () => {
  const key = 'billing:1:{team-enterprise}:team';

  redis('del', key);
  await stack.ctl(['rehydrate']);
  assert.match(redis('get', key), /^1 team /);
});

test('p29 without a worker the lost is unknown: not free, not a stranger', async () => {
  await forget({ relieved: true });
  const { pids } = await stack.status();
  const { member: key } = keys();

  process.kill(pids.worker, 'SIGSTOP');
  try {
    redis('del', key);
    assert.equal(await verdict(owner, `/boards/${board}`), '503 ENTITLEMENT_UNKNOWN');
    assert.equal(await verdict(guest, `/boards/${board}`), '200', 'others are known');

    // Nobody is kept waiting for long by a worker that is away.
    const lost = () => verdict(owner, `/boards/${board}`);
    for (let i = 0; i < 8; i++) {
      await lost();
    }
    const { asked } = await counters();
    const seen = await Promise.all(Array.from({ length: 30 }, lost));
    assert.deepEqual([...new Set(seen)], ['503 ENTITLEMENT_UNKNOWN']);
    assert.ok((await counters()).asked - asked <= 4, 'the circuit is open');
  } finally {
    process.kill(pids.worker, 'SIGCONT');
  }
  await eventually('the record', async () => await verdict(owner, `/boards/${board}`) === '200');
});
