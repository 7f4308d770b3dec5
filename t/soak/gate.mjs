// A campaign against one host of nginx under load: reloads, killed workers,
// workers that die in the middle of a write to the zone, while what the gate
// is asked about changes all the time (P28, P62, P63).  No verdict may be
// wrong, no record a mixture of two, no request lost but those of a worker
// that was killed.
//
//   RELOADS=10 KILLS=5 SEED=1 CLIENTS=8 node t/soak/gate.mjs
//
// Deaths inside a write need a debug build (make gate-campaign).

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Host } from '../lib/hosts.mjs';
import { eventually, request, sleep, start } from '../lib/stack.mjs';
import { subscriber } from '../lib/subscriber.mjs';

const RELOADS = Number(process.env.RELOADS ?? 10);
const KILLS = Number(process.env.KILLS ?? 5);
const SEED = Number(process.env.SEED ?? Date.now() % 1000000);
const CLIENTS = Number(process.env.CLIENTS ?? 8);
const LATE_MS = 5000;           // what was acknowledged before must be seen
const AROUND_MS = 1500;         // of a kill a client may hear this much later

const build = path.resolve(process.env.DEMO_BUILD_DIR ?? 'build/release');
const faults = fs.readFileSync(path.join(build, 'ngx_http_billing_module.so'))
  .includes('BILLING_FAULT_ZONE_WRITE');

let seed = SEED;
function random(n) {            // Lehmer: the same campaign for the same seed
  seed = (seed * 48271) % 2147483647;
  return seed % n;
}

let stack, host, owner, team;

before(async () => {
  console.log(`# RELOADS=${RELOADS} KILLS=${KILLS} SEED=${SEED} CLIENTS=${CLIENTS}`);
  stack = await start();
  const bought = await subscriber(stack).bought('campaign', { seats: 5 });
  ({ owner, team } = bought);
  note((await owner.get(`/dashboard?team=${team}`)).json.team);
});

after(async () => {
  if (host?.child.exitCode === null) {
    await host.stop();
  }
  await stack?.stop();
});

// --- what is true ------------------------------------------------------------------

const membersOf = new Map();    // of the changing team, by version
const acknowledged = [];        // { version, at }

function note({ version, members }) {
  membersOf.set(version, members);
  acknowledged.push({ version, at: performance.now() });
}

const fixed = [
  ['team-monthly', 'owner@example.test', 200, 'PASSED'],
  ['team-business', 'member@example.test', 200, 'PASSED'],
  ['team-business', 'nobody@example.test', 403, 'REFUSED'],
  ['team-free', 'owner@example.test', 200, 'PASSED'],
  ['team-never', 'owner@example.test', 404, 'REFUSED'],
];

const seen = {};

function judge([where, who, code, status], answer, sent) {
  const known = (answer.headers['x-known'] ?? '').split(' ');
  const said = `${answer.status} ${known.join(' ')}`;

  // No verdict at all, and one by what was known before: on a machine that
  // stands still for the quarter of a second that Redis has for an answer.

  if (known[0] === 'UNKNOWN') {
    seen.unknown += 1;
    return;
  }

  if (known[0] === 'STALE') {
    seen.stale += 1;
    known[0] = 'PASSED';
  }

  if (where !== team) {
    if (answer.status !== code || known[0] !== status) {
      seen.wrong.push(`${where} ${who}: ${said}`);
    }
    return;
  }

  const version = Number(known[1]);
  const least = acknowledged.findLast((one) => one.at < sent - LATE_MS)?.version ?? 0;
  const members = membersOf.get(version);

  if (answer.status !== 200 || known[0] !== 'PASSED' || version < least) {
    seen.wrong.push(`${where}: ${said}, least ${least}`);
  } else if (members !== undefined && members !== Number(known[5])) {
    seen.wrong.push(`torn: version ${version} with ${known[5]} members, not ${members}`);
  }
}

async function client(going) {
  while (going()) {
    const pick = random(fixed.length * 2);
    const asked = pick < fixed.length ? fixed[pick] : [team, owner.profile];
    const sent = performance.now();
    seen.requests += 1;
    try {
      const answer = await request(`${host.url}/known?team=${asked[0]}`,
        { headers: { 'x-profile': asked[1] }, timeout: 10000 });
      judge(asked, answer, sent);
    } catch (error) {
      seen.failures.push({ sent, came: performance.now(), error: String(error) });
    }
    await sleep(random(4));
  }
}

// Every change is a new version with its own number of members.
async function changer(going) {
  const email = 'comes-and-goes@example.test';
  for (let there = false; going() || there; there = !there) {
    const answer = there ? await owner.delete(`/dashboard/teams/${team}/members/${email}`)
      : await owner.post(`/dashboard/teams/${team}/members`, { email });
    assert.ok(answer.status < 300, answer.text);
    note(answer.json.team);
    await sleep(20 + random(60));
  }
}

const read = (file) => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';                  // it has just ended
  }
};

// Without those that are leaving.
const workers = () => read(`/proc/${host.child.pid}/task/${host.child.pid}/children`).trim()
  .split(' ').filter((pid) => /worker process\0*$/.test(read(`/proc/${pid}/cmdline`)))
  .map(Number);

