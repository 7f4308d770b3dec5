// Further hosts beside a stack: nginx with a zone and workers of its own, the
// stack's Redis reached through a Link, no billing-worker.  Watchers ask each
// nginx worker of a host over a connection that leads to it.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../tools/port.mjs';
import { eventually, request } from './stack.mjs';
import { Link } from './link.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = () => path.resolve(root, process.env.DEMO_BUILD_DIR ?? 'build/release');

// What it knows of a team and a person, told without a session.
const LOCATIONS = `
        location = /known {
            billing_profile  $http_x_profile;
            billing_team     $arg_team;
            billing_require  view;
            add_header  X-Known "$billing_status $billing_version $billing_plan $billing_state $billing_seats $billing_seats_used $billing_role" always;
            add_header  X-Worker $pid always;
            empty_gif;
        }
        location = /plain {
            add_header  X-Worker $pid always;
            return  200 "plain\\n";
        }
`;

export class Host {
  constructor(stack, name) {
    this.stack = stack;
    this.dir = path.join(stack.dir, name);
  }

  static async start(stack, name, { workers = 2, directives = '', locations = '', linked = true } = {}) {
    const host = new Host(stack, name);
    const from = fs.readFileSync(path.join(stack.dir, 'nginx.conf'), 'utf8');

    host.link = linked ? await Link.open(path.join(stack.dir, 'redis.sock')) : null;
    host.port = await freePort();
    host.url = `http://127.0.0.1:${host.port}`;
    fs.mkdirSync(path.join(host.dir, 'tmp'), { recursive: true });

    const settings = JSON.parse(fs.readFileSync(path.join(stack.dir, 'billing.json'), 'utf8'));
    if (linked) {
      settings.redis.address = `127.0.0.1:${host.link.port}`;
    }
    fs.writeFileSync(path.join(host.dir, 'billing.json'), JSON.stringify(settings));

    host.conf = path.join(host.dir, 'nginx.conf');
    fs.writeFileSync(host.conf, from
      .replaceAll(`${stack.dir}/billing.json`, `${host.dir}/billing.json`)
      .replaceAll(`${stack.dir}/nginx.pid`, `${host.dir}/nginx.pid`)
      .replaceAll(`${stack.dir}/error.log`, `${host.dir}/error.log`)
      .replaceAll(`${stack.dir}/tmp/`, `${host.dir}/tmp/`)
      .replace(/access_log\s+\S+ billing;/, 'access_log off;')
      .replace(/worker_processes\s+\d+;/, `worker_processes ${workers};`)
      .replace(/billing_worker\s+\S+;/, `billing_worker off; ${directives}`)
      .replace(/listen\s+127\.0\.0\.1:\d+;/,
        `listen 127.0.0.1:${host.port} reuseport; keepalive_requests 10000000;`)
      .replace(/location = \/ \{/, `${LOCATIONS}${locations}\n        location = / {`)
      .replace(/server unix:|server  unix:/, 'server  unix:')
      .replace(/\n {4}server \{\n {8}listen {6}unix:[^]*$/, '\n}\n'));
    host.workers = workers;
    try {
      await host.up();
      return host;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  async up() {
    this.child = spawn(path.join(build(), 'nginx-run'),
      ['-c', this.conf, '-p', this.dir, '-g', 'daemon off;'], { stdio: 'ignore' });
    this.ended = new Promise((done) => { this.child.on('exit', (code) => done(code)); });
    await eventually(`the host ${this.url}`, async () => {
      const { json } = await request(`${this.url}/billing/status?format=json`);
      return json.link && json.redis.up;
    });
  }

  async status() { return (await request(`${this.url}/billing/status?format=json`)).json; }

  log() { return fs.readFileSync(path.join(this.dir, 'error.log'), 'utf8'); }

  // One watcher for each nginx worker there is.
  async watchers() {
    const found = new Map();
    for (let i = 0; i < 400 && found.size < this.workers; i++) {
      const watcher = new Watcher(this);
      await watcher.ask('/plain');
      if (found.has(watcher.worker)) {
        watcher.close();
      } else {
        found.set(watcher.worker, watcher);
      }
    }
    if (found.size < this.workers) {
      throw new Error(`${found.size} of ${this.workers} workers of ${this.url} found`);
    }
    return [...found.values()];
  }

  async stop() {
    this.child.kill('SIGTERM');
    await this.ended;
    this.link?.close();
  }
}

// One connection, hence one nginx worker.
export class Watcher {
  constructor(host) {
    this.host = host;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  ask(where, { profile, headers = {}, method = 'GET' } = {}) {
    const sent = performance.now();
    return new Promise((done, failed) => {
      const asked = http.request(this.host.url + where, {
        agent: this.agent, method,
        headers: { ...(profile ? { 'x-profile': profile } : {}), ...headers },
      }, (response) => {
        response.resume();
        response.on('end', () => {
          const [status, version, plan, state, seats, members, role] =
            (response.headers['x-known'] ?? '').split(' ');
          this.worker = response.headers['x-worker'];
          done({
            code: response.statusCode, status, version: Number(version), plan, state,
            seats: Number(seats), members: Number(members), role, sent, came: performance.now(),
          });
        });
      });
      asked.on('error', failed);
      asked.end();
    });
  }

  known(team, profile) { return this.ask(`/known?team=${team}`, { profile }); }

  // Asks until it says so; when it first did, on performance.now()'s clock.
  async until(team, profile, says, { within = 20000, pause = 1 } = {}) {
    const end = performance.now() + within;
    for (;;) {
      const known = await this.known(team, profile);
      if (says(known)) {
        return known.came;
      }
      if (known.came > end) {
        throw new Error(`worker ${this.worker} of ${this.host.url}: still ${JSON.stringify(known)}`);
      }
      await new Promise((done) => { pause ? setTimeout(done, pause) : setImmediate(done); });
    }
  }

  close() { this.agent.destroy(); }
}

// When a record's change was published: the commit has just been.
export class Notices {
  static async open(stack) {
    const notices = new Notices();
    notices.seen = new Map();
    notices.socket = net.connect(path.join(stack.dir, 'redis.sock'));
    await new Promise((done) => {
      notices.socket.once('data', done);
      notices.socket.write('SUBSCRIBE billing:1:notice\r\n');
    });
    notices.socket.on('data', (bytes) => {
      const at = performance.now();
      for (const [, key] of bytes.toString('latin1').matchAll(/\r\n(billing:1:\S+) 1 /g)) {
        notices.seen.set(key, at);
      }
    });
    return notices;
  }

  // After the change was made and answered, its notice may be a moment away.
  async at(key, since) {
    await eventually(`a notice of ${key}`, () => this.seen.get(key) > since, { every: 1 });
    return this.seen.get(key);
  }

  close() { this.socket.destroy(); }
}
