// Prices that were shown: held for a while, and never charged otherwise than
// they were shown.  Amounts charged are read from the gateway's own books.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start } from '../lib/stack.mjs';
import { CARD_FAILS_LATER, key, refused, subscriber } from '../lib/subscriber.mjs';

let stack;
let s;

const prices = (monthly) => ({ catalogue: { plans: { team: { price: { monthly } } } } });

before(async () => {
  stack = await start();
  s = subscriber(stack);
});
after(async () => { await stack?.stop(); });

const stale = (answer, changed) => {
  const problem = refused(answer, 409, 'QUOTE_STALE');
  assert.deepEqual(problem.changed, changed, answer.text);
  assert.equal(problem.currency, 'USD');
  return problem;
};

test('p11 a quote is charged as shown; none at all is priced at once', async () => {
  const { owner, team } = await s.free('shown');
  const shown = (await s.quote(owner, team)).json;
  const paid = await s.buy(owner, team, { quote: shown.quote });
  assert.equal(paid.status, 200, paid.text);
  assert.deepEqual(await s.charges(team), [shown.due_now]);

  const other = await s.bought('unshown');
  assert.deepEqual(await s.charges(other.team), [2000]);
});

test('p11 another order than the one that was shown', async () => {
  const { owner, team } = await s.free('other');
  const shown = (await s.quote(owner, team)).json;
  const asked = (more) => s.buy(owner, team, { quote: shown.quote, ...more });

  const more = stale(await asked({ seats: 3 }), ['seats']);
  assert.equal(more.old, 2000);
  assert.equal(more.new, 3000);
  assert.equal(more.quote.seats, 3);
  assert.match(more.detail, /another order/);

  stale(await asked({ plan: 'consultant' }), ['plan']);
  stale(await asked({ period: 'yearly' }), ['period']);
  stale(await asked({ promo: 'WELCOME20' }), ['promo']);
  stale(await asked({ plan: 'business', seats: 7, period: 'yearly' }),
    ['plan', 'seats', 'period']);
  stale(await owner.buy(s.order(team, {
    plan: 'team', seats: 11, period: 'yearly', quote: shown.quote,
    payment: { method: 'invoice', email: 'books@example.test' },
    billing_information: { country: 'FR', postal_code: '75002' },
  })), ['seats', 'period', 'payment_method']);
  assert.deepEqual(await s.charges(team), []);

  // what the problem brings is bought with one click
  const paid = await asked({ seats: 3, quote: more.quote.quote });
  assert.equal(paid.status, 200, paid.text);
  assert.deepEqual(await s.charges(team), [more.quote.due_now]);
});

test('p11 of somebody else, of another team, of another request', async () => {
  const { owner, team } = await s.free('mine');
  const theirs = await s.free('theirs');
  const shown = (await s.quote(theirs.owner, theirs.team)).json.quote;
  const problem = stale(await s.buy(owner, team, { quote: shown }), ['quote']);
  assert.equal(problem.old, null);
  assert.equal(problem.new, 2000);
  stale(await s.buy(owner, team, { quote: 'A'.repeat(178) }), ['quote']);

  const paid = await s.bought('sized');
  const preview = await paid.owner.post('/billing/seats?dry_run=1', { team: paid.team, seats: 3 });
  stale(await paid.owner.post('/billing/period',
    { team: paid.team, period: 'yearly', quote: preview.json.quote }, key()), ['request']);
  assert.deepEqual(await s.charges(paid.team), [2000]);
});

test('p11 another price since: old, new, why, and what to buy now', async () => {
  const { owner, team } = await s.free('dearer');
  const shown = (await s.quote(owner, team)).json;
  await stack.configure(prices(1100));
  const problem = stale(await s.buy(owner, team, { quote: shown.quote }),
    ['amount', 'catalogue']);
  assert.equal(problem.old, 2000);
  assert.equal(problem.new, 2200);
  assert.equal(problem.quote.total, 2200);
  assert.deepEqual(await s.charges(team), []);

  const french = await owner.post('/upgrade', s.order(team, {
    payment: { method: 'card', payment_method: 'pm_none' }, quote: shown.quote,
  }), { ...key(), 'accept-language': 'fr' });
  assert.equal(french.json.title, 'Le prix a changé');
  assert.equal(french.json.new, 2200);

  const paid = await s.buy(owner, team, { quote: problem.quote.quote });
  assert.equal(paid.status, 200, paid.text);
  assert.deepEqual(await s.charges(team), [2200]);
  await stack.configure(prices(1000));
});

