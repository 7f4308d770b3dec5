// A whole private stack for a test: ./demo in a folder and on a port of its
// own, a client that behaves as a browser's session does, and the gateway's
// own books to compare with ours.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { merge } from '../../tools/merge.mjs';
import { freePort } from '../../tools/port.mjs';
import { violation } from './openapi.mjs';
import { execute, newStore, onPostgres, rows, unguarded } from './store.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Calls until it gives something true; the last error or value is reported.
export async function eventually(what, ask, { within = 15000, every = 50 } = {}) {
  const end = Date.now() + within;
  let last;

  for (;;) {
    try {
      last = await ask();
      if (last) {
        return last;
      }
    } catch (error) {
      last = error;
    }

    if (Date.now() > end) {
      throw new Error(`${what}: not within ${within} ms; last: ${last}`);
    }
    await sleep(every);
  }
}

// Asks again while too much else is waiting: then nothing was begun.
export async function patient(asks) {
  let answer;
  await eventually('a turn', async () => {
    answer = await asks();
    return answer.json?.code !== 'OVERLOADED';
  }, { within: 60000, every: 500 });
  return answer;
}

function run(file, args, env, allowed = []) {
  return new Promise((done, failed) => {
    execFile(file, args, { cwd: root, env: { ...process.env, ...env }, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        if (error && !allowed.includes(error.code)) {
          error.message += `\n${stdout}\n${stderr}`;
          failed(error);
          return;
        }
        done(stdout);
      });
  });
}

// What the interface said otherwise than it is described: also where a test
// asks until it likes the answer.
const violations = [];

