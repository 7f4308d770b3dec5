// A Redis Cluster of six nodes, three masters with a replica each, on
// loopback; spoken of as Watched is, where "the master" is the node that has
// our slot.

import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { alive } from './campaign.mjs';
import { listens } from './redis.mjs';
import { Watched, locked } from './sentinels.mjs';
import { eventually } from './stack.mjs';

const timeout = 2000;

const server = ({ host, port, bus, dir }, tls) => `bind ${host}
${listens({ port }, tls)}
${tls ? 'tls-cluster yes' : ''}
cluster-enabled yes
cluster-config-file nodes.conf
cluster-node-timeout ${timeout}
cluster-port ${bus}
unixsocket ${dir}/node.sock
dir ${dir}
save ""
appendonly no
maxmemory-policy noeviction
set-proc-title no
repl-diskless-sync-delay 0
`;

export class Cluster extends Watched {
  prefix = '{billing}';

  async begin({ tls = null, locks }) {
    const lock = locks?.server;
    const password = lock?.password ?? '';
    this.tls = tls;

    for (let i = 0; i < 6; i++) {
      this.servers.push(await this.node(`node${i}`, { password },
        (node) => server(node, tls) + (lock ? locked(lock) : '')));
    }
    execFileSync('redis-cli', [...(tls ? ['--tls', '--cacert', tls.ca] : []), '--cluster', 'create',
      ...this.servers.map(({ host, port }) => `${host}:${port}`),
      '--cluster-replicas', '1', '--cluster-yes'],
    { stdio: 'ignore', timeout: 30000, env: this.env({ password }) });
    await eventually('a cluster', () => this.servers.every((node) => /cluster_state:ok/.test(
      this.cli(node, 'cluster', 'info')) && this.owner(node)), { within: 30000 });
    this.slot = Number(this.cli(this.servers[0], 'cluster', 'keyslot', 'billing'));
    await eventually('its replicas', () => this.servers.filter((node) =>
      /master_link_status:up/.test(this.cli(node, 'info', 'replication'))).length === 3,
    { within: 30000 });
  }

  settings(more = {}) {
    return {
      address: null,
      cluster: { addresses: this.servers.slice(0, 4).map(({ host, port }) => `${host}:${port}`) },
      ...more,
    };
  }

  // Ports are told as of the connection: in the clear there are none over TLS.
  nodes({ host, port, dir, password }) {
    return execFileSync('redis-cli', [...(this.tls
      ? ['-h', host, '-p', String(port), '--tls', '--cacert', this.tls.ca]
      : ['-s', path.join(dir, 'node.sock')]), 'cluster', 'nodes'],
    { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'pipe', 'ignore'],
      env: this.env({ password }) }).trim();
  }

  // host:port of the node with our slot, as this one sees it.
  owner(node) {
    const slot = this.slot ?? 0;
    for (const line of this.nodes(node).split('\n')) {
      const [, address, flags, , , , , , ...slots] = line.split(' ');
      const has = slots.some((range) => {
        const [from, to = from] = range.split('-').map(Number);
        return slot >= from && slot <= to;
      });
      if (/master/.test(flags) && has) {
        return address.split('@')[0];
      }
    }
    return null;
  }

  master() {
    const places = this.servers.filter((node) => !node.stopped && alive(node.pid)).map((node) => {
      try {
        return this.owner(node);
      } catch {
        return null;
      }
    });
    const place = places.find((one) => one && places.filter((two) => two === one).length > 3);
    const node = this.servers.find((one) => `${one.host}:${one.port}` === place);
    return node && alive(node.pid) && !node.stopped && this.role(node) === 'master'
      && /cluster_state:ok/.test(this.cli(node, 'cluster', 'info')) ? node : null;
  }

  // A replica of the node, which may take its place.
  replica(node) {
    const id = this.cli(node, 'cluster', 'myid');
    return this.servers.find((one) => one !== node && this.cli(one, 'cluster', 'nodes').split('\n')
      .some((line) => /myself,slave/.test(line) && line.split(' ')[3] === id));
  }
}