test('p11 another catalogue with the same price holds', async () => {
  const { owner, team } = await s.free('same');
  const shown = (await s.quote(owner, team)).json;
  await stack.configure({ catalogue: { version: '2026-12' } });
  const paid = await s.buy(owner, team, { quote: shown.quote });
  assert.equal(paid.status, 200, paid.text);
  assert.deepEqual(await s.charges(team), [2000]);
});

test('p11 what comes later counts as shown, too', async () => {
  const { owner, team } = await s.free('later');
  const all = { catalogue: { promo_codes: [{ code: 'ALL', percent: 100 }] } };
  await stack.configure(all);
  const shown = (await s.quote(owner, team, { promo: 'ALL' })).json;
  assert.equal(shown.total, 0);
  await stack.configure(prices(1500));
  const problem = stale(await s.buy(owner, team, { promo: 'ALL', quote: shown.quote }),
    ['amount', 'catalogue']);
  assert.equal(problem.quote.renewal_total, 3000);
  await stack.configure(prices(1000));
});

test('p11 too old by the business clock', async () => {
  const { owner, team } = await s.free('old');
  const shown = (await s.quote(owner, team)).json;
  await s.advance('29m');
  assert.equal((await s.buy(owner, team, { quote: shown.quote, seats: 3 })).json.changed[0],
    'seats');
  await s.advance('1m');
  const problem = stale(await s.buy(owner, team, { quote: shown.quote }), ['expired']);
  assert.equal(problem.old, 2000);
  assert.equal(problem.new, 2000);
  assert.match(problem.detail, /too long ago/);
  const paid = await s.buy(owner, team, { quote: problem.quote.quote });
  assert.equal(paid.status, 200, paid.text);
});

test('r155 a day later an upgrade costs otherwise, a first purchase the same', async () => {
  await stack.configure({ quote_ttl_sec: 86400 });
  const fresh = await s.free('fresh');
  const { owner, team } = await s.bought('upgrades', { seats: 5 });
  const first = (await s.quote(fresh.owner, fresh.team)).json;
  const shown = (await s.quote(owner, team, { plan: 'business', seats: 5 })).json;
  const now = new Date((await owner.get('/demo/clock')).json.now);
  await s.advance(`${86401 - Math.floor((now / 1000) % 86400)}s`);

  const problem = stale(await s.buy(owner, team, {
    plan: 'business', seats: 5, quote: shown.quote,
  }), ['amount', 'time']);
  assert.equal(problem.old, shown.total);
  assert.equal(problem.new, problem.quote.total);
  assert.ok(problem.new > problem.old);
  const paid = await s.buy(owner, team, {
    plan: 'business', seats: 5, quote: problem.quote.quote,
  });
  assert.equal(paid.status, 200, paid.text);
  assert.deepEqual(await s.charges(team), [5000, problem.new]);

  const same = await s.buy(fresh.owner, fresh.team, { quote: first.quote });
  assert.equal(same.status, 200, same.text);
  await stack.configure({ quote_ttl_sec: 1800 });
});

test('r146 a preview of seats is what the renewal brings; somebody else was quicker', async () => {
  const { owner, team } = await s.bought('seats');
  const ask = (more) => owner.post('/billing/seats', { team, seats: 4, ...more }, key());
  const shown = (await owner.post('/billing/seats?dry_run=1', { team, seats: 4 })).json;

  assert.equal((await owner.post('/billing/seats', { team, seats: 3 }, key())).status, 200);
  const problem = stale(await ask({ quote: shown.quote }), ['amount', 'team']);
  assert.equal(problem.old, shown.change.amount);
  assert.equal(problem.new, problem.quote.change.amount);
  stale(await ask({ seats: 5, quote: problem.quote.quote }), ['seats']);

  const done = await ask({ quote: problem.quote.quote });
  assert.equal(done.status, 200, done.text);
  assert.equal(done.json.change.amount, problem.new);
  assert.equal((await s.overview(owner, team)).renewal.amount, 4000 + problem.old);
  assert.equal(problem.old, shown.change.amount);

  // cancelling settles them at once, as its preview says
  const ends = (await owner.post('/billing/cancel?dry_run=1', { team })).json;
  assert.equal(ends.due_now, shown.change.amount);
  assert.equal((await owner.post('/billing/cancel', { team }, key())).status, 200);
  assert.deepEqual(await s.charges(team), [2000, ends.due_now]);
});

