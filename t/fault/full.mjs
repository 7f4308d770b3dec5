// A disk that is really full under PostgreSQL, while things are bought: first
// the one of its tables, which it survives, then the one of its log, which ends
// it.  Purchases are refused before any charge, what was acknowledged is there,
// and room is all it takes to go on.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';

import { Acks, Site, ask, buyer, settled } from '../lib/campaign.mjs';
import { Cluster, without } from '../lib/postgres.mjs';
import { eventually, start } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const lanes = 12;
const LAST = 3;
const disks = [];
let cluster;
let stack;
let site;

// A small disk in memory, with nobody else's files.
function disk(megabytes) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-disk.'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  disks.push(dir);
  return dir;
}

function unmount() {
  for (const dir of disks.splice(0)) {
    execFileSync('umount', ['-l', dir]);
    fs.rmdirSync(dir);
  }
}

function cannot() {
  try {
    disk(1);
    return false;
  } catch (error) {
    return `no disk can be mounted here: ${String(error.stderr ?? error.message).trim()}`;
  } finally {
    unmount();
  }
}

const skip = without || cannot();

// Until not one byte more finds a place.
function fill(dir) {
  const name = path.join(dir, 'filler');
  const file = fs.openSync(name, 'w');

  for (let bytes = Buffer.alloc(1 << 20); bytes.length > 0;
    bytes = bytes.subarray(0, Math.floor(bytes.length / 2))) {
    try {
      for (;;) {
        if (fs.writeSync(file, bytes) < bytes.length) {
          break;
        }
      }
    } catch (error) {
      assert.equal(error.code, 'ENOSPC');
    }
  }
  fs.closeSync(file);
  return () => fs.rmSync(name);
}

async function begin(made) {
  cluster = made;
  cluster.start();
  cluster.sql('CREATE DATABASE stack');
  stack = await start({ DEMO_STORE: cluster.dsn('stack') });
  site = new Site(stack);
}

afterEach(async () => {
  try {
    await site?.end();
    await stack?.stop();
  } finally {
    cluster?.remove();
    unmount();
    stack = site = cluster = null;
  }
});

after(unmount);

const said = (words) => (stack.log('error.log') + stack.log('billing-worker.log')).includes(words);

const order = ({ team, card }) => ({
  team, plan: 'team', seats: 3, period: 'monthly',
  payment: { method: 'card', payment_method: card },
});

// Buys for one after the other until somebody is refused: who it was.  The last
// wait until the disk is full, for it may take longer than all they buy.
async function refused(buyers, acks, full = () => true) {
  const said503 = [];

  await eventually('a purchase that is refused', async () => {
    if (buyers.length <= LAST && !full()) {
      return false;
    }
    const one = buyers.shift();
    assert.ok(one, 'all could buy');
    const answer = await one.client.buy(order(one));
    assert.ok([200, 202, 503].includes(answer.status), `${answer.status} ${answer.text}`);
    if (answer.status === 200) {
      return false;
    }
    if (answer.status === 503) {
      assert.ok(Number(answer.headers['retry-after']) > 0, 'a word about when');
      said503.push(one);
    }
    acks.later.push(one);
    return answer.status === 503;
  }, { within: 60000, every: 100 });
  return said503;
}

async function prepared() {
  const acks = Object.assign(new Acks(stack), { later: [] });
  const buyers = [];

  for (let i = 0; i < lanes; i++) {
    buyers.push(await buyer(stack, acks, `full${i}`, 'card'));
  }
  assert.equal((await ask(acks, 'card', buyers.shift())).status, 200);
  await settled(stack);
  return { acks, buyers };
}

const chargesOf = async (team) => (await stack.ledger())
  .filter((one) => one.metadata.team === team).length;

async function goesOn({ acks, buyers }) {
  for (const one of [...acks.later, ...buyers]) {
    const { status, text } = await ask(acks, 'card', one, { within: 60000 });
    // Who had been told to wait may have bought meanwhile, by the first key.
    assert.ok(status === 200 || acks.later.includes(one), `${status} ${text}`);
  }
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
}

test('p56 p1 p4 the disk of the tables is full: refused before any charge, and on with room', {
  skip,
}, async () => {
  const tables = disk(128);
  await begin(new Cluster({ tables, log: os.tmpdir() }).create());
  const { acks, buyers } = await prepared();
  const reader = buyers.at(-1).client;
  const worker = await site.aLeader();

  cluster.sql('VACUUM FULL', 'stack');
  const room = fill(tables);
  const [one] = await refused(buyers, acks);
  assert.equal(await chargesOf(one.team), 0);
  assert.ok(said('ALERT: the database cannot be written'));
  assert.equal((await reader.get(`/dashboard?team=${buyers.at(-1).team}`)).status, 200, 'reads go on');
  assert.ok(cluster.running());

  room();
  await goesOn({ acks, buyers });
  assert.ok(said('the database can be written again'));
  assert.equal(await site.aLeader(), worker, 'it is the worker it was');
});

test('p56 p1 p4 the disk of the log is full: the server ends, nothing acknowledged is lost', {
  skip,
}, async () => {
  const log = disk(24);
  await begin(new Cluster({ log }).create());
  const { acks, buyers } = await prepared();

  site.spare();
  const room = fill(log);
  const others = cluster.busy('stack');
  const full = () => /PANIC: .*No space left on device/.test(cluster.log());
  const [one] = await refused(buyers, acks, full);
  assert.equal(await chargesOf(one.team), 0);
  assert.ok(full());

  await others;
  room();
  if (!cluster.running()) {
    cluster.start();                    // as its operator does
  }
  await goesOn({ acks, buyers });
});
