// One invoice: what is open of it is paid here, or a refund is asked for.

import { part } from './api.js';
import { download } from './billing-invoices.js';
import { day, row } from './billing-overview.js';
import { payWith, task } from './billing-task.js';
import { fill, find, h, icon } from './dom.js';
import { cardEntry } from './payment.js';
import { field } from './shell.js';
import { date, money, t } from './text.js';

function paid(one) {
  return one.payments.map((by) => row([t(`billing.paid.${by.method}`), h('small', {}, ' · ',
    day(by.paid_at))], money(-by.applied, by.currency)));
}

const sums = (one) => h('dl', { class: 'facts-list' },
  one.issued_at ? row(t('billing.column.date'), day(one.issued_at)) : null,
  row(t('total'), money(one.total, one.currency)),
  one.tax ? row(t('billing.tax'), money(one.tax, one.currency)) : null, paid(one),
  one.credit_notes.map((note) => row(note.number, money(-note.amount, note.currency))),
  one.refunded ? row(t('billing.refunded'), money(one.refunded, one.currency)) : null,
  one.open ? row(t('amount.due'), money(one.open, one.currency)) : null);

async function pay(ctx, one) {
  ctx.card = await cardEntry();
  task(ctx, {
    heading: t('billing.invoice.heading', { number: one.number }),
    path: `/billing/invoices/${part(one.number)}/pay`,
    button: t('billing.pay.do', { amount: money(one.open, one.currency) }),
    content: [sums(one), one.due_at ? h('p', { class: 'hint' }, t('billing.due', {
      date: date(one.due_at) })) : null,
    payWith(ctx.overview.payment_method?.last4 ? ctx.overview : {}, ctx.card)],
    body: () => ({}),
    said: () => t('billing.pay.said', { number: one.number }),
  });
}

function refund(ctx, one) {
  task(ctx, {
    heading: t('billing.invoice.heading', { number: one.number }), path: '/billing/refunds',
    button: t('billing.refund.ask'),
    content: [sums(one), h('p', {}, download(one)),
      h('h3', {}, t('billing.refund.title')), h('p', { class: 'hint' }, t('billing.refund.lead')),
      field({ id: 'reason', label: t('billing.refund.reason'), maxlength: 500 })],
    errors: (form) => (find('#reason', form).value.trim() ? []
      : [{ id: 'reason', text: t('field.needed') }]),
    body: (form) => ({ invoice: one.number, reason: find('#reason', form).value.trim() }),
    said: () => t('billing.refund.said'),
  });
}

export async function openInvoice(number, ctx) {
  const one = ctx.list?.find((any) => any.number === number);

  if (!one) {
    fill(find('#said'), h('p', { class: 'notice warn' }, icon('invoice'),
      t('billing.invoice.unknown', { number })));
    return;
  }
  if (one.state === 'open' && one.open > 0) {
    await pay(ctx, one);
  } else if (one.paid > one.refunded) {
    refund(ctx, one);
  }
}

