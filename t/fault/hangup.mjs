// Clients that go away: in the middle of a request, at any byte of it, and
// while the answer is made.  Nobody buys half, nobody pays twice, and no nginx
// process notices.
//
// SEED repeats a run, CUTS says at how many bytes.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { ask, began, buyer, flows, seeded, settled } from '../lib/campaign.mjs';
import { eventually, sleep } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const seed = Number(process.env.SEED ?? 20261123);
const cuts = Number(process.env.CUTS ?? 60);
const random = seeded(seed, 1);

let stack, acks, site, workers;

before(async () => {
  ({ stack, site, acks } = await began());
  workers = site.nginxWorkers();
});
after(async () => { await stack?.stop(); });

// The bytes of a purchase that would do.
function request({ client, team, card }) {
  const body = JSON.stringify({ team, plan: 'team', seats: 3, period: 'monthly',
    payment: { method: 'card', payment_method: card } });
  const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');

  return `POST /upgrade HTTP/1.1\r\nHost: ${new URL(stack.url).host}\r\n`
    + `Origin: ${stack.url}\r\nX-CSRF-Token: ${client.csrf}\r\nCookie: ${cookie}\r\n`
    + `Idempotency-Key: ${'c'.repeat(32)}\r\nAccept: application/json\r\n`
    + `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

// What was sent is on its way, and then the connection is reset.
function cut(bytes) {
  return new Promise((done) => {
    const { hostname, port } = new URL(stack.url);
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes, async () => {
      await sleep(random.below(4));
      socket.on('close', done);
      socket.resetAndDestroy();
    }));
    socket.on('error', () => {});
  });
}

const rows = (team) => stack.sql(`SELECT state FROM checkout WHERE team = '${team}'`);

test(`p61 cut off at ${cuts} bytes: nothing is bought; whole, once (seed ${seed})`, async () => {
  const one = await buyer(stack, acks, 'cut', 'card');
  const bytes = request(one);

  for (let i = 0; i < cuts; i++) {
    // without the last byte it was not asked for
    await cut(bytes.slice(0, Math.floor((i * bytes.length) / cuts)));
  }
  assert.deepEqual(await rows(one.team), []);

  await Promise.all(Array.from({ length: 8 }, () => cut(bytes)));
  await eventually('the purchase', async () => (await rows(one.team)).length > 0);
  await settled(stack);
  assert.deepEqual(await rows(one.team), [{ state: 'succeeded' }]);
});

test(`p61 p4 who waits no longer has bought once, and learns it (seed ${seed})`, async () => {
  const lanes = Array.from({ length: 12 }, async (_, i) => {
    const flow = flows[i % flows.length];
    const one = await buyer(stack, acks, `gone-${i}`, flow);
    await ask(acks, flow, one, {
      timeout: 15000, hangUps: Array.from({ length: 10 }, () => 1 + random.below(120)) });
  });

  await Promise.all(lanes);
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
});

test('p61 and no process of nginx has noticed', () => {
  assert.deepEqual(site.nginxWorkers(), workers);
  const log = fs.readFileSync(path.join(stack.dir, 'error.log'), 'utf8');
  assert.doesNotMatch(log, /\[(?:alert|emerg|crit)\]|exited on signal/);
});
