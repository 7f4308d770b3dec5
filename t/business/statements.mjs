// What a purchase with the card on file costs the database: statements and
// commits, counted in what the worker gives it (bench/recorder.c).  Each commit
// waits for the disk, and a server is asked for each statement.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { counted, recording } from '../lib/recording.mjs';
import { sleep, start } from '../lib/stack.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = path.resolve(process.env.DEMO_BUILD_DIR ?? path.join(root, 'build/release'));
const missing = !fs.existsSync(path.join(build, 'bench/billing-worker')) && 'not built: make bench-build';

const PURCHASES = 8;
const STATEMENTS = 95;
const COMMITS = 2;          // the intent, then the outcome (reliability.md 6.3)

let folder;
let trace;
let stack;

before(async () => {
  if (missing) {
    return;
  }
  folder = fs.mkdtempSync('/tmp/billing-statements.');
  trace = path.join(folder, 'trace');
  stack = await start({ DEMO_BUILD_DIR: recording(build, folder, trace) });
});

after(async () => {
  await stack?.stop();
  if (folder) {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

const us = () => Number(process.hrtime.bigint() / 1000n);

test('a purchase with the card on file: two commits, few statements', { skip: missing }, async () => {
  const spans = [];

  for (let i = 0; i < PURCHASES; i += 1) {
    const buyer = await stack.client(`counted${i}@example.test`);
    const team = await buyer.team('Counted');
    const { id } = await buyer.card(team);
    const order = { team, plan: 'team', seats: 2, period: 'monthly', payment: { method: 'card', payment_method: id } };

    assert.equal((await buyer.buy(order)).status, 200);
    await sleep(300);                           // paper and mails of that one
    const from = us();
    const bought = await buyer.buy({ ...order, plan: 'business', seats: 5 });
    spans.push([from, us()]);
    assert.equal(bought.status, 200, bought.text);
  }

  await stack.stop();
  stack = undefined;

  const costs = spans.map(([from, to]) => counted(trace, from, to));
  const told = costs.map(({ commits, statements }) => `${commits}: ${statements}`).join();

  // Mails, paper and sweeps of others may fall in between, so the least counts.
  const least = (name) => Math.min(...costs.map((one) => one[name]));
  assert.equal(least('commits'), COMMITS, told);
  assert.ok(least('statements') <= STATEMENTS, told);
});
