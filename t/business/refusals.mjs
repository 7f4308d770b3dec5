// Every refusal of doc/rules.md, section 7, met through HTTP: its code, its
// status, and its texts with the next step in English and in French.  The list
// is read from there; a code nobody provokes fails the test.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, request, start } from '../lib/stack.mjs';
import { byCard, byInvoice, finalised } from './documents.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const texts = JSON.parse(fs.readFileSync(path.join(root, 'conf/messages/api.json'), 'utf8'));

const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });
const people = {};
let stack;

function table() {
  const rules = fs.readFileSync(path.join(root, 'doc/rules.md'), 'utf8');
  const section = rules.split(/^## 7\. /m)[1].split(/^## /m)[0];
  return [...section.matchAll(/^\| ([A-Z_]+) \| (\d+) \|/gm)]
    .map(([, code, status]) => ({ code, status: Number(status) }));
}

// --- asking -----------------------------------------------------------------

const quote = (client, order) => (lang) => client.post(`/upgrade/quote?lang=${lang}`, {
  team: 'team-free', plan: 'team', seats: 12, period: 'yearly', payment_method: 'card', ...order });
const buy = (client, order, payment, information) => (lang) => client.post(
  `/upgrade?lang=${lang}`, { team: 'team-free', plan: 'team', seats: 12, period: 'yearly', payment,
    ...(information ? { billing_information: information } : {}), ...order }, key());
const bill = (client, where, body) => (lang) => client.post(
  `/billing/${where}?lang=${lang}`, body, key());
const card = (pm) => ({ method: 'card', payment_method: pm });

async function soloTeam(name) {
  const client = await stack.client(`${name}@example.test`);
  return { client, team: await client.team(name) };
}

// The answer to the last of so many tries of a buyer of their own.
const tries = (pm, times = 1) => async (lang) => {
  const { client, team } = await soloTeam(`tries-${randomBytes(3).toString('hex')}`);
  for (let i = 1; i < times; i++) {
    assert.equal((await buy(client, { team }, card(pm))(lang)).status, 402);
  }
  return buy(client, { team }, card(pm))(lang);
};

async function challenged(lang) {
  const { client, team } = await soloTeam(`secure-${lang}-${randomBytes(3).toString('hex')}`);
  const entered = await client.card(team, '4000002760003184');
  const first = await client.post(`/upgrade?lang=${lang}`, { team, plan: 'team', seats: 2,
    period: 'monthly', payment: card(entered.id ?? entered.json.payment_method) }, key());
  return { client, team, first };
}

async function failedChallenge(lang) {
  const { client, first } = await challenged(lang);
  const intent = first.json.payment.client_secret.split('_secret_')[0];
  await request(`${stack.gateway}/_sandbox/authenticate`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ payment_intent: intent, outcome: 'fail' }) });
  const { operation } = first.json;
  await client.post(`/upgrade/resume?lang=${lang}`, { operation });
  const ended = await eventually('the purchase to end', async () => {
    const asked = await client.get(`/billing/operations/${operation}?lang=${lang}`);
    return asked.json?.state === 'refused' && asked.json.answer;
  }, { within: 30000, every: 200 });
  return { status: ended.status, json: ended };
}

async function chargedWrongly(lang) {
  const { client, team } = await soloTeam('wrongly');
  const entered = await client.card(team);
  await stack.fault({ match: 'POST /v1/payment_intents', do: 'wrong_currency', nth: 1, team });
  return client.buyUntilFinal({ team, plan: 'team', seats: 2, period: 'monthly',
    payment: card(entered.id) }, { where: `/upgrade?lang=${lang}` });
}

// A team that was paid, has run out and is Free again, with a private board.

async function formerlyPaid() {
  const { client, team } = await soloTeam('former');
  const entered = await client.card(team);
  const bought = await client.buy({ team, plan: 'team', seats: 2, period: 'monthly',
    payment: card(entered.id) });
  assert.equal(bought.status, 200, bought.text);
  for (let i = 0; i < 4; i++) {
    await client.board(team, `Board ${i}`);
  }
  const made = await client.post(`/dashboard/teams/${team}/boards`,
    { title: 'Private', private: true });
  assert.equal(made.status, 201, made.text);
  const seats = await client.post('/billing/seats', { team, seats: 3 }, key());
  assert.equal(seats.status, 200, seats.text);
  assert.equal((await client.post('/billing/cancel', { team }, key())).status, 200);
  const { json } = await client.get(`/billing/invoices?team=${team}`);
  await client.post('/demo/clock', { advance: '32d' });
  await eventually('expiry', async () => (
    (await client.get(`/dashboard?team=${team}`)).json.team.state === 'expired'));
  const freed = await client.post('/billing/downgrade', { team }, key());
  assert.equal(freed.status, 200, freed.text);
  return { client, team, board: made.json.board.id, invoices: json.invoices };
}

