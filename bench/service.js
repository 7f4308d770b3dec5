#!/usr/bin/env node
'use strict';

// What auth_request asks in the bench: a service of its own that does the
// gate's check.  usage: service.js PORT KEY [REDIS_SOCKET]
//
// With a socket it asks Redis for the three records of each request, over one
// connection and without waiting between requests; else it has them in memory.

const { createHmac, timingSafeEqual } = require('node:crypto');
const http = require('node:http');
const net = require('node:net');

const [port, key, socket] = process.argv.slice(2);
const records = new Map(JSON.parse(process.env.BENCH_RECORDS));
const waiting = [];
let buffer = '';

const redis = socket && net.connect(socket).setEncoding('latin1').on('data', (data) => {
  buffer += data;
  for (;;) {
    const head = /^\$(-?\d+)\r\n/.exec(buffer);
    if (!head) {
      return;
    }
    const len = Number(head[1]);
    const end = len < 0 ? head[0].length : head[0].length + len + 2;
    if (buffer.length < end) {
      return;
    }
    waiting.shift()(len < 0 ? undefined : buffer.slice(head[0].length, end - 2));
    buffer = buffer.slice(end);
  }
});

function get(name) {
  if (!socket) {
    return records.get(name);
  }
  redis.write(`*2\r\n$3\r\nGET\r\n$${name.length}\r\n${name}\r\n`);
  return new Promise((done) => waiting.push(done));
}

function profile(headers) {
  const cookie = /(?:^|; )bench_session=([^;]*)/.exec(headers.cookie ?? '');
  if (!cookie) {
    return headers['x-profile'];
  }
  const [name, until, mac] = cookie[1].split('.');
  const own = createHmac('sha256', key).update(`${name}.${until}`).digest();
  const theirs = Buffer.from(mac, 'base64url');
  return theirs.length === own.length && timingSafeEqual(own, theirs)
    && Number(until) > Date.now() / 1000
    ? Buffer.from(name, 'base64url').toString() : undefined;
}

http.createServer(async (request, response) => {
  const who = profile(request.headers);
  const board = await get(`b:${request.headers['x-board']}`);
  const team = board?.split('|')[0];
  const [plan, member] = await Promise.all([get(`t:${team}`), get(`m:${team}|${who}`)]);
  const [, state, until] = plan?.split('|') ?? [];
  const pass = state === 'active' && (until === '0' || Number(until) > Date.now() / 1000)
    && Number(member) > 0;
  response.writeHead(pass ? 204 : 403).end();
}).listen(Number(port), '127.0.0.1');
