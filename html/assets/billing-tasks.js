// The tasks of the billing page, by the name that stands behind the '#'.

import { call, post } from './api.js';
import { day, row } from './billing-overview.js';
import { payWith, task } from './billing-task.js';
import { bill } from './bill.js';
import { find, h } from './dom.js';
import { informationFields, readInformation } from './information.js';
import * as kept from './kept.js';
import * as purchase from './purchase.js';
import { cardEntry } from './payment.js';
import { field } from './shell.js';
import { date, money, t } from './text.js';

const REASONS = ['price', 'unused', 'missing', 'other_tool', 'project_over', 'other'];
const INFORMATION = ['company', 'name', 'address', 'postal_code', 'city', 'region', 'country',
  'vat_id', 'email', 'details'];
const SEATS_MAX = 1000000;

const dry = (path, body) => post(`${path}?dry_run=1`, body);
const seatsOf = (form) => Number(find('#seats', form).value.replace(/\s/g, ''));

// Fewer: a credit; more: charged later.  Nothing of it is due at this moment.
function sizeShown({ change }, overview) {
  const { currency, amount } = change;
  const renewal = overview.renewal;

  return [h('dl', { class: 'facts-list' },
    row(t('billing.size.now'), money(0, currency)),
    amount ? row([t(amount < 0 ? 'billing.size.credit' : 'billing.size.charge'),
      change.due_at && amount > 0 ? h('small', {}, ' · ', day(change.due_at)) : null],
    money(amount, currency)) : null,
    change.pending ? row(t('billing.pending.then'), money(change.pending, currency)) : null,
    renewal ? row(t('billing.size.renewal', { date: date(renewal.at) }),
      t('seats', { n: change.to })) : null),
  h('p', { class: 'hint' }, t(change.to > change.from ? 'billing.size.more'
    : change.to < change.from ? 'billing.size.fewer' : 'billing.size.same'))];
}

function size(ctx) {
  const { overview, team } = ctx;

  if (!overview.can.change_seats) {
    return;
  }
  task(ctx, {
    heading: t('billing.size.change'), path: '/billing/seats', live: true,
    button: t('billing.size.change'),
    content: [h('p', {}, t('billing.size.lead', { seats: overview.seats, n: overview.members })),
      field({ id: 'seats', label: t('size'), hint: t('billing.size.hint'),
        inputmode: 'numeric', maxlength: 7, autofocus: true, value: String(overview.seats) })],
    errors: (form) => (Number.isInteger(seatsOf(form)) && seatsOf(form) > 0
      && seatsOf(form) <= SEATS_MAX ? [] : [{ id: 'seats', text: t('billing.size.wrong') }]),
    body: (form) => ({ seats: seatsOf(form) }),
    preview: async (form) => {
      const seats = seatsOf(form);

      if (!Number.isInteger(seats) || seats < 1 || seats > SEATS_MAX || seats === overview.seats) {
        return { shown: h('p', { class: 'hint' }, t('billing.size.same')), ready: false };
      }
      const answer = await dry('/billing/seats', { team, seats });
      return { shown: sizeShown(answer, overview), quote: answer.quote,
        button: t('billing.size.do', { n: seats }) };
    },
    said: ({ team: after }) => t('billing.size.said', { n: after.account?.seats ?? after.seats }),
  });
}

async function yearly(ctx) {
  const { team, overview } = ctx;

  ctx.card = await cardEntry();

  task(ctx, {
    heading: t('billing.yearly'), path: '/billing/period', button: t('billing.yearly'),
    content: [h('p', {}, t('billing.yearly.lead')), payWith(overview, ctx.card)],
    body: () => ({ period: 'yearly' }),
    preview: async () => {
      const quote = await dry('/billing/period', { team, period: 'yearly' });

      return { shown: bill(quote, { method: 'card' }), quote: quote.quote,
        button: t('billing.yearly.do', { amount: money(quote.due_now, quote.currency) }) };
    },
    said: ({ team: after }) => t('billing.yearly.said', { date: date(after.period_end) }),
  });
}

const list = (heading, keys) => h('div', {}, h('h3', {}, t(heading)),
  h('ul', { class: 'points' }, keys.map((key) => h('li', {}, t(key)))));

function cancel(ctx) {
  const { team, overview } = ctx;

  if (!overview.can.cancel) {
    return;
  }
  task(ctx, {
    heading: t('billing.cancel.title'), path: '/billing/cancel', danger: true,
    button: t('billing.cancel.do'), leave: t('billing.cancel.keep'),
    content: [],
    preview: async () => {
      const { due_now: due, ends_at: end } = await dry('/billing/cancel', { team });
      const options = [h('option', { value: '' }, t('billing.reason.none')),
        REASONS.map((one) => h('option', { value: one }, t(`billing.reason.${one}`)))];

      return { shown: [h('p', { class: 'lead' }, end
        ? [t('billing.cancel.until', { plan: t(`plan.${overview.plan}`) }), ' ', day(end), '.']
        : t('billing.cancel.once')),
      due ? h('p', { class: 'notice warn' }, t('billing.cancel.due', {
        amount: money(due, overview.currency) })) : null,
      h('div', { class: 'two' },
        list('billing.kept', ['billing.kept.boards', 'billing.kept.people',
          'billing.kept.invoices']),
        list('billing.lost', ['billing.lost.edit', 'billing.lost.features',
          'billing.lost.refund'])),
      h('div', { class: 'field' }, h('label', { for: 'reason' }, t('billing.reason')),
        h('select', { id: 'reason' }, options))] };
    },
    body: (form) => {
      const reason = find('#reason', form)?.value;
      return reason ? { reason } : {};
    },
    said: ({ team: after, unpaid }) => [t(after.state === 'free' ? 'billing.cancel.said.free'
      : 'billing.cancel.said', { date: after.period_end ? date(after.period_end) : '' }),
    unpaid ? ` ${t('billing.cancel.unpaid', { amount: money(unpaid.amount, unpaid.currency) })}`
      : ''],
  });
}

