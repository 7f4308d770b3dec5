// Two nginx hosts, one Redis, one worker: every nginx worker of both knows of
// every change, with notices, without them, and whoever dies (P26 to P28).
// Bounds here are generous; bench/freshness measures.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { changes, seenAfter } from '../lib/changes.mjs';
import { Host, Notices } from '../lib/hosts.mjs';
import { eventually, start } from '../lib/stack.mjs';

const SOON = { within: 10000, pause: 2 };
let stack, notices, make, hosts, watchers;

before(async () => {
  stack = await start();
  hosts = await Promise.all(['a', 'b'].map((name) => Host.start(stack, name, { workers: 2 })));
  notices = await Notices.open(stack);
  watchers = (await Promise.all(hosts.map((host) => host.watchers()))).flat();
  make = await changes(stack);
});

after(async () => {
  watchers?.forEach((one) => one.close());
  notices?.close();
  await Promise.all((hosts ?? []).map((host) => host.stop()));
  await stack?.stop();
});

const links = (up) => Promise.all(hosts.map((host) => eventually(`link ${up} of ${host.url}`,
  async () => (await host.status()).link === up, { within: 20000 })));
const fetched = async () => (await Promise.all(hosts.map((host) => host.status())))
  .map(({ counters }) => counters.fetched);

test('p26 each kind of change is known to every worker of both hosts', async () => {
  for (const kind of ['purchase', 'purchase', 'seats', 'role', 'cancellation', 'cancellation']) {
    await seenAfter(notices, watchers, await make[kind](0), SOON);
  }
});

test('while notices come nobody asks Redis again', async () => {
  const made = await make.seats(0);
  await seenAfter(notices, watchers, made, SOON);
  await links(true);
  const before = await fetched();
  for (let i = 0; i < 3; i++) {
    const more = await make.seats(0);
    await more.change();
    await Promise.all(watchers.map((one) => one.until(more.team, more.profile, more.says, SOON)));
  }
  // A machine that stands still for most of a second distrusts, and asks once.
  const asked = (await fetched()).map((n, i) => n - before[i]);
  assert.ok(asked.every((n) => n <= 4), `${asked}`);
});

test('p28 no worker goes back to an older state', async () => {
  let going = true;
  const made = await make.seats(0);
  const seen = Promise.all(watchers.map(async (one) => {
    const versions = [];
    while (going) {
      versions.push((await one.known(made.team, made.profile)).version);
    }
    return versions;
  }));
  await made.change();
  for (let i = 0; i < 6; i++) {
    hosts[i % 2].link[['cut', 'hold', 'slow'][i % 3]](i % 3 === 2 ? 40 : 'subscribers', 'subscribers');
    await (await make.seats(0)).change();
    hosts[i % 2].link.mend();
    await (await make.seats(0)).change();
  }
  going = false;
  for (const versions of await seen) {
    assert.ok(versions.length > 5);
    assert.ok(versions.every((v, i) => i === 0 || v >= versions[i - 1]), `${versions}`);
  }
  await links(true);
});

test('p26 notices cut off: trust is short at once, changes are known all the same', async () => {
  hosts.forEach((host) => host.link.cut('subscribers'));
  await links(false);
  for (const kind of ['seats', 'role', 'cancellation']) {
    await seenAfter(notices, watchers, await make[kind](0), SOON);
  }
  hosts.forEach((host) => host.link.mend());
  await links(true);
});

test('p26 a link that only falls silent is not believed for long either', async () => {
  const made = await make.seats(0);
  await Promise.all(watchers.map((one) => one.known(made.team, made.profile)));
  hosts.forEach((host) => host.link.hold('subscribers'));
  const took = await seenAfter(notices, watchers, made, SOON);
  assert.ok(took < 2500, `a second is promised: ${took} ms`);
  await links(false);
  hosts.forEach((host) => host.link.mend());
  await links(true);
});

test('p27 the buyer\'s next request, at a host that hears nothing, is answered by the purchase', async () => {
  for (let i = 0; i < 5; i++) {
    const { team, profile, owner, change, says } = await make.seats(0);
    await Promise.all(watchers.map((one) => one.known(team, profile)));
    hosts[1].link.hold('subscribers');
    await change();
    const cookie = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const known = await watchers.at(-1).ask(`/known?team=${team}`, { profile, headers: { cookie } });
    hosts[1].link.mend();
    assert.ok(says(known), JSON.stringify(known));
  }
  await links(true);
});

test('p27 who joins is let in at once, also where he was just refused', async () => {
  const owner = await stack.client('inviting@example.test');
  const team = await owner.team('joined');
  const on = await owner.patch(`/dashboard/teams/${team}`, { invite_link: true });
  assert.equal(on.status, 200, on.text);
  const link = (await owner.get(`/dashboard?team=${team}`)).json.team.invite_link;

  for (let i = 0; i < 5; i++) {
    const joiner = await stack.client(`joiner${i}@example.test`);
    const { profile } = joiner;
    for (const watcher of watchers) {
      assert.equal((await watcher.known(team, profile)).code, 403);
    }
    hosts[1].link.hold('subscribers');
    const joined = await joiner.post('/dashboard/join', { link });
    assert.equal(joined.status, 200, joined.text);
    const cookie = [...joiner.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const known = await watchers.at(-1).ask(`/known?team=${team}`, { profile, headers: { cookie } });
    hosts[1].link.mend();
    assert.equal(known.code, 200, JSON.stringify(known));
  }
  await links(true);
});

test('p26 whoever listens dies: another worker of the host listens', async () => {
  const host = hosts[0];
  for (const watcher of watchers.filter((one) => one.host === host)) {
    const made = await make.role(0);
    const others = watchers.filter((one) => one !== watcher);
    process.kill(Number(watcher.worker), 'SIGKILL');
    watcher.close();
    await seenAfter(notices, others, made, SOON);
    watchers = others;
    await links(true);
    watchers.push(...(await host.watchers()).filter((one) => {
      const known = watchers.some((other) => other.worker === one.worker);
      if (known) {
        one.close();
      }
      return !known;
    }));
  }
  const made = await make.seats(0);
  await seenAfter(notices, watchers, made, SOON);
});

test('connections to Redis are two a worker, whatever has happened', async () => {
  for (const host of hosts) {
    assert.ok(host.link.pairs.size <= 2 * host.workers, `${host.link.pairs.size}`);
    assert.ok(host.link.most <= 4 * host.workers, `${host.link.most} at most`);
  }
});
