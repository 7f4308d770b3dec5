// The power goes at one call to the disk after another while a purchase by
// card, one by invoice and a change of seats are made: what had not been
// synced is gone, or some of it, and all books tell one story all the same
// (P1, P2).  shim/power.c is the disk; that it forgets, and that the judge
// sees it, is shown first.
//
// POINTS  how many of each flow's calls; 0 is all of them
// FLOWS   card,invoice,seats
// MODES   none,some: what the disk had taken by itself

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Acks, Site, ask, build, buyer, flows, seeded, settled } from '../lib/campaign.mjs';
import { eventually, start } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const points = Number(process.env.POINTS ?? 5);
const seed = Number(process.env.SEED ?? 20261123);
const wanted = process.env.FLOWS?.split(',') ?? flows;
const modes = (process.env.MODES ?? 'none,some').split(',');
const most = 60;                            // no flow makes as many calls
const shim = path.join(path.dirname(fileURLToPath(import.meta.url)), 'shim/power.c');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-power.'));
const library = path.join(folder, 'power.so');
const cut = path.join(folder, 'cut');

const cuts = () => (fs.existsSync(`${cut}.log`)
  ? fs.readFileSync(`${cut}.log`, 'utf8').split('\n').length - 1 : 0);
const forgotten = () => [...fs.readFileSync(`${cut}.log`, 'utf8')
  .matchAll(/cut: (\d+) not synced, (\d+) kept/g)].reduce((n, [, all, kept]) => n + Number(all) - Number(kept), 0);
const arm = (n, mode, more = 1) => fs.writeFileSync(cut, `${n} ${mode} ${seed + more}\n`);
const disarm = () => fs.rmSync(cut, { force: true });

// The build with a worker on such a disk, which is there again at once.
function built(name, env) {
  const there = path.join(folder, name);
  const mine = path.join(there, 'billing-worker');

  fs.mkdirSync(there);
  for (const file of fs.readdirSync(build).filter((one) => one !== 'billing-worker')) {
    fs.symlinkSync(path.join(build, file), path.join(there, file));
  }
  fs.writeFileSync(mine, `#!/bin/bash
dir=$(dirname "$(sed -n 's/.*"dsn": "sqlite:\\(.*\\)".*/\\1/p' "\${@: -1}")")
trap 'kill -TERM $!' TERM
while :; do
    LD_PRELOAD=${library} POWER_DIR=$dir POWER_CUT=${cut} ${env} ${build}/billing-worker "$@" &
    wait $!; status=$?
    [ $status = 137 ] || break
done
wait
exit $status
`, { mode: 0o755 });
  return there;
}

before(() => execFileSync(process.env.CC ?? 'cc',
  ['-shared', '-fPIC', '-O1', '-o', library, shim, '-ldl']));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

// Eight rows, each told of once it is committed; the power goes before call n.
function told(synchronous, n, env = {}) {
  const dir = fs.mkdtempSync(path.join(folder, 'lite.'));
  const file = path.join(dir, 'x.db');
  const lite = (script) => spawnSync('sqlite3', [file], {
    encoding: 'utf8', input: `PRAGMA synchronous=${synchronous};\n${script}`,
    env: { ...process.env, LD_PRELOAD: library, POWER_DIR: dir, POWER_CUT: cut, ...env },
  }).stdout;

  lite('PRAGMA journal_mode=wal; CREATE TABLE t(n INTEGER PRIMARY KEY, x TEXT);');
  arm(n, n % 2 ? 'none' : 'some', n);
  const out = lite(`PRAGMA wal_autocheckpoint=3;\n${Array.from({ length: 8 }, (_, i) =>
    `INSERT INTO t VALUES(${i + 1}, hex(randomblob(3000))); SELECT 'row ' || ${i + 1};\n`).join('')}`);
  disarm();
  const [count, sound] = execFileSync('sqlite3',
    [file, 'SELECT COUNT(*) FROM t; PRAGMA integrity_check'], { encoding: 'utf8' }).split('\n');
  return { told: out.split('row').length - 1, there: Number(count), sound };
}

test('the disk forgets what is not synced, and nothing else', () => {
  for (let n = 1; n < 40; n += 3) {
    const { told: said, there, sound } = told('FULL', n);
    assert.ok(there === said || there === said + 1, `${said} told, ${there} there, call ${n}`);
    assert.equal(sound, 'ok');
  }
  const lost = (...how) => [15, 25, 35].some((n) => {
    const { told: said, there, sound } = told(how[0], n, how[1]);
    return there < said || sound !== 'ok';
  });
  assert.ok(lost('OFF'), 'nothing was lost without syncing');
  assert.ok(lost('FULL', { POWER_LIES: '1' }), 'nothing was lost by a disk that lies');
});

async function asked(acks, flow, one, n, mode) {
  const before = cuts();

  arm(n, mode, n);
  await ask(acks, flow, one);
  disarm();
  return cuts() > before;
}

test('the judge sees what a disk that lies has lost', async () => {
  const stack = await start({ DEMO_BUILD_DIR: built('lies', 'POWER_LIES=1') });
  const acks = new Acks(stack);
  let list = [];

  // what it is told of is in the log only, until that is copied
  for (let n = 0; list.length === 0 && n < 5; n++) {
    const one = await buyer(stack, acks, `lies${n}`, 'card');
    assert.equal((await ask(acks, 'card', one)).status, 200);
    const before = cuts();
    arm(1, 'none');
    await eventually('the cut', () => cuts() > before);
    list = await oracle(stack, { patience: 3 }).catch((error) => [String(error)]);
  }
  stack.tampered = true;
  await stack.stop();
  assert.ok(list.length > 0, 'nobody noticed');
});

test(`p1 p2 p4 p39 the power goes while something is bought (seed ${seed})`, async (t) => {
  const stack = await start({ DEMO_BUILD_DIR: built('honest', '') });
  const site = new Site(stack);
  const acks = new Acks(stack);

  try {
    for (const flow of wanted) {
      for (const mode of modes) {
        await t.test(`${flow}, the disk took ${mode}`, async () => {
          const random = seeded(seed, flow.length + mode.length);
          const list = Array.from({ length: points || most },
            (_, i) => (points ? 1 + random.below(24) : i + 1));
          let met = 0;

          for (const n of list) {
            const one = await buyer(stack, acks, `${flow}${mode}${n}`, flow);
            await site.aLeader();
            met += await asked(acks, flow, one, n, mode) ? 1 : 0;
          }
          console.log(`# ${flow}, ${mode}: ${list.length} calls, the power went at ${met},`
            + ` ${forgotten()} writes forgotten so far`);
          assert.ok(met > 0, 'the power never went');
          await settled(stack);
          assert.deepEqual(await oracle(stack), []);
        });
      }
    }
  } finally {
    await stack.stop();
  }
});
