// A master, two replicas and three sentinels, all real, on loopback; or each
// pair at a site of its own.  Asked over sockets, which no network cuts.
//
//   const watched = await Watched.start(folder);
//   watched.settings()          // what billing.json says of it
//   watched.kill(await watched.master())
//
// locks: { server, sentinel }, each { password, users: ['user ...', ...] }: whom
// they let in.  The password is that of the others of them, and of the test.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { freePort } from '../../tools/port.mjs';
import { alive, signal } from './campaign.mjs';
import { listens, redisServer } from './redis.mjs';
import { eventually } from './stack.mjs';

const name = 'billing';

// As an operator would set them, but quicker to lose patience.
const server = ({ host, port, dir }, tls) => `bind ${host}
protected-mode no
${listens({ port }, tls)}
unixsocket ${dir}/node.sock
dir ${dir}
save ""
appendonly no
maxmemory-policy noeviction
set-proc-title no
repl-diskless-sync-delay 0
repl-timeout 5
min-replicas-to-write 1
min-replicas-max-lag 3
`;

const sentinel = ({ host, port, dir }, master, downMs, tls) => `bind ${host}
protected-mode no
${listens({ port }, tls)}
unixsocket ${dir}/node.sock
dir ${dir}
sentinel monitor ${name} ${master.host} ${master.port} 2
sentinel down-after-milliseconds ${name} ${downMs}
sentinel failover-timeout ${name} 6000
sentinel parallel-syncs ${name} 1
`;

// What a server has in its file more, that lets in only who has a password.
export const locked = ({ password, users = [] }) =>
  [`requirepass ${password}`, `masterauth ${password}`, ...users, ''].join('\n');

const guarded = ({ password, users = [] }) =>
  [`requirepass ${password}`, `sentinel sentinel-pass ${password}`, ...users, ''].join('\n');

export class Watched {
  prefix = 'billing';

  constructor(folder) {
    this.folder = folder;
    this.servers = [];
    this.sentinels = [];
  }

  // All of it, or nothing that runs.
  static async start(folder, options = {}) {
    const watched = new this(folder);

    try {
      await watched.begin(options);
      return watched;
    } catch (error) {
      watched.end();
      throw error;
    }
  }

  // tls: { cert, key, ca }, then nothing listens in the clear.
  async begin({ downMs = 1000, sites = [{}, {}, {}], tls = null, locks }) {
    const lock = locks?.server;
    const guard = locks?.sentinel;

    for (const [i, site] of sites.entries()) {
      this.servers.push(await this.node(`redis${i}`, { ...site, password: lock?.password },
        (node) => server(node, tls) + (lock ? locked(lock) : '')));
    }
    const [first] = this.servers;
    for (const node of this.servers.slice(1)) {
      this.cli(node, 'replicaof', first.host, first.port);
    }
    await eventually('the replicas', () => this.replicas(first) === 2, { within: 30000 });
    for (const [i, site] of sites.entries()) {
      this.sentinels.push(await this.node(`sentinel${i}`,
        { ...site, args: ['--sentinel'], password: guard?.password },
        (node) => sentinel(node, first, downMs, tls)
          + (lock ? `sentinel auth-pass ${name} ${lock.password}\n` : '') + (guard ? guarded(guard) : '')));
    }
    await eventually('sentinels that know all', () => this.sentinels.every((node) => {
      const known = this.of(node);
      return known['num-slaves'] === '2' && known['num-other-sentinels'] === '2';
    }), { within: 30000, every: 200 });
  }

  // redis-sentinel is redis-server by another name.
  async node(word, { host = '127.0.0.1', run = spawn, args = [], password = '' }, text) {
    const dir = path.join(this.folder, word);
    const node = { word, host, dir, password, program: run, args, conf: path.join(dir, 'node.conf') };

    // a port may be taken between its choice and its use
    for (let i = 0; ; i++) {
      fs.rmSync(dir, { recursive: true, force: true });
      fs.mkdirSync(dir, { recursive: true });
      node.port = await freePort();
      node.bus = await freePort();
      fs.writeFileSync(node.conf, text(node));
      try {
        await this.run(node);
        return node;
      } catch (error) {
        if (i === 3 || alive(node.pid)) {
          signal(node.pid);             // there, and mute
          throw error;
        }
      }
    }
  }

  async run(node) {
    const log = fs.openSync(path.join(this.folder, `${node.word}.log`), 'a');
    const child = node.program(redisServer, [node.conf, ...node.args],
      { stdio: ['ignore', log, log], detached: true });

    child.unref();
    fs.closeSync(log);
    node.pid = child.pid;
    await eventually(`${node.word} to answer, or to end`,
      () => !alive(node.pid) || this.cli(node, 'ping') === 'PONG');
    if (!alive(node.pid)) {
      throw new Error(`${node.word} has ended: see ${this.folder}/${node.word}.log`);
    }
  }

  // An empty one would be sent, and refused.
  env({ password }) { return { ...process.env, ...(password ? { REDISCLI_AUTH: password } : {}) }; }

  cli(node, ...args) {
    return execFileSync('redis-cli',
      ['-s', path.join(node.dir, 'node.sock'), ...args.map(String)],
      { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'pipe', 'ignore'], env: this.env(node) }).trim();
  }

  // What a sentinel says of the master, by its words for it.
  of(node) {
    const lines = this.cli(node, 'sentinel', 'master', name).split('\n');
    return Object.fromEntries(lines.flatMap((word, i) => (i % 2 ? [] : [[word, lines[i + 1]]])));
  }

  replicas(node) {
    return (this.cli(node, 'info', 'replication').match(/state=online/g) ?? []).length;
  }

  role(node) {
    return this.cli(node, 'role').split('\n')[0];
  }

  settings(more = {}) {
    return {
      address: null,
      sentinel: { master: name, addresses: this.sentinels.map(({ host, port }) => `${host}:${port}`) },
      ...more,
    };
  }

  // Whom most sentinels name; null while they disagree, or name one that is
  // none yet.
  master() {
    const named = this.sentinels.filter((node) => !node.stopped).map((node) => {
      try {
        return this.cli(node, 'sentinel', 'get-master-addr-by-name', name).replace('\n', ':');
      } catch {
        return null;                    // dead
      }
    });
    const place = named.find((one) => one && named.filter((two) => two === one).length > 1);
    const node = this.servers.find((one) => `${one.host}:${one.port}` === place);
    return node && alive(node.pid) && !node.stopped && this.role(node) === 'master'
      ? node : null;
  }

  other(than) {
    return eventually(`another master than ${than.word}`, () => {
      const node = this.master();
      return node && node !== than ? node : null;
    }, { within: 60000, every: 100 });
  }

  // What was the master is told to follow the new one.
  obeys(node) {
    return eventually(`${node.word} to follow`, () => this.role(node) === 'slave'
      && /master_link_status:up/.test(this.cli(node, 'info', 'replication')),
    { within: 60000, every: 200 });
  }

  async kill(node) {
    signal(node.pid);
    await eventually('its end', () => !alive(node.pid), { within: 10000, every: 5 });
  }

  stop(node) {
    node.stopped = true;
    signal(node.pid, 'SIGSTOP');
  }

  go(node) {
    node.stopped = false;
    signal(node.pid, 'SIGCONT');
  }

  end() {
    for (const { pid } of [...this.sentinels, ...this.servers]) {
      signal(pid, 'SIGCONT');
      signal(pid);
    }
  }
}
