// Settings whose effect takes time: proration, dunning, grace, renewal.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';
import { CARD_FAILS_LATER, key, refused, subscriber } from '../lib/subscriber.mjs';

let stack;
let s;

const plan = (name, terms) => ({ catalogue: { plans: { [name]: terms } } });

before(async () => {
  stack = await start();
  s = subscriber(stack);
});
after(async () => { await stack?.stop(); });

// On the first of a month the arithmetic of any month is known.
async function firstOfMonth() {
  const now = await s.advance('1s');
  return s.until(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
}

const proration = (basis, rounding = 'half_up') => stack.configure({
  catalogue: { proration: { basis, rounding } },
});

test('r149 no. 11: days of the period, of thirty, or seconds', async () => {
  await stack.configure(plan('team', { price: { monthly: 1000000 } }));
  const now = await firstOfMonth();
  const days = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 0)).getUTCDate();
  const { owner, team } = await s.bought('basis', { seats: 1 });
  await s.advance('10d');
  await s.advance('12h');

  const shown = async () => (await owner.post('/billing/seats?dry_run=1',
    { team, seats: 2 })).json.change.amount;
  assert.equal(await shown(), Math.round((1000000 * (days - 10)) / days));
  await proration('day30');
  assert.equal(await shown(), Math.round((1000000 * 20) / 30));
  await proration('second');
  const exact = (1000000 * (days - 10.5)) / days;
  const second = await shown();
  assert.ok(Math.abs(second - exact) < 60, `${second} is about ${exact}`);
  await stack.configure(plan('team', { price: { monthly: 1000 } }));
});

