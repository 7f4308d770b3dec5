// Each process in turn is stopped for some seconds while things are bought,
// and goes on: a machine that swaps, a debugger, a frozen container.  Whoever
// waits is answered in the end, and all books tell one story.  A worker that
// stood longer than its lease finds another in its place and changes nothing
// any more (P23).
//
// STOPS    how often each of them
// SECONDS  for how long, at most
// VICTIMS  of nginx,master,redis,worker,gateway,mail,database

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { alive, ask, began, buyer, flows, seeded, settled, signal } from '../lib/campaign.mjs';
import { eventually, request, sleep } from '../lib/stack.mjs';
import { onPostgres } from '../lib/store.mjs';
import { oracle } from './oracle.mjs';

const stops = Number(process.env.STOPS ?? 1);
const seconds = Number(process.env.SECONDS ?? 3);
const seed = Number(process.env.SEED ?? 20261123);
const wanted = process.env.VICTIMS?.split(',') ?? ['nginx', 'master', 'redis', 'worker', 'gateway',
  'mail', ...(onPostgres ? ['database'] : [])];
const lanes = 6;
let stack;
let site;
let acks;

before(async () => {
  ({ stack, site, acks } = await began());
});

after(async () => {
  await site?.end();
  await stack?.stop();
});

const victims = {
  nginx: () => site.nginxWorkers().slice(0, 1),
  master: () => [site.pid('nginx')],
  redis: () => [site.pid('redis')],
  worker: async () => [await site.aLeader()],
  gateway: () => [site.pid('gateway')],
  mail: () => [site.pid('mail')],
  database: () => {
    const master = process.env.BILLING_TEST_POSTGRES_PID;
    return fs.readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ')
      .concat(master).map(Number);
  },
};

async function load(name, random, during) {
  const buyers = await Promise.all(Array.from({ length: lanes }, async (_, i) => {
    const flow = flows[i % flows.length];
    return { flow, one: await buyer(stack, acks, `${name}${i}`, flow) };
  }));

  await Promise.all([during(), ...buyers.map(async ({ flow, one }) => {
    await sleep(random.below(600));
    assert.equal((await ask(acks, flow, one, { within: 120000 })).status, 200);
  })]);
}

async function stopped(pids, ms) {
  await sleep(150);
  pids.forEach((pid) => assert.ok(signal(pid, 'SIGSTOP'), `${pid} is not there`));
  try {
    await sleep(ms);
  } finally {
    pids.forEach((pid) => signal(pid, 'SIGCONT'));
  }
}

for (const name of wanted) {
  test(`p1 p4 p30 ${name} stands still and goes on (seed ${seed})`, async () => {
    const random = seeded(seed, wanted.indexOf(name));

    for (let i = 0; i < stops; i++) {
      const pids = await victims[name]();
      await load(`${name}${i}`, random,
        () => stopped(pids, Math.max(1000, seconds * 1000 - random.below(seconds * 500))));
      // a worker may have found that its lease is over
      assert.ok(name === 'worker' || pids.every(alive), 'and is the one it was');
    }
  });
}

test('p63 while one nginx worker stands still the other serves', async () => {
  const [first, ...others] = site.nginxWorkers();
  assert.ok(others.length > 0, 'there is but one');

  signal(first, 'SIGSTOP');
  try {
    await eventually('an answer', () => request(`${stack.url}/pricing`, { timeout: 500 })
      .then(({ status }) => status === 200, () => false));
  } finally {
    signal(first, 'SIGCONT');
  }
});

test('p23 a worker that stood longer than its lease changes nothing any more', async () => {
  site.spare();
  const pid = await site.aLeader();
  const epoch = async () => (await stack.sql('SELECT epoch FROM lease'))[0].epoch;
  const before = await epoch();

  await load('lease', seeded(seed, 99), async () => {
    await sleep(100);
    signal(pid, 'SIGSTOP');
    await eventually('another in its place', async () => await epoch() > before
      && (await site.aLeader()) !== pid, { within: 60000 });
    await sleep(300);
    signal(pid, 'SIGCONT');
    await eventually('its end', () => !alive(pid), { within: 20000 });
  });
});

test('p10 all books tell one story afterwards', async () => {
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
});
