// Between nginx and Redis: a proxy that cuts, holds and slows what passes.
//
//   const link = await Link.open('/path/redis.sock');   // link.port
//   link.cut('subscribers');   link.hold('all');   link.slow(300);   link.mend();
//
// 'subscribers' are the connections on which SUBSCRIBE was seen: the notices
// and answers, while records and commands pass on theirs.

import net from 'node:net';

export class Link {
  static async open(socket) {
    const link = new Link();
    link.socket = socket;
    link.pairs = new Set();
    link.state = { does: 'pass', to: 'all', ms: 0 };
    link.accepted = 0;
    link.most = 0;
    link.server = net.createServer((client) => link.accept(client));
    await new Promise((done) => { link.server.listen(0, '127.0.0.1', done); });
    link.port = link.server.address().port;
    return link;
  }

  accept(client) {
    const redis = net.connect(this.socket);
    const pair = { client, redis, subscriber: false, held: [] };
    const end = () => {
      client.destroy();
      redis.destroy();
      this.pairs.delete(pair);
    };

    this.accepted += 1;
    this.pairs.add(pair);
    this.most = Math.max(this.most, this.pairs.size);
    client.setNoDelay(true);

    for (const [from, to] of [[client, redis], [redis, client]]) {
      from.on('error', end);
      from.on('close', end);
      from.on('data', (bytes) => {
        pair.subscriber ||= from === client && bytes.includes('\r\nSUBSCRIBE\r\n');
        this.pass(pair, to, bytes);
      });
    }
    if (this.state.does === 'cut' && this.state.to === 'all') {
      end();
    }
  }

  meant(pair) { return this.state.to === 'all' || pair.subscriber; }

  pass(pair, to, bytes) {
    if (!this.meant(pair) || this.state.does === 'pass') {
      to.write(bytes);
    } else if (this.state.does === 'cut') {
      pair.client.destroy();
    } else if (this.state.does === 'hold') {
      pair.held.push([to, bytes]);
    } else {
      setTimeout(() => { if (!to.destroyed) { to.write(bytes); } }, this.state.ms);
    }
  }

  // Connections fall, and new ones with them.
  cut(to = 'all') {
    this.state = { does: 'cut', to };
    for (const pair of [...this.pairs].filter((one) => this.meant(one))) {
      pair.client.destroy();
    }
  }

  // Nothing comes through and nobody is told: a network that is gone.
  hold(to = 'all') { this.state = { does: 'hold', to }; }

  slow(ms, to = 'all') { this.state = { does: 'slow', to, ms }; }

  mend() {
    this.state = { does: 'pass', to: 'all' };
    for (const pair of this.pairs) {
      for (const [to, bytes] of pair.held.splice(0)) {
        to.write(bytes);
      }
    }
  }

  close() {
    this.server.close();
    for (const { client } of this.pairs) {
      client.destroy();
    }
  }
}