// One request on a connection of its own, so that every nginx worker is met.
export function request(url, { method = 'GET', headers = {}, body, timeout = 60000 } = {}) {
  return new Promise((done, failed) => {
    const sent = http.request(url, { method, headers, agent: false, timeout }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', failed);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        let json = null;
        try {
          json = JSON.parse(text);
        } catch {
          // not every answer is JSON
        }
        const { statusCode: status, headers: told } = response;
        const wrong = violation({ method, url, body, status, type: told['content-type'], text, json });
        if (wrong !== null) {
          violations.push(wrong);
          failed(new Error(`doc/openapi.yaml: ${wrong}`));
          return;
        }
        done({ status, headers: told, text, json });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeout} ms`)));
    sent.on('error', failed);
    sent.end(body);
  });
}

export class Client {
  constructor(stack, profile) {
    this.stack = stack;
    this.profile = profile;
    this.cookies = new Map();
    this.csrf = '';
  }

  async login() {
    const answer = await this.call('POST', '/demo/login', { profile: this.profile });
    if (answer.status !== 200) {
      throw new Error(`login of ${this.profile}: ${answer.status} ${answer.text}`);
    }
    this.csrf = answer.json.csrf;
    return this;
  }

  async call(method, where, json, headers = {}, timeout = 60000) {
    const body = json === undefined ? undefined
      : typeof json === 'string' ? json : JSON.stringify(json);
    const answer = await request(this.stack.url + where, {
      method,
      body,
      timeout,
      headers: {
        accept: 'application/json',
        'accept-language': 'en',
        ...(body === undefined ? {} : {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
        ...(this.csrf && method !== 'GET' ? { 'x-csrf-token': this.csrf } : {}),
        ...(this.cookies.size ? {
          cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        } : {}),
        origin: this.stack.url,
        ...headers,
      },
    });

    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.cookies.set(name, value);
    }
    return answer;
  }

  get(where, headers) { return this.call('GET', where, undefined, headers); }
  post(where, json, headers) { return this.call('POST', where, json, headers); }
  put(where, json, headers) { return this.call('PUT', where, json, headers); }
  patch(where, json, headers) { return this.call('PATCH', where, json, headers); }
  delete(where, headers) { return this.call('DELETE', where, undefined, headers); }

  async team(name) {
    const answer = await this.post('/dashboard/teams', { name, from: 'dashboard' });
    if (answer.status !== 201) {
      throw new Error(`team ${name}: ${answer.status} ${answer.text}`);
    }
    return answer.json.team.id;
  }

  async board(team, title) {
    const answer = await this.post(`/dashboard/teams/${team}/boards`, { title });
    if (answer.status !== 201) {
      throw new Error(`board ${title}: ${answer.status} ${answer.text}`);
    }
    return answer.json.board.id;
  }

  // What the card form does: the number goes to the gateway, never to nginx.
  async card(team, number = '4242424242424242') {
    const started = await this.post('/upgrade/card', { team });
    if (started.status !== 200) {
      throw new Error(`card entry: ${started.status} ${started.text}`);
    }
    const { client_secret: secret, publishable_key: key, gateway } = started.json;
    const intent = secret.split('_secret_')[0];
    const form = new URLSearchParams({
      key,
      client_secret: secret,
      'payment_method_data[type]': 'card',
      'payment_method_data[card][number]': number,
      'payment_method_data[card][exp_month]': '12',
      'payment_method_data[card][exp_year]': '2040',
      'payment_method_data[card][cvc]': number.startsWith('3') ? '1234' : '123',
    }).toString();
    const confirmed = await request(`${gateway}/v1/setup_intents/${intent}/confirm`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    });
    return { status: confirmed.status, id: confirmed.json?.payment_method, json: confirmed.json };
  }

  buy(order, key = randomBytes(16).toString('hex'), where = '/upgrade') {
    return this.post(where, order, { 'idempotency-key': key });
  }

  // A refund decided as support does: what two must grant, two grant.
  async decide(refund, decision, more = {}) {
    const say = (by) => this.post(`/demo/refunds/${refund}`, { decision, by, ...more },
      { 'idempotency-key': randomBytes(16).toString('hex') });
    const first = await say('first@example.test');
    return first.status === 202 ? say('second@example.test') : first;
  }

  // Asks with one key until the answer is final, as a careful client does:
  // through lost connections, 202, 409 in progress and 5xx.
  async buyUntilFinal(order, {
    key = randomBytes(16).toString('hex'), within = 120000, where = '/upgrade',
  } = {}) {
    const end = Date.now() + within;
    let last = null;

    while (Date.now() < end) {
      try {
        last = await this.buy(order, key, where);
        const busy = last.status === 409 && last.json?.code === 'OPERATION_IN_PROGRESS';
        if (last.status !== 202 && last.status < 500 && !busy) {
          return { ...last, key };
        }
      } catch (error) {
        last = { status: 0, text: String(error) };
      }
      await sleep(200);
    }
    throw new Error(`no final answer for ${order.team}: ${last?.status} ${last?.text}`);
  }
}

export class Stack {
  constructor(env) {
    this.env = env;
  }

  async up() {
    await run('./demo', ['start'], this.env);
    return this.status();
  }

  async status() {
    const status = JSON.parse(await run('./demo', ['status'], this.env));
    Object.assign(this, status);
    return status;
  }

  // Whatever a test did, the books it leaves must hold; tampered: not these.
  async stop() {
    const wrong = this.tampered ? null : await this.wrong();

    await this.remove();
    if (wrong) {
      throw new Error(`billingctl verify: ${wrong}`);
    }
    if (violations.length) {
      throw new Error(`doc/openapi.yaml: ${violations.splice(0).join('\n')}`);
    }
  }

  async remove() {
    await run('./demo', ['stop'], this.env);
    if (!process.env.KEEP_STACK) {
      fs.rmSync(this.env.DEMO_DIR, { recursive: true, force: true });
    }
  }

  // What the operator's tool finds, or null.  Records follow the books by a
  // moment, so it is asked more than once.
  async wrong() {
    for (let i = 0; ; i++) {
      try {
        await this.ctl(['verify']);
        return null;
      } catch (error) {
        if (i === 5) {
          return error.message;
        }
        await sleep(1000);
      }
    }
  }

  // Other settings for what is running: a reload, then the old worker's end.
  async configure(settings) {
    const { pids: { nginx, worker } } = await this.status();
    const file = path.join(this.dir, 'billing.json');
    const now = JSON.parse(fs.readFileSync(file, 'utf8'));

    fs.writeFileSync(file, `${JSON.stringify(merge(now, settings), null, 2)}\n`);
    process.kill(nginx, 'SIGHUP');
    await eventually('a new worker', async () => {
      const { pids, ready } = await this.status();
      return ready && pids.worker !== null && pids.worker !== worker;
    }, { within: 30000 });
    await eventually('the end of the old worker', () => {
      try {
        process.kill(worker, 0);
        return false;
      } catch {
        return true;
      }
    }, { within: 30000 });
  }

  client(profile) {
    return new Client(this, profile).login();
  }

  async ledger() {
    return (await request(`${this.gateway}/_sandbox/ledger`)).json.charges;
  }

  fault(fault) {
    return request(`${this.gateway}/_sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    });
  }

  // All of them, or one team's.
  clearFaults(team = null) {
    return request(`${this.gateway}/_sandbox/faults${team === null ? '' : `?team=${team}`}`,
      { method: 'DELETE' });
  }

  // Committed rows; execute: what a test changes behind everybody's back.
  sql(statement) {
    return rows(this.dsn, statement);
  }

  execute(script) {
    return execute(this.dsn, script);
  }

  get dsn() {
    return this.database.includes(':') ? this.database : `sqlite:${this.database}`;
  }

  // billingctl verify's report: of this stack, or of a copy of its database
  // after the statement.
  async verify(statement = null) {
    const args = ['verify', '--json'];
    let config;
    if (statement !== null) {
      const dsn = await newStore(this.dir, 'copy', { from: this.dsn });
      const settings = JSON.parse(
        fs.readFileSync(path.join(this.dir, 'billing.json'), 'utf8'));
      config = path.join(this.dir, 'copy.json');
      await execute(dsn, unguarded + statement);
      settings.store.dsn = dsn;
      fs.writeFileSync(config, JSON.stringify(settings));
      args.push('--no-redis');
    } else {
      args.push('--gateway');
    }
    return JSON.parse(await this.ctl(args, { config, fine: [1] }));
  }

  // What billingctl prints; fine: exit statuses besides 0 that are no error.
  ctl(args, { config = path.join(this.dir, 'billing.json'), fine = [] } = {}) {
    const build = process.env.DEMO_BUILD_DIR ?? path.join(root, 'build/release');
    return run(path.join(build, 'billingctl'), ['--config', config, ...args], {}, fine);
  }

  log(name) {
    const file = path.join(this.dir, name);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  }
}

// Environment for ./demo, and what differs from conf/billing.json: start({},
// { settings: { dunning: { days: [1, 7, 14] } } }), where null removes a member.
export async function start(env = {}, { settings = {} } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-stack.'));
  const stack = new Stack({
    DEMO_PORT: String(await freePort()),
    DEMO_DIR: folder,
    ...(onPostgres ? { DEMO_STORE: await newStore(folder, 'stack') } : {}),
    DEMO_PATCH: JSON.stringify(settings),
    ...env,
  });

  try {
    await stack.up();
    return stack;
  } catch (error) {
    await stack.remove().catch(() => {});       // half of one is nobody's
    throw error;
  }
}
