// Where secrets stand in the memory of those who have them: in pages that no
// core file has, and in no others; the worker leaves no core file at all.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { hkdfSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { eventually, request, start } from '../lib/stack.mjs';

const STATE = 112;                      // SHA256_CTX: 8 words, length, block
const PURPOSES = ['session', 'csrf', 'operation', 'record', 'command', 'quote', 'invitation',
  'application'];
const build = process.env.DEMO_BUILD_DIR ?? 'build/release';
const sanitized = /sanitize/.test(build) && 'a sanitizer has memory of its own';

let stack;

before(async () => {
  stack = await start();
  const owner = await stack.client('owner@example.test');
  for (let i = 0; i < 8; i++) {         // both processes, and each kind of secret
    assert.equal((await owner.get('/dashboard')).status, 200);
    assert.equal((await owner.get('/boards/board-free-1')).status, 200);
    assert.equal((await owner.post('/dashboard/teams', { name: `Vault ${i}` })).status, 201);
    assert.equal((await request(`${stack.url}/billing/webhook`, { method: 'POST', body: '{}',
      headers: { 'content-type': 'application/json', 'content-length': 2,
        'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` } })).status, 400);
  }
});
after(() => stack?.stop());

// What can be read of a process, and whether a core file has it.
function* memory(pid) {
  const mem = fs.openSync(`/proc/${pid}/mem`);
  let region;
  try {
    for (const line of fs.readFileSync(`/proc/${pid}/smaps`, 'latin1').split('\n')) {
      const [, from, to, may] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      if (from) {
        region = { from: parseInt(from, 16), to: parseInt(to, 16), may, line };
      } else if (/^VmFlags:/.test(line) && /^r/.test(region.may) && !/\[v/.test(region.line)) {
        const bytes = Buffer.alloc(region.to - region.from);
        let n = 0;
        try {
          n = fs.readSync(mem, bytes, 0, bytes.length, region.from);
        } catch {
          // a device's, or gone
        }
        yield { bytes: bytes.subarray(0, n), left: / dd\b/.test(line), line: region.line };
      }
    }
  } finally {
    fs.closeSync(mem);
  }
}

const children = (pid) => fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  .split(' ').filter((one) => !/billing-worker/.test(fs.readFileSync(`/proc/${one}/cmdline`, 'utf8')));

test('no core file of nginx has a secret', { skip: sanitized }, async (t) => {
  const read = (name) => fs.readFileSync(path.join(stack.dir, 'secrets', name), 'utf8').trim();
  const { pids: { nginx } } = await stack.status();
  const workers = children(nginx);

  assert.ok(workers.length >= 2);
  for (const pid of [String(nginx), ...workers]) {
    let regions;
    try {
      regions = [...memory(pid)];
    } catch (error) {
      assert.match(error.code, /EACCES|EPERM/);
      return t.skip('another process may not be looked at here');
    }
    const found = (what) => regions.filter(({ bytes }) => bytes.includes(what));
    const webhook = read('gateway_webhook');
    const vault = regions.find(({ left, bytes }) => left && bytes.includes(webhook));

    assert.ok(vault, `${pid} has pages of its own for secrets`);
    assert.deepEqual(found(webhook).map(({ line }) => line), [vault.line]);

    // Each purpose's HMAC begins and ends with a state that is as good as its key.
    const states = PURPOSES.flatMap((_, i) => [2 * i, 2 * i + 1])
      .map((i) => vault.bytes.subarray(i * STATE, i * STATE + 32));
    assert.equal(new Set(states.map((state) => state.toString('hex'))).size, 16);
    for (const state of states) {
      assert.deepEqual(found(state).map(({ line }) => line), [vault.line]);
    }

    // What they were made of is nowhere.
    const master = read('master');
    for (const what of [master, read('application_key'), ...PURPOSES.map((word) =>
      Buffer.from(hkdfSync('sha256', master, '', `billing 1 ${word}`, 32)))]) {
      assert.deepEqual(found(what).map(({ line }) => line), []);
    }
  }
});

// As somebody who is not root: then who owns /proc/PID/environ says it.
test('the worker leaves no core file and lets nobody look', { skip: sanitized }, async () => {
  const who = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
  const own = who.uid ?? process.getuid();
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-undumped.'));
  const owner = (pid) => fs.statSync(`/proc/${pid}/environ`).uid;
  const mine = (file) => {
    fs.chownSync(file, own, who.gid ?? process.getgid());
    return file;
  };
  const look = (pid) => promisify(execFile)('head', ['-c', '1', `/proc/${pid}/environ`], who);
  const program = path.join(dir, 'billing-worker');
  const started = [];

  try {
    fs.copyFileSync(path.resolve(build, 'billing-worker'), program);
    fs.cpSync(path.join(stack.dir, 'secrets'), path.join(dir, 'secrets'), { recursive: true });
    fs.writeFileSync(path.join(dir, 'billing.json'), JSON.stringify({
      ...JSON.parse(fs.readFileSync(path.join(stack.dir, 'billing.json'), 'utf8')
        .replaceAll(stack.dir, dir)), store: { dsn: `sqlite:${dir}/billing.db` } }));
    fs.readdirSync(path.join(dir, 'secrets')).forEach((name) => mine(path.join(dir, 'secrets', name)));
    ['', 'secrets', 'billing.json', 'billing-worker'].forEach((name) => mine(path.join(dir, name)));

    const other = spawn('sleep', ['60'], { ...who, stdio: 'ignore' });
    const worker = spawn(program, ['--config', path.join(dir, 'billing.json')], { ...who, cwd: dir,
      stdio: ['ignore', 'ignore', fs.openSync(path.join(dir, 'log'), 'w')] });
    started.push(other, worker);

    await eventually('its lease', () => /commits now/.test(fs.readFileSync(path.join(dir, 'log'), 'utf8')));
    if (own !== 0) {
      assert.equal(owner(other.pid), own, 'of one like it, they are its own');
      assert.equal(owner(worker.pid), 0);
      await look(other.pid);
      await assert.rejects(look(worker.pid), /Permission denied/);
    }
  } finally {
    started.forEach((child) => child.kill('SIGKILL'));
    fs.rmSync(dir, { recursive: true, force: true });
  }
});
