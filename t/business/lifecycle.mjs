// The life of a subscription, doc/rules.md section 6, row by row through HTTP.
// The rows are read from there: one that nobody walks through fails the test.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, patient, request, start } from '../lib/stack.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const declining = '4000000000000341';
const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });
let stack;
let n = 0;

function table() {
  const rules = fs.readFileSync(path.join(root, 'doc/rules.md'), 'utf8');
  const section = rules.split(/^## 6\. /m)[1].split(/^## /m)[0];
  return [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$/gm)]
    .map((row) => row.slice(1, 4).map((cell) => cell.trim()))
    .filter(([state]) => state !== 'State' && !state.startsWith('---'))
    .map((cells) => cells.join(' | '));
}

// --- a team and what happens to it ------------------------------------------

async function free(name = 'life') {
  n += 1;
  const owner = await stack.client(`${name}${n}@example.test`);
  return { owner, team: await owner.team(`${name} ${n}`) };
}

const order = (t, more) => ({ team: t.team, plan: 'team', seats: 2, period: 'monthly', ...more });

async function buys(t, more = {}, number = '4242424242424242') {
  const card = await t.owner.card(t.team, number);
  const payment = { method: 'card', payment_method: card.id };
  return patient(() => t.owner.buy(order(t, { payment, ...more })));
}

async function paid(more, number) {
  const t = await free();
  const answer = await buys(t, more, number);
  assert.equal(answer.status, 200, answer.text);
  return t;
}

async function invoiced(more = {}) {
  const t = await free();
  const answer = await patient(() => t.owner.buy(order(t, { plan: 'team', seats: 12,
    period: 'yearly', payment: { method: 'invoice', email: t.owner.profile }, ...more })));
  assert.equal(answer.status, 200, answer.text);
  return { ...t, bought: answer.json };
}

const act = (t, where, body = {}) => patient(() => t.owner.post(`/billing/${where}`,
  { team: t.team, ...body }, key()));
const shown = async (t) => (await t.owner.get(`/dashboard?team=${t.team}`)).json.team;
const overview = async (t) => (await t.owner.get(`/billing/overview?team=${t.team}`)).json;

async function done(answer, status = 200) {
  assert.equal((await answer).status, status, (await answer).text);
  return (await answer).json;
}

async function refused(answer, code) {
  assert.equal((await answer).json?.code, code, (await answer).text);
}

const becomes = (t, state) => eventually(`${t.team} ${state}`, async () => {
  const now = await shown(t);
  return now.state === state && now;
}, { within: 30000 });

async function advance(t, span) {
  await done(t.owner.post('/demo/clock', { advance: span }));
}

const charged = async (t) => (await stack.ledger())
  .filter((one) => one.metadata?.team === t.team && one.status === 'succeeded')
  .map((one) => one.amount);

const charges = (t, want) => eventually(`charges ${want}`, async () => {
  const now = await charged(t);
  return now.length === want.length && now;
}, { within: 30000 }).then((now) => assert.deepEqual(now, want));

const mails = (to, subject) => eventually(`a mail to ${to}: ${subject}`, async () => {
  const rows = await stack.sql('SELECT subject FROM mail_outbox WHERE recipient ='
    + ` '${to}'`);
  return rows.some((row) => subject.test(row.subject));
});

async function newCard(t, number) {
  const card = await t.owner.card(t.team, number);
  return act(t, 'payment-method', { payment_method: card.id });
}

async function board(t) {
  return t.owner.board(t.team, 'Life');
}

const edit = (t, id) => t.owner.put(`/boards/${id}`, { text: 'x' });

async function expired() {
  const t = await paid();
  t.board = await board(t);
  await done(act(t, 'cancel'));
  await advance(t, '32d');
  await becomes(t, 'expired');
  return t;
}

async function pastDue() {
  const t = await paid();
  // the card for the renewal is replaced where the gateway keeps it
  await done(newCard(t, declining));
  await advance(t, '31d');
  await becomes(t, 'past_due');
  return t;
}

