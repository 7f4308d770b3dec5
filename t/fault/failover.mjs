// Redis fails over to a replica that missed the last writes and whose clock is
// behind, is emptied, loses a stream or a group, or is given ids far ahead,
// while things are bought: nothing acknowledged is lost, nothing is charged
// twice, and nobody who has bought is refused by what an old record says.
//
// ROUNDS, SEED; from three rounds on also what takes a minute to be noticed

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../tools/port.mjs';
import { alive, ask, began, buyer, flows, seeded, settled, signal } from '../lib/campaign.mjs';
import { redisServer } from '../lib/redis.mjs';
import { eventually, sleep } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const rounds = Number(process.env.ROUNDS ?? 1);
const seed = Number(process.env.SEED ?? 20261123);
const lanes = 6;
const shim = path.join(path.dirname(fileURLToPath(import.meta.url)), 'shim/clock.c');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-failover.'));
let stack;
let site;
let acks;
let replicas = 0;

before(async () => {
  execFileSync(process.env.CC ?? 'cc',
    ['-shared', '-fPIC', '-O1', '-o', path.join(folder, 'clock.so'), shim, '-ldl']);
  fs.writeFileSync(path.join(folder, 'behind'), '-30');
  ({ stack, site, acks } = await began());
});

after(async () => {
  await stack?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const main = () => path.join(stack.dir, 'redis.sock');
const redis = (socket, ...args) => execFileSync('redis-cli', ['-s', socket, ...args],
  { encoding: 'utf8' }).trim();

// Up to date with the server there is, which cannot be followed by a socket.
async function replica() {
  const port = await freePort();
  const socket = path.join(stack.dir, `replica${replicas += 1}.sock`);
  const dir = path.join(stack.dir, `replica${replicas}`);

  fs.mkdirSync(dir);
  redis(main(), 'config', 'set', 'bind', '127.0.0.1');
  redis(main(), 'config', 'set', 'port', port);
  const log = fs.openSync(path.join(stack.dir, 'replica.log'), 'a');
  const child = spawn(redisServer, ['--port', '0', '--unixsocket', socket, '--dir', dir,
    '--replicaof', '127.0.0.1', String(port), '--save', '', '--set-proc-title', 'no',
    '--repl-diskless-sync-delay', '0'], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, LD_PRELOAD: path.join(folder, 'clock.so'),
      CLOCK_FILE: path.join(folder, 'behind') },
  });
  child.unref();
  fs.closeSync(log);
  await eventually('a replica that follows', () => /master_link_status:up/.test(
    redis(socket, 'info', 'replication')), { within: 30000 });
  return { socket, pid: child.pid };
}

// What came after it was cut off is not there.
async function promote({ socket, pid }) {
  const old = site.pid('redis');

  signal(old);
  await eventually('the end of the old one', () => !alive(old), { within: 10000, every: 5 });
  fs.renameSync(socket, main());
  fs.writeFileSync(path.join(stack.dir, 'redis.pid'), `${pid}\n`);
}

async function load(name, random, during) {
  const buyers = await Promise.all(Array.from({ length: lanes }, async (_, i) => {
    const flow = flows[i % flows.length];
    return { flow, one: await buyer(stack, acks, `${name}${i}`, flow) };
  }));

  await Promise.all([during(), ...buyers.map(async ({ flow, one }) => {
    await sleep(random.below(1200));
    assert.equal((await ask(acks, flow, one, { within: 120000 })).status, 200);
  })]);
}

async function ready() {
  await eventually('records that are ready', () => / ready$/.test(
    redis(main(), 'get', 'billing:1:epoch')), { within: 30000 });
  await settled(stack);
}

for (let i = 0; i < rounds; i++) {
  test(`p1 p4 p28 a replica without the last writes is promoted, ${i} (seed ${seed})`, async () => {
    const random = seeded(seed, i);
    const next = await replica();
    const epoch = Number(redis(main(), 'get', 'billing:1:epoch').split(' ')[0]);
    const one = await buyer(stack, acks, `replica${i}`, 'card');
    const board = await one.client.board(one.team, 'oldest');
    for (const title of ['second', 'third', 'fourth']) {
      await one.client.board(one.team, title);
    }
    const edit = () => one.client.put(`/boards/${board}`, { text: 'x' });
    await eventually('the limit of Free', async () => (await edit()).status === 403);
    const record = () => redis(next.socket, 'get', `billing:1:{${one.team}}:team`);
    await eventually('the replica to know the team', () => /"plan":"free"/.test(record()));

    await load(`failover${i}`, random, async () => {
      await sleep(random.below(400));
      redis(next.socket, 'replicaof', 'no', 'one');
      assert.equal((await ask(acks, 'card', one)).status, 200);
      assert.match(record(), /"plan":"free"/, 'the replica has missed the purchase');
      await sleep(300 + random.below(700));
      await promote(next);

      for (const until = Date.now() + 2500; Date.now() < until; await sleep(20)) {
        const { status, json } = await edit();
        assert.ok([200, 503].includes(status), `${status} ${json?.code} after the purchase`);
      }
    });
    await ready();
    assert.ok(Number(redis(main(), 'get', 'billing:1:epoch').split(' ')[0]) > epoch);
    await eventually('the board to open', async () => (await edit()).status === 200);
    assert.deepEqual(await oracle(stack), []);
  });
}

for (const [name, what, patience = 6] of [
  ['everything is gone', () => redis(main(), 'flushall')],
  ['the stream is gone', () => redis(main(), 'del', 'billing:1:commands')],
  ['the group is gone', () => redis(main(), 'xgroup', 'destroy', 'billing:1:commands', 'worker')],
  ['ids jump far ahead', () => redis(main(), 'xsetid', 'billing:1:commands', '99999999999999-7')],
  ['then all is lost, and ids are below the mark', () => site.killRedis({ wipe: true })],
  ['the epoch is another', () => redis(main(), 'set', 'billing:1:epoch', '1 ready'), 80],
]) {
  // who only looks every minute is waited for in the long form
  test(`p22 p32 ${name} (seed ${seed})`, { skip: patience > 6 && rounds < 3 }, async () => {
    const random = seeded(seed, name.length);

    await load(`r${name.replace(/\W/g, '')}`, random, async () => {
      await sleep(200 + random.below(600));
      await what();
    });
    await ready();
    assert.deepEqual(await oracle(stack, { patience }), []);
  });
}
