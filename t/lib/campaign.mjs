// What campaigns of faults share: numbers that follow from a seed, the pieces
// of a stack to break, workers beside nginx's own, buyers who ask until they
// know, and the book of what they were told, which t/fault/oracle.mjs judges.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { redisServer } from './redis.mjs';
import { eventually, sleep, start } from './stack.mjs';
import { onPostgres } from './store.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = process.env.DEMO_BUILD_DIR ?? path.join(root, 'build/release');

// The numbers of one round depend on the seed and on the round alone, so a
// campaign can begin again at any round.
export function seeded(seed, round = 0) {
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b)) | 0 || 1;
  const random = () => {                      // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 8; i++) {
    random();
  }
  return Object.assign(random, {
    below: (n) => Math.floor(random() * n),
    one: (list) => list[Math.floor(random() * list.length)],
  });
}

export function alive(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

export function signal(pid, name = 'SIGKILL') {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

function children(parent, word) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const title = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(parent)
        && title.includes(word);
    } catch {
      return false;
    }
  }).map(Number);
}

// A running stack, and what can be broken in it.
export class Site {
  constructor(stack) {
    this.stack = stack;
    this.dir = stack.dir;
    this.spares = new Set();
    this.kills = {};
  }

  pid(name) {
    return Number(fs.readFileSync(path.join(this.dir, `${name}.pid`), 'utf8'));
  }

  nginxWorkers() {
    return children(this.pid('nginx'), 'worker process');
  }

  count(what, n = 1) {
    this.kills[what] = (this.kills[what] ?? 0) + n;
  }

  killed() {
    return Object.values(this.kills).reduce((a, b) => a + b, 0);
  }

  // nginx starts its worker again after pauses that grow; one more stands by,
  // so that a campaign is not spent waiting.
  spare(env = {}, config = 'billing.json') {
    const log = fs.openSync(path.join(this.dir, 'spare.log'), 'a');
    const child = spawn(path.join(build, 'billing-worker'),
      ['--config', path.join(this.dir, config)],
      { stdio: ['ignore', log, log], env: { ...process.env, ...env } });

    fs.closeSync(log);
    this.spares.add(child);
    child.on('exit', () => {
      this.spares.delete(child);
      if (!this.ended) {
        setTimeout(() => this.ended || this.spare(env, config), 20);
      }
    });
    return child;
  }

  // The process that commits, as the lease says; null too where the database
  // cannot be asked.
  async leader() {
    const [lease] = await this.stack.sql('SELECT owner FROM lease').catch(() => []);
    const pid = Number(lease?.owner.split(':')[1] ?? 0);
    return pid && alive(pid) ? pid : null;
  }

  aLeader() {
    return eventually('a worker that commits', () => this.leader(), { within: 60000, every: 30 });
  }

  victims() {
    return ['nginx', 'redis', 'worker', 'worker', ...(onPostgres ? ['database'] : [])];
  }

  async killLeader() {
    const pid = await this.leader();
    if (pid && signal(pid)) {
      this.count('worker');
    }
  }

  // One process of PostgreSQL's dies: its master ends all the others and
  // recovers.  What is in a SQLite file has no server.
  async killDatabase() {
    const [one] = await this.stack.sql('SELECT pid FROM pg_stat_activity'
      + ' WHERE datname = current_database() AND pid <> pg_backend_pid()').catch(() => []);
    if (one && signal(one.pid)) {
      this.count('database');
    }
  }

  killNginxWorkers() {
    this.nginxWorkers().forEach((pid) => this.count('nginx', signal(pid) ? 1 : 0));
  }

  // With its data or without; comes back at once.
  async killRedis({ wipe = true } = {}) {
    const pid = this.pid('redis');
    this.count('redis', signal(pid) ? 1 : 0);
    await eventually('the end of Redis', () => !alive(pid), { within: 10000, every: 5 });
    if (wipe) {
      this.wipeRedis();
    }
    await this.startRedis();
  }

  wipeRedis() {
    for (const name of fs.readdirSync(this.dir)) {
      if (/appendonly|\.rdb$|\.aof/.test(name)) {
        fs.rmSync(path.join(this.dir, name), { recursive: true, force: true });
      }
    }
  }

  async startRedis(args = [], env = {}) {
    const log = fs.openSync(path.join(this.dir, 'redis.log'), 'a');
    const socket = path.join(this.dir, 'redis.sock');
    fs.rmSync(socket, { force: true });
    const child = spawn(redisServer, [path.join(this.dir, 'redis.conf'), ...args],
      { stdio: ['ignore', log, log], detached: true, env: { ...process.env, ...env } });

    fs.closeSync(log);
    child.unref();
    fs.writeFileSync(path.join(this.dir, 'redis.pid'), `${child.pid}\n`);
    await eventually('the socket of Redis', () => fs.existsSync(socket),
      { within: 10000, every: 5 });
  }

