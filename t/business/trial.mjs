// The Business trial through the whole stack: what it opens, what its end
// charges, and what is there again when it does not.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });
const trial = (client, body, lang = 'en', headers = key()) =>
  client.post(`/billing/trial?lang=${lang}`, body, headers);

async function refused(ask, status, code, english, french) {
  for (const [lang, text] of [['en', english], ['fr', french]]) {
    const answer = await ask(lang);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code, answer.text);
    assert.ok(`${answer.json.detail} ${answer.json.next}`.includes(text),
      `${lang}: ${answer.text}`);
  }
}

async function advance(client, span) {
  const answer = await client.post('/demo/clock', { advance: span });
  assert.equal(answer.status, 200, answer.text);
}

// As proration counts them: by their dates.
const days = (from, to) =>
  (Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / 86400000;

const teamOf = async (client, team) => (await client.get(`/dashboard?team=${team}`)).json.team;

const becomes = (client, team, state) => eventually(`team ${state}`, async () => {
  const now = await teamOf(client, team);
  return now.state === state && now;
}, { within: 30000 });

async function charges(team) {
  const own = (await stack.ledger()).filter((charge) => charge.metadata?.team === team);
  return own.filter((charge) => charge.status === 'succeeded').map((charge) => charge.amount);
}

async function balanced() {
  const off = await stack.sql('SELECT txn, SUM(amount_minor) s FROM ledger GROUP BY txn, currency'
    + ' HAVING SUM(amount_minor) <> 0');
  assert.deepEqual(off, []);
}

// What the gate has been told arrives a moment after the answer.
const put = (client, board, status) => eventually(`PUT is ${status}`, async () => {
  const answer = await client.put(`/boards/${board}`, { text: 'x' });
  return answer.status === status && answer;
});

async function freeTeam(name, { boards = 0, members = 0 } = {}) {
  const owner = await stack.client(`${name}@example.test`);
  const team = await owner.team(name);
  const ids = [];
  for (let i = 0; i < boards; i++) {
    ids.push(await owner.board(team, `${name} ${i + 1}`));
  }
  for (let i = 0; i < members; i++) {
    await owner.post(`/dashboard/teams/${team}/members`, { email: `${name}${i}@example.test` });
  }
  return { owner, team, boards: ids };
}

async function paidTeam(name, seats = 2) {
  const made = await freeTeam(name);
  const card = await made.owner.card(made.team);
  const answer = await made.owner.buy({
    team: made.team, plan: 'team', seats, period: 'yearly',
    payment: { method: 'card', payment_method: card.id },
  });
  assert.equal(answer.status, 200, answer.text);
  return made;
}

test('r221 on Free: a card first, all boards at once, charged on day 14', async () => {
  const { owner, team, boards } = await freeTeam('free', { boards: 4, members: 1 });
  await refused((lang) => trial(owner, { team }, lang), 422, 'CARD_MISSING', 'card', 'carte');
  await refused((lang) => trial(owner, { team, period: 'weekly' }, lang), 422,
    'BILLING_TYPE_INVALID', 'monthly', 'mensuelle');
  const bad = await owner.card(team, '4000000000000002');
  assert.notEqual(bad.status, 200);
  assert.equal((await teamOf(owner, team)).can.trial, true);
  assert.equal((await put(owner, boards[0], 403)).json.code, 'BOARD_LOCKED_LIMIT');

  const card = await owner.card(team);
  const shown = await owner.post('/billing/trial?dry_run=1', { team });
  assert.equal(shown.status, 200, shown.text);
  assert.equal(shown.json.due_now, 0);
  assert.equal(shown.json.then.due_now, 10000);

  const once = key();
  const body = { team, payment_method: card.id };
  const started = await trial(owner, body, 'en', once);
  assert.equal(started.status, 200, started.text);
  assert.equal(started.json.team.state, 'trial');
  const later = Date.parse(started.json.team.trial_ends_at) - Date.parse(shown.json.trial.ends_at);
  assert.ok(later >= 0 && later < 60000, String(later));
  assert.equal(started.json.team.trial_plan, 'business');
  assert.deepEqual(started.json.team.billing_admins, ['free@example.test']);
  const again = await trial(owner, body, 'en', once);
  assert.equal(again.status, 200, again.text);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.deepEqual(await charges(team), []);
  await put(owner, boards[0], 200);

  await refused((lang) => trial(owner, body, lang), 409, 'UPGRADE_ALREADY_PAID', 'paid plan',
    'forfait payant');
  const board = await owner.post(`/dashboard/teams/${team}/boards`,
    { title: 'own', private: true });
  assert.equal(board.status, 201, board.text);
  const notices = (await owner.get(`/dashboard?team=${team}`)).json.notices;
  assert.ok(notices.some((notice) => notice.code === 'trial'), JSON.stringify(notices));

  await advance(owner, '13d');
  assert.equal((await teamOf(owner, team)).state, 'trial');
  await advance(owner, '1d');
  const now = await becomes(owner, team, 'active');
  assert.equal(now.plan, 'business');
  assert.equal(now.seats, 5);
  assert.equal(now.trial_ends_at, null);
  assert.deepEqual(await charges(team), [10000]);
  const invoices = (await owner.get(`/billing/invoices?team=${team}`)).json.invoices;
  assert.deepEqual(invoices.map((invoice) => invoice.total), [10000]);
  await balanced();
});

test('r221 cancelled on Free: a trial until day 14, then Free, never again', async () => {
  const { owner, team, boards } = await freeTeam('stops', { boards: 4 });
  const card = await owner.card(team);
  assert.equal((await trial(owner, { team, payment_method: card.id })).status, 200);
  const ended = await owner.post('/billing/cancel', { team, reason: 'no' }, key());
  assert.equal(ended.status, 200, ended.text);
  assert.equal(ended.json.team.state, 'trial');
  await refused((lang) => owner.post(`/billing/cancel?lang=${lang}`, { team }, key()), 409,
    'ALREADY_CANCELLED', 'already off', 'déjà');
  await put(owner, boards[0], 200);

  await advance(owner, '14d');
  const now = await becomes(owner, team, 'free');
  assert.equal(now.can.trial, false);
  assert.equal((await put(owner, boards[0], 403)).json.code, 'BOARD_LOCKED_LIMIT');
  assert.deepEqual(await charges(team), []);
  await refused((lang) => trial(owner, { team, payment_method: card.id }, lang), 409,
    'TRIAL_NOT_OFFERED', 'not offered', 'pas proposé');
});

test('r94 r221 a card that is refused on day 14 leaves Free as it was', async () => {
  const { owner, team } = await freeTeam('poor', { members: 2 });
  const card = await owner.card(team, '4000000000000341');
  assert.equal((await trial(owner, { team, payment_method: card.id })).status, 200);
  await advance(owner, '14d');
  const now = await becomes(owner, team, 'free');
  assert.equal(now.plan, 'free');
  assert.equal(now.members, 3);
  await advance(owner, '20d');
  assert.deepEqual(await charges(team), []);
  const [mail] = await stack.sql("SELECT recipient FROM mail_outbox WHERE template ="
    + " 'mail.trial_refused'");
  assert.equal(mail.recipient, 'poor@example.test');
  await balanced();
});

test('r155 r221 on Team: Business is what it costs less the unused time', async () => {
  const { owner, team } = await paidTeam('grows', 6);
  const member = await stack.client('other@example.test');
  await owner.post(`/dashboard/teams/${team}/members`, { email: 'other@example.test' });
  await refused((lang) => trial(member, { team }, lang), 403, 'BILLING_RIGHTS', 'admin',
    'administrateur');
  const stranger = await stack.client('stranger@example.test');
  await refused((lang) => trial(stranger, { team }, lang), 404, 'TEAM_NOT_FOUND', 'No such team',
    'quipe');

  const shown = await owner.post('/billing/trial?dry_run=1', { team });
  const started = await trial(owner, { team });
  assert.equal(started.status, 200, started.text);
  assert.equal(started.json.team.state, 'trial');
  assert.deepEqual(await charges(team), [57600]);
  const overview = (await owner.get(`/billing/overview?team=${team}`)).json;
  assert.equal(overview.renewal.plan, 'business');
  assert.equal(overview.renewal.amount, 6 * 19200 - Math.round(57600
    * days(started.json.team.trial_ends_at, overview.period_end)
    / days(overview.period_start, overview.period_end)));

  await advance(owner, '14d');
  const now = await becomes(owner, team, 'active');
  assert.equal(now.plan, 'business');
  assert.equal(now.seats, 6);
  assert.deepEqual(await charges(team), [57600, overview.renewal.amount]);
  const credit = shown.json.then.lines.find((line) => line.kind === 'credit');
  assert.equal(shown.json.then.due_now, 6 * 19200 + credit.amount);
  await balanced();
});

test('r221 cancelled on Team: Team goes on, who came is billed on it', async () => {
  const { owner, team } = await paidTeam('returns', 1);
  const started = await trial(owner, { team });
  assert.equal(started.status, 200, started.text);
  const joined = await owner.post(`/dashboard/teams/${team}/members`,
    { email: 'joined@example.test' });
  assert.equal(joined.status, 201, joined.text);
  assert.equal(joined.json.team.seats, 2);
  assert.equal((await owner.get(`/billing/overview?team=${team}`)).json.pending, 0);
  assert.equal((await owner.post('/billing/cancel', { team }, key())).status, 200);

  await advance(owner, '14d');
  const now = await becomes(owner, team, 'active');
  assert.equal(now.plan, 'team');
  const overview = (await owner.get(`/billing/overview?team=${team}`)).json;
  assert.equal(overview.pending, Math.round(9600
    * days(started.json.team.trial_ends_at, overview.period_end)
    / days(overview.period_start, overview.period_end)));
  assert.deepEqual(await charges(team), [9600]);

  await advance(owner, '31d');
  await eventually('the true-up', async () => (await charges(team)).length === 2,
    { within: 30000 });
  assert.deepEqual(await charges(team), [9600, overview.pending]);
  await refused((lang) => trial(owner, { team }, lang), 409, 'TRIAL_NOT_OFFERED', 'has had one',
    'déjà profité');
  await balanced();
});

test('p14 r221 the answer of the charge is lost: one charge, one period', async () => {
  const { owner, team } = await freeTeam('lost');
  const card = await owner.card(team);
  assert.equal((await trial(owner, { team, payment_method: card.id })).status, 200);
  await stack.fault({ match: 'payment_intents', nth: 1, do: 'reset_after' });
  await advance(owner, '14d');
  await becomes(owner, team, 'active');
  await stack.clearFaults();
  assert.deepEqual(await charges(team), [10000]);
  await balanced();
});

test('r221 r12 no key, no token; what is paid for otherwise has no trial', async () => {
  const owner = await stack.client('owner@example.test');
  const bare = await owner.post('/billing/trial', { team: 'team-monthly' });
  assert.equal(bare.json.code, 'IDEMPOTENCY_KEY_MISSING', bare.text);
  const forged = await owner.post('/billing/trial', { team: 'team-monthly' },
    { ...key(), 'x-csrf-token': 'x' });
  assert.equal(forged.json.code, 'CSRF', forged.text);
  await refused((lang) => trial(owner, { team: 'team-business' }, lang), 409,
    'UPGRADE_ALREADY_PAID', 'paid plan', 'forfait payant');
  const admin = await stack.client('admin@example.test');
  assert.equal((await trial(admin, { team: 'team-yearly', payment_method: 'pm_card_visa' }))
    .json.code, 'INVOICE_TO_CARD');

  // Whose company forbids own subscriptions begins none this way either (R22).
  const { owner: host, team } = await freeTeam('host');
  await host.post(`/dashboard/teams/${team}/members`, { email: 'other@corp.example.test' });
  const other = await stack.client('other@corp.example.test');
  await refused((lang) => trial(other, { team, payment_method: 'pm_card_visa' }, lang), 403,
    'TEAM_CREATE_DOMAIN', 'company', 'entreprise');
});

test('r221 r12 books and teams are as they must be, and a trial without an end is found', async () => {
  const told = await stack.verify();
  assert.deepEqual(told.checks.filter((check) => check.found > 0), [], JSON.stringify(told));
  assert.equal(told.unknown, 0);

  for (const statement of [
    "UPDATE team SET trial_plan = 'business' WHERE state = 'active' AND id = 'team-monthly'",
    "UPDATE team SET state = 'trial' WHERE id = 'team-monthly'",
    "UPDATE team SET state = 'trial', trial_plan = 'business', trial_ends_at = 1000"
      + " WHERE id = 'team-monthly'",
  ]) {
    const found = (await stack.verify(statement)).checks.find((check) =>
      check.check === 'team.states');
    assert.equal(found.found, 1, statement);
  }
});