// These move the clock or change what is sold, so they come last.
const late = ['PURCHASE_PAUSED', 'BILLING_HIDDEN', 'BOARD_LOCKED_PRIVATE', 'INVOICE_LOCKED', 'INVOICE_OPEN',
  'INVOICE_NOT_OPEN', 'PAYMENT_RECORDED', 'PAYMENT_CURRENCY', 'PAYMENT_PAST_DUE',
  'REFUND_EXTRA_SEATS', 'TRIAL_NOT_OFFERED', 'INVOICE_COUNTRY', 'PLAN_WITHDRAWN'];
let former;

async function afterwards() {
  former ??= await formerlyPaid();
  return former;
}

// Made when first asked for, once.

const made = new Map();

function once(name, make) {
  if (!made.has(name)) {
    made.set(name, make());
  }
  return made.get(name);
}

const done = (answer, status = 200) => {
  assert.equal(answer.status, status, answer.text);
  return answer.json;
};

const invoiced = () => once('invoiced', () => byInvoice(stack, 'on-invoice'));
const final = () => once('final', async () => {
  const t = await invoiced();
  done(await t.owner.post('/demo/clock', { advance: '1h' }));
  return { ...t, number: (await finalised(t.owner, t.team)).number };
});
const charged = () => once('charged', () => byCard(stack, 'by-card'));
const refundable = () => once('refundable', async () => {
  const t = await byCard(stack, 'refundable');
  const { refund } = done(await t.owner.post('/billing/refunds',
    { team: t.team, invoice: t.number, amount: 100, reason: 'x' }, key()), 201);
  return { ...t, refund };
});
const decided = () => once('decided', async () => {
  const t = await byCard(stack, 'decided');
  const { refund } = done(await t.owner.post('/billing/refunds',
    { team: t.team, invoice: t.number, reason: 'x' }, key()), 201);
  done(await t.owner.decide(refund.id, 'refused'));
  return { ...t, refund };
});
const adminsOnly = () => once('admins', async () => done(
  await people.owner.patch('/dashboard/teams/team-monthly', { invite: 'admins' })));
const noMoves = () => once('moves', async () => {
  done(await people.big.patch('/dashboard/teams/team-enterprise', { board_moves: 'forbidden' }));
  return done(await people.big.post('/dashboard/teams',
    { name: 'Elsewhere', from: 'pricing' }), 201).team.id;
});
const restricted = () => once('restricted', async () => done(await people.big.post(
  '/dashboard/teams/team-enterprise/licences/staff%40corp.example.test',
  { licence: 'restricted' })));
const occasional = () => once('occasional', async () => {
  done(await people.owner.post('/dashboard/teams/team-business/occasional',
    { email: 'now-and-then@example.test' }), 201);
  return stack.client('now-and-then@example.test');
});
const passes = async (enabled) => done(
  await people.owner.patch('/dashboard/teams/team-business/day-passes', { enabled }));
const boardOwner = () => once('board owner', async () => {
  const { client, team } = await soloTeam('board-owner');
  done(await client.post(`/dashboard/teams/${team}/members`, { email: 'draws@example.test' }), 201);
  const draws = await stack.client('draws@example.test');
  await draws.board(team, 'Drawn');
  return { client, team };
});
const trueUp = () => once('true-up', async () => {
  const t = await byCard(stack, 'true-up');
  done(await t.owner.post('/billing/period', { team: t.team, period: 'yearly' }, key()));
  done(await t.owner.post('/billing/seats', { team: t.team, seats: 9 }, key()));
  done(await t.owner.post('/demo/clock', { advance: '32d' }));
  const seats = await eventually('the invoice for added seats', async () => (
    (await t.owner.get(`/billing/invoices?team=${t.team}`)).json.invoices
      .find((one) => one.kind === 'seats')), { within: 30000 });
  return { ...t, number: seats.number };
});
const overdue = () => once('overdue', async () => {
  const { client, team } = await soloTeam('overdue');
  const entered = await client.card(team);
  done(await client.buy({ team, plan: 'team', seats: 2, period: 'monthly',
    payment: card(entered.id) }));
  const bad = await client.card(team, '4000000000000341');
  done(await client.post('/billing/payment-method', { team, payment_method: bad.id }, key()));
  done(await client.post('/demo/clock', { advance: '32d' }));
  await eventually('the failed renewal', async () => (
    (await client.get(`/dashboard?team=${team}`)).json.team.state === 'past_due'));
  return { client, team };
});

