'use strict';

// One connection that stays open, as a browser's or a service's does: what is
// timed is the exchange alone, from the first byte sent until the last one of
// the answer is here.  Nothing is judged meanwhile.

const net = require('node:net');

class Line {
  static open(url) {
    const { hostname, port } = new URL(url);
    const line = new Line();
    line.host = `${hostname}:${port}`;
    line.socket = net.connect(Number(port), hostname);
    line.socket.setNoDelay(true);
    line.socket.on('data', (bytes) => line.take(bytes));
    line.socket.on('error', (error) => line.fail(error));
    line.socket.on('close', () => line.fail(new Error('the connection was closed')));
    return new Promise((done, failed) => {
      line.done = () => done(line);
      line.failed = failed;
      line.socket.on('connect', () => line.done());
    });
  }

  // The bytes of a request of that client, made before the clock starts.
  static request(client, where, json, key) {
    const body = JSON.stringify(json);
    const { host } = new URL(client.stack.url);
    return Buffer.from([
      `POST ${where} HTTP/1.1`, `host: ${host}`, 'accept: application/json',
      'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`,
      `x-csrf-token: ${client.csrf}`, `idempotency-key: ${key}`, `origin: ${client.stack.url}`,
      `cookie: ${[...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')}`,
      '', body].join('\r\n'));
  }

  send(bytes) {
    this.parts = [];
    this.length = 0;
    this.need = Infinity;
    return new Promise((done, failed) => {
      this.done = done;
      this.failed = failed;
      this.began = performance.now();
      this.socket.write(bytes);
    });
  }

  take(bytes) {
    this.parts.push(bytes);
    this.length += bytes.length;
    if (this.need === Infinity) {
      const head = Buffer.concat(this.parts).toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: (\d+)/i.exec(head);
      if (end < 0) {
        return;
      }
      if (length === null) {
        this.fail(new Error(`an answer without a length: ${head}`));
        return;
      }
      this.need = end + 4 + Number(length[1]);
    }
    if (this.length >= this.need) {
      const took = performance.now() - this.began;
      const text = Buffer.concat(this.parts).toString();
      this.done({ status: Number(text.slice(9, 12)), took, text });
    }
  }

  fail(error) {
    this.failed?.(error);
  }

  close() {
    this.failed = undefined;
    this.socket.destroy();
  }
}

module.exports = { Line };
