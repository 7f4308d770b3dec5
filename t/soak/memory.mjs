// The worker's memory while thousands of purchases, changes of seats and
// renewals go through it: it finds its size and stays there (P66).  That size
// is of what is due at once, so as many end their subscriptions as begin one.
//
// MINUTES says for how long: make soak-memory.  BOUND is what the last third
// may have more than the one before, in kB.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { Acks, Site, ask, buyer, seeded, settled } from '../lib/campaign.mjs';
import { sleep, start } from '../lib/stack.mjs';

const minutes = Number(process.env.MINUTES ?? 0.4);
const bound = Number(process.env.BOUND ?? 8 * 1024);
const random = seeded(Number(process.env.SEED ?? 20261123), 1);
const lanes = 6;
const KEPT = 60;                // subscriptions that go on

let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// The first third is for caches that fill; peaks in between are no growth.
function growth(samples) {
  const third = Math.floor(samples.length / 3);
  return median(samples.slice(-third)) - median(samples.slice(third, -third));
}

test('what grows by 100 bytes an operation is found, what only swings is not', () => {
  const day = Array.from({ length: 900 }, (_, i) => 30000 + 800 * Math.sin(i) + (i % 50 ? 0 : 40000));
  assert.ok(growth(day) < 100);
  // 30 minutes at 100 a second
  assert.ok(growth(day.map((kb, i) => kb + (i / 900) * 180000 * 0.1)) > 5000);
  assert.ok(growth(day.map((kb, i) => kb + Math.min(i, 250) * 100)) < 100, 'a cache that fills');
});

test(`p66 the worker stays as large as it is, for ${minutes} minutes`, { timeout: minutes * 60000 + 900000 }, async (t) => {
  const acks = new Acks(stack);
  const clock = await stack.client('clock@example.test');
  const pid = await new Site(stack).aLeader();
  const anon = () => Number(/RssAnon:\s+(\d+)/
    .exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  const end = Date.now() + minutes * 60000;
  const samples = [];
  const done = { bought: 0, seats: 0, months: 0 };
  const teams = [];
  let n = 0;
  const key = () => ({ 'idempotency-key': `${n += 1}`.padStart(32, '0') });

  const lane = async () => {
    while (Date.now() < end) {
      const old = teams.length > 0 && random() < 0.6 ? teams[random.below(teams.length)] : null;
      if (old) {
        // one that is being changed, or has to pay first, says so
        const answer = await old.client.post('/billing/seats', {
          team: old.team, seats: 3 + random.below(8) }, key());
        done.seats += answer.status === 200;
        await old.client.get(`/billing/overview?team=${old.team}`);
      } else {
        const one = await buyer(stack, acks, `memory-${n += 1}`, 'card');
        await ask(acks, 'card', one, { timeout: 15000 });
        done.bought += 1;
        teams.push(one);
        if (teams.length > KEPT) {
          const { client, team } = teams.shift();
          await client.post('/billing/cancel', { team }, key());
        }
      }
    }
  };
  const months = async () => {
    while (Date.now() < end - 5000) {
      await sleep(Math.min(15000, minutes * 20000));
      done.months += (await clock.post('/demo/clock', { advance: '31d' })).status === 200;
    }
  };
  const look = async () => {
    for (; Date.now() < end; await sleep(Math.max(100, minutes * 60))) {
      samples.push(anon());
    }
  };

  await Promise.all([...Array.from({ length: lanes }, lane), months(), look()]);
  const grown = growth(samples);
  t.diagnostic(`${samples[0]} kB, then ${samples.at(-1)} kB, at the most ${
    Math.max(...samples)} kB; grown by ${grown} kB`);

  // The mails of so many months leave at the pace of one domain.
  await settled(stack, 600000, { mails: false });
  const [{ renewals }] = await stack.sql("SELECT count(*) AS renewals FROM checkout"
    + " WHERE purpose = 'renewal' AND state = 'succeeded'");

  t.diagnostic(JSON.stringify({ ...done, renewals }));
  assert.ok(done.bought > 2 && done.seats > 2 && renewals > 2, JSON.stringify({ ...done, renewals }));
  assert.equal(fs.existsSync(`/proc/${pid}`), true, 'one process all the time');
  assert.ok(grown < bound, `grown by ${grown} kB`);
});
