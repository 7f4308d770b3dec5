// Redis Cluster, six real nodes: the master of our slot dies, hangs, is
// replaced in order, or another node takes the slot, while things are bought
// and boards are asked for.
//
// ROUNDS, SEED, LANES

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { seeded } from '../lib/campaign.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Failovers } from '../lib/failovers.mjs';
import { eventually, sleep, start } from '../lib/stack.mjs';

const rounds = Number(process.env.ROUNDS ?? 1);
const seed = Number(process.env.SEED ?? 20261123);
const lanes = Number(process.env.LANES ?? 3);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-cluster.'));
let cluster;
let stack;
let site;

before(async () => {
  cluster = await Cluster.start(folder);
  stack = await start({}, { settings: { redis: cluster.settings() } });
  site = new Failovers(stack, cluster, lanes);
});

after(async () => {
  try {
    await stack?.stop();
  } finally {
    cluster?.end();
    if (!process.env.KEEP_STACK) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
});

test('all keys are on one node, and every program finds it', async () => {
  await site.buyer('first');
  const sizes = cluster.servers.filter((node) => cluster.role(node) === 'master')
    .map((node) => [node === cluster.master(), Number(cluster.cli(node, 'dbsize')) > 0]);
  assert.equal(sizes.length, 3);
  sizes.forEach(([ours, some]) => assert.equal(some, ours));

  const { bad_record: bad } = (await site.status()).counters ?? {};
  assert.equal(bad, 0, 'notices and records are understood');

  const told = await stack.verify();
  assert.deepEqual(told.checks.filter(({ found }) => found > 0), []);
  assert.ok(told.checks.find(({ check }) => check === 'redis.wrong').looked_at > 0);
});

for (let i = 0; i < rounds; i++) {
  test(`p1 p4 p28 the node with our slot dies and comes back, ${i} (seed ${seed})`, async () => {
    let gone;

    await site.through(`dead${i}-`, seeded(seed, i), async (master) => {
      gone = master;
      await sleep(500);
      await cluster.kill(master);
      await cluster.other(master);
      await cluster.run(master);
    });
    await cluster.obeys(gone);
    assert.deepEqual(await site.judged(), []);
  });

  test(`p28 p30 the node hangs and goes on, ${i} (seed ${seed})`, { skip: rounds < 2 }, async () => {
    let hung;

    await site.through(`hung${i}-`, seeded(seed, 1000 + i), async (master) => {
      hung = master;
      await sleep(500);
      cluster.stop(master);
      await cluster.other(master);
      await sleep(1000);
      cluster.go(master);
    });
    await cluster.obeys(hung);
    assert.deepEqual(await site.judged(), []);
  });

  test(`p28 its replica takes over in order, ${i} (seed ${seed})`, async () => {
    await site.through(`turn${i}-`, seeded(seed, 2000 + i), async (master) => {
      await sleep(500);
      const next = cluster.replica(master);
      assert.equal(cluster.cli(next, 'cluster', 'failover'), 'OK');
      await cluster.other(master);
    });
  });

  test(`p28 another node takes the slot, ${i} (seed ${seed})`, async () => {
    await site.through(`slot${i}-`, seeded(seed, 3000 + i), async (master) => {
      const to = cluster.servers.find((node) => node !== master && cluster.role(node) === 'master');
      const id = (node) => cluster.cli(node, 'cluster', 'myid');
      const { slot } = cluster;

      await sleep(500);
      cluster.cli(to, 'cluster', 'setslot', slot, 'importing', id(master));
      cluster.cli(master, 'cluster', 'setslot', slot, 'migrating', id(to));
      for (;;) {
        const keys = cluster.cli(master, 'cluster', 'getkeysinslot', slot, 100).split('\n')
          .filter(Boolean);
        if (keys.length === 0) {
          break;
        }
        execFileSync('redis-cli', ['-s', path.join(master.dir, 'node.sock'), 'migrate', to.host,
          String(to.port), '', '0', '5000', 'keys', ...keys]);
      }
      cluster.cli(to, 'cluster', 'setslot', slot, 'node', id(to));
      cluster.cli(master, 'cluster', 'setslot', slot, 'node', id(to));
      await cluster.other(master);
    });
  });
}

test('a cluster that is down is waited for', async () => {
  const one = await site.locked('down');
  assert.equal((await site.ask(one)).status, 200);
  await eventually('the purchase', async () => (await one.edit()).status === 200);

  const others = cluster.servers.filter((node) => cluster.role(node) === 'master'
    && node !== cluster.master());
  const master = cluster.master();
  others.forEach((node) => cluster.stop(node));     // no majority is left
  await eventually('a cluster without a majority', () => /cluster_state:fail/.test(
    cluster.cli(master, 'cluster', 'info')), { within: 30000 });
  await eventually('nginx to leave it', async () => !(await site.status()).redis.up);
  assert.equal((await one.edit()).status, 200);
  const refused = await one.client.post('/dashboard/teams', { name: 'none' });
  assert.ok([202, 503].includes(refused.status), refused.text);

  others.forEach((node) => cluster.go(node));
  await eventually('the cluster again', () => cluster.master() !== null, { within: 60000 });
  assert.equal((await site.ask(await site.buyer('again'))).status, 200);
  assert.deepEqual(await site.judged(), []);
});
