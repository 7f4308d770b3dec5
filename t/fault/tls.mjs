// Redis over TLS: nginx, billing-worker and billingctl work with it, and tell
// nobody anything whose certificate is not good.  Built without (hiredis
// before 1.0) they refuse such settings, and that is what is tested then.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';

import { merge } from '../../tools/merge.mjs';
import { freePort } from '../../tools/port.mjs';
import { build } from '../lib/campaign.mjs';
import { Issuer } from '../lib/certificates.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Failovers } from '../lib/failovers.mjs';
import { redisServer } from '../lib/redis.mjs';
import { Watched } from '../lib/sentinels.mjs';
import { eventually, sleep, start } from '../lib/stack.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-tls.'));
const password = randomBytes(12).toString('hex');
const passwordFile = path.join(folder, 'password');
const socket = path.join(folder, 'redis.sock');

let issuer;
let good;
let ours;
let stack;

before(() => {
  fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  issuer = new Issuer(folder);
  good = issuer.issue('good', { names: 'IP:127.0.0.1,DNS:redis.example.test' });
  ours = issuer.issue('ours', { names: 'DNS:billing.example.test' });
});

after(() => fs.rmSync(folder, { recursive: true, force: true }));

const redisAt = (port, more = {}) => ({
  address: `rediss://127.0.0.1:${port}`,
  password_file: passwordFile,
  tls: { ca_file: issuer.cert, cert_file: ours.cert, key_file: ours.key, ...more },
});

// What each program says of settings, without being started.
function judged(redis) {
  const file = path.join(stack.dir, 'tried.json');
  const conf = path.join(stack.dir, 'tried.conf');
  const settings = merge(JSON.parse(fs.readFileSync(path.join(stack.dir, 'billing.json'), 'utf8')),
    { redis });
  fs.writeFileSync(file, JSON.stringify(settings));
  fs.writeFileSync(conf, fs.readFileSync(path.join(stack.dir, 'nginx.conf'), 'utf8')
    .replace(/billing_config [^;]*;/, `billing_config ${file};`));
  const say = (...args) => {
    const { status, stdout, stderr } = spawnSync(args[0], args.slice(1), { encoding: 'utf8' });
    return { status, text: stdout + stderr };
  };
  return {
    nginx: say(path.join(build, 'nginx-run'), '-p', `${stack.dir}/`, '-c', conf, '-e', 'stderr', '-t'),
    'billing-worker': say(path.join(build, 'billing-worker'), '--config', file, '--check'),
    billingctl: say(path.join(build, 'billingctl'), '--config', file, 'rehydrate'),
  };
}

async function refused(redis, why) {
  for (const [program, { status, text }] of Object.entries(judged(redis))) {
    assert.notEqual(status, 0, `${program}: ${text}`);
    assert.match(text, why, program);
  }
}

// Written and taken over, whether it is of use or not.
async function point(redis) {
  const file = path.join(stack.dir, 'billing.json');
  const { pids: { nginx, worker } } = await stack.status();
  const from = stack.log('error.log').length;
  fs.writeFileSync(file, JSON.stringify(merge(JSON.parse(fs.readFileSync(file, 'utf8')), { redis })));
  process.kill(nginx, 'SIGHUP');
  await eventually('another worker', async () => {
    const { pids } = await stack.status();
    return pids.worker && pids.worker !== worker;
  }, { within: 30000 });
  return () => stack.log('error.log').slice(from);
}

class Redis {
  constructor(port) {
    this.port = port;
  }

