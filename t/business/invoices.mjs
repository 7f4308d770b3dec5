// Invoices through the whole stack: drafts, payments by card and by wire, days
// of grace, credit notes, and what is refused meanwhile.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';
import {
  advance, becomes, booksAgree, byCard, byInvoice, finalised, invoice, invoices, key, ok,
  refused, teamOf, wire,
} from './documents.mjs';

const YEAR11 = 11 * 9600;

let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

test('r132 r133 r85 a draft, its information, a wire in two parts', async () => {
  const { owner, team, bought } = await byInvoice(stack, 'wire');
  assert.equal(bought.team.state, 'active_unpaid');
  assert.equal(bought.invoice.state, 'draft');

  const [draft] = await invoices(owner, team);
  assert.equal(draft.state, 'draft');
  assert.equal(draft.number, null);
  await ok(owner.put(`/billing/invoices/${draft.id}/information`,
    { team, billing_information: { company: 'Draft Ltd', country: 'FR' } }));
  await refused(owner, 'POST', `/billing/invoices/${draft.id}/pay`, { team }, 409,
    'INVOICE_NOT_OPEN');

  await advance(owner, '1h');
  const { number, due_at: due, issued_at: issued } = await finalised(owner, team);
  assert.equal(new Date(due) - new Date(issued), 30 * 86400000);
  assert.equal((await invoice(owner, team, number)).document.buyer.company, 'Draft Ltd');
  await refused(owner, 'PUT', `/billing/invoices/${number}/information`,
    { team, company: 'Late' }, 409, 'INVOICE_LOCKED');
  await refused(owner, 'GET', `/billing/invoices/${number}?team=${team}&copy=1`, undefined, 409,
    'INVOICE_OPEN');

  const part = await ok(wire(owner, number, 600, 'wire-1'));
  assert.equal(part.invoice.open, YEAR11 - 600);
  assert.equal(part.team.state, 'active_unpaid');
  const again = await ok(wire(owner, number, 600, 'wire-1'));
  assert.equal(again.invoice.open, YEAR11 - 600);
  await refused(owner, 'POST', `/demo/invoices/${number}/paid`,
    { amount: 601, currency: 'USD', reference: 'wire-1' }, 409, 'PAYMENT_RECORDED');
  await refused(owner, 'POST', `/demo/invoices/${number}/paid`,
    { amount: 601, currency: 'EUR', reference: 'wire-9' }, 422, 'PAYMENT_CURRENCY');
  await refused(owner, 'POST', '/demo/invoices/INV-1999-000001/paid',
    { amount: 601, currency: 'USD', reference: 'wire-9' }, 404, 'INVOICE_NOT_FOUND');

  const rest = await ok(wire(owner, number, YEAR11 - 600 + 50, 'wire-2'));
  assert.equal(rest.invoice.state, 'paid');
  assert.equal(rest.payment.to_balance, 50);
  assert.equal(rest.team.state, 'active');
  assert.equal(rest.team.credit, 50);

  await ok(owner.put('/billing/information', { team, company: 'Newest Ltd', country: 'FR' }));
  const copy = await ok(owner.get(`/billing/invoices/${number}?team=${team}&copy=1`));
  assert.equal(copy.invoice.document.buyer.company, 'Newest Ltd');
  assert.equal(copy.invoice.document.copy, true);
  assert.equal((await invoice(owner, team, number)).document.buyer.company, 'Draft Ltd');
  await booksAgree(stack);
});

