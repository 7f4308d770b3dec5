// Many subscriptions renew on one day, and the gateway takes its time: due
// work is found by an index, begun in batches as calls get free, once for each
// subscription and period (P14), in bounded memory (P66).
//
// TEAMS, MS (what a call takes) and FLIGHT (the calls that must have been under
// way at once) make it the long form: make renewals, on a machine at rest.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { Acks, Site, ask, buyer, settled } from '../lib/campaign.mjs';
import { copies } from '../lib/copies.mjs';
import { eventually, request, start } from '../lib/stack.mjs';
import { onPostgres } from '../lib/store.mjs';
import { evidence, judge } from '../fault/oracle.mjs';

const teams = Number(process.env.TEAMS ?? 300);
const ms = Number(process.env.MS ?? 1000);
const flight = Number(process.env.FLIGHT ?? 100);
const within = Number(process.env.WITHIN ?? 120000);

let stack;

before(async () => { stack = await start(); });
after(async () => {
  stack.tampered = true;        // the copies were never bought
  await stack.stop();
});

const status = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`)
  .exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

test(`p14 p66 ${teams} renewals of one day are each charged once`, {
  skip: onPostgres && 'copies a SQLite file',
}, async (t) => {
  const site = new Site(stack);
  const acks = new Acks(stack);
  const first = await buyer(stack, acks, 'many', 'card');

  await ask(acks, 'card', first);
  await copies(stack, first.team, teams - 1);
  await stack.fault({ match: 'payment_intents', do: 'delay', ms });
  await request(`${stack.gateway}/_sandbox/webhooks`, {
    method: 'POST', body: JSON.stringify({ do: 'lost' }),
  });

  // Those of the seed renew as well.
  const mine = `purpose = 'renewal' AND (team = '${first.team}' OR team LIKE 't_0000000000%')`;
  const pid = await site.aLeader();
  const memory = status(pid, 'VmRSS');
  const lease = (await stack.sql('SELECT epoch FROM lease'))[0].epoch;
  const began = Date.now();

  await first.client.post('/demo/clock', { advance: '31d' });
  await eventually('all to be renewed', async () => (await stack.sql(
    `SELECT count(*) AS n FROM checkout WHERE ${mine} AND state = 'succeeded'`,
  ))[0].n === teams, { within, every: 250 });

  const took = Date.now() - began;
  const { most } = (await request(`${stack.gateway}/_sandbox/load`)).json;
  const peak = status(pid, 'VmHWM');

  t.diagnostic(`${teams} renewals in ${took} ms, ${most} calls at once,`
    + ` ${memory} kB before, ${peak} kB at the most`);
  assert.ok(most >= flight, `only ${most} calls were under way at once`);
  assert.ok(peak - memory < 64 * 1024, `${memory} kB before, ${peak} kB at the most`);
  assert.deepEqual(await stack.sql('SELECT epoch FROM lease'), [{ epoch: lease }],
    'the lease was lost on the way');

  await settled(stack, within);
  const e = await evidence(stack);
  const charged = e.charges.map((one) => one.metadata.checkout);
  const renewed = await stack.sql(`SELECT team FROM checkout WHERE ${mine}`);
  const all = e.checkouts.filter((one) => one.state === 'succeeded' && one.amount_minor > 0);

  assert.equal(new Set(charged).size, charged.length, 'a checkout was charged twice');
  assert.deepEqual(new Set(charged), new Set(all.map((one) => one.id)));
  assert.equal(new Set(renewed.map((one) => one.team)).size, teams);
  assert.equal(renewed.length, teams);

  e.verify.code = 0;            // below: what it says but of the copies
  assert.deepEqual(judge(e), []);
});
