// Day Passes through the whole stack: the licence, the pass, the gate, and the
// bill, compared with the gateway's own books.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

const team = 'team-business';
const board = 'board-business-1';

let stack;
let owner;
let guest;

before(async () => {
  stack = await start();
  owner = await stack.client('owner@example.test');
  guest = await stack.client('occasional@example.test');
});
after(async () => { await stack?.stop(); });

const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });
const licences = `/dashboard/teams/${team}/occasional`;
const setting = `/dashboard/teams/${team}/day-passes`;
const open = (client, mode, where = board) =>
  client.post(`/dashboard/boards/${where}/open`, { mode });

// Every refusal in both languages, the code the same (R6).
async function refused(ask, status, code, english, french) {
  for (const [lang, text] of [['en', english], ['fr', french]]) {
    const answer = await ask(lang);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code, answer.text);
    assert.ok(`${answer.json.detail} ${answer.json.next}`.includes(text),
      `${lang}: ${answer.text}`);
  }
}

async function advance(span) {
  const answer = await owner.post('/demo/clock', { advance: span });
  assert.equal(answer.status, 200, answer.text);
}

// A day behind the subscription's day of the month, so that what follows is in
// one month whatever day it is today.
async function align() {
  const from = new Date((await overview()).period_start);
  const now = Date.parse((await owner.get('/demo/clock')).json.now);
  for (let n = 1; ; n++) {
    const last = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + n + 1, 0));
    const day = Math.min(from.getUTCDate(), last.getUTCDate());
    const at = new Date(from);
    at.setUTCDate(1);
    at.setUTCMonth(from.getUTCMonth() + n);
    at.setUTCDate(day);
    if (at.getTime() > now) {
      await advance(`${Math.ceil((at.getTime() - now) / 86400000) + 1}d`);
      return;
    }
  }
}

const overview = async () => (await owner.get(`/billing/overview?team=${team}`)).json;

// What the gate has been told arrives a moment after the answer.
const edits = (client, status) => eventually(`PUT is ${status}`, async () => {
  const answer = await client.put(`/boards/${board}`, { text: 'x' });
  return answer.status === status && answer;
});

async function charges() {
  const own = (await stack.ledger()).filter((charge) => charge.metadata?.team === team);
  return own.filter((charge) => charge.status === 'succeeded').map((charge) => charge.amount);
}

async function whole() {
  const off = await stack.sql('SELECT txn, SUM(amount_minor) s FROM ledger GROUP BY txn, currency'
    + ' HAVING SUM(amount_minor) <> 0');
  assert.deepEqual(off, []);
  const astray = await stack.sql("SELECT COUNT(*) n FROM day_pass p WHERE checkout <> ''"
    + ' AND NOT EXISTS (SELECT 1 FROM checkout c WHERE c.id = p.checkout'
    + " AND (c.state = 'succeeded') = (p.billed = 1))");
  assert.equal(astray[0].n, 0);
}

test('r198 licences are a Company Admin\'s to give', async () => {
  const email = { email: 'occasional@example.test' };
  const member = await stack.client('member@example.test');
  await refused((lang) => member.post(`${licences}?lang=${lang}`, email), 403, 'ADMIN_RIGHTS',
    'request admin rights', 'droits d’administrateur');
  await refused((lang) => guest.post(`${licences}?lang=${lang}`, email), 404, 'TEAM_NOT_FOUND',
    'No such team', 'quipe');
  assert.equal((await open(guest, 'edit')).json.code, 'BOARD_NOT_FOUND');

  const before = await overview();
  const given = await owner.post(licences, email);
  assert.equal(given.status, 201, given.text);
  assert.deepEqual(given.json.member.roles, ['occasional']);
  assert.equal(given.json.team.seats, before.seats);
  assert.equal(given.json.team.members, before.members);

  await refused((lang) => owner.post(`${licences}?lang=${lang}`, email), 409, 'MEMBER_EXISTS',
    'already', 'déjà');
  await refused((lang) => owner.post(`${licences}?lang=${lang}`, { email: 'x' }), 422,
    'EMAIL_INVALID', 'mail', 'mail');
  await refused((lang) => owner.delete(`${licences}/nobody@example.test?lang=${lang}`), 404,
    'MEMBER_NOT_FOUND', 'member', 'membre');
});