test('r75 no. 9: joining takes the seat, or the invitation does', async () => {
  await proration('day30');
  await firstOfMonth();
  const invite = async ({ owner, team }, name) => {
    const guest = await s.client(name);
    const sent = await owner.post(`/dashboard/teams/${team}/invitations`,
      { emails: [guest.profile] });
    assert.equal(sent.status, 201, sent.text);
    const [mail] = await s.letters(guest.profile, /#invitation=/);
    const [, token] = /#invitation=([A-Za-z0-9_-]+)/.exec(mail);
    return { guest, token };
  };
  const accept = async ({ guest, token }) => {
    const answer = await guest.post('/dashboard/invitations/accept', { token });
    assert.equal(answer.status, 200, answer.text);
  };
  const size = async ({ owner, team }) => {
    const { seats, members, pending } = await s.overview(owner, team);
    return [seats, members, pending];
  };

  const joins = await s.bought('joins', { seats: 1 });
  const late = await invite(joins, 'late');
  assert.deepEqual(await size(joins), [1, 1, 0]);
  await s.advance('10d');
  await accept(late);
  assert.deepEqual(await size(joins), [2, 2, 667]);       // 20 of 30 days

  await stack.configure({ catalogue: { seat_taken_at: 'invitation' } });
  const early = await invite(joins, 'early');
  assert.deepEqual(await size(joins), [3, 2, 1334]);
  await s.advance('10d');
  await accept(early);
  assert.deepEqual(await size(joins), [3, 3, 1334]);      // from the invitation on
  await stack.configure({ catalogue: { seat_taken_at: 'join' } });
  await proration('day');
});

test('no. 10: a half is rounded away from zero, or to the even one', async () => {
  await proration('day30');
  await stack.configure(plan('team', { price: { monthly: 15 } }));
  await firstOfMonth();
  const { owner, team } = await s.bought('rounds', { seats: 1 });
  await s.advance('1d');

  const shown = async () => (await owner.post('/billing/seats?dry_run=1',
    { team, seats: 2 })).json.change.amount;
  assert.equal(await shown(), 15);      // 15 * 29/30 is 14.5
  await proration('day30', 'half_even');
  assert.equal(await shown(), 14);
  await proration('day');
  await stack.configure(plan('team', { price: { monthly: 1000 } }));
});

test('r169 no. 13: a failed renewal is tried after 7 and 14 days, or after 1, 7 and 14', async () => {
  const fails = async (name, days) => {
    const { owner, team } = await s.bought(name);
    const bad = await owner.card(team, CARD_FAILS_LATER);
    const kept = await owner.post('/billing/payment-method',
      { team, payment: { method: 'card', payment_method: bad.id } }, key());
    assert.equal(kept.status, 200, kept.text);
    const end = new Date((await s.teamOf(owner, team)).period_end);
    await s.until(end);
    await s.becomes(owner, team, 'past_due');
    const retry = new Date((await s.overview(owner, team)).retry_at);
    assert.equal(Math.round((retry - end) / 86400000), days);
  };

  await fails('seven', 7);
  await stack.configure({ dunning: { days: [1, 7, 14] } });
  await fails('one', 1);
  await stack.configure({ dunning: { days: [7, 14] } });
});

test('no. 14: an unpaid invoice has 14 days of grace, or 3', async () => {
  const unpaid = async (name, grace) => {
    const { owner, team } = await s.free(name);
    const answer = await owner.buy(s.order(team, {
      seats: 11, period: 'yearly', payment: { method: 'invoice', email: 'books@example.test' },
      billing_information: { country: 'FR', postal_code: '75002' },
    }));
    assert.equal(answer.status, 200, answer.text);
    await s.advance('31d');
    await s.becomes(owner, team, 'past_due');
    await s.advance(`${grace - 2}d`);
    assert.equal((await s.teamOf(owner, team)).state, 'past_due');
    await s.advance('2d');
    await s.becomes(owner, team, 'expired');
  };

  await unpaid('patient', 14);
  await stack.configure({ dunning: { invoice_grace_days: 3 } });
  await unpaid('prompt', 3);
  await stack.configure({ dunning: { invoice_grace_days: 14 } });
});

test('r50 no. 22: Consultant on sale, or withdrawn for who has it not yet', async () => {
  const { owner, team } = await s.free('freelance');
  const ask = () => s.quote(owner, team, { plan: 'consultant', seats: 1 });
  const has = await s.bought('holder', { plan: 'consultant', seats: 1 });

  assert.equal((await ask()).status, 200);
  await stack.configure(plan('consultant', { selling: false }));
  refused(await ask(), 422, 'PLAN_WITHDRAWN');
  const offers = (await owner.get(`/upgrade?team=${team}`)).json.plans;
  assert.equal(offers.find((one) => one.plan === 'consultant').selling, false);

  await s.advance('32d');
  await eventually('a renewal', async () => (await s.charges(has.team)).length === 2);
  const grown = await has.owner.post('/billing/seats', { team: has.team, seats: 2 }, key());
  assert.equal(grown.status, 200, grown.text);
  assert.equal((await s.teamOf(has.owner, has.team)).state, 'active');
  assert.deepEqual(await s.charges(has.team), [1500, 1500]);
  await stack.configure(plan('consultant', { selling: true }));
});

// In winter Paris is an hour ahead of UTC: its new year is not there yet.
test('p39 the year of a number, and the day of a document, are the seller\'s', async () => {
  const now = await s.advance('1s');
  const year = now.getUTCFullYear() + 1;                 // in which it is
  const nextYear = Date.UTC(year, 11, 31, 23);
  const document = async (name) => {
    const { owner, team, answer } = await s.bought(name);
    const { number } = answer.invoice;
    const { invoice } = (await owner.get(`/billing/invoices/${number}?team=${team}`)).json;
    return { number, document: invoice.document };
  };

  await s.until(nextYear - 1200 * 1000);
  const old = await document('december');
  assert.match(old.number, new RegExp(`^INV-${year}-`));
  assert.equal(old.document.issue_date, `${year}-12-31`);

  await s.until(nextYear + 60 * 1000);
  const young = await document('january');
  assert.match(young.number, new RegExp(`^INV-${year + 1}-`));
  assert.equal(young.document.issue_date, `${year + 1}-01-01`);
  assert.match(young.document.issued_at, new RegExp(`^${year}-12-31T23:`));

  // Those of the renewals in between as well: one chain, and none too soon.
  const rows = await stack.sql("SELECT year, no, issued_at, prev_hash FROM invoice WHERE series = 'INV'"
    + ' ORDER BY year, no');
  rows.forEach((row, i) => {
    assert.equal(row.no, rows[i - 1]?.year === row.year ? rows[i - 1].no + 1 : 1);
    assert.equal(row.prev_hash !== '', i > 0);
    assert.equal(row.year > year, row.issued_at * 1000 >= nextYear, JSON.stringify(row));
  });
});
