// Changes that the gate must come to know, and how long that took: made by one
// client, asked for by a watcher of each nginx worker of each host.

import assert from 'node:assert/strict';

import { subscriber } from './subscriber.mjs';

export async function changes(stack) {
  const { free, buy } = subscriber(stack);
  const teams = [];
  const keyOf = (team, email) => (email ? `billing:1:{${team}}:member:${email}`
    : `billing:1:{${team}}:team`);

  const fine = (answer, what) => assert.ok(answer.status < 300, `${what}: ${answer.status} ${answer.text}`);

  // Each prepares, and gives: who asks, whose record changes, the change, and
  // what is said once it is known.
  return {
    async purchase() {
      const { owner, team } = await free('purchase');
      teams.push({ owner, team, colleague: null, role: 'member', seats: 5, cancelled: false });
      return {
        team, profile: owner.profile, key: keyOf(team), owner,
        change: async () => fine(await buy(owner, team, { seats: 5 }), 'purchase'),
        says: (known) => known.plan === 'team' && known.state === 'active',
      };
    },

    // Of at least two teams the last is for cancelling: it sells no seats then.

    async seats(i) {
      const one = teams[i % (teams.length - 1)];
      one.seats += 1;
      const { seats } = one;
      return {
        team: one.team, profile: one.owner.profile, key: keyOf(one.team), owner: one.owner,
        change: async () => fine(await one.owner.post('/billing/seats',
          { team: one.team, seats }, { 'idempotency-key': `seats-${one.team}-${seats}-of-a-test` }), 'seats'),
        says: (known) => known.seats === seats,
      };
    },

    async cancellation() {
      const one = teams.at(-1);
      one.cancelled = !one.cancelled;
      const state = one.cancelled ? 'cancelled' : 'active';
      one.turns = (one.turns ?? 0) + 1;
      return {
        team: one.team, profile: one.owner.profile, key: keyOf(one.team), owner: one.owner,
        change: async () => fine(await one.owner.post(
          one.cancelled ? '/billing/cancel' : '/billing/reactivate', { team: one.team },
          { 'idempotency-key': `turn-${one.team}-${one.turns}-of-a-test` }), state),
        says: (known) => known.state === state,
      };
    },

    async role(i) {
      const one = teams[i % teams.length];
      if (!one.colleague) {
        one.colleague = `colleague-${one.team.toLowerCase().replace(/\W/g, '')}@example.test`;
        fine(await one.owner.post(`/dashboard/teams/${one.team}/members`, { email: one.colleague }),
          'a member');
      }
      one.role = one.role === 'member' ? 'team_admin' : 'member';
      const { role } = one;
      return {
        team: one.team, profile: one.colleague, key: keyOf(one.team, one.colleague), owner: one.owner,
        change: async () => fine(await one.owner.patch(
          `/dashboard/teams/${one.team}/members/${one.colleague}`, { role }), 'role'),
        says: (known) => (known.role ?? '').split(',').includes('team_admin') === (role === 'team_admin'),
      };
    },
  };
}

// Milliseconds from the notice until the last of the watchers was told the new
// state; every one of them has been told the old one before.
export async function seenAfter(notices, watchers, made, { pause = 0, within = 20000 } = {}) {
  for (const watcher of watchers) {
    const known = await watcher.known(made.team, made.profile);
    assert.ok(!made.says(known), `known before it was done: ${JSON.stringify(known)}`);
  }
  const since = performance.now();
  const told = Promise.all(watchers.map((watcher) =>
    watcher.until(made.team, made.profile, made.says, { pause, within })));
  told.catch(() => {});
  await made.change();
  const at = await notices.at(made.key, since);
  return Math.max(0, Math.max(...await told) - at);
}

export function summary(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (share) => Number(sorted[Math.min(sorted.length - 1,
    Math.ceil(share * sorted.length) - 1)].toFixed(2));
  return { n: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