// --- one for each code --------------------------------------------------------

const provoke = {
  NOT_A_MEMBER: (lang) => quote(people.guest, {})(lang),
  TEAM_NOT_FOUND: (lang) => people.owner.get(`/dashboard?team=team-nowhere&lang=${lang}`),
  TEAM_CREATE_ENTERPRISE: (lang) => people.staff.post(`/dashboard/teams?lang=${lang}`,
    { name: 'Own', from: 'dashboard' }),
  TEAM_CREATE_DOMAIN: (lang) => people.other.post(`/dashboard/teams?lang=${lang}`,
    { name: 'Own', from: 'pricing' }),
  UPGRADE_ALREADY_PAID: (lang) => quote(people.owner, { team: 'team-monthly' })(lang),
  PLAN_UNKNOWN: (lang) => quote(people.owner, { plan: 'platinum' })(lang),
  PLAN_ENTERPRISE_CONTACT: (lang) => quote(people.owner, { plan: 'enterprise' })(lang),
  PLAN_EDUCATION_APPLY: (lang) => quote(people.owner, { plan: 'education' })(lang),
  SEATS_INVALID: (lang) => quote(people.owner, { seats: 0 })(lang),
  SEATS_BELOW_MEMBERS: (lang) => quote(people.owner, { seats: 1 })(lang),
  SEATS_BELOW_PLAN_MIN: (lang) => quote(people.owner, { plan: 'business', seats: 4 })(lang),
  SEATS_ABOVE_WINDOW_MAX: (lang) => quote(people.owner, { seats: 101 })(lang),
  BILLING_TYPE_INVALID: (lang) => quote(people.owner, { period: 'weekly' })(lang),
  PAYMENT_METHOD_UNSUPPORTED: (lang) => quote(people.owner, { payment_method: 'paypal' })(lang),
  INVOICE_TEAM_SEATS: (lang) => quote(people.owner,
    { payment_method: 'invoice', seats: 10 })(lang),
  INVOICE_TEAM_YEARLY: (lang) => quote(people.owner,
    { payment_method: 'invoice', period: 'monthly' })(lang),
  INVOICE_PLAN: (lang) => quote(people.owner,
    { payment_method: 'invoice', plan: 'consultant' })(lang),
  INVOICE_EMAIL_MISSING: (lang) => buy(people.owner, {}, { method: 'invoice' })(lang),
  BILLING_INFO_MISSING: (lang) => buy(people.owner, {},
    { method: 'invoice', email: 'bills@example.test' },
    { country: 'FR', postal_code: '' })(lang),
  VAT_ID_INVALID: (lang) => people.owner.put(`/billing/information?lang=${lang}`, {
    team: 'team-monthly', billing_information: { country: 'FR', vat_id: 'FR1' } }),
  SIREN_INVALID: (lang) => people.owner.put(`/billing/information?lang=${lang}`, {
    team: 'team-monthly', billing_information: { country: 'FR', siren: '123 456 789' } }),
  CARD_MISSING: (lang) => buy(people.owner, {}, { method: 'card' })(lang),
  CARD_INVALID: tries('pm_card_chargeDeclinedIncorrectCvc'),
  CARD_EXPIRED: tries('pm_card_chargeDeclinedExpiredCard'),
  CARD_FUNDS: tries('pm_card_chargeDeclinedInsufficientFunds'),
  CARD_DECLINED: tries('pm_card_chargeDeclined'),
  CARD_PAUSED: tries('pm_card_chargeDeclined', 6),
  PURCHASE_PAUSED: async (lang) => {
    // as many cards as are declined one by one are paused before
    const { client, team } = await soloTeam(`often-${lang}`);
    for (let i = 0; i < 10; i++) {
      done(await buy(client, { team }, card('pm_card_chargeDeclined'))(lang), 402);
      if (i % 4 === 3) {
        done(await client.post('/demo/clock', { advance: '11m' }));
      }
    }
    const often = await buy(client, { team }, card('pm_card_visa'))(lang);
    const wait = Number(often.headers['retry-after']);
    assert.ok(wait > 2000 && wait <= 3600 - 22 * 60, `Retry-After: ${wait}`);
    return often;
  },
  CARD_AUTH_REQUIRED: async (lang) => (await challenged(lang)).first,
  CARD_AUTH_FAILED: failedChallenge,
  PAYMENT_RETURNED: chargedWrongly,
  PROMO_UNKNOWN: (lang) => quote(people.owner, { promo: 'NOSUCHCODE' })(lang),
  PROMO_EXPIRED: (lang) => quote(people.owner, { promo: 'LASTYEAR' })(lang),
  PROMO_PAUSED: async (lang) => {
    const { client, team } = await soloTeam('guesser');
    for (let i = 0; i < 10; i++) {
      await quote(client, { team, promo: `GUESS${i}` })(lang);
    }
    return quote(client, { team, promo: 'GUESS10' })(lang);
  },
  PROMO_USED: async (lang) => {
    const { owner } = people;
    const team = await owner.team('Used');
    const bought = await owner.buy({ team, plan: 'team', seats: 1, period: 'monthly',
      promo: 'WELCOME20', payment: { method: 'card', payment_method: (await owner.card(team)).id } });
    assert.equal(bought.status, 200, bought.text);
    return quote(owner, { team, plan: 'consultant', promo: 'WELCOME20' })(lang);
  },
  PROMO_NOT_APPLICABLE: (lang) => quote(people.owner,
    { promo: 'YEARLY50', period: 'monthly' })(lang),
  BILLING_RIGHTS: bill0('member', 'cancel', { team: 'team-monthly' }),
  ADMIN_RIGHTS: (lang) => people.admin.delete(
    `/dashboard/teams/team-yearly/members/member@example.test?lang=${lang}`),
  SUBSCRIPTION_CANCELLED: bill0('owner', 'seats', { team: 'team-cancelled', seats: 9 }),
  ALREADY_CANCELLED: bill0('owner', 'cancel', { team: 'team-cancelled' }),
  NOT_CANCELLED: bill0('owner', 'reactivate', { team: 'team-monthly' }),
  NO_SUBSCRIPTION: bill0('owner', 'cancel', { team: 'team-free' }),
  SWITCH_TO_MONTHLY: bill0('owner', 'period', { team: 'team-business', period: 'monthly' }),
  SWITCH_SAME: bill0('owner', 'period', { team: 'team-business', period: 'yearly' }),
  INVOICE_TO_CARD: bill0('owner', 'payment-method',
    { team: 'team-yearly', payment_method: 'pm_card_visa' }),
  SIZE_BELOW_MEMBERS: bill0('owner', 'seats', { team: 'team-monthly', seats: 1 }),
  INVOICE_NOT_FOUND: (lang) => people.owner.get(
    `/billing/invoices/INV-2001-000001?team=team-monthly&lang=${lang}`),
  BILLING_HIDDEN: async (lang) => {
    const { client, team } = await afterwards();
    return client.get(`/billing/invoices?team=${team}&lang=${lang}`);
  },
  BOARD_LOCKED_PRIVATE: async (lang) => {
    const { client, board } = await afterwards();
    return client.put(`/boards/${board}?lang=${lang}`, { text: 'x' });
  },
  TEAM_EXPIRED: (lang) => people.owner.put(`/boards/board-expired-1?lang=${lang}`, { text: 'x' }),
  BOARD_LOCKED_LIMIT: (lang) => people.owner.put(`/boards/board-free-1?lang=${lang}`,
    { text: 'x' }),
  BOARD_NOT_OWNER: (lang) => people.member.post(
    `/dashboard/boards/board-free-1/move?lang=${lang}`, { team: 'team-monthly' }),
  BOARD_DEST: (lang) => people.owner.post(
    `/dashboard/boards/board-free-1/move?lang=${lang}`, { team: 'team-enterprise' }),
  BOARD_MOVE_FORBIDDEN: async (lang) => {
    const team = await noMoves();
    return people.big.post(`/dashboard/boards/board-enterprise-1/move?lang=${lang}`, { team });
  },
  INVITE_FORBIDDEN: async (lang) => {
    await adminsOnly();
    return people.member.post(`/dashboard/teams/team-monthly/invitations?lang=${lang}`,
      { emails: ['asked@example.test'] });
  },
  BOARDS_DECISION: async (lang) => {
    const { client, team } = await boardOwner();
    return client.delete(`/dashboard/teams/${team}/members/draws@example.test?lang=${lang}`);
  },
  ADMIN_ON_LEAVING: (lang) => people.admin.patch(
    `/dashboard/teams/team-education/members/member@example.test?lang=${lang}`,
    { role: 'team_admin' }),
  LAST_TEAM: (lang) => people.freelance.delete(`/dashboard/teams/team-consultant?lang=${lang}`),
  DAYPASS_OFF: async (lang) => {
    const client = await occasional();
    await passes(false);
    return client.post(`/dashboard/boards/board-business-1/open?lang=${lang}`, { mode: 'edit' });
  },
  DAYPASS_NEEDED: async (lang) => {
    const client = await occasional();
    await passes(true);
    return eventually('his licence at the gate', async () => {
      const answer = await client.put(`/boards/board-business-1?lang=${lang}`, { text: 'x' });
      return answer.json?.code === 'DAYPASS_NEEDED' && answer;
    });
  },
  TRIAL_NOT_OFFERED: async (lang) => {
    await once('no trial', () => stack.configure({ catalogue: { trial: { enabled: false } } }));
    return people.owner.post(`/billing/trial?lang=${lang}`,
      { team: 'team-free', payment_method: 'pm_card_visa' }, key());
  },
  CANCEL_FIRST: (lang) => people.owner.delete(`/dashboard/teams/team-monthly?lang=${lang}`),
  CONFIRMATION_INVALID: (lang) => people.owner.delete(
    `/dashboard/teams/team-free?confirm=${'A'.repeat(43)}&lang=${lang}`),
  LICENCE_REQUEST: async (lang) => {
    await restricted();
    return people.staff.put(`/boards/board-enterprise-1?lang=${lang}`, { text: 'x' });
  },
  REFUND_AMOUNT: async (lang) => {
    const { owner, team, number } = await charged();
    return owner.post(`/billing/refunds?lang=${lang}`,
      { team, invoice: number, amount: 99999999, reason: 'x' }, key());
  },
  REFUND_PENDING: async (lang) => {
    const { owner, team, number } = await refundable();
    return owner.post(`/billing/refunds?lang=${lang}`,
      { team, invoice: number, amount: 100, reason: 'x' }, key());
  },
  REFUND_NOT_FOUND: (lang) => people.owner.post(`/demo/refunds/r_nothing?lang=${lang}`,
    { decision: 'refused' }),
  REFUND_DECIDED: async (lang) => {
    const { owner, refund } = await decided();
    return owner.post(`/demo/refunds/${refund.id}?lang=${lang}`, { decision: 'granted' });
  },
  APPROVER_MISSING: async (lang) => {
    const { owner, refund } = await refundable();
    return owner.post(`/demo/refunds/${refund.id}?lang=${lang}`, { decision: 'granted' });
  },
  APPROVER_SAME: async (lang) => {
    const { owner, refund } = await refundable();
    const body = { decision: 'granted', by: 'ann@example.test' };
    await once('one of two', () => owner.post(`/demo/refunds/${refund.id}`, body));
    return owner.post(`/demo/refunds/${refund.id}?lang=${lang}`, body);
  },
  PAGE_NOT_FOUND_FR: (lang) => people.owner.get(`/dashboard/nowhere?lang=${lang}`),

  INVOICE_LOCKED: async (lang) => {
    const { owner, team, number } = await final();
    return owner.put(`/billing/invoices/${number}/information?lang=${lang}`,
      { team, billing_information: { company: 'Example' } });
  },
  INVOICE_OPEN: async (lang) => {
    const { owner, team } = await final();
    return owner.post(`/upgrade/quote?lang=${lang}`, { team, plan: 'business', seats: 20,
      period: 'yearly', payment_method: 'card' });
  },
  INVOICE_NOT_OPEN: async (lang) => {
    const { owner, team, number } = await charged();
    return owner.post(`/billing/invoices/${number}/pay?lang=${lang}`,
      { team, payment_method: 'pm_card_visa' }, key());
  },
  PAYMENT_RECORDED: async (lang) => {
    const { owner, number } = await final();
    const wire = (amount) => owner.post(`/demo/invoices/${number}/paid?lang=${lang}`,
      { amount, currency: 'USD', reference: 'wire-1' });
    await wire(1000);
    return wire(1001);
  },
  PAYMENT_CURRENCY: async (lang) => {
    const { owner, number } = await final();
    return owner.post(`/demo/invoices/${number}/paid?lang=${lang}`,
      { amount: 1000, currency: 'EUR', reference: 'wire-2' });
  },
  PAYMENT_PAST_DUE: async (lang) => {
    const { client, team } = await overdue();
    return client.post(`/upgrade/quote?lang=${lang}`, { team, plan: 'business', seats: 20,
      period: 'yearly', payment_method: 'card' });
  },
  REFUND_EXTRA_SEATS: async (lang) => {
    const { owner, team, number } = await trueUp();
    return owner.post(`/billing/refunds?lang=${lang}`,
      { team, invoice: number, reason: 'x' }, key());
  },
  INVOICE_COUNTRY: async (lang) => {
    await once('country', () => stack.configure({ invoice_countries_excluded: ['BR'] }));
    return buy(people.owner, {}, { method: 'invoice', email: 'bills@example.test' },
      { country: 'BR', postal_code: '01000' })(lang);
  },
  PLAN_WITHDRAWN: async (lang) => {
    await once('withdrawn', () => stack.configure(
      { catalogue: { plans: { consultant: { selling: false } } } }));
    return quote(people.owner, { plan: 'consultant' })(lang);
  },
  ENTERPRISE_FORM_INCOMPLETE: (lang) => people.owner.post(`/enterprise?lang=${lang}`,
    { name: 'Somebody', email: 'somebody@example.test', company: '' }),
};

