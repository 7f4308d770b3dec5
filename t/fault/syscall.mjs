// Every system call of the worker, one at a time: the worker dies before it,
// or it fails, while a purchase by card, one by invoice and a change of seats
// are made.  Whatever the buyer is told afterwards, all books tell one story.
//
// FAULT   kill (the default), EIO, ENOSPC
// FLOWS   card,invoice,seats
// POINTS  how many of each flow's system calls; 0 is all of them
// FROM    the point to begin at, where an earlier run of that seed stopped

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';

import { alive, ask, began, buyer, flows, seeded, settled } from '../lib/campaign.mjs';
import { eventually, sleep } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const fault = process.env.FAULT ?? 'kill';
const points = Number(process.env.POINTS ?? 8);
const from = Number(process.env.FROM ?? 0);
const wanted = process.env.FLOWS?.split(',') ?? flows;
const seed = Number(process.env.SEED ?? 20261123);

// Those whose failure a full or broken disk can bring about.
const failing = ['pwrite64', 'fdatasync', 'fsync', 'ftruncate', 'openat', 'unlink'];

let stack;
let site;
let acks;

before(async () => {
  ({ stack, site, acks } = await began());
  site.spare();
});

after(async () => {
  await site?.end();
  await stack?.stop();
});

// strace at the worker that commits, until it or the process ends.
async function traced(pid, args) {
  const child = spawn('strace', ['-f', '-p', String(pid), '-o', '/dev/null', ...args]);
  let text = '';
  const ended = new Promise((done) => { child.on('close', done); });

  child.stderr.on('data', (part) => { text += part; });
  child.on('error', (error) => { text += `attached, not: ${error}`; });
  await eventually('strace', () => /attached/.test(text), { every: 5 });
  return {
    ended,
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

// What a purchase leaves to do: acknowledgements, mails.
const afterwards = 150;

// How often the flow makes each call, when all is well and nothing is done for
// the first time: what only a new worker does would never be met again.
async function profile(flow) {
  await ask(acks, flow, await buyer(stack, acks, `w${flow}`, flow));

  const one = await buyer(stack, acks, `p${flow}`, flow);
  const child = spawn('strace', ['-f', '-c', '-U', 'calls,name', '-p',
    String(await site.aLeader())]);
  let text = '';
  const ended = new Promise((done) => { child.on('close', done); });

  child.stderr.on('data', (part) => { text += part; });
  await eventually('strace', () => /attached/.test(text), { every: 5 });
  await ask(acks, flow, one);
  await sleep(afterwards);
  child.kill('SIGINT');
  await ended;
  return [...text.matchAll(/^\s*(\d+)\s+([a-z_0-9]+)\s*$/gm)]
    .filter(([, , name]) => !['total', 'restart_syscall'].includes(name))
    .map(([, calls, name]) => [name, Number(calls)]);
}

const injection = (name, n) => (fault === 'kill'
  ? `inject=${name}:signal=KILL:when=${n}` : `inject=${name}:error=${fault}:when=${n}`);

// The seed's order; each name has its turn, so that few points meet all.
function drawn(calls) {
  const random = seeded(seed);
  const piles = calls.map(([name, count]) => Array.from({ length: count }, (_, i) => [name, i + 1])
    .map((point) => [random(), point]).sort(([a], [b]) => a - b).map(([, point]) => point));
  const list = [];

  while (piles.some((pile) => pile.length > 0)) {
    piles.forEach((pile) => pile.length > 0 && list.push(pile.pop()));
  }
  return points === 0 ? list : list.slice(0, points);
}

for (const flow of wanted) {
  test(`p1 p3 p4 p56 ${flow}: ${fault} at system calls of the worker (seed ${seed})`, async () => {
    const calls = (await profile(flow))
      .filter(([name]) => fault === 'kill' || failing.includes(name));
    const list = drawn(calls);
    let died = 0;

    assert.ok(list.length > 0, 'no system call was seen');
    for (let i = from; i < list.length; i++) {
      const [name, n] = list[i];
      const one = await buyer(stack, acks, `${flow}${i}`, flow);
      const pid = await site.aLeader();
      const trace = await traced(pid, ['-e', `trace=${name}`, '-e', injection(name, n)]);

      try {
        await ask(acks, flow, one);
        await Promise.race([sleep(afterwards), trace.ended]);
      } catch (error) {
        error.message += ` (FROM=${i}: ${fault} at ${name} ${n})`;
        throw error;
      } finally {
        await trace.stop();
      }
      if (!alive(pid)) {
        died += 1;
        site.count(fault);
      }
    }
    console.log(`# ${flow}, ${fault}, seed ${seed}: ${list.length - from} points, the worker`
      + ` died at ${died}`);
    assert.ok(fault !== 'kill' || died > 0, 'the worker was never met');
    await settled(stack);
    assert.deepEqual(await oracle(stack), []);
  });
}
