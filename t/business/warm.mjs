// What a warm verdict asks of the system: no call of it and no memory.  Counted
// for the same requests with the gate and without; what timers and pings ask for
// meanwhile is in both lengths of a run, and what a request costs is their
// difference.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const measure = require('../../bench/measure.js');
const { servers, stack } = require('../../bench/servers.js');

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const missing = ['strace', 'valgrind'].filter((name) => spawnSync(name, ['--version']).error);
const skip = missing.length ? `no ${missing.join(', ')}: tools/setup test valgrind` : false;

// Whoever asks asks once a request at least; a link's pings are much fewer.
const LENGTHS = [100, 400];
const NOISE = 0.5;

const started = [];
let dir;
let all;

before(async () => {
  if (skip) {
    return;
  }
  process.env.PATH += ':/usr/local/sbin:/usr/sbin';
  process.env.BILLING_BUILD ??= process.env.DEMO_BUILD_DIR ?? path.join(root, 'build/release');
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-warm.'));
  all = await servers(await stack(root, dir, started), { rivals: false });
});

after(() => {
  started.reverse().forEach((end) => end());
  if (dir) {
    fs.rmSync(dir, { recursive: true, force: true });
  }
});

const PAIRS = [['gate', 'bare'], ['gate, session', 'bare, cookie']];

for (const [gated, bare] of PAIRS) {
  test(`${gated}: no system call and no memory more than ${bare}`, { skip }, async () => {
    const added = async (count) => {
      const [own, theirs] = [await count(all[gated], started, dir, LENGTHS),
        await count(all[bare], started, dir, LENGTHS)];
      return [own, theirs];
    };
    const [calls, bareCalls] = await added(measure.systemCalls);
    assert.ok(bareCalls.request > 1.5, `strace saw the requests: ${bareCalls.request}`);
    for (const key of ['request', 'memory']) {
      assert.ok(calls[key] - bareCalls[key] < NOISE, `${key}: ${calls[key]}, bare ${bareCalls[key]}`);
    }
    const [blocks, bareBlocks] = await added(measure.allocations);
    assert.ok(bareBlocks >= 1, `valgrind saw the pools: ${bareBlocks}`);
    assert.ok(blocks - bareBlocks < NOISE, `allocations: ${blocks}, bare ${bareBlocks}`);
  });
}
