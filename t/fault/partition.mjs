// Two sites with a cable between them that is pulled, and put back: here an
// nginx, a worker, PostgreSQL, the gateway, two servers of Redis and two
// sentinels; there, in a network namespace, an nginx, a worker, a server of
// Redis and a sentinel.  While it is out, who is here goes on selling; who is
// there goes on by what is known, and sells nothing.  Afterwards both say the
// same, and what was asked over there in vain is done once.
//
// Needs root, and PostgreSQL: t/lib/postgres node t/fault/partition.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { build, signal } from '../lib/campaign.mjs';
import { Failovers } from '../lib/failovers.mjs';
import { Network } from '../lib/network.mjs';
import { Watched } from '../lib/sentinels.mjs';
import { Client, eventually, sleep, start } from '../lib/stack.mjs';
import { onPostgres } from '../lib/store.mjs';

const why = onPostgres ? Network.why() : 'two workers on two hosts need PostgreSQL: t/lib/postgres';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-partition.'));
let cable;
let watched;
let stack;
let site;
let far;

// The other site's nginx, with a worker of its own; asked over a socket.
class Far {
  constructor() {
    this.dir = path.join(folder, 'far');
    this.socket = path.join(this.dir, 'nginx.sock');
  }

  async start() {
    const settings = JSON.parse(fs.readFileSync(path.join(stack.dir, 'billing.json'), 'utf8'));
    const port = (url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
    const [, query] = settings.store.dsn.split('?');
    const socket = `${new URLSearchParams(query).get('host')}/.s.PGSQL.5432`;
    const relayed = async (to) => `${cable.here}:${await cable.relay(to)}`;

    fs.mkdirSync(path.join(this.dir, 'tmp'), { recursive: true });
    settings.store.dsn = `postgresql://billing@${await relayed({ path: socket })}/${
      new URL(settings.store.dsn).pathname.slice(1)}?sslmode=disable&connect_timeout=2`;
    settings.mail.url = `smtp://${await relayed(port(settings.mail.url))}`;
    settings.gateway.url = `http://${await relayed(port(settings.gateway.url))}`;
    fs.writeFileSync(path.join(this.dir, 'billing.json'), JSON.stringify(settings));

    this.conf = path.join(this.dir, 'nginx.conf');
    fs.writeFileSync(this.conf, fs.readFileSync(path.join(stack.dir, 'nginx.conf'), 'utf8')
      .replaceAll(`${stack.dir}/billing.json`, `${this.dir}/billing.json`)
      .replaceAll(`${stack.dir}/nginx.pid`, `${this.dir}/nginx.pid`)
      .replaceAll(`${stack.dir}/error.log`, `${this.dir}/error.log`)
      .replaceAll(`${stack.dir}/access.log`, `${this.dir}/access.log`)
      .replaceAll(`${stack.dir}/app.sock`, `${this.dir}/app.sock`)
      .replaceAll(`${stack.dir}/tmp/`, `${this.dir}/tmp/`)
      .replace(/listen\s+127\.0\.0\.1:\d+;/, `listen unix:${this.socket};`));
    this.child = cable.run(path.join(build, 'nginx-run'),
      ['-c', this.conf, '-p', this.dir, '-g', 'daemon off;'], { stdio: 'ignore' });
    await eventually('the other site', async () => (await this.status()).link, { within: 30000 });
  }

  // As request() of the stack's, over the socket.
  ask(method, where, { body, headers = {} } = {}) {
    return new Promise((done, failed) => {
      const sent = http.request({ socketPath: this.socket, path: where, method, agent: false,
        timeout: 30000, headers: { host: new URL(stack.url).host, ...headers } }, (response) => {
        let text = '';
        response.on('data', (part) => { text += part; });
        response.on('end', () => done({ status: response.statusCode, text,
          headers: response.headers }));
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', failed);
      sent.end(body);
    });
  }

  async status() {
    return JSON.parse((await this.ask('GET', '/billing/status?format=json')).text);
  }

  // Somebody's request with the session and the token they have here.
  as(client, method, where, json, more = {}) {
    assert.ok(client instanceof Client);
    return this.ask(method, where, {
      body: json === undefined ? undefined : JSON.stringify(json),
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'x-csrf-token': client.csrf,
        origin: stack.url,
        cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...more,
      },
    });
  }

  edit(one) { return this.as(one.client, 'PUT', `/boards/${one.board}`, { text: 'x' }); }

  async stop() {
    if (this.child) {
      const ended = new Promise((done) => { this.child.on('exit', done); });
      this.child.kill('SIGTERM');
      await Promise.race([ended, sleep(10000)]);
      this.child.kill('SIGKILL');
    }
  }
}

before(async () => {
  if (why) {
    return;
  }
  cable = Network.open();
  const there = { host: cable.there, run: cable.run };
  const here = { host: cable.here };
  watched = await Watched.start(folder, { sites: [there, here, here] });
  stack = await start({}, { settings: { redis: watched.settings() } });
  site = new Failovers(stack, watched, 0);
  far = new Far();
  await far.start();
});

after(async () => {
  try {
    await far?.stop();
    await stack?.stop();
  } finally {
    watched?.end();
    cable?.close();
    if (!process.env.KEEP_STACK) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
});

const order = (one) => ['POST', '/upgrade', {
  team: one.team, plan: 'team', seats: 3, period: 'monthly',
  payment: { method: 'card', payment_method: one.card },
}];

const skip = why ?? false;

async function cutOff(word) {
  const first = watched.master();
  const [bought, tried] = [await site.locked(`${word}here`), await site.locked(`${word}there`)];
  const paid = await site.locked(`${word}paid`);

  // all known on both sites
  assert.equal((await site.ask(paid)).status, 200);
  for (const one of [bought, tried]) {
    await eventually('the lock, over there', async () => (await far.edit(one)).status === 403);
  }
  await eventually('the purchase, over there', async () => (await far.edit(paid)).status === 200);

  cable.cut();
  const key = `${word}-over-there-0123456789`;
  const trial = far.as(tried.client, ...order(tried), { 'idempotency-key': key })
    .then(({ status }) => status);

  // here, Redis may have to be another one first
  assert.equal((await site.ask(bought)).status, 200);
  await eventually('the board, here', async () => (await bought.edit()).status === 200);

  // there: nothing is sold, what was bought before stays open
  assert.ok([202, 503].includes(await trial), `${await trial}`);
  await eventually('the other site to know that it is cut off',
    async () => !(await far.status()).redis.up, { within: 30000 });
  assert.equal((await far.edit(paid)).status, 200);
  assert.equal((await far.edit(bought)).status, 403);      // what it knows is old
  const again = await far.as(tried.client, ...order(tried), { 'idempotency-key': key });
  assert.equal(again.status, 503, again.text);
  return { first, bought, tried, paid, key };
}

async function healed({ bought, tried, paid, key }) {
  cable.heal();
  await eventually('the other site to be back', async () => (await far.status()).link,
    { within: 60000 });
  await eventually('the purchase of here, over there',
    async () => (await far.edit(bought)).status === 200, { within: 5000 });
  assert.equal((await far.edit(paid)).status, 200);

  // what was asked in vain, and asked again, is done once
  await eventually('the purchase of there', async () => {
    const { status } = await far.as(tried.client, ...order(tried), { 'idempotency-key': key });
    return status === 200;
  }, { within: 60000, every: 300 });
  await eventually('its board, here', async () => (await tried.edit()).status === 200);
  const charges = await stack.sql('SELECT count(*) AS n FROM checkout WHERE team = '
    + `'${tried.team}' AND state = 'succeeded'`);
  assert.equal(Number(charges[0].n), 1);
  await eventually('one story', async () => (await site.judged()).length === 0, { within: 30000 })
    .catch(async () => assert.deepEqual(await site.judged(), []));
}

test('p1 p4 p28 p29 cut off with the master', { skip }, async () => {
  assert.equal(watched.master(), watched.servers[0], 'the master is over there');
  const told = await cutOff('m');
  const now = await watched.other(told.first);
  assert.notEqual(now, watched.servers[0]);
  await healed(told);
  await watched.obeys(watched.servers[0]);
});

test('p23 p28 p29 cut off with the worker that commits', { skip }, async () => {
  const owner = async () => (await stack.sql('SELECT owner FROM lease'))[0].owner.split(':')[1];
  const farWorker = async () => {
    const pid = Number(await owner());
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(far.dir) ? pid : null;
  };

  // whoever is quicker has the lease: until it is the one over there
  await eventually('a worker over there that commits', async () => {
    if (await farWorker()) {
      return true;
    }
    signal(Number(await owner()));
    await sleep(1500);
    return null;
  }, { within: 60000 });
  await eventually('Redis over there', async () => (await far.status()).link, { within: 30000 });

  const told = await cutOff('w');
  assert.equal(await farWorker(), null, 'the one here has taken over');
  await healed(told);
});