const listed = async (t) => (await t.owner.get(`/billing/invoices?team=${t.team}`)).json.invoices;

// What is open is paid, by wire.
async function pays(t) {
  await advance(t, '1h');
  const open = await eventually('an open invoice', async () => {
    const all = (await listed(t)).filter((one) => one.number && one.open > 0);
    return all.length > 0 && all;
  }, { within: 30000 });
  for (const one of open) {
    await done(t.owner.post(`/demo/invoices/${one.number}/paid`,
      { amount: one.open, currency: 'USD', reference: `wire-${one.number}` }));
  }
}

const days = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 86400000);

// --- the rows ----------------------------------------------------------------

const walk = {
  '– | create team | not Enterprise member on dashboard; Domain control allows': async () => {
    const t = await free('r17');
    const team = await shown(t);
    assert.equal(team.state, 'free');
    assert.deepEqual([...team.roles].sort(), ['member', 'team_admin']);
    const staff = await stack.client('staff@corp.example.test');
    await refused(staff.post('/dashboard/teams', { name: 'Own', from: 'dashboard' }),
      'TEAM_CREATE_ENTERPRISE');
    await refused(staff.post('/dashboard/teams', { name: 'Own', from: 'pricing' }),
      'TEAM_CREATE_DOMAIN');
  },

  'FREE | purchase, card ok | buyer is member; seats ≥ max(members, plan min); ≤ 100; plan self-serve':
  async () => {
    const t = await free();
    const answer = await done(buys(t, { seats: 3 }));
    assert.equal(answer.team.state, 'active');
    assert.equal(answer.team.seats, 3);
    assert.deepEqual(answer.team.billing_admins, [t.owner.profile]);
    assert.equal(answer.invoice.total, 3000);
    await charges(t, [3000]);
    await mails(t.owner.profile, /receipt/i);
  },

  'FREE | purchase, invoice | as above and R79/R80': async () => {
    const t = await invoiced();
    assert.equal(t.bought.team.state, 'active_unpaid');
    assert.equal(t.bought.invoice.state, 'draft');
    assert.equal(days(t.bought.team.period_start, t.bought.invoice.due_at), 30);
    const id = await board(t);
    assert.equal((await edit(t, id)).status, 200);
    await advance(t, '1h');
    await eventually('the invoice', async () => {
      const { invoices } = (await t.owner.get(`/billing/invoices?team=${t.team}`)).json;
      return invoices.length === 1 && /^INV-/.test(invoices[0].number ?? '');
    });
    await mails(t.owner.profile, /INV-/);
    await charges(t, []);
  },

  'FREE | purchase, card refused | –': async () => {
    const t = await free();
    const before = await shown(t);
    await refused(buys(t, {}, declining), 'CARD_DECLINED');
    const now = await shown(t);
    assert.deepEqual([now.plan, now.state, now.seats, now.billing_admins],
      [before.plan, before.state, before.seats, before.billing_admins]);
    await charges(t, []);
  },

  'FREE | purchase, card needs authentication | –': async () => {
    const t = await free();
    const first = await buys(t, {}, '4000002760003184');
    assert.equal(first.json.code, 'CARD_AUTH_REQUIRED', first.text);
    assert.equal((await shown(t)).state, 'free');
    await request(`${stack.gateway}/_sandbox/authenticate`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ payment_intent:
        first.json.payment.client_secret.split('_secret_')[0], outcome: 'approve' }) });
    await done(t.owner.post('/upgrade/resume', { operation: first.json.operation }));
    await becomes(t, 'active');
    await charges(t, [2000]);
  },

  'FREE | Enterprise request | form complete': async () => {
    const t = await free();
    await done(t.owner.post('/enterprise', { name: 'Life', email: t.owner.profile,
      company: 'Example', users: 300, from: 'dashboard' }), 201);
    assert.equal((await shown(t)).state, 'free');
    await charges(t, []);
  },

  'FREE | start trial | offered': async () => {
    const t = await free();
    const card = await t.owner.card(t.team);
    const answer = await done(act(t, 'trial', { payment_method: card.id }));
    assert.equal(answer.team.state, 'trial');
    assert.equal(answer.team.trial_plan, 'business');
    assert.ok(answer.team.trial_ends_at);
    await charges(t, []);
  },

  'TRIAL | 14 days over | not cancelled': async () => {
    const t = await paid();
    await done(act(t, 'trial'));
    await advance(t, '15d');
    const team = await becomes(t, 'active');
    assert.equal(team.plan, 'business');
    const all = await eventually('the first Business invoice', async () => {
      const now = await charged(t);
      return now.length === 2 && now;
    });
    assert.ok(all[1] < team.seats * 2000, `unused time is taken off: ${all}`);
  },

  'TRIAL | cancel | –': async () => {
    const t = await paid();
    await done(act(t, 'trial'));
    const answer = await done(act(t, 'cancel'));
    assert.equal(answer.team.state, 'trial');
    await advance(t, '15d');
    const team = await becomes(t, 'active');
    assert.equal(team.plan, 'team');
    await charges(t, [2000]);
  },

  'TRIAL | 14 days over, charge refused | –': async () => {
    const t = await free();
    const card = await t.owner.card(t.team, declining);
    await done(act(t, 'trial', { payment_method: card.id }));
    await advance(t, '15d');
    await becomes(t, 'free');
    await charges(t, []);
  },

  'TRIAL | period end of Team | –': async () => {
    const t = await paid();
    await advance(t, '25d');
    await done(act(t, 'trial'));
    await advance(t, '8d');
    await charges(t, [2000, 2000]);
    assert.equal((await shown(t)).state, 'trial');
  },

  'ACTIVE | a true-up invoice is late | –': async () => {
    const t = await invoiced();
    await pays(t);
    await done(act(t, 'seats', { seats: 13 }));
    await advance(t, '95d');
    await advance(t, '1h');                     // a quarter is over, and its draft's hour
    await eventually('the invoice for seats', async () => (
      (await listed(t)).some((one) => one.kind === 'seats' && one.number)));
    assert.equal((await shown(t)).state, 'active');
    await advance(t, '31d');
    await becomes(t, 'past_due');
    await pays(t);
    await becomes(t, 'active');
  },

  'ACTIVE_UNPAID | seats added or given back | as ACTIVE': async () => {
    const t = await invoiced();
    const grown = await done(act(t, 'seats', { seats: 14 }));
    assert.equal(grown.team.seats, 14);
    assert.equal((await overview(t)).pending, 2 * 9600);
    const back = await done(act(t, 'seats', { seats: 11 }));
    assert.equal(back.team.state, 'active_unpaid');
    assert.equal((await overview(t)).pending, 0);
    const [invoice] = await listed(t);
    assert.equal(invoice.open, 11 * 9600);
    assert.equal((await overview(t)).credit, 0);
  },

  'ACTIVE_UNPAID, PAST_DUE | another plan, yearly | –': async () => {
    const t = await invoiced();
    await refused(buys(t, { plan: 'business', seats: 12 }), 'INVOICE_OPEN');
    const late = await pastDue();
    await refused(buys(late, { plan: 'business', seats: 5 }), 'PAYMENT_PAST_DUE');
    await refused(act(late, 'period', { period: 'yearly' }), 'PAYMENT_PAST_DUE');
  },

  'ACTIVE | add seats / member joins with no vacancy | –': async () => {
    const t = await paid();
    const answer = await done(act(t, 'seats', { seats: 150 }));
    assert.equal(answer.team.seats, 150);
    assert.equal((await overview(t)).pending, 148 * 1000);
    const other = await paid({ seats: 1 });
    await done(other.owner.post(`/dashboard/teams/${other.team}/members`,
      { email: 'joins@example.test' }), 201);
    assert.equal((await shown(other)).seats, 2);
    assert.equal((await overview(other)).pending, 1000);
    await charges(other, [1000]);
  },

  'ACTIVE | reduce seats | new size ≥ members and ≥ plan min': async () => {
    const t = await paid({ seats: 4 });
    const answer = await done(act(t, 'seats', { seats: 1 }));
    assert.equal(answer.team.seats, 1);
    assert.equal((await overview(t)).credit, 3000);
    await charges(t, [4000]);
    await done(t.owner.post(`/dashboard/teams/${t.team}/members`, { email: 'two@example.test' }),
      201);
    await refused(act(t, 'seats', { seats: 1 }), 'SIZE_BELOW_MEMBERS');
  },

  'ACTIVE | change plan upward | has billing rights': async () => {
    const t = await paid({ seats: 5 });
    const before = await shown(t);
    assert.deepEqual(await charged(t), [5000]);
    const answer = await done(buys(t, { plan: 'business', seats: 5 }));
    assert.equal(answer.team.plan, 'business');
    assert.ok(answer.team.period_start >= before.period_start);
    await charges(t, [5000, 5 * 2000 - 5000]);
  },

  'ACTIVE | switch to yearly | monthly, billing rights, confirmed': async () => {
    const t = await paid();
    const plan = await done(t.owner.post('/billing/period?dry_run=1',
      { team: t.team, period: 'yearly' }));
    const answer = await done(act(t, 'period', { period: 'yearly' }));
    assert.equal(answer.team.period, 'yearly');
    await charges(t, [2000, plan.due_now]);
    assert.equal(plan.due_now, 2 * 9600 - 2000);
  },

  'ACTIVE | switch to monthly | yearly': async () => {
    const t = await paid({ period: 'yearly' });
    await refused(act(t, 'period', { period: 'monthly' }), 'SWITCH_TO_MONTHLY');
  },

  'ACTIVE | card to invoice | R139': async () => {
    const t = await paid({ seats: 12, period: 'yearly' });
    const before = await shown(t);
    const answer = await done(act(t, 'payment-method',
      { method: 'invoice', email: t.owner.profile }));
    assert.equal(answer.team.state, 'active');
    assert.equal(answer.team.period_end, before.period_end);
  },

  'ACTIVE | invoice to card | –': async () => {
    const t = await paid({ seats: 12, period: 'yearly' });
    await done(act(t, 'payment-method', { method: 'invoice', email: t.owner.profile }));
    await refused(newCard(t), 'INVOICE_TO_CARD');
  },

  'ACTIVE | schedule Business → Team | billing rights': async () => {
    const t = await paid({ plan: 'business', seats: 5 });
    const answer = await done(act(t, 'downgrade', { plan: 'team' }));
    assert.equal(answer.team.plan, 'business');
    await advance(t, '32d');
    await eventually('the Team plan', async () => (await shown(t)).plan === 'team');
    await charges(t, [10000, 5000]);
  },

  'ACTIVE | monthly return of the day, yearly card plan, pending > 0 | –': async () => {
    const t = await paid({ period: 'yearly' });
    await done(act(t, 'seats', { seats: 3 }));
    await charges(t, [19200]);
    await advance(t, '32d');
    await charges(t, [19200, 9600]);
    assert.equal((await overview(t)).pending, 0);
  },

  'ACTIVE | period end | auto-renew, card ok': async () => {
    const t = await paid();
    const before = await shown(t);
    await advance(t, '32d');
    await charges(t, [2000, 2000]);
    const now = await becomes(t, 'active');
    assert.equal(now.period_start, before.period_end);
  },

  'ACTIVE | period end | auto-renew, card fails': async () => {
    const t = await pastDue();
    const id = await board(t);
    assert.equal((await edit(t, id)).status, 200);
    await charges(t, [2000]);
  },

  'ACTIVE | period end | auto-renew, invoice': async () => {
    const t = await paid({ seats: 12, period: 'yearly' });
    await done(act(t, 'payment-method', { method: 'invoice', email: t.owner.profile }));
    await advance(t, '366d');
    await becomes(t, 'active_unpaid');
    await charges(t, [115200]);
  },

  'ACTIVE | cancel | billing rights': async () => {
    const t = await paid();
    await done(act(t, 'seats', { seats: 3 }));
    const answer = await done(act(t, 'cancel'));
    assert.equal(answer.team.state, 'cancelled');
    await charges(t, [2000, 1000]);
    await mails(t.owner.profile, /expire|end/i);
  },

  'ACTIVE_UNPAID | invoice paid | –': async () => {
    const t = await invoiced();
    await advance(t, '1h');
    const number = await eventually('the invoice', async () => (
      (await t.owner.get(`/billing/invoices?team=${t.team}`)).json.invoices[0]?.number));
    const card = await t.owner.card(t.team);
    await done(t.owner.post(`/billing/invoices/${number}/pay`,
      { team: t.team, payment_method: card.id }, key()));
    await becomes(t, 'active');
    await charges(t, [115200]);
  },

  'ACTIVE_UNPAID | cancel | it is the first invoice': async () => {
    const t = await invoiced();
    const answer = await done(act(t, 'cancel'));
    assert.equal(answer.team.state, 'free');
    await charges(t, []);
  },

  'ACTIVE_UNPAID | due date passed | –': async () => {
    const t = await invoiced();
    await advance(t, '31d');
    await becomes(t, 'past_due');
    await advance(t, '15d');
    await becomes(t, 'expired');
    await charges(t, []);
  },

  'PAST_DUE | retry or new card succeeds | –': async () => {
    const t = await pastDue();
    const { period_end: end } = await shown(t);
    await done(newCard(t));
    const now = await becomes(t, 'active');
    assert.ok(now.period_start === end || now.period_end > end);
    await charges(t, [2000, 2000]);
  },

  'PAST_DUE | last retry fails | –': async () => {
    const t = await pastDue();
    await advance(t, '8d');
    await becomes(t, 'past_due');
    await advance(t, '8d');
    await becomes(t, 'expired');
    await charges(t, [2000]);
  },

  'PAST_DUE | cancel | billing rights': async () => {
    const t = await pastDue();
    const answer = await done(act(t, 'cancel'));
    assert.equal(answer.team.state, 'expired');
    await charges(t, [2000]);
  },

  'CANCELLED | reactivate | billing rights, before period end': async () => {
    const t = await paid();
    const before = await shown(t);
    await done(act(t, 'cancel'));
    const answer = await done(act(t, 'reactivate'));
    assert.equal(answer.team.state, 'active');
    assert.equal(answer.team.period_end, before.period_end);
    await charges(t, [2000]);
  },

  'CANCELLED | change size, plan, type | –': async () => {
    const t = await paid();
    await done(act(t, 'cancel'));
    await refused(act(t, 'seats', { seats: 5 }), 'SUBSCRIPTION_CANCELLED');
    await refused(act(t, 'period', { period: 'yearly' }), 'SUBSCRIPTION_CANCELLED');
    await refused(buys(t, { plan: 'business', seats: 5 }), 'SUBSCRIPTION_CANCELLED');
  },

  'CANCELLED | period end | –': async () => {
    const t = await expired();
    assert.equal((await t.owner.get(`/boards/${t.board}`)).status, 200);
    const { json } = await t.owner.get(`/dashboard?team=${t.team}`);
    assert.ok(json.notices.length > 0, 'a notice');
  },

  'EXPIRED | reactivate / buy a plan | billing rights (or any member if treated as a new purchase, section 8)':
  async () => {
    const t = await expired();
    const answer = await done(act(t, 'reactivate'));
    assert.equal(answer.team.state, 'active');
    await charges(t, [2000, 2000]);
    const other = await expired();
    await done(buys(other, { plan: 'consultant', seats: 1 }));
    assert.equal((await shown(other)).plan, 'consultant');
  },

  'EXPIRED | downgrade to Free | admin or Billing Admin confirms': async () => {
    const t = await expired();
    {
      assert.equal((await edit(t, t.board)).json.code, 'TEAM_EXPIRED');
    }
    const answer = await done(act(t, 'downgrade'));
    assert.equal(answer.team.state, 'free');
    assert.equal((await edit(t, t.board)).status, 200);
    await refused(t.owner.get(`/billing/overview?team=${t.team}`), 'BILLING_HIDDEN');
  },

  'EXPIRED | edit a board | –': async () => {
    const t = await expired();
    await refused(edit(t, t.board), 'TEAM_EXPIRED');
    assert.equal((await t.owner.get(`/boards/${t.board}`)).status, 200);
  },

  'any paid | payer leaves the team | –': async () => {
    const t = await free();
    const email = `payer${n}@example.test`;
    await done(t.owner.post(`/dashboard/teams/${t.team}/members`, { email }), 201);
    const payer = await stack.client(email);
    await done(buys({ owner: payer, team: t.team }, { seats: 2 }));
    await done(payer.delete(`/dashboard/teams/${t.team}/members/${email}`));
    const now = await shown(t);
    assert.equal(now.state, 'active');
    assert.equal(now.seats, 2);
    const asked = await payer.get(`/billing/overview?team=${t.team}`);
    assert.ok(asked.status === 403 || asked.status === 404, asked.text);
  },

  'any paid | delete team | admin; not last team of Business/Consultant': async () => {
    const company = await paid({ plan: 'business', seats: 5 });
    await refused(company.owner.delete(`/dashboard/teams/${company.team}`), 'LAST_TEAM');
    const t = await paid();
    await refused(t.owner.delete(`/dashboard/teams/${t.team}`), 'CANCEL_FIRST');
  },
};

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