test('r151 r178 a preview of cancelling takes off the balance', async () => {
  const { owner, team } = await s.bought('balance', { seats: 6 });
  assert.equal((await owner.post('/billing/seats', { team, seats: 8 }, key())).status, 200);
  assert.equal((await owner.post('/billing/seats', { team, seats: 7 }, key())).status, 200);
  const ends = (await owner.post('/billing/cancel?dry_run=1', { team })).json;
  const done = await owner.post('/billing/cancel', { team }, key());
  assert.equal(done.status, 200, done.text);
  assert.equal(ends.due_now, 1000);
  assert.deepEqual(await s.charges(team), [6000, 1000]);
});

test('r162 the switch to yearly is held to its preview', async () => {
  const { owner, team } = await s.bought('yearly');
  const ask = (more) => owner.post('/billing/period', { team, period: 'yearly', ...more }, key());
  const shown = (await owner.post('/billing/period?dry_run=1', { team, period: 'yearly' })).json;
  await stack.configure({ catalogue: { plans: { team: { price: { yearly: 9900 } } } } });
  const problem = stale(await ask({ quote: shown.quote }), ['amount', 'catalogue']);
  assert.equal(problem.old, shown.due_now);
  assert.equal(problem.new - problem.old, 600);
  const done = await ask({ quote: problem.quote.quote });
  assert.equal(done.status, 200, done.text);
  assert.deepEqual(await s.charges(team), [2000, problem.quote.due_now]);
  await stack.configure({ catalogue: { plans: { team: { price: { yearly: 9600 } } } } });
});

test('r184 shown for nothing before the end is not charged after it', async () => {
  await stack.configure({ quote_ttl_sec: 86400 });
  const { owner, team } = await s.bought('returns');
  assert.equal((await owner.post('/billing/cancel', { team }, key())).status, 200);
  const end = new Date((await s.teamOf(owner, team)).period_end);
  const now = new Date((await owner.get('/demo/clock')).json.now);
  await s.advance(`${Math.floor((end - now) / 60000) - 60}m`);

  const nothing = (await owner.post('/billing/reactivate?dry_run=1', { team })).json;
  assert.equal(nothing.due_now, 0);
  await s.advance('2h');
  await s.becomes(owner, team, 'expired');
  const ask = (more) => owner.post('/billing/reactivate', { team, ...more }, key());
  const problem = stale(await ask({ quote: nothing.quote }), ['amount', 'team']);
  assert.equal(problem.old, 0);
  assert.equal(problem.new, 2000);
  assert.deepEqual(await s.charges(team), [2000]);

  const shown = (await owner.post('/billing/reactivate?dry_run=1', { team })).json;
  const back = await ask({ quote: shown.quote });
  assert.equal(back.status, 200, back.text);
  assert.deepEqual(await s.charges(team), [2000, shown.due_now]);

  // and before the end it costs what it says: nothing
  assert.equal((await owner.post('/billing/cancel', { team }, key())).status, 200);
  const again = (await owner.post('/billing/reactivate?dry_run=1', { team })).json;
  const kept = await ask({ quote: again.quote });
  assert.equal(kept.status, 200, kept.text);
  assert.deepEqual(await s.charges(team), [2000, 2000]);
});

test('r173 another card is charged what its preview says', async () => {
  const { owner, team } = await s.bought('card');
  const card = async (number) => ({
    team, payment: { method: 'card', payment_method: (await owner.card(team, number)).id },
  });
  const bad = await owner.post('/billing/payment-method', await card(CARD_FAILS_LATER), key());
  assert.equal(bad.status, 200, bad.text);
  await s.advance('32d');
  await s.becomes(owner, team, 'past_due');

  const good = await card();
  const shown = await owner.post('/billing/payment-method?dry_run=1', good);
  assert.equal(shown.json.due_now, 2000, shown.text);
  const paid = await owner.post('/billing/payment-method', good, key());
  assert.equal(paid.status, 200, paid.text);
  assert.deepEqual(await s.charges(team), [2000, shown.json.due_now]);
});
