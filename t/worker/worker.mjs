// What the tests of billing-worker share: a private Redis, the program itself,
// and nginx's part of the conversation (doc/protocol.md).

import { spawn } from 'node:child_process';
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { redisServer } from '../lib/redis.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.BILLING_BUILD ?? path.join(root, 'build');
const program = process.env.BILLING_WORKER ?? path.join(build, 'billing-worker');

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export async function eventually(what, ask, within = 10000) {
  const end = Date.now() + within;
  for (;;) {
    const value = await ask();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${within} ms`);
    }
    await sleep(20);
  }
}

// --- Redis, RESP2 ------------------------------------------------------------

function parse(buffer, at) {
  const end = buffer.indexOf('\r\n', at);
  if (end < 0) {
    return null;
  }
  const head = buffer.toString('latin1', at + 1, end);
  const next = end + 2;
  const n = Number(head);
  switch (String.fromCharCode(buffer[at])) {
  case '+': return [head, next];
  case '-': return [new Error(head), next];
  case ':': return [n, next];
  case '$':
    if (n < 0) {
      return [null, next];
    }
    return buffer.length < next + n + 2 ? null : [buffer.toString('utf8', next, next + n), next + n + 2];
  default: {
    const list = [];
    let where = next;
    for (let i = 0; i < n; i += 1) {
      const part = parse(buffer, where);
      if (!part) {
        return null;
      }
      list.push(part[0]);
      where = part[1];
    }
    return [n < 0 ? null : list, where];
  }
  }
}

export class Redis {
  constructor(socket) {
    this.waiting = [];
    this.onmessage = null;
    this.link = net.connect(socket);
    this.link.on('error', () => {});
    let rest = Buffer.alloc(0);
    this.link.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let got = parse(rest, 0); got; got = parse(rest, 0)) {
        rest = rest.subarray(got[1]);
        if (this.onmessage && Array.isArray(got[0]) && got[0][0] === 'message') {
          this.onmessage(got[0][1], got[0][2]);
        } else {
          this.waiting.shift()?.(got[0]);
        }
      }
    });
  }

  async call(...words) {
    const parts = [`*${words.length}\r\n`];
    for (const word of words) {
      parts.push(`$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
    }
    this.link.write(parts.join(''));
    const reply = await new Promise((done) => { this.waiting.push(done); });
    if (reply instanceof Error) {
      throw reply;
    }
    return reply;
  }

  close() {
    this.link.destroy();
  }
}

// --- a folder with everything a worker needs ------------------------------------

export class Stage {
  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-worker-'));
    this.socket = path.join(this.dir, 'redis.sock');
    this.database = path.join(this.dir, 'billing.db');
    this.log = path.join(this.dir, 'worker.log');
    this.master = randomBytes(32).toString('hex');
    this.children = [];
    fs.mkdirSync(path.join(this.dir, 'secrets'));
    fs.writeFileSync(path.join(this.dir, 'secrets/master'), `${this.master}\n`);
    fs.writeFileSync(path.join(this.dir, 'secrets/gateway_secret_key'), 'sk_test_1\n');
    fs.writeFileSync(path.join(this.dir, 'secrets/gateway_webhook'), 'whsec_1\n');
    this.configure();
  }

  configure(change = () => {}) {
    const settings = JSON.parse(fs.readFileSync(path.join(root, 'conf/billing.json'), 'utf8'));
    settings.redis.address = `unix:${this.socket}`;
    settings.store.dsn = `sqlite:${this.database}`;
    settings.mail.url = 'smtp://127.0.0.1:9';
    change(settings);
    fs.writeFileSync(path.join(this.dir, 'billing.json'), JSON.stringify(settings));
  }

  spawn(file, args, output) {
    const out = fs.openSync(output, 'a');
    const child = spawn(file, args, { cwd: this.dir, stdio: ['ignore', out, out] });
    fs.closeSync(out);
    child.ended = new Promise((done) => {
      child.on('exit', (code, signal) => { child.gone = true; done({ code, signal }); });
    });
    this.children.push(child);
    return child;
  }

  async redis(...options) {
    const child = this.spawn(redisServer, ['--port', '0', '--unixsocket', this.socket, '--save', '',
      '--appendonly', 'no', '--dir', this.dir, ...options], path.join(this.dir, 'redis.log'));
    await eventually('Redis', async () => {
      const link = new Redis(this.socket);
      const answer = await Promise.race([link.call('PING').catch(() => ''), sleep(200)]);
      link.close();
      return answer === 'PONG';
    });
    return child;
  }

  worker() {
    return this.spawn(program, ['--config', path.join(this.dir, 'billing.json')], this.log);
  }

  logged() {
    return fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8') : '';
  }

  async stop() {
    for (const child of this.children.filter((each) => !each.gone)) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await child.ended;
    }
    const log = this.logged();
    fs.rmSync(this.dir, { recursive: true, force: true });
    if (/Sanitizer|runtime error|Assertion/.test(log)) {
      throw new Error(log);
    }
  }
}

// --- nginx's part -------------------------------------------------------------------

function mac(key, parts) {
  const hmac = createHmac('sha256', key);
  for (const part of parts) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(part)));
    hmac.update(length);
    hmac.update(part);
  }
  return hmac.digest('hex');
}

export class Asker {
  constructor(stage) {
    const key = (label) => Buffer.from(hkdfSync('sha256', stage.master, '', `billing 1 ${label}`, 32));
    this.commandKey = key('command');
    this.operationKey = key('operation');
    this.stage = stage;
    this.answers = new Map();
    this.reply = `billing:1:reply:${randomBytes(6).toString('hex')}`;
    this.connect();
  }

  connect() {
    this.redis = new Redis(this.stage.socket);
    this.listener = new Redis(this.stage.socket);
    this.listener.onmessage = (channel, text) => this.heard(text);
    this.listening = this.listener.call('SUBSCRIBE', this.reply).catch(() => {});
    return this.listening;
  }

  heard(text) {
    const [, head] = text.split('\n', 2);
    const header = JSON.parse(head);
    const body = text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1);
    const list = this.answers.get(header.op) ?? [];
    list.push({ ...header, text: body, body: JSON.parse(body) });
    this.answers.set(header.op, list);
  }

  entry(kind, { actor = 'owner@example.test', team = '', key = randomBytes(16).toString('hex'), body = {},
    deadline = Date.now() + 30000, fingerprint, lang = 'en', schema = 1 } = {}) {
    const op = `op_${mac(this.operationKey, [actor, kind, team, key]).slice(0, 32)}`;
    const print = fingerprint ?? createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const c = JSON.stringify({ schema, op, kind, actor, team, key, fingerprint: print, reply: this.reply,
      lang, deadline, body });
    return { op, c, m: mac(this.commandKey, ['command', c]) };
  }

  // Not before answers can be heard; without a Redis, not for ever.
  async send(stream, { op, c, m }) {
    await Promise.race([this.listening, sleep(2000)]);
    await this.redis.call('XADD', `billing:1:${stream}`, '*', 'c', c, 'm', m);
    return op;
  }

  // The next answer to this operation.
  async ask(stream, kind, options) {
    const entry = this.entry(kind, options);
    const before = this.answers.get(entry.op)?.length ?? 0;
    await this.send(stream, entry);
    return eventually(`answer to ${kind}`, () => this.answers.get(entry.op)?.[before]);
  }

  command(kind, options) {
    return this.ask('commands', kind, options);
  }

  query(kind, options) {
    return this.ask('queries', kind, options);
  }

  close() {
    this.redis.close();
    this.listener.close();
  }
}