test('every row of section 6 is walked through, and no other', () => {
  assert.deepEqual(Object.keys(walk).sort(), table().sort());
});

for (const row of Object.keys(walk)) {
  test(row, walk[row]);
}

test('p54 five declined cards stop all cards of the team and the person for half an hour', async () => {
  const t = await free('tester');
  const entered = await t.owner.card(t.team, declining);
  const payment = { method: 'card', payment_method: entered.id };
  for (let i = 0; i < 5; i++) {
    await refused(t.owner.buy(order(t, { payment })), 'CARD_DECLINED');
  }

  const once = randomBytes(16).toString('hex');
  const stopped = await t.owner.buy(order(t, { payment }), once);
  assert.equal(stopped.status, 429, stopped.text);
  assert.equal(stopped.json.code, 'CARD_PAUSED');
  const wait = Number(stopped.headers['retry-after']);
  assert.ok(wait > 1700 && wait <= 1800, `Retry-After: ${wait}`);
  assert.match(stopped.json.detail, /30 minutes/);
  assert.match(stopped.json.next, /invoice/);
  const french = await t.owner.post('/upgrade/card?lang=fr', { team: t.team });
  assert.equal(french.status, 429);
  assert.match(french.json.detail, /30 minutes/);
  assert.match(french.json.next, /facture/);

  // Another team of the same person, and nobody else.
  const other = { owner: t.owner, team: await t.owner.team('another') };
  await refused(t.owner.buy(order(other, { payment })), 'CARD_PAUSED');
  await done(buys(await free('innocent')));
  await done(t.owner.buy(order(other, { seats: 12, period: 'yearly',
    payment: { method: 'invoice', email: t.owner.profile } })));

  // The pause is over by the business's clock; the same key goes on.
  await advance(t, '29m');
  await refused(t.owner.buy(order(t, { payment })), 'CARD_PAUSED');
  await advance(t, '2m');
  await refused(t.owner.buy(order(t, { payment }), once), 'CARD_DECLINED');
  await done(buys(t));
  await charges(t, [2000]);
});

test('the books balance after all of them', async () => {
  assert.deepEqual(await stack.sql('SELECT txn, SUM(amount_minor) s FROM ledger'
    + ' GROUP BY txn, currency HAVING SUM(amount_minor) <> 0'), []);
});