test('r198 e7 viewing is free, editing begins a pass, twice in 24 hours is one', async () => {
  await align();
  assert.equal((await guest.get(`/boards/${board}`)).status, 200);
  const needed = await edits(guest, 402);
  assert.equal(needed.json.code, 'DAYPASS_NEEDED');
  await refused((lang) => guest.put(`/boards/${board}`, { text: 'x' },
    { 'accept-language': lang }), 402, 'DAYPASS_NEEDED', '24 hours', '24 heures');

  const viewed = await open(guest, 'view');
  assert.equal(viewed.status, 200, viewed.text);
  assert.equal(viewed.json.pass, null);
  assert.equal((await open(owner, 'edit')).json.pass, null);

  // Two tabs at once begin one.
  const tabs = await Promise.all([1, 2, 3].map(() => open(guest, 'edit')));
  assert.deepEqual(tabs.map((tab) => tab.json.pass.bought).sort(), [false, false, true]);
  assert.equal(new Set(tabs.map((tab) => tab.json.pass.ends_at)).size, 1);
  await edits(guest, 200);

  const now = await overview();
  assert.equal(now.day_passes.unbilled, 1);
  assert.equal(now.day_passes.amount, 300);
  assert.equal(now.renewal.amount, 6 * 19200 + 300);

  await advance('23h');
  assert.equal((await open(guest, 'edit')).json.pass.bought, false);
  await advance('2h');
  await edits(guest, 402);
  assert.equal((await open(guest, 'edit')).json.pass.bought, true);
  assert.equal((await overview()).day_passes.amount, 600);
  const mails = await stack.sql("SELECT recipient, text FROM mail_outbox WHERE template"
    + " = 'mail.day_pass' ORDER BY created_at");
  assert.equal(mails.length, 2);
  assert.ok(mails.every((mail) => mail.recipient === 'owner@example.test'));
  assert.ok(mails[1].text.includes('$3.00'), mails[1].text);
});

test('r200 switched off, nobody edits with a pass; on again, it still runs', async () => {
  await refused((lang) => guest.patch(`${setting}?lang=${lang}`, { enabled: false }), 403,
    'NOT_A_MEMBER', 'not a member', 'pas membre');
  const off = await owner.patch(setting, { enabled: false });
  assert.equal(off.status, 200, off.text);
  assert.equal(off.json.day_passes.enabled, false);
  await edits(guest, 403);
  await refused((lang) => guest.post(`/dashboard/boards/${board}/open?lang=${lang}`,
    { mode: 'edit' }), 403, 'DAYPASS_OFF', 'Day Passes are not', 'Les Day Pass ne sont pas');
  assert.equal((await guest.get(`/boards/${board}`)).status, 200);
  assert.equal((await owner.patch(setting, { enabled: true })).status, 200);
  await edits(guest, 200);

  // A plan without passes has no such setting, a mode is view or edit.
  const free = await stack.client('freelance@example.test');
  const other = await free.team('no passes');
  await refused((lang) => free.post(`/dashboard/teams/${other}/occasional?lang=${lang}`,
    { email: 'x@example.test' }), 403, 'ADMIN_RIGHTS', 'admin', 'administrateur');
  await refused((lang) => guest.post(`/dashboard/boards/${board}/open?lang=${lang}`,
    { mode: 'own' }), 422, 'FIELD_TYPE', '', '');
  assert.equal((await guest.post(`/dashboard/boards/${board}/open`, {})).json.code,
    'FIELD_MISSING');
});

test('r199 a yearly plan is billed on its day of the month, once', async () => {
  const due = (await overview()).pending_due_at;
  const at = (await owner.get('/demo/clock')).json.now;
  const days = Math.ceil((Date.parse(due) - Date.parse(at)) / 86400000);
  assert.ok(days > 0 && days <= 31, `${at} ${due}`);

  await stack.fault({ match: 'payment_intents', nth: 1, do: 'reset_after' });
  await advance(`${days}d`);
  await eventually('the passes are paid', async () =>
    (await overview()).day_passes.unbilled === 0, { within: 30000 });
  await stack.clearFaults();
  assert.deepEqual(await charges(), [600]);

  const invoices = (await owner.get(`/billing/invoices?team=${team}`)).json.invoices;
  assert.equal(invoices[0].total, 600);
  const [row] = await stack.sql(`SELECT document FROM invoice WHERE team = '${team}'`);
  const line = JSON.parse(row.document).lines.find((one) => one.kind === 'day_pass');
  assert.deepEqual([line.quantity, line.unit_amount, line.amount], [2, 300, 600]);
  await whole();

  // R193 keeps added licences; of passes it says nothing, so people decide (R192).
  const asked = await owner.post('/billing/refunds',
    { team, invoice: invoices[0].number, reason: 'nobody meant to edit', amount: 300 }, key());
  assert.equal(asked.status, 201, asked.text);
  const granted = await owner.decide(asked.json.refund.id, 'granted', { note: 'one of them' });
  assert.equal(granted.status, 200, granted.text);
  await eventually('the money back', async () => (await stack.ledger()).some((charge) =>
    charge.metadata?.team === team && charge.refunded === 300), { within: 30000 });
  await whole();
});

