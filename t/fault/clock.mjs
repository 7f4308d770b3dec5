// Somebody sets the clock of the worker's machine: renewals and time limits
// wait, also over the worker's death, until it is right again or somebody
// sends HUP (P55).  What people ask for goes on.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ask, began, build, buyer, signal } from '../lib/campaign.mjs';
import { eventually, sleep } from '../lib/stack.mjs';

const day = 86400;
const shim = path.join(path.dirname(fileURLToPath(import.meta.url)), 'shim/clock.c');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-clock.'));
const clock = path.join(folder, 'ahead');
let stack;
let site;
let acks;
let one;

const ahead = (seconds) => fs.writeFileSync(clock, String(seconds));
const log = () => stack.log('error.log') + stack.log('billing-worker.log');
const said = (words) => log().split(words).length - 1;
const renewals = async () => (await stack.sql(
  "SELECT count(*) AS n FROM checkout WHERE purpose = 'renewal'"))[0].n;

// The build with a worker whose clock is the file's.
before(async () => {
  for (const name of fs.readdirSync(build)) {
    fs.symlinkSync(path.join(build, name), path.join(folder, name));
  }
  const library = path.join(folder, 'clock.so');
  execFileSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', library, shim, '-ldl']);
  fs.rmSync(path.join(folder, 'billing-worker'));
  fs.writeFileSync(path.join(folder, 'billing-worker'), '#!/bin/sh\n'
    + `LD_PRELOAD=${library} CLOCK_FILE=${clock} exec ${path.join(build, 'billing-worker')} "$@"\n`,
  { mode: 0o755 });
  ahead(0);
  ({ stack, site, acks } = await began({ DEMO_BUILD_DIR: folder }, { settings: { demo: true } }));
  one = await buyer(stack, acks, 'clock', 'card');
  assert.equal((await ask(acks, 'card', one)).status, 200);
  await eventually('the clock to be noted', async () => (await stack.sql(
    "SELECT count(*) AS n FROM meta WHERE name LIKE 'clock_s%'"))[0].n >= 2, { within: 30000 });
});

after(async () => {
  ahead(0);
  stack.tampered = true;
  await stack?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

for (const step of [400 * day, -3600, 3600]) {
  test(`p55 a step of ${step} s renews nothing, not even after a restart`, async () => {
    const before = await renewals();
    const frozen = said('the clock jumped');
    const back = said('the clock is back');

    ahead(step);
    await eventually('the freeze', () => said('the clock jumped') > frozen, { within: 30000 });
    await site.killLeader();
    await eventually('the freeze of the next worker',
      () => said('the clock jumped') > frozen + 1, { within: 40000 });
    await sleep(1500);
    assert.equal(await renewals(), before);
    ahead(0);
    await eventually('its end', () => said('the clock is back') > back, { within: 30000 });
    assert.equal(await renewals(), before);
  });
}

test('p55 somebody who has looked sends HUP', async () => {
  const frozen = said('the clock jumped');
  const before = await renewals();

  ahead(35 * day);
  await eventually('the freeze', () => said('the clock jumped') > frozen, { within: 30000 });
  assert.equal(await renewals(), before);
  assert.ok(signal(await site.aLeader(), 'SIGHUP'));
  await eventually('what is due', async () => await renewals() > before, { within: 40000 });
  assert.equal(said('the clock has been confirmed'), 1);
});
