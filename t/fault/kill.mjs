// 200 purchases while nginx workers, Redis with its data and billing-worker
// are killed: what was acknowledged is there once, what was charged has one
// payment, nothing else was charged.  SEED repeats a run, PURCHASES sets how
// many.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, sleep, start } from '../lib/stack.mjs';

const total = Number(process.env.PURCHASES ?? 200);
const seed = Number(process.env.SEED ?? 20261123);
let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

function random() {                 // xorshift32, so that a seed is a run
  random.state ^= random.state << 13;
  random.state ^= random.state >>> 17;
  random.state ^= random.state << 5;
  return (random.state >>> 0) / 2 ** 32;
}
random.state = seed | 0;

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

function nginxWorkers(master) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      const title = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return parent === String(master) && title.includes('worker process');
    } catch {
      return false;
    }
  }).map(Number);
}

// Each round kills all three, in an order of its own.

async function nemesis(stopped) {
  const done = { nginx: 0, redis: 0, worker: 0 };
  let round = [];

  while (!stopped()) {
    await sleep(300 + random() * 700);
    const status = await stack.status();
    if (round.length === 0) {
      round = ['nginx', 'redis', 'worker'].sort(() => random() - 0.5);
    }
    const victim = round.pop();

    if (victim === 'nginx') {
      for (const pid of nginxWorkers(status.pids.nginx)) {
        done.nginx += kill(pid);
      }
    } else if (victim === 'redis') {
      done.redis += kill(status.pids.redis);
      for (const name of fs.readdirSync(stack.dir)) {
        if (/appendonly|\.rdb$|\.aof/.test(name)) {
          fs.rmSync(path.join(stack.dir, name), { recursive: true, force: true });
        }
      }
      await stack.up();
    } else if (status.pids.worker) {
      done.worker += kill(status.pids.worker);
    }
  }
  return done;
}

test(`p1 p4 p9 ${total} purchases under kill -9 (seed ${seed})`, async () => {
  const buyers = [];

  for (let i = 0; i < total; i++) {
    const client = await stack.client(`k${i}@example.test`);
    const team = await client.team(`k${i}`);
    buyers.push({ client, team, card: await client.card(team) });
  }

  // slow enough for a kill to meet calls that are under way
  await stack.fault({ match: 'payment_intents', do: 'delay', ms: 200 });

  let over = false;
  const storm = nemesis(() => over);
  const queue = [...buyers];
  const acknowledged = [];

  const lanes = Array.from({ length: 8 }, async () => {
    for (let buyer = queue.pop(); buyer; buyer = queue.pop()) {
      const answer = await buyer.client.buyUntilFinal({
        team: buyer.team, plan: 'team', seats: 3, period: 'monthly',
        payment: { method: 'card', payment_method: buyer.card.id },
      }, { within: 180000 });
      assert.equal(answer.status, 200, answer.text);
      acknowledged.push({ ...buyer, answer });
      await sleep(300 + random() * 700);
    }
  });

  await Promise.all(lanes).finally(() => { over = true; });
  const kills = await storm;
  await stack.up();
  console.log(`# kills: ${JSON.stringify(kills)}`);
  assert.ok(kills.nginx > 0 && kills.redis > 0 && kills.worker > 0, 'a victim was never met');

  assert.equal(acknowledged.length, total);
  const charges = await stack.ledger();
  const captured = charges.filter((c) => c.status === 'succeeded');
  assert.equal(captured.length, total, 'captured charges');
  assert.equal(new Set(captured.map((c) => c.metadata.checkout)).size, total);

  for (const { client, team, answer } of acknowledged) {
    const shown = await eventually(`the dashboard of ${team}`, async () => {
      const asked = await client.get(`/dashboard?team=${team}`);
      return asked.status === 200 ? asked.json.team : null;
    });
    assert.equal(shown.plan, 'team');
    assert.equal(shown.seats, 3);
    assert.equal(answer.json.invoice.total, 3000);
    const mine = captured.filter((c) => c.metadata.team === team);
    assert.deepEqual(mine.map((c) => c.amount), [3000]);
  }

  const payments = await stack.sql(
    "SELECT checkout, count(*) AS n FROM attempt WHERE kind = 'charge' AND state = 'succeeded'"
    + ' GROUP BY checkout');
  assert.equal(payments.length, total);
  assert.ok(payments.every((row) => row.n === 1));
  const books = await stack.sql(
    'SELECT currency, sum(amount_minor) AS sum FROM ledger GROUP BY currency');
  assert.ok(books.every((row) => row.sum === 0), JSON.stringify(books));
  const numbers = (await stack.sql('SELECT number FROM invoice ORDER BY number'))
    .map((row) => Number(/(\d+)$/.exec(row.number)[1]));
  numbers.sort((a, b) => a - b);
  numbers.forEach((n, i) => assert.equal(n, numbers[0] + i, 'a gap in the invoice numbers'));
});
