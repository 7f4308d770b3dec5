// Ports of this machine that nobody listens at.

import net from 'node:net';

// Below the range that the system gives to connections (ip_local_port_range):
// who listens at it later would often find one of those there.
const FIRST = 10240;
const LAST = 32767;

const given = new Set();

export function listens(port) {
  return new Promise((done) => {
    const server = net.createServer();
    server.once('error', () => done(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => done(true));
    });
  });
}

// A port that can be had now, and no other of this process's.
export async function freePort() {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (!given.has(port) && await listens(port)) {
      given.add(port);
      return port;
    }
  }
}