function bill0(person, where, body) {
  return (lang) => bill(people[person], where, body)(lang);
}

before(async () => {
  stack = await start();
  for (const name of ['owner', 'admin', 'member', 'guest', 'big',
    'freelance']) {
    people[name] = await stack.client(`${name}@example.test`);
  }
  people.staff = await stack.client('staff@corp.example.test');
  people.other = await stack.client('other@corp.example.test');
});
after(async () => { await stack?.stop(); });

// The words before the first placeholder, as they must begin.

function begins(text, code, part, lang) {
  const wanted = texts[`${code}.${part}`]?.[lang];
  assert.ok(wanted, `no text ${code}.${part} in ${lang}`);
  const plain = texts[`${code}.${part}.plain`]?.[lang];
  const head = (one) => one.split('{')[0];
  assert.ok(text.startsWith(head(wanted)) || (plain && text.startsWith(head(plain))),
    `${lang}: "${text}" is not "${wanted}"`);
  assert.ok(!text.includes('{'), `a placeholder is left: ${text}`);
}

test('every code of section 7 is provoked here', () => {
  assert.deepEqual(table().map((row) => row.code).filter((code) => !(code in provoke)), []);
});

const rows = table().filter((row) => row.code in provoke)
  .sort((a, b) => late.indexOf(a.code) - late.indexOf(b.code));

for (const { code, status } of rows) {
  test(`${code} is ${status} in English and French`, async () => {
    // there is no such refusal of an English page
    for (const lang of code === 'PAGE_NOT_FOUND_FR' ? ['fr'] : ['en', 'fr']) {
      const answer = await provoke[code](lang);
      assert.equal(answer.json?.code, code, `${lang}: ${answer.status} ${answer.text}`);
      assert.equal(answer.json.status, status);
      if (answer.headers) {
        assert.equal(answer.status, status);
        assert.match(answer.headers['content-type'], /^application\/problem\+json/);
      }
      begins(answer.json.title, code, 'title', lang);
      begins(answer.json.detail, code, 'detail', lang);
      begins(answer.json.next, code, 'next', lang);
    }
  });
}
