// Redis is a cache and a way to talk: losing it costs time, never a purchase.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

const redis = (...args) => execFileSync('redis-cli',
  ['-s', path.join(stack.dir, 'redis.sock'), ...args], { encoding: 'utf8' }).trim();

test('p32 an empty Redis is filled again from the database', async () => {
  const owner = await stack.client('rehydrate@example.test');
  const team = await owner.team('rehydrate');
  const board = await owner.board(team, 'one');
  const key = `billing:1:{${team}}:team`;
  const epoch = Number(redis('get', 'billing:1:epoch').split(' ')[0]);

  assert.match(redis('get', key), /^1 team /);
  redis('flushall');
  await eventually('the team record to return', () => /^1 team /.test(redis('get', key)));
  await eventually('a newer epoch, ready', () => {
    const [n, state] = redis('get', 'billing:1:epoch').split(' ');
    return Number(n) > epoch && state === 'ready';
  });
  const served = await eventually('the board to be served', async () => {
    const answer = await owner.put(`/boards/${board}`, { text: 'x' });
    return answer.status === 200;
  });
  assert.ok(served);
});

test('m8 the worker refuses a Redis that evicts', async () => {
  const { pids } = await stack.status();

  redis('config', 'set', 'maxmemory-policy', 'allkeys-lru');
  process.kill(pids.worker, 'SIGKILL');
  await eventually('the refusal in the log',
    () => /noeviction/.test(stack.log('error.log') + stack.log('worker.log')), { within: 20000 });
  const owner = await stack.client('evict@example.test');
  const answer = await owner.post('/dashboard/teams', { name: 'evict' });
  assert.ok([202, 503].includes(answer.status), answer.text);

  redis('config', 'set', 'maxmemory-policy', 'noeviction');
  await eventually('purchases to be possible again', async () => {
    const again = await owner.post('/dashboard/teams', { name: 'evict two' });
    return again.status === 201;
  }, { within: 30000, every: 300 });
});
