// Who knows where Redis is may be wrong, old, silent or somebody else: a
// sentinel of our own says what it likes, about two real servers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { freePort } from '../../tools/port.mjs';
import { Watched } from '../lib/sentinels.mjs';
import { eventually, request, sleep, start } from '../lib/stack.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-guides.'));
const bulk = (text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
let stack;
let servers;
let one;

// says: the number of the failover and the address; null: silence; a text:
// just that.
class Sentinel {
  static async open(port, says) {
    const sentinel = new Sentinel();
    sentinel.says = says;
    sentinel.sockets = new Set();
    sentinel.asked = 0;
    sentinel.server = net.createServer((socket) => {
      sentinel.sockets.add(socket);
      socket.on('close', () => sentinel.sockets.delete(socket));
      socket.on('error', () => {});
      socket.on('data', (data) => sentinel.answer(socket, data.toString()));
    });
    await new Promise((done) => { sentinel.server.listen(port, '127.0.0.1', done); });
    return sentinel;
  }

  answer(socket, text) {
    for (const [, word] of text.matchAll(/\r\n(PING|MASTER|GET-MASTER-ADDR-BY-NAME)\r\n/g)) {
      const { says } = this;
      this.asked += 1;
      if (says === null) {
        continue;
      }
      if (word === 'PING') {
        socket.write('+PONG\r\n');
      } else if (typeof says === 'string') {
        socket.write(says);
      } else if (word === 'MASTER') {
        socket.write(`*4\r\n${bulk('name')}${bulk('billing')}${bulk('config-epoch')}`
          + bulk(String(says.number)));
      } else {
        socket.write(`*2\r\n${bulk(says.host ?? '127.0.0.1')}${bulk(String(says.port))}`);
      }
    }
  }

  // Everybody is sent to the next one.
  close() {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}

async function redis() {
  const { json } = await request(`${stack.url}/billing/status?format=json`);
  return json.redis;
}

const clients = (node) => servers.cli(node, 'client', 'list').split('\n')
  .filter((line) => !/cmd=client|unix-socket/.test(line) && /addr=127/.test(line)
    && !/flags=[SM]/.test(line)).length;

before(async () => {
  servers = new Watched(folder);
  const plain = ({ host, port, dir }) => `bind ${host}\nport ${port}\nunixsocket ${dir}/node.sock\n`
    + `dir ${dir}\nsave ""\nmaxmemory-policy noeviction\nset-proc-title no\n`;
  for (const word of ['first', 'second']) {
    servers.servers.push(await servers.node(word, {}, plain));
  }
  const [first] = servers.servers;
  const ports = [await freePort(), await freePort()];
  one = await Sentinel.open(ports[0], { number: 5, port: first.port });
  one.spare = ports[1];
  stack = await start({}, { settings: { redis: { address: null, sentinel: {
    master: 'billing', addresses: ports.map((port) => `127.0.0.1:${port}`) } } } });
});

after(async () => {
  try {
    await stack?.stop();
  } finally {
    one?.close();
    servers?.end();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('what could not all be started leaves nothing that runs', async () => {
  const half = path.join(folder, 'half');
  const none = () => { throw new Error('no more of them'); };
  const ours = () => fs.readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(half);
    } catch {
      return false;                     // has just ended
    }
  });
  const started = [];
  const seen = (...args) => {
    const child = spawn(...args);
    started.push(child.pid);
    return child;
  };

  await assert.rejects(Watched.start(half, { sites: [{ run: seen }, { run: seen }, { run: none }] }),
    /no more of them/);
  assert.equal(started.length, 2);
  await eventually('their end', () => ours().length === 0);
});

test('p28 one that knows less than others knew is not believed', async () => {
  const [first, second] = servers.servers;

  await (await stack.client('guides@example.test')).team('guides');
  one.close();
  const two = await Sentinel.open(one.spare, { number: 4, port: second.port });
  await eventually('two to be asked by both programs', () => two.asked > 20, { within: 30000 });
  await sleep(1500);
  assert.equal(clients(second), 0);
  assert.ok(clients(first) > 2);
  assert.equal((await redis()).up, true);
  assert.match(stack.log('error.log'), /billing: a guide to redis knows less than others knew/);
  one = two;
});

for (const [what, says, told] of [
  ['knows no such master', '-ERR No such master with that name\r\n', /does not know the master's name/],
  ['names a name', { number: 9, host: 'redis.example.test', port: 6379 }, /names no address of numbers/],
  ['names no port', { number: 9, port: 0 }, /names no address of numbers/],
  ['is somebody else', 'HTTP/1.1 400 Bad Request\r\n\r\n', /a guide to redis talks nonsense/],
  ['is silent', null, null],
]) {
  test(`p30 a sentinel that ${what} changes nothing while Redis is there`, async () => {
    const { length } = stack.log('error.log');
    const was = one.asked;

    one.says = says;
    await eventually('questions', () => one.asked > was + 6, { within: 30000 });
    await sleep(300);
    assert.equal((await redis()).up, true);
    if (told) {
      assert.match(stack.log('error.log').slice(length), told);
    }
    await (await stack.client('still@example.test')).team('still');
  });
}

test('p28 a replica, or a master that nobody follows in time, is not used', async () => {
  const [first, second] = servers.servers;
  const { length } = stack.log('error.log');
  const log = () => stack.log('error.log').slice(length);

  servers.cli(second, 'replicaof', '127.0.0.1', first.port);
  await servers.obeys(second);
  one.says = { number: 10, port: second.port };
  await eventually('nginx to see it', () => /billing: redis is not the master/.test(log()),
    { within: 30000 });
  await eventually('the worker to see it', () => /Redis lost: it is a replica/.test(log()),
    { within: 30000 });
  await eventually('all of nginx to have left it', async () => !(await redis()).up
    && !(await redis()).up && !(await redis()).up);

  servers.cli(second, 'config', 'set', 'min-replicas-to-write', '1');
  servers.cli(second, 'replicaof', 'no', 'one');
  await eventually('nginx to see that nobody follows',
    () => /billing: redis is followed by no replica/.test(log()), { within: 30000 });
  await eventually('the worker to see it', () => /no replica follows it in time/.test(log()),
    { within: 30000 });
  await eventually('all of nginx to have left it', async () => !(await redis()).up
    && !(await redis()).up && !(await redis()).up);

  servers.cli(first, 'replicaof', '127.0.0.1', second.port);
  await servers.obeys(first);
  await eventually('Redis', async () => (await redis()).up, { within: 30000 });
  await eventually('a team', async () => {
    await (await stack.client('moved@example.test')).team('moved');
    return true;
  }, { within: 30000, every: 300 });
});
