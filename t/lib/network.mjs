// Two sites that can be cut off from each other: what runs here, and a network
// namespace, with a third one between that bridges them.  Cut, nothing comes
// through and nobody is told so, as with a cable.
//
//   const net = await Network.open();       // net.here, net.there
//   net.run('redis-server', [], {})         // over there
//   net.cut(); net.heal(); net.close();
//
// Needs root; Network.why says why it cannot be.

import { execFileSync, spawn } from 'node:child_process';
import net from 'node:net';

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

export class Network {
  static why() {
    if (process.getuid() !== 0) {
      return 'network namespaces need root';
    }
    try {
      const name = `bill${process.pid}x`;
      ip('netns', 'add', name);
      try {
        ip('-n', name, 'link', 'add', 'name', 'probe', 'type', 'bridge');
      } finally {
        ip('netns', 'del', name);
      }
      return null;
    } catch (error) {
      return `no network namespaces here: ${String(error.stderr ?? error).trim().split('\n')[0]}`;
    }
  }

  constructor() {
    const n = process.pid % 0x10000;
    this.name = `bill${process.pid}`;
    this.middle = `${this.name}m`;
    this.net = `10.${(n >> 8) & 0xff}.${n & 0xff}`;
    this.here = `${this.net}.1`;
    this.there = `${this.net}.2`;
    this.outer = `bh${process.pid}`;
    this.relays = [];
  }

  static open() {
    const one = new Network();
    const { name, middle, outer } = one;

    ip('netns', 'add', name);
    ip('netns', 'add', middle);
    ip('-n', middle, 'link', 'add', 'name', 'bridge', 'type', 'bridge');
    ip('-n', middle, 'link', 'set', 'dev', 'bridge', 'up');
    ip('link', 'add', 'name', outer, 'type', 'veth', 'peer', 'name', 'here', 'netns', middle);
    ip('-n', name, 'link', 'add', 'name', 'eth0', 'type', 'veth', 'peer', 'name', 'there', 'netns', middle);
    for (const port of ['here', 'there']) {
      ip('-n', middle, 'link', 'set', 'dev', port, 'master', 'bridge', 'up');
    }
    ip('addr', 'add', `${one.here}/24`, 'dev', outer);
    ip('link', 'set', outer, 'up');
    ip('-n', name, 'addr', 'add', `${one.there}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    return one;
  }

  cut() { ip('-n', this.middle, 'link', 'set', 'dev', 'there', 'nomaster'); }

  heal() { ip('-n', this.middle, 'link', 'set', 'dev', 'there', 'master', 'bridge'); }

  // As spawn(), over there.
  run = (file, args, options) => spawn('ip', ['netns', 'exec', this.name, file, ...args], options);

  // What listens here on loopback, or on a socket, for those over there.
  async relay(to) {
    const server = net.createServer((client) => {
      const far = net.connect(to);
      const end = () => { client.destroy(); far.destroy(); };

      for (const side of [client, far]) {
        side.setNoDelay?.(true);
        side.on('error', end);
        side.on('close', end);
      }
      client.pipe(far);
      far.pipe(client);
    });
    await new Promise((done) => { server.listen(0, this.here, done); });
    this.relays.push(server);
    return server.address().port;
  }

  close() {
    for (const server of this.relays) {
      server.close();
      server.unref();
    }
    for (const name of [this.name, this.middle]) {
      try {
        ip('netns', 'del', name);
      } catch {
        // was not made
      }
    }
    try {
      ip('link', 'del', this.outer);
    } catch {
      // went with its peer
    }
  }
}