const memory = () => Math.max(...workers().map((pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)));
const descriptors = () => Math.max(...workers().map((pid) => fs.readdirSync(`/proc/${pid}/fd`).length));

async function under(work) {
  let going = true;
  Object.assign(seen, { requests: 0, unknown: 0, stale: 0, failures: [], wrong: [], kills: [] });
  const all = [...Array.from({ length: CLIENTS }, () => client(() => going)), changer(() => going)];
  try {
    await work();
  } finally {
    going = false;
    await Promise.all(all);
  }
  console.log(`# ${seen.requests} requests, ${acknowledged.length} changes, ${seen.kills.length} kills: ${
    seen.wrong.length} wrong, ${seen.failures.length} lost, ${seen.unknown} unknown, ${seen.stale} stale`);
  assert.deepEqual(seen.wrong.slice(0, 5), [], `${seen.wrong.length} wrong verdicts, SEED=${SEED}`);
  assert.ok(seen.unknown <= seen.requests / 50, `${seen.unknown} unknown of ${seen.requests}`);
}

// Failures must lie around a kill, and be no more than were under way then.
function blamed() {
  const stray = seen.failures.filter(({ sent, came }) =>
    !seen.kills.some((at) => at > sent - AROUND_MS && at < came + AROUND_MS));
  assert.deepEqual(stray.slice(0, 5), [], `SEED=${SEED}`);
  assert.ok(seen.failures.length <= seen.kills.length * CLIENTS,
    `${seen.failures.length} failures of ${seen.kills.length} kills`);
}

const alerts = (allowed) => host.log().split('\n')
  .filter((line) => /\[(alert|emerg)\]/.test(line) && !allowed.test(line));

async function settled() {
  await eventually('two workers and a link', async () =>
    workers().length === host.workers && (await host.status()).link, { within: 30000 });
}

test(`p62 ${RELOADS} reloads under load: nothing fails, nothing is wrong, nothing grows`, async () => {
  host = await Host.start(stack, 'reloads', { workers: 2, linked: false });
  let before;
  await under(async () => {
    for (let i = 0; i < RELOADS; i++) {
      const old = workers();
      host.child.kill('SIGHUP');
      await eventually('new workers', () => workers().filter((pid) => !old.includes(pid)).length
        === host.workers, { within: 30000, every: 20 });
      await sleep(random(150));
      if (i === Math.min(RELOADS, 5) - 1) {
        await settled();
        before = { kb: memory(), fds: descriptors() };
      }
    }
    await settled();
  });
  const now = { kb: memory(), fds: descriptors() };
  console.log(`# ${RELOADS} reloads, memory ${before.kb} to ${now.kb} kB, descriptors ${before.fds} to ${now.fds}`);
  assert.deepEqual(seen.failures.slice(0, 5), []);
  assert.ok(now.kb < before.kb * 1.25 + 1024, `memory ${before.kb} to ${now.kb} kB`);
  assert.ok(now.fds <= before.fds + CLIENTS + 4, `descriptors ${before.fds} to ${now.fds}`);
  assert.deepEqual(alerts(/^$/), []);
  await host.stop();
});

test(`p63 ${KILLS} workers killed under load`, async () => {
  host = await Host.start(stack, 'kills', { workers: 2, linked: false });
  await under(async () => {
    for (let i = 0; i < KILLS; i++) {
      const pids = workers();
      seen.kills.push(performance.now());
      process.kill(pids[random(pids.length)], 'SIGKILL');
      await eventually('a new worker', () => workers().length === host.workers
        && workers().some((pid) => !pids.includes(pid)), { within: 30000, every: 20 });
      await sleep(100 + random(300));
    }
    await settled();
  });
  blamed();
  assert.deepEqual(alerts(/exited on signal 9|was locked by/), []);
  await host.stop();
});

test(`p63 ${KILLS} workers die in the middle of a write to the zone`,
  { skip: faults ? false : 'not a debug build' }, async () => {
    const nth = 6 + random(20);
    host = await Host.start(stack, 'writes', { workers: 2, linked: false });
    const conf = fs.readFileSync(host.conf, 'utf8');
    const dead = () => host.log().split('exited on signal 9').length - 1;

    await under(async () => {
      fs.writeFileSync(host.conf, `env BILLING_FAULT_ZONE_WRITE=${nth};\n${conf}`);
      host.child.kill('SIGHUP');
      const watch = setInterval(() => {
        while (seen.kills.length < dead()) {
          seen.kills.push(performance.now());
          if (seen.kills.length % 10 === 0) {
            console.log(`# ${seen.kills.length} deaths, ${seen.wrong.length} wrong`);
          }
        }
      }, 20);
      await eventually('the deaths', () => dead() >= KILLS, { within: 1800000, every: 50 });
      fs.writeFileSync(host.conf, conf);
      host.child.kill('SIGHUP');
      await sleep(2000);
      clearInterval(watch);
      await settled();
    });
    blamed();
    console.log(`# ${dead()} deaths, each in a worker's write no. ${nth}`);
    assert.ok(dead() >= KILLS);
    assert.match(host.log(), /was locked by/, 'with the lock held');
    assert.deepEqual(alerts(/exited on signal 9|was locked by/), []);
    await host.stop();
  });