test('r135 row 25 by card, 3-D Secure among it, twice at once is once', async () => {
  const { owner, team } = await byInvoice(stack, 'card');
  const other = await stack.client('stranger@example.test');
  await advance(owner, '1h');
  const { number } = await finalised(owner, team);

  await refused(other, 'POST', `/billing/invoices/${number}/pay`, { team }, 404,
    'TEAM_NOT_FOUND');
  await refused(owner, 'POST', `/billing/invoices/${number}/pay`, { team }, 422, 'CARD_MISSING');
  const none = await owner.post(`/billing/invoices/${number}/pay`, { team });
  assert.equal(none.json.code, 'IDEMPOTENCY_KEY_MISSING', none.text);

  const poor = await owner.card(team, '4000000000000341');
  await refused(owner, 'POST', `/billing/invoices/${number}/pay`,
    { team, payment_method: poor.id }, 402, 'CARD_DECLINED');
  assert.equal((await invoice(owner, team, number)).open, YEAR11);

  const sca = await owner.card(team, '4000002760003184');
  const asked = await owner.post(`/billing/invoices/${number}/pay`,
    { team, payment_method: sca.id }, key());
  assert.equal(asked.status, 402, asked.text);
  assert.equal(asked.json.code, 'CARD_AUTH_REQUIRED');
  await refused(owner, 'POST', `/billing/invoices/${number}/pay`,
    { team, payment_method: sca.id }, 409, 'CHECKOUT_OPEN');
  const intent = asked.json.payment.client_secret.split('_secret_')[0];
  await fetch(`${stack.gateway}/_sandbox/authenticate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ payment_intent: intent, outcome: 'approve' }),
  });
  const paid = await ok(owner.post('/upgrade/resume', { operation: asked.json.operation }, key()));
  assert.equal(paid.invoice.state, 'paid');
  assert.equal(paid.team.state, 'active');
  assert.equal(paid.receipt.amount, YEAR11);
  await refused(owner, 'POST', `/billing/invoices/${number}/pay`, { team }, 409,
    'INVOICE_NOT_OPEN');

  const charged = (await stack.ledger()).filter((one) => one.metadata?.team === team
    && one.status === 'succeeded');
  assert.deepEqual(charged.map((one) => one.amount), [YEAR11]);
  assert.equal((await ok(owner.get(`/billing/overview?team=${team}`))).payment_method.method,
    'invoice');
  await booksAgree(stack);
});

test('p16 two keys at once, and a wire meanwhile: charged once, nothing lost', async () => {
  const { owner, team } = await byInvoice(stack, 'race');
  await advance(owner, '1h');
  const { number } = await finalised(owner, team);
  const card = await owner.card(team);

  await stack.fault({ match: 'payment_intents', nth: 1, do: 'delay', ms: 1500 });
  const pay = () => owner.post(`/billing/invoices/${number}/pay`,
    { team, payment_method: card.id }, key());
  const first = pay();
  await eventually('the charge', async () => (await stack.sql(
    `SELECT 1 FROM checkout WHERE team = '${team}' AND state = 'charging'`)).length);
  const second = await pay();
  assert.equal(second.json.code, 'CHECKOUT_OPEN', second.text);
  assert.equal((await ok(wire(owner, number, YEAR11, 'meanwhile'))).team.state, 'active');
  const won = await ok(first);
  await stack.clearFaults();
  assert.equal(won.invoice.payments.length, 2);
  assert.equal((await ok(owner.get(`/billing/overview?team=${team}`))).credit, YEAR11);
  await booksAgree(stack);
});

test('p8 the worker dies while the card pays: charged once, paid once', async () => {
  const { owner, team } = await byInvoice(stack, 'killed');
  await advance(owner, '1h');
  const { number } = await finalised(owner, team);
  const card = await owner.card(team);
  const same = key();
  const pay = () => owner.post(`/billing/invoices/${number}/pay`,
    { team, payment_method: card.id }, same).catch((error) => ({ status: 0, text: String(error) }));

  await stack.fault({ match: 'payment_intents', nth: 1, do: 'delay', ms: 1500 });
  const first = pay();
  await eventually('the charge', async () => (await stack.sql(
    `SELECT 1 FROM checkout WHERE team = '${team}' AND state = 'charging'`)).length);
  process.kill((await stack.status()).pids.worker, 'SIGKILL');
  await stack.clearFaults();
  await eventually('a paid invoice', async () =>
    (await stack.sql(`SELECT is_open FROM bill WHERE team = '${team}'`))[0].is_open === 0,
  { within: 30000 });
  await first;
  const again = await ok(pay());
  assert.equal(again.invoice.state, 'paid');
  assert.equal(again.invoice.payments.length, 1);
  const charged = (await stack.ledger()).filter((one) => one.metadata?.team === team
    && one.status === 'succeeded');
  assert.equal(charged.length, 1);
  await booksAgree(stack);
});

test('r174 points 14 to 16: reminder, grace, too late, back with the balance', async () => {
  const { owner, team } = await byInvoice(stack, 'late');
  await advance(owner, '1h');
  const { number } = await finalised(owner, team);
  const end = (await teamOf(owner, team)).period_end;

  await advance(owner, '30d');
  await becomes(owner, team, 'past_due');
  await refused(owner, 'POST', '/upgrade/quote', { team, plan: 'business', seats: 11,
    period: 'yearly', payment_method: 'card' }, 409, 'PAYMENT_PAST_DUE');
  await advance(owner, '13d');
  assert.equal((await ok(wire(owner, number, YEAR11, 'in-grace'))).team.state, 'active');
  assert.equal((await teamOf(owner, team)).period_end, end);

  const lost = await byInvoice(stack, 'lost');
  await advance(owner, '1h');
  const given = await finalised(lost.owner, lost.team);
  await advance(owner, '200d');
  await becomes(lost.owner, lost.team, 'expired');
  assert.equal((await invoice(lost.owner, lost.team, given.number)).state, 'uncollectible');
  const late = await ok(wire(owner, given.number, YEAR11, 'too-late'));
  assert.equal(late.payment.to_balance, YEAR11);
  assert.equal(late.team.state, 'expired');
  const mails = await stack.sql("SELECT template FROM mail_outbox WHERE template IN"
    + ` ('mail.overdue', 'mail.expired') AND recipient LIKE '%lost@example.test'`);
  assert.ok(mails.some((mail) => mail.template === 'mail.overdue'), JSON.stringify(mails));
  const back = await ok(lost.owner.post('/billing/reactivate', { team: lost.team }, key()));
  assert.equal(back.team.state, 'active');
  await booksAgree(stack);
});

test('r138 r128 r136 taken back: a credit note, hidden pages, no balance from nothing', async () => {
  const { owner, team } = await byInvoice(stack, 'leaves');
  await refused(owner, 'POST', '/upgrade', { team, plan: 'business', seats: 11, period: 'yearly',
    payment: { method: 'invoice', email: 'x@example.test' } }, 409, 'INVOICE_OPEN');
  await ok(owner.post('/billing/seats', { team, seats: 20 }, key()));
  const less = await ok(owner.post('/billing/seats', { team, seats: 11 }, key()));
  assert.equal(less.change.pending, 0);
  await advance(owner, '1h');
  const { number } = await finalised(owner, team);
  const free = await ok(owner.post('/billing/cancel', { team }, key()));
  assert.equal(free.team.state, 'free');

  const [note] = await stack.sql('SELECT number, amount_minor FROM credit_note'
    + ` WHERE team = '${team}'`);
  assert.match(note.number, /^CN-\d{4}-\d{6}$/);
  assert.equal(note.amount_minor, YEAR11);
  assert.equal((await stack.sql(`SELECT credit_minor c FROM team WHERE id = '${team}'`))[0].c, 0);

  for (const where of ['overview', 'invoices', 'refunds', `invoices/${number}`]) {
    await refused(owner, 'GET', `/billing/${where}?team=${team}`, undefined, 410,
      'BILLING_HIDDEN');
  }
  await refused(owner, 'POST', `/billing/invoices/${number}/pay`, { team }, 410,
    'BILLING_HIDDEN');
  await refused(owner, 'POST', '/billing/seats', { team, seats: 3 }, 410, 'BILLING_HIDDEN');
  await refused(owner, 'PUT', '/billing/information', { team, company: 'x' }, 410,
    'BILLING_HIDDEN');

  const never = await owner.team('never paid');
  await refused(owner, 'GET', `/billing/overview?team=${never}`, undefined, 409,
    'NO_SUBSCRIPTION');
  await booksAgree(stack);
});

// What a change of plan takes off, and what came off the invoice that was open.
async function changed(owner, team, before, price) {
  const [now] = await finalised(owner, team, 30000) && await invoices(owner, team);
  const lines = (await invoice(owner, team, now.number)).document.lines;
  const of = (kind) => lines.find((line) => line.kind === kind)?.amount ?? 0;
  assert.ok(of('credit') < 0);
  assert.ok(of('unpaid') > 0 && of('unpaid') <= before.open);
  assert.equal(now.total, price + of('credit') + of('unpaid'));
  assert.equal(now.kind, 'renewal');

  const old = await invoice(owner, team, before.number);
  assert.deepEqual(old.credit_notes.map((note) => [note.reason, note.amount]),
    [['plan', of('unpaid')]]);
  assert.equal(old.open, before.open - of('unpaid'));
  assert.equal((await stack.sql(`SELECT credit_minor c FROM team WHERE id = '${team}'`))[0].c, 0);
  await booksAgree(stack);
  return of;
}

test('r127 r158 r160 Business while added seats are unpaid: these are not credited', async () => {
  const { owner, team } = await byInvoice(stack, 'climbs');
  await advance(owner, '1h');
  await ok(wire(owner, (await finalised(owner, team)).number, YEAR11, 'climbs-1'));
  await ok(owner.post('/billing/seats', { team, seats: 20 }, key()));
  await advance(owner, '93d');
  const seats = await eventually('a true-up', async () => (await invoices(owner, team))
    .find((one) => one.kind === 'seats'));
  await advance(owner, '1h');
  const open = await finalised(owner, team);
  assert.equal(open.id, seats.id);
  await ok(owner.buy({ team, plan: 'business', seats: 20, period: 'yearly',
    payment: { method: 'invoice', email: 'climbs@example.test' } }));
  await advance(owner, '1h');
  const of = await changed(owner, team, open, 20 * 19200);
  assert.equal(of('unpaid'), open.total);
});

test('r158 r221 a trial that ends while the renewal of Team is unpaid', async () => {
  const { owner, team } = await byInvoice(stack, 'tries');
  await advance(owner, '1h');
  await ok(wire(owner, (await finalised(owner, team)).number, YEAR11, 'tries-1'));
  await advance(owner, '360d');
  await ok(owner.post('/billing/trial', { team }, key()));
  await advance(owner, '8d');
  await advance(owner, '1h');
  const open = await finalised(owner, team);
  assert.equal(open.open, YEAR11);
  await advance(owner, '6d');
  await becomes(owner, team, 'active_unpaid');
  await advance(owner, '1h');
  const of = await changed(owner, team, open, YEAR11 * 2);
  assert.equal(of('unpaid'), -of('credit'));
});

test('r136 r148 r178 seats by the quarter, the rest when cancelling', async () => {
  const { owner, team } = await byInvoice(stack, 'grows');
  await advance(owner, '1h');
  await ok(wire(owner, (await finalised(owner, team)).number, YEAR11, 'year'));
  await ok(owner.post('/billing/seats', { team, seats: 13 }, key()));
  await advance(owner, '93d');
  await eventually('a draft over seats', async () =>
    (await invoices(owner, team)).find((one) => one.kind === 'seats'));
  assert.equal((await teamOf(owner, team)).state, 'active');
  await advance(owner, '1h');
  const seats = await finalised(owner, team);
  assert.equal(seats.kind, 'seats');
  assert.ok(seats.total > 0 && seats.total < 2 * 9600 + 1);

  await ok(owner.post('/billing/seats', { team, seats: 14 }, key()));
  assert.equal((await ok(owner.post('/billing/cancel', { team }, key()))).team.state,
    'cancelled');
  assert.equal((await invoices(owner, team)).filter((one) => one.kind === 'seats').length, 2);
  await booksAgree(stack);
});

test('r139 r140 r141 from card to invoice, the renewal by invoice, not back', async () => {
  const { owner, team } = await byCard(stack, 'changes', { seats: 11, period: 'yearly' });
  await ok(owner.post('/billing/payment-method', { team,
    payment: { method: 'invoice', email: 'new-bills@example.test' } }, key()));
  await refused(owner, 'POST', '/billing/payment-method', { team, payment_method: 'pm_x' }, 409,
    'INVOICE_TO_CARD');
  await advance(owner, '366d');
  await becomes(owner, team, 'active_unpaid');
  await advance(owner, '1h');
  const renewal = await finalised(owner, team);
  assert.equal(renewal.kind, 'renewal');
  assert.equal(renewal.state, 'open');
  const owed = (await ok(owner.get(`/billing/overview?team=${team}`))).owed;
  assert.deepEqual([owed.invoices, owed.amount], [1, YEAR11]);
  assert.equal((await ok(wire(owner, renewal.number, YEAR11, 'next'))).team.state, 'active');
  await booksAgree(stack);
});