  // No more spares; what nginx runs goes on alone.
  async end() {
    this.ended = true;
    await Promise.all([...this.spares].map((child) => new Promise((done) => {
      child.on('exit', done);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 5000).unref();
    })));
  }
}

// A stack for the tests of a file, what breaks it, and the book of what it said.
export async function began(env = {}, options = {}) {
  const stack = await start(env, options);
  return { stack, site: new Site(stack), acks: new Acks(stack) };
}

// What clients were told, one JSON line each: it outlives whoever dies.
export class Acks {
  constructor(stack) {
    this.file = path.join(stack.dir, 'acks.jsonl');
    this.list = [];
  }

  note(ack) {
    this.list.push(ack);
    fs.appendFileSync(this.file, `${JSON.stringify(ack)}\n`);
    return ack;
  }

  static read(file) {
    return fs.existsSync(file)
      ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
      : [];
  }
}

const orders = {
  card: ({ team, card }) => ['/upgrade', {
    team, plan: 'team', seats: 3, period: 'monthly',
    payment: { method: 'card', payment_method: card },
  }],
  invoice: ({ team, client }) => ['/upgrade', {
    team, plan: 'team', seats: 11, period: 'yearly',
    payment: { method: 'invoice', email: client.profile },
    billing_information: { country: 'FR', postal_code: '75001' },
  }],
  seats: ({ team, seats }) => ['/billing/seats', { team, seats }],
};

export const flows = Object.keys(orders);

// Asks with one key, through lost connections and impatience, until the answer
// is final; notes it, and that a second asking gives the same bytes.  hangUps
// are the milliseconds after which it goes away at first.
export async function ask(acks, flow, buyer,
  { within = 120000, timeout = 1500, hangUps = [] } = {}) {
  const [where, body] = orders[flow](buyer);
  const key = randomBytes(16).toString('hex');
  const end = Date.now() + within;
  const { client, team } = buyer;
  let last = null;

  const early = [...hangUps];
  const once = () => client.call('POST', where, body, { 'idempotency-key': key },
    early.shift() ?? timeout);
  const final = (answer) => answer.status !== 202 && answer.status !== 429 && answer.status < 500
    && !(answer.status === 409 && answer.json?.code === 'OPERATION_IN_PROGRESS');

  while (Date.now() < end) {
    try {
      last = await once();
      if (final(last)) {
        return acks.note({
          flow, team, key, status: last.status, text: last.text, seats: body.seats,
          operation: last.json?.operation ?? null, at: Date.now(),
        });
      }
    } catch (error) {
      last = { status: 0, text: String(error) };
    }
    await sleep(20);
  }
  acks.note({ flow, team, key, status: 0, text: last?.text ?? '', at: Date.now() });
  throw new Error(`no final answer for ${team}: ${last?.status} ${last?.text}`);
}

// A person with a team of their own, ready for a flow.  Making one has no key
// to ask again with, and may meet what a round before left: then another.
export function buyer(stack, acks, name, flow) {
  let n = 0;

  return eventually(`buyer ${name}`, () => {
    n += 1;
    return newBuyer(stack, acks, n === 1 ? name : `${name}-${n}`, flow);
  }, { within: 60000, every: 200 });
}

async function newBuyer(stack, acks, name, flow) {
  const client = await stack.client(`${name}@example.test`);
  const team = await client.team(name);
  const one = { client, team, seats: 5 };

  if (flow !== 'invoice') {
    one.card = (await client.card(team)).id;
  }
  if (flow === 'seats') {
    await ask(acks, 'card', one);
  }
  return one;
}

// What waits by the clock of the gateway's calls is due at once: repetitions,
// the belief in absence, the comparison with the gateway's list.  A step of
// the test clock has the worker look.
export async function hurried(stack) {
  await stack.execute('UPDATE checkout SET next_try_at = 0 WHERE next_try_at < 253402300799'
    + " AND state NOT IN ('succeeded', 'failed', 'expired', 'refunded');"
    + ' UPDATE attempt SET last_sent_at = last_sent_at - 61;'
    + ' UPDATE stray SET next_try_at = 0 WHERE next_try_at < 253402300799;'
    + ' UPDATE gateway_match SET next_try_at = 0;').catch(() => {});
  stack.hurries ??= stack.client('hurry@example.test');
  await (await stack.hurries).post('/demo/clock', { advance: '1s' }).catch(() => {});
}

// Nothing is under way any more; but for mails, where they are too many.
export function settled(stack, within = 90000, { mails = true } = {}) {
  return eventually('everything to settle', async () => {
    const [row] = await stack.sql(
      "SELECT (SELECT count(*) FROM checkout WHERE state NOT IN ('succeeded', 'failed',"
      + " 'expired', 'refunded')) + (SELECT count(*) FROM command WHERE state = 'open')"
      + " + (SELECT count(*) FROM record_outbox)"
      + (mails ? " + (SELECT count(*) FROM mail_outbox WHERE state = 'queued')" : '')
      + ' AS n');
    return row.n === 0;
  }, { within, every: 200 });
}
