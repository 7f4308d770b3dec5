// Redis with a password and the rights that doc/security.md names, no more,
// over TCP and over a socket: a purchase, a locked board, billingctl.  Another
// password, and a user who lacks one right, are said and stop nothing else.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../tools/port.mjs';
import { redisServer } from '../lib/redis.mjs';
import { eventually, start } from '../lib/stack.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-redis.'));
const password = randomBytes(12).toString('hex');
const file = path.join(dir, 'password');
const socket = path.join(dir, 'redis.sock');

let port;
let redis;

const cli = (...args) => execFileSync('redis-cli', ['-p', String(port), '--no-auth-warning', ...args],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

before(async () => {
  port = await freePort();
  fs.writeFileSync(file, `${password}\n`, { mode: 0o600 });
  const [user] = /^user billing on .*$/m.exec(fs.readFileSync(path.join(root, 'doc/security.md'), 'utf8'));
  const hash = createHash('sha256').update(password).digest('hex');
  fs.writeFileSync(path.join(dir, 'acl'), `user default off\n${
    user.replace('SHA256_OF_THE_PASSWORD', hash)}\nuser watcher on >${password} ~* &* +@all\n`);
  redis = spawn(redisServer, ['--bind', '127.0.0.1', '--port', String(port), '--unixsocket', socket,
    '--save', '', '--dir', dir, '--aclfile', path.join(dir, 'acl'), '--maxmemory-policy', 'noeviction'],
  { stdio: 'ignore' });
  await eventually('redis', () => { try {
    return cli('--user', 'watcher', '-a', password, 'ping') === 'PONG';
  } catch { return false; } });
});

after(() => {
  redis.kill();
  fs.rmSync(dir, { recursive: true, force: true });
});

// The demo has a Redis of its own, so what runs is told of this one.
async function beside(address) {
  const stack = await start();
  await stack.configure({ redis: { address, user: 'billing', password_file: file } });
  return stack;
}

for (const [name, address] of [['TCP', () => `127.0.0.1:${port}`], ['a socket', () => `unix:${socket}`]]) {
  test(`a purchase over ${name}, with these rights alone`, async () => {
    cli('--user', 'watcher', '-a', password, 'flushall');
    const stack = await beside(address());
    try {
      const owner = await stack.client('owner@example.test');
      const locked = await owner.put('/boards/board-free-1', {});
      assert.equal(locked.status, 403, locked.text);
      const { id } = await owner.card('team-free');
      const bought = await owner.buyUntilFinal({ team: 'team-free', plan: 'team', seats: 12,
        period: 'yearly', payment: { method: 'card', payment_method: id } });
      assert.equal(bought.status, 200, bought.text);
      assert.equal((await owner.put('/boards/board-free-1', {})).status, 200);
      assert.ok(!stack.log('error.log').includes(password), 'no password in the log');
      // Not one command was refused: Redis keeps count of what it denied.
      const denied = cli('--user', 'watcher', '-a', password, 'acl', 'log');
      assert.equal(denied, '', denied);
    } finally {
      await stack.stop();
    }
  });
}

test('these rights are few', () => {
  for (const command of [['eval', 'return 1', '0'], ['config', 'get', '*'], ['keys', '*'],
    ['get', 'other'], ['flushall'], ['publish', 'other', 'x'], ['acl', 'list']]) {
    const said = cli('--user', 'billing', '-a', password, ...command);
    assert.match(said, /NOPERM/, `${command[0]}: ${said}`);
  }
});

test('the password is changed: its file is written, and a reload takes it over', async () => {
  const stack = await beside(`127.0.0.1:${port}`);
  try {
    const owner = await stack.client('owner@example.test');
    const watcher = ['--user', 'watcher', '-a', password];
    cli(...watcher, 'acl', 'setuser', 'billing', 'resetpass', '>another');
    cli(...watcher, 'client', 'kill', 'user', 'billing');
    // Locked out it says why, in nginx's log as in the worker's, and never with what.
    await eventually('both to say so', () => /billing: redis refuses us/.test(stack.log('error.log'))
      && /billing: ALERT: Redis refuses: WRONGPASS/.test(stack.log('error.log')));
    assert.ok(!stack.log('error.log').includes(password));
    assert.equal((await owner.post('/dashboard/teams', { name: 'Late', from: 'dashboard' })).status, 503);
    fs.writeFileSync(file, 'another\n');
    await stack.configure({});
    await eventually('all is well', async () =>
      (await owner.post('/dashboard/teams', { name: 'Late', from: 'dashboard' })).status === 201);
  } finally {
    await stack.stop();
  }
});
