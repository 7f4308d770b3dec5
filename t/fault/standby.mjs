// A standby that follows the database, as operating.md has it: one that no
// commit waits for is told of, and one that is waited for has all that was
// acknowledged when the primary dies in the middle of purchases.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Acks, Site, ask, buyer, flows, seeded, settled } from '../lib/campaign.mjs';
import { Cluster, without } from '../lib/postgres.mjs';
import { eventually, sleep, start } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const seed = Number(process.env.SEED ?? 20261123);
const lanes = 6;
const clusters = [];
let primary;
let standby;
let stack;
let site;

before(async () => {
  if (without) {
    return;
  }
  const cluster = () => clusters[clusters.push(new Cluster()) - 1];
  primary = cluster().create().start();
  standby = cluster().follow(primary).start();
  primary.sql('CREATE DATABASE stack');
  await eventually('one that follows', () => primary.sql(
    'SELECT sync_state FROM pg_stat_replication') === 'async');
  stack = await start({ DEMO_STORE: primary.dsn('stack', standby) });
  site = new Site(stack);
});

after(async () => {
  try {
    await stack?.stop();
  } finally {
    clusters.forEach((one) => one.remove());
  }
});

const said = (words) => (stack.log('error.log') + stack.log('billing-worker.log'))
  .split(words).length - 1;
const exposed = () => said('ALERT: the database has a standby, and none of them is synchronous');
const workers = () => said(/billing-worker \S+ started/);

test('p2 a standby that no commit waits for is told of', { skip: without }, async () => {
  await site.aLeader();
  assert.ok(exposed() > 0);
  assert.ok(exposed() <= workers(), 'once by each worker');
});

test('p2 one that is waited for is not', { skip: without }, async () => {
  const before = { workers: workers(), exposed: exposed() };

  primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
  primary.sql('SELECT pg_reload_conf()');
  await eventually('a synchronous standby', () => primary.sql(
    'SELECT sync_state FROM pg_stat_replication') === 'sync');

  await stack.configure({});
  await site.aLeader();
  assert.ok(workers() > before.workers, 'another worker');
  assert.equal(exposed(), before.exposed);
});

test(`p1 p2 p4 the primary dies, and the standby has all that was acknowledged (seed ${seed})`, {
  skip: without,
}, async () => {
  const random = seeded(seed);
  const acks = new Acks(stack);
  const buyers = await Promise.all(Array.from({ length: lanes }, async (_, i) => {
    const flow = flows[i % flows.length];
    return { flow, one: await buyer(stack, acks, `standby${i}`, flow) };
  }));

  site.spare();
  let told = 0;
  await Promise.all([
    ...buyers.map(async ({ flow, one }, i) => {
      await sleep(i * 300 + random.below(200));
      assert.equal((await ask(acks, flow, one)).status, 200);
      told += 1;
    }),
    // After the first answers and before the last ones.
    eventually('answers', () => told >= 2, { every: 5, within: 60000 }).then(() => {
      primary.kill();
      standby.promote();
    }),
  ]);
  await site.end();
  await settled(stack);
  assert.equal(standby.sql('SELECT pg_is_in_recovery()'), 'f');
  assert.deepEqual(await oracle(stack), []);
});