test('r178 r199 cancelling takes what was used, a seat ends the licence', async () => {
  assert.equal((await open(guest, 'edit')).json.pass.bought, true);
  const ended = await owner.post('/billing/cancel', { team }, key());
  assert.equal(ended.status, 200, ended.text);
  assert.equal(ended.json.invoice.total, 300);
  assert.deepEqual(await charges(), [600, 300]);
  await edits(guest, 200);

  assert.equal((await owner.post('/billing/reactivate', { team }, key())).status, 200);
  const seated = await owner.post(`/dashboard/teams/${team}/members`,
    { email: 'occasional@example.test' });
  assert.deepEqual(seated.json.member.roles, ['member']);
  await advance('2d');
  await edits(guest, 200);
  assert.equal((await open(guest, 'edit')).json.pass, null);
  await whole();
});

test('r198 r199 Consultant by the month: with the renewal; the licence can be taken', async () => {
  const free = await stack.client('freelance@example.test');
  const client = await stack.client('client@example.test');
  const given = await free.post('/dashboard/teams/team-consultant/occasional',
    { email: 'client@example.test' });
  assert.equal(given.status, 201, given.text);
  const opened = await open(client, 'edit', 'board-consultant-1');
  assert.equal(opened.json.pass.bought, true, opened.text);
  const taken = await free.delete('/dashboard/teams/team-consultant/occasional/client@example.test');
  assert.equal(taken.status, 200, taken.text);
  assert.equal((await open(client, 'view', 'board-consultant-1')).status, 404);

  const end = (await free.get('/billing/overview?team=team-consultant')).json.period_end;
  const at = (await free.get('/demo/clock')).json.now;
  await advance(`${Math.ceil((Date.parse(end) - Date.parse(at)) / 86400000)}d`);
  const [renewal] = await eventually('the renewal', async () => {
    const rows = await stack.sql("SELECT amount_minor FROM checkout WHERE team = 'team-consultant'"
      + " AND purpose = 'renewal' AND state = 'succeeded' AND amount_minor > 1500");
    return rows.length && rows;
  }, { within: 30000 });
  assert.equal(renewal.amount_minor, 1500 + 300);
  const own = (await stack.ledger()).filter((charge) =>
    charge.metadata?.team === 'team-consultant' && charge.amount === 1800);
  assert.equal(own.length, 1);
  await whole();
});

test('r199 r12 the books, the bills and the passes agree, and what does not is found', async () => {
  const told = await stack.verify();
  const wrong = (report) => report.checks.filter((check) => check.found > 0);
  assert.deepEqual(wrong(told), [], JSON.stringify(told));
  assert.equal(told.unknown, 0);
  for (const name of ['day_pass.unbilled', 'day_pass.billed', 'day_pass.bill', 'redis.wrong']) {
    assert.ok(told.checks.find((check) => check.check === name).looked_at > 0, name);
  }

  const billed = "(SELECT MIN(checkout) FROM day_pass WHERE billed = 1)";
  const faults = [
    [['day_pass.billed'],
      `UPDATE day_pass SET price_minor = price_minor + 1 WHERE checkout = ${billed}`],
    [['day_pass.billed', 'day_pass.unbilled'],
      `UPDATE day_pass SET billed = 0, checkout = '' WHERE checkout = ${billed}`],
    [['day_pass.bill', 'day_pass.billed'],
      `UPDATE day_pass SET checkout = 'op_x' WHERE checkout = ${billed}`],
    [['day_pass.unbilled', 'ledger.entries'],
      "DELETE FROM ledger WHERE account LIKE 'passes:%' AND txn LIKE '%-pass';"
      + " UPDATE ledger SET n = 0 WHERE txn LIKE '%-pass'", ['ledger.balance', 'ledger.chain']],
    [['day_pass.days'],
      'UPDATE day_pass SET started_at = started_at - 800000 WHERE n = 2'],
    [['day_pass.unbilled', 'invoice.sale'],
      "UPDATE ledger SET amount_minor = amount_minor - 300 * (CASE WHEN account = 'passes'"
      + ` THEN -1 ELSE 1 END) WHERE txn = ${billed} || '-sale' AND account LIKE 'passes%'`,
      ['day_pass.billed', 'ledger.chain']],
  ];
  for (const [checks, statement, more = []] of faults) {
    const found = wrong(await stack.verify(statement)).map((check) => check.check);
    assert.deepEqual(found.sort(), [...checks, ...more].sort(), statement);
  }
});
