// Purchases, invoices and changes of seats while nginx workers, Redis with or
// without its data, billing-worker and, beside t/lib/postgres, the database
// are killed: what was acknowledged is there once, what was charged has one
// payment, nothing else was charged.
//
// SEED repeats a campaign, KILLS says how long it is, ROUND begins it again
// at that round.  Every two seconds it says how far it is.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ask, began, buyer, flows, seeded, settled } from '../lib/campaign.mjs';
import { sleep } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const seed = Number(process.env.SEED ?? 20261123);
const kills = Number(process.env.KILLS ?? 60);
const first = Number(process.env.ROUND ?? 0);
const lanes = 9;
const judged = 25;                          // rounds between two judgements
let stack;
let site;
let acks;
let progress;
let now = first;
let violations = 0;
const started = Date.now();

before(async () => {
  ({ stack, site, acks } = await began());
  site.spare();
  progress = setInterval(() => console.log(`# ${seconds()} s, round ${now}: ${site.killed()} kills, ${
    acks.list.length} acknowledgements`), 2000);
});

const seconds = () => Math.round((Date.now() - started) / 1000);

after(async () => {
  clearInterval(progress);
  await site?.end();
  await stack?.stop();
});

// The three in an order of its own, again and again, until nobody asks.
async function nemesis(random, over) {
  let victims = [];

  while (!over()) {
    await sleep(20 + random.below(400));
    if (victims.length === 0) {
      victims = site.victims().sort(() => random() - 0.5);
    }
    const victim = victims.pop();

    if (victim === 'nginx') {
      site.killNginxWorkers();
    } else if (victim === 'redis') {
      await site.killRedis({ wipe: random() < 0.5 });
    } else if (victim === 'database') {
      await site.killDatabase();
    } else {
      await site.killLeader();
    }
  }
}

async function round(n) {
  const random = seeded(seed, n);
  const buyers = [];

  for (let i = 0; i < lanes; i++) {
    const flow = random.one(flows);
    buyers.push({ flow, one: await buyer(stack, acks, `k${n}-${i}`, flow) });
  }

  let over = false;
  const storm = nemesis(random, () => over);
  await Promise.all(buyers.map(async ({ flow, one }) => {
    await sleep(random.below(1200));
    const answer = await ask(acks, flow, one, { within: 180000 });
    assert.equal(answer.status, 200, answer.text);
    const again = acks.list.filter((ack) => ack.flow === flow && ack.team === one.team);
    assert.equal(again.length, 1, 'one answer each');
  })).finally(() => { over = true; });
  await storm;
}

async function judgement(when) {
  await settled(stack);
  const found = await oracle(stack);
  violations += found.length;
  assert.deepEqual(found, [], `SEED=${seed}, ${when}`);
  console.log(`# seed ${seed}, ${when}: ${site.killed()} kills, one story`);
}

test(`p1 p4 p7 p9 ${kills} kills (seed ${seed})`, async () => {
  // slow enough for a kill to meet calls that are under way
  await stack.fault({ match: 'payment_intents', do: 'delay', ms: 200 });

  let n = first;
  for (; site.killed() < kills; n++) {
    now = n;
    try {
      await round(n);
    } catch (error) {
      error.message += ` (SEED=${seed} ROUND=${n})`;
      throw error;
    }
    if ((n - first) % judged === judged - 1) {
      await judgement(`up to ROUND=${n}`);
    }
  }
  await judgement('at the end');
  console.log(`# seed ${seed}, rounds ${first} to ${n - 1}, ${seconds()} s: ${site.killed()} kills ${
    JSON.stringify(site.kills)}, ${acks.list.length} acknowledgements, ${violations} violations`);
  site.victims().forEach((one) => assert.ok(site.kills[one] > 0, `${one}: never`));
});
