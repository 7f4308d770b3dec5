// The benchmark still runs: each of its servers lets in who may and nobody
// else, and what it measures purchases with records and executes them again.
// Nothing is measured here.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.DEMO_BUILD_DIR ?? path.join(root, 'build/release');
const missing = spawnSync('wrk', ['-v']).error ? 'no wrk: tools/setup bench'
  : !fs.existsSync(path.join(build, 'bench/replay')) && 'not built: make bench-build';

const run = (...words) => {
  const { stdout, stderr, status } = spawnSync(words[0], words.slice(1), { cwd: root, encoding: 'utf8',
    env: { ...process.env, DEMO_BUILD_DIR: build, BILLING_BUILD: build } });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
};

test('each server of the benchmark checks what it says it checks', { skip: missing }, () => {
  const lines = run('bench/run', '--smoke').trim().split('\n').filter((line) => /^(not )?ok /.test(line));
  assert.ok(lines.length >= 13, lines.join('\n'));
  assert.deepEqual(lines.filter((line) => !line.startsWith('ok ')), []);
});

test('purchases are recorded, and executed again alone', { skip: missing }, () => {
  const told = run('bench/purchases', '--orders', '8');
  const rows = [...told.matchAll(/(\d+) clients +\d+ purchases\/s.*alone (\d+)\/s, (\d+) each/g)];
  assert.equal(rows.length, 2, told);
  assert.equal([...told.matchAll(/one client +p50 [\d.]+ ms .*raw commits/g)].length, 3, told);
  for (const [row, , alone, statements] of rows) {
    assert.ok(Number(alone) > 0 && Number(statements) > 20, row);
  }
  assert.doesNotMatch(told, /failed/);
});