async function reactivate(ctx) {
  const { team, overview } = ctx;
  const over = overview.state === 'expired';

  if (!overview.can.reactivate) {
    return;
  }
  if (over) {
    ctx.card = await cardEntry();
  }
  task(ctx, {
    heading: t('billing.reactivate'), path: '/billing/reactivate', button: t('billing.reactivate'),
    content: [h('p', {}, over ? t('billing.reactivate.over')
      : t('billing.reactivate.lead', { date: date(overview.period_end) })),
    over ? payWith(overview, ctx.card) : null],
    body: () => ({}),
    preview: async () => {
      const quote = await dry('/billing/reactivate', { team });

      return { quote: quote.quote, shown: quote.lines ? bill(quote, { method: 'card' })
        : h('p', { class: 'hint' }, t('billing.reactivate.free')),
      button: quote.lines ? t('billing.pay.do', { amount: money(quote.due_now, quote.currency) })
        : t('billing.reactivate') };
    },
    said: ({ team: after }) => t('billing.reactivate.said', { date: date(after.period_end) }),
  });
}

function free(ctx) {
  const { team } = ctx;

  task(ctx, {
    heading: t('billing.free'), path: '/billing/downgrade', danger: true, button: t('billing.free'),
    content: [h('p', {}, t('billing.free.lead'))],
    body: () => ({}),
    preview: async () => {
      const answer = await dry('/billing/downgrade', { team });

      return { shown: answer.guests_become_members ? h('p', { class: 'notice warn' },
        t('billing.free.guests', { n: answer.guests_become_members })) : null };
    },
    said: () => t('billing.free.said'),
  });
}

function downgrade(ctx) {
  const { overview } = ctx;

  task(ctx, {
    heading: t('billing.downgrade'), path: '/billing/downgrade', button: t('billing.downgrade'),
    content: [h('p', {}, t('billing.downgrade.lead', { date: date(overview.period_end) })),
      h('ul', { class: 'points' }, ['merge', 'guests', 'until'].map((key) => h('li', {},
        t(`billing.downgrade.${key}`))))],
    body: () => ({ plan: 'team' }),
    said: () => t('billing.downgrade.said', { date: date(overview.period_end) }),
  });
}

async function card(ctx) {
  const { overview } = ctx;
  const due = overview.renewal?.amount;

  ctx.card = await cardEntry();
  task(ctx, {
    heading: t('billing.card.change'), path: '/billing/payment-method',
    button: t('billing.card.change'),
    content: [overview.state === 'past_due' && due ? h('p', { class: 'notice warn' },
      t('billing.card.due', { amount: money(due, overview.currency) }))
      : h('p', {}, t('billing.card.lead')), payWith(overview, ctx.card, { always: true })],
    body: () => ({}),
    said: () => t('billing.card.said'),
  });
}

// Over to invoices; back only with support, which the form says.
function byInvoice(ctx) {
  const { overview } = ctx;

  task(ctx, {
    heading: t('billing.invoice.switch'), path: '/billing/payment-method',
    button: t('billing.invoice.switch'),
    content: [h('p', {}, t('billing.invoice.lead')), field({ id: 'email',
      label: t('invoice.email'), type: 'email', autocomplete: 'email', inputmode: 'email',
      value: overview.billing_email })],
    errors: (form) => (/^\S+@\S+\.\S+$/.test(find('#email', form).value.trim()) ? []
      : [{ id: 'email', text: t('invoice.email.needed') }]),
    body: (form) => ({ method: 'invoice', email: find('#email', form).value.trim() }),
    said: () => t('billing.invoice.said'),
  });
}

function information(ctx) {
  const { team, overview } = ctx;
  const given = { email: overview.billing_email, ...overview.billing_information };

  task(ctx, {
    heading: t('billing.information.change'), button: t('billing.information.do'),
    content: [h('p', {}, t('billing.information.lead')), informationFields(INFORMATION, given)],
    send: async (form) => (await call('PUT', '/billing/information', { team,
      billing_information: readInformation(INFORMATION, form) })).json,
    said: () => t('billing.information.said'),
  });
}

// After the bank's page or a reload: the same order, to its end.
function resume(ctx) {
  const { order, params } = ctx;
  const { run, box } = task(ctx, {
    heading: t('billing.resume'), button: t('open.bank.go'), content: [],
    body: () => ({}), said: () => t('billing.resume.said'),
  });

  find('#task-do', box).hidden = true;
  run(async () => {
    const outcome = await purchase.goOn(order, params, () => {});
    if (outcome === null || outcome.kind === 'bank') {
      kept.forget(ctx.team, 'task');
      box.close();
      return { kind: 'done', answer: {} };
    }
    return outcome;
  });
}

export const TASKS = { size, seats: size, yearly, cancel, reactivate, free, downgrade, card,
  byinvoice: byInvoice, information, resume };