  cli(...args) {
    return execFileSync('redis-cli', ['-s', socket, '-a', password, '--no-auth-warning', ...args],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  async run() {
    this.child = spawn(redisServer, ['--port', '0', '--bind', '127.0.0.1',
      '--tls-port', String(this.port), '--tls-cert-file', good.cert, '--tls-key-file', good.key,
      '--tls-ca-cert-file', issuer.cert, '--tls-auth-clients', 'yes', '--unixsocket', socket,
      '--requirepass', password, '--save', '', '--dir', folder, '--maxmemory-policy', 'noeviction'],
    { stdio: 'ignore' });
    await eventually('redis', () => { try {
      return this.cli('ping') === 'PONG';
    } catch { return false; } });
  }

  async kill() {
    const gone = new Promise((done) => { this.child.once('exit', done); });
    this.child.kill('SIGKILL');
    await gone;
  }
}

// Takes connections as Redis would, and remembers what it was told.
async function ear(options) {
  const heard = { text: '', connections: 0 };
  const listen = (at) => {
    at.on('error', () => {});
    at.on('data', (data) => { heard.text += data.toString('latin1'); });
  };
  const server = options === null ? net.createServer(listen) : tls.createServer(options, listen);
  server.on('tlsClientError', () => {});
  server.on('connection', () => { heard.connections += 1; });
  heard.port = await freePort();
  await new Promise((done) => { server.listen(heard.port, '127.0.0.1', done); });
  heard.close = () => { server.close(); server.unref(); };
  return heard;
}

const read = ({ cert, key }) => ({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });

// Only the build knows: TLS must be there where hiredis has it.
const has = spawnSync('sh', ['-c', `printf '#include <hiredis/hiredis_ssl.h>\\n' | ${
  process.env.CC ?? 'gcc'} -x c -fsyntax-only -include hiredis/hiredis.h -`]).status === 0;
const without = has ? 'hiredis has TLS here' : false;
const within = has ? false : 'hiredis has no TLS here (before 1.0)';

describe('without TLS in hiredis', { skip: without }, () => {
  before(async () => { stack = await start(); });
  after(async () => { await stack?.stop(); });

  test('p64 settings that want it are refused by each program', async () => {
    await refused({ address: 'rediss://127.0.0.1:1' }, /there is no TLS to Redis here/);
    await refused({ address: null, sentinel: { master: 'm', addresses: ['127.0.0.1:1'] }, tls: {} },
      /there is no TLS to Redis here/);
  });
});

describe('one server', { skip: within }, () => {
  let redis;

  before(async () => {
    redis = new Redis(await freePort());
    await redis.run();
    stack = await start();
    await stack.configure({ redis: redisAt(redis.port) });
  });

  after(async () => {
    try {
      await stack?.stop();
    } finally {
      await redis?.kill();
    }
  });

  const works = async (name) => {
    const owner = await stack.client(`${name}@example.test`);
    const team = await owner.team(name);
    const board = await owner.board(team, 'first');
    for (const title of ['second', 'third', 'fourth']) {
      await owner.board(team, title);
    }
    await eventually('the limit of Free',
      async () => (await owner.put(`/boards/${board}`, { text: 'x' })).status === 403);
    const { id } = await owner.card(team);
    const bought = await owner.buyUntilFinal({ team, plan: 'team', seats: 2, period: 'monthly',
      payment: { method: 'card', payment_method: id } });
    assert.equal(bought.status, 200, bought.text);
    await eventually('the board of who has paid',
      async () => (await owner.put(`/boards/${board}`, { text: 'x' })).status === 200);
    return { owner, team, board };
  };

  test('a purchase and a board, with a password and a certificate of our own', async () => {
    await works('first');
    assert.match(redis.cli('info', 'clients'), /connected_clients:[1-9]/);
    const told = await stack.verify();
    assert.deepEqual(told.checks.filter(({ found }) => found > 0), []);
    assert.ok(told.checks.find(({ check }) => check === 'redis.wrong').looked_at > 0);
    assert.ok(!stack.log('error.log').includes(password));
  });

  test('a reload under requests breaks none of them', async () => {
    const { owner, board } = await works('reload');
    const { pids: { nginx } } = await stack.status();
    const seen = {};
    for (let i = 0; i < 60; i++) {
      if (i % 20 === 10) {
        process.kill(nginx, 'SIGHUP');
      }
      const { status } = await owner.put(`/boards/${board}`, { text: 'x' });
      seen[status] = (seen[status] ?? 0) + 1;
      await sleep(20);
    }
    assert.deepEqual(Object.keys(seen), ['200'], JSON.stringify(seen));
  });

  test('answers larger than a record of TLS come whole', async () => {
    const { owner, team } = await works('large');
    const names = Array.from({ length: 80 }, (_, i) => `board ${i} ${'x'.repeat(60)}`);
    for (const title of names) {
      await owner.board(team, title);
    }
    const { text } = await owner.get(`/dashboard?team=${team}`);
    assert.ok(text.length > 16384, `${text.length}`);
    assert.deepEqual(names.filter((name) => !text.includes(name)), []);
  });

  test('p28 Redis is killed and comes back', async () => {
    await redis.kill();
    const owner = await stack.client('killed@example.test');
    await eventually('its absence', async () =>
      (await owner.post('/dashboard/teams', { name: 'Late', from: 'dashboard' })).status === 503);
    await redis.run();
    await eventually('all is well', async () =>
      (await owner.post('/dashboard/teams', { name: 'Late', from: 'dashboard' })).status === 201,
    { within: 30000 });
    await works('back');
  });

  test('a name that is given is the one that counts', async () => {
    await stack.configure({ redis: redisAt(redis.port, { server_name: 'redis.example.test' }) });
    await works('named');
  });

  test('files that are missing, or hold something else, are named', async () => {
    const absent = path.join(folder, 'absent.pem');
    await refused(redisAt(redis.port, { ca_file: absent }), /absent\.pem: No such file/);
    await refused(redisAt(redis.port, { ca_file: passwordFile }), /password: holds no certificate/);
    await refused(redisAt(redis.port, { key_file: issuer.key }), /issuer\.key: holds no key/);
    await refused(redisAt(redis.port, { verify: false }), /verify/);
  });

  // Nothing is said to who is not the one, not a word of AUTH.
  const strangers = [
    ['another name', () => read(issuer.issue('named', { names: 'DNS:other.example.test' })),
      /certificate is not accepted: IP address mismatch/i],
    ['nobody signed', () => read(issuer.issue('self', { names: 'IP:127.0.0.1', self: true })),
      /certificate is not accepted: self-signed certificate/],
    ['somebody else signed', () => read(new Issuer(folder, 'else').issue('alien', { names: 'IP:127.0.0.1' })),
      /certificate is not accepted: unable to get local issuer certificate/],
    ['expired', () => read(issuer.issue('old', { names: 'IP:127.0.0.1', days: -1 })),
      /certificate is not accepted: certificate has expired/],
    ['silence', () => null, /does not shake hands over TLS/],
  ];

  for (const [word, options, why] of strangers) {
    test(`p64 ${word}: not a word is said, and why is in the log`, async () => {
      const stranger = await ear(options());
      try {
        const log = await point(redisAt(stranger.port, { server_name: null }));
        await eventually('nginx to say why', () => new RegExp(`billing: redis .*${why.source}`, why.flags)
          .test(log()), { within: 20000 });
        if (word !== 'silence') {
          await eventually('the worker to say why', () =>
            new RegExp(`Redis lost: .*${why.source}`, why.flags).test(log()), { within: 20000 });
          await assert.rejects(stack.ctl(['rehydrate']), why);
        } else {
          await eventually('the worker to say why', () =>
            /Redis lost: TLS: the handshake was not finished/.test(log()), { within: 20000 });
        }
        const owner = await stack.client('stranger@example.test');
        assert.equal((await owner.post('/dashboard/teams', { name: 'No', from: 'dashboard' })).status, 503);
        assert.ok(stranger.connections > 1, 'it was tried again');
        if (word === 'silence') {
          assert.ok(!/AUTH|PING/.test(stranger.text) && !stranger.text.includes(password));
        } else {
          assert.equal(stranger.text, '');
        }
      } finally {
        stranger.close();
      }
    });
  }

  test('p64 a server in the clear is not spoken to in the clear', async () => {
    const port = await freePort();
    const plain = spawn(redisServer, ['--port', String(port), '--bind', '127.0.0.1', '--save', '',
      '--dir', folder], { stdio: 'ignore' });
    try {
      await eventually('it', () => { try {
        return execFileSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8', stdio: 'pipe' })
          .includes('PONG');
      } catch { return false; } });
      const log = await point(redisAt(port));
      await eventually('nginx to say why', () =>
        /billing: redis (is not spoken to: TLS|does not shake hands over TLS)/.test(log()), { within: 20000 });
      await eventually('the worker to say why', () => /Redis lost: (TLS|no answer)/.test(log()),
        { within: 20000 });
      await assert.rejects(stack.ctl(['rehydrate']), /TLS/);
      const stats = execFileSync('redis-cli', ['-p', String(port), 'info', 'commandstats'],
        { encoding: 'utf8' });
      assert.ok(!/cmdstat_(auth|xadd|publish|subscribe|fcall)/.test(stats), stats);
    } finally {
      plain.kill();
    }
  });

  test('p64 whom Redis does not know is told so, and tries again', async () => {
    const log = await point(redisAt(redis.port, { cert_file: null, key_file: null }));
    await eventually('the worker to say why', () => /Redis lost: TLS: .*certificate/i.test(log()),
      { within: 20000 });
    await eventually('nginx to say so', () => /billing: redis closed the connection/.test(log()),
      { within: 20000 });
    await stack.configure({ redis: redisAt(redis.port) });
    await works('known');
  });
});

for (const [word, Kind] of [['Sentinel', Watched], ['a cluster', Cluster]]) {
  test(`p28 ${word} over TLS: the master dies, and the next one is found`, { skip: within }, async () => {
    const dir = path.join(folder, word.replace(/\W/g, ''));
    fs.mkdirSync(dir);
    const watched = await Kind.start(dir, { tls: { ...good, ca: issuer.cert } });
    stack = null;
    try {
      stack = await start({}, { settings: { redis: watched.settings({ tls: { ca_file: issuer.cert } }) } });
      const site = new Failovers(stack, watched, 1);
      const one = await site.buyer('before');
      assert.equal((await site.ask(one)).status, 200);
      const master = await eventually('a master', () => watched.master());
      await watched.kill(master);
      await watched.other(master);
      const two = await site.buyer('behind');
      assert.equal((await site.ask(two)).status, 200);
      await watched.run(master);
      await watched.obeys(master);
      await stack.stop();
    } finally {
      watched.end();
    }
  });
}
