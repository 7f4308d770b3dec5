// Redis Sentinel, with real sentinels: the master dies, hangs, or is replaced
// in order, while things are bought and boards are asked for.  Whoever talks
// to Redis follows; nothing acknowledged is lost, nothing charged twice, and
// nobody who has bought is refused by what an old record says.
//
// ROUNDS, SEED

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { build, seeded } from '../lib/campaign.mjs';
import { Failovers } from '../lib/failovers.mjs';
import { Watched } from '../lib/sentinels.mjs';
import { eventually, sleep, start } from '../lib/stack.mjs';
import { newStore } from '../lib/store.mjs';

const rounds = Number(process.env.ROUNDS ?? 1);
const seed = Number(process.env.SEED ?? 20261123);
const lanes = Number(process.env.LANES ?? 3);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-sentinel.'));
let watched;
let stack;
let site;

before(async () => {
  watched = await Watched.start(folder);
  stack = await start({}, { settings: { redis: watched.settings() } });
  site = new Failovers(stack, watched, lanes);
});

after(async () => {
  try {
    await stack?.stop();
  } finally {
    watched?.end();
    if (!process.env.KEEP_STACK) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
});

for (let i = 0; i < rounds; i++) {
  test(`p1 p4 p28 the master dies and comes back, ${i} (seed ${seed})`, async () => {
    let gone;

    await site.through(`dead${i}-`, seeded(seed, i), async (master) => {
      gone = master;
      await sleep(500);
      await watched.kill(master);
      await watched.other(master);
      await watched.run(master);
    });
    await watched.obeys(gone);
    assert.deepEqual(await site.judged(), []);
  });

  test(`p28 p30 the master hangs and goes on, ${i} (seed ${seed})`, async () => {
    let hung;

    await site.through(`hung${i}-`, seeded(seed, 1000 + i), async (master) => {
      hung = master;
      await sleep(500);
      watched.stop(master);
      await watched.other(master);
      await sleep(1000);
      watched.go(master);
    });
    await watched.obeys(hung);
    assert.deepEqual(await site.judged(), []);
  });

  test(`p28 the master is replaced in order, ${i} (seed ${seed})`, { skip: rounds < 2 }, async () => {
    await site.through(`turn${i}-`, seeded(seed, 2000 + i), async (master) => {
      await sleep(500);
      await eventually('a failover that begins', () => watched.cli(watched.sentinels[0],
        'sentinel', 'failover', 'billing') === 'OK', { within: 30000, every: 500 });
      await watched.other(master);
    });
  });
}

test('sentinels that die or hang do not matter while one answers', async () => {
  const one = await site.buyer('sentinels');
  const [a, b] = watched.sentinels;
  const before = stack.log('error.log').match(/billing: redis /g)?.length ?? 0;

  watched.stop(a);
  await watched.kill(b);
  await sleep(2500);
  assert.equal((await site.ask(one)).status, 200);
  assert.equal((await site.status()).redis.up, true);
  assert.equal(stack.log('error.log').match(/billing: redis /g)?.length ?? 0, before);
  watched.go(a);
  await watched.run(b);
});

// What nothing would come of is told at once: exit status 4, and what to do.
test('5.8 a Redis Cluster under redis.address is refused by the worker', async () => {
  const node = await watched.node('clustered', { args: ['--cluster-enabled', 'yes'] },
    ({ host, port, dir }) => `bind ${host}\nport ${port}\nunixsocket ${dir}/node.sock\ndir ${dir}\n`
      + 'maxmemory-policy noeviction\nset-proc-title no\n');
  const settings = JSON.parse(fs.readFileSync(path.join(stack.dir, 'billing.json'), 'utf8'));
  const config = path.join(stack.dir, 'clustered.json');

  settings.redis = { address: `127.0.0.1:${node.port}` };
  settings.store = { dsn: await newStore(stack.dir, 'clustered') };
  fs.writeFileSync(config, JSON.stringify(settings));
  try {
    const worker = spawn(path.join(build, 'billing-worker'), ['--config', config],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    worker.stdout.on('data', (part) => { said += part; });
    worker.stderr.on('data', (part) => { said += part; });
    const late = setTimeout(() => worker.kill('SIGKILL'), 20000);
    const code = await new Promise((done) => { worker.on('exit', done); });
    clearTimeout(late);
    assert.equal(code, 4, said);
    assert.match(said, /Redis is a cluster: name its nodes under redis.cluster/);
  } finally {
    await watched.kill(node);
  }
});

test('billingctl finds the master by the sentinels', async () => {
  assert.match(await stack.ctl(['status']), /./);
  const told = await stack.verify();
  assert.deepEqual(told.checks.filter(({ found }) => found > 0), []);
  assert.equal(told.unknown, 0);
  assert.ok(told.checks.find(({ check }) => check === 'redis.wrong').looked_at > 0);
});
