// Many subscriptions renew on one day, and the gateway takes its time: due
// work is found by an index, begun in batches as calls get free, once for each
// subscription and period (P14), in bounded memory (P66).
//
// TEAMS, MS (what a call takes) and FLIGHT (the calls that must have been under
// way at once) make it the long form: make renewals, on a machine at rest.  The
// short form has a worker that writes its statements down, and counts them.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Acks, Site, ask, build, buyer, settled } from '../lib/campaign.mjs';
import { copies } from '../lib/copies.mjs';
import { counted, recording } from '../lib/recording.mjs';
import { eventually, request, start } from '../lib/stack.mjs';
import { onPostgres } from '../lib/store.mjs';
import { evidence, judge } from '../fault/oracle.mjs';

const teams = Number(process.env.TEAMS ?? 300);
const ms = Number(process.env.MS ?? 1000);
const flight = Number(process.env.FLIGHT ?? 100);
const within = Number(process.env.WITHIN ?? 120000);
const CONNECTIONS = 512 + 32;   // calls that may be under way, and who else asks
const STATEMENTS = 70;          // of a renewal, from its day to its end

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-renewals.'));
const trace = teams <= 1000 && fs.existsSync(path.join(build, 'bench/billing-worker'))
  && path.join(folder, 'trace');

let stack;

before(async () => {
  stack = await start(trace ? { DEMO_BUILD_DIR: recording(build, folder, trace) } : {});
});
after(async () => {
  stack.tampered = true;        // the copies were never bought
  await stack.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const status = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`)
  .exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

// Seconds of a processor that each has used, this test among them.
async function used() {
  const { pids: { redis, worker, gateway, mail } } = await stack.status();
  const spent = (pid) => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(stat[11]) + Number(stat[12])) / 100;
  };
  return { worker: spent(worker), gateway: spent(gateway), mail: spent(mail),
    redis: spent(redis), test: spent(process.pid) };
}

// What the database is asked for one renewal, those of the seed counted among
// it, and how many are in one commit; SHOW lists the statements.
function counts(t, from) {
  const { commits, statements, by } = counted(trace, from);

  t.diagnostic(`${(statements / teams).toFixed(1)} statements a renewal, ${commits} commits`);
  assert.ok(statements / teams <= STATEMENTS, `${statements / teams} statements a renewal`);
  assert.ok(commits <= teams / 2, `${commits} commits for ${teams} renewals`);
  if (process.env.SHOW) {
    [...by].sort((a, b) => b[1] - a[1]).forEach(([sql, n]) => console.log(
      `# ${(n / teams).toFixed(2)}  ${sql.slice(0, 140)}`));
  }
}

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
  const load = async () => (await request(`${stack.gateway}/_sandbox/load`)).json;
  const { connections: known } = await load();

  // Asked of an index alone, for this is while it is measured.
  const [{ at }] = await stack.sql(`SELECT period_end_at AS at FROM team WHERE id = '${first.team}'`);
  const later = async () => (await stack.sql('SELECT count(*) AS n FROM team'
    + ` WHERE state = 'active' AND period_end_at > ${at}`))[0].n;
  const ahead = await later();
  const before = await used();
  const began = Date.now();
  const from = process.hrtime.bigint() / 1000n;

  await first.client.post('/demo/clock', { advance: '31d' });
  await eventually('as many to be renewed', async () => await later() >= ahead + teams,
    { within, every: 250 });
  await eventually('all to be renewed', async () => (await stack.sql(
    `SELECT count(*) AS n FROM checkout WHERE ${mine} AND state = 'succeeded'`,
  ))[0].n === teams, { within, every: 250 });

  const took = Date.now() - began;
  const { most, connections } = await load();
  const peak = status(pid, 'VmHWM');
  const ended = await used();

  t.diagnostic(`${teams} renewals in ${took} ms, ${most} calls at once,`
    + ` ${memory} kB before, ${peak} kB at the most`);
  t.diagnostic(`seconds of CPU: ${Object.entries(ended)
    .map(([name, spent]) => `${name} ${(spent - before[name]).toFixed(1)}`).join(', ')}`);
  assert.ok(most >= flight, `only ${most} calls were under way at once`);
  assert.ok(peak - memory < 56 * 1024, `${memory} kB before, ${peak} kB at the most`);
  assert.ok(connections - known <= CONNECTIONS, `${connections - known} connections were made`);
  if (trace) {
    counts(t, Number(from));
  }
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
