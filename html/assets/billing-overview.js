// What the subscription is now, in four cards, and what needs attention.

import { part } from './api.js';
import { h, icon } from './dom.js';
import { date, money, t } from './text.js';

const SOON_MONTHS = 2;

export const day = (instant) => h('time', { datetime: instant }, date(instant));

function card(key, ...content) {
  return h('section', { class: 'panel', 'aria-labelledby': `panel-${key}` },
    h('h2', { id: `panel-${key}` }, t(`billing.${key}`)), ...content);
}

const facts = (...rows) => h('dl', { class: 'facts-list' }, rows);

export function row(label, ...value) {
  return h('div', {}, h('dt', {}, label), h('dd', {}, ...value));
}

const go = (hash, key, kind = '') => h('a', { class: `button ${kind}`, href: `#${hash}` }, t(key));

// A control that does not apply now stays, with the reason beside it.
const not = (key) => h('p', { class: 'hint' }, icon('lock'), ' ', t(key));

function plan(one) {
  const locked = one.state === 'cancelled';
  const monthly = one.period === 'monthly' && one.can.change_seats && one.plan !== 'enterprise';

  return card('plan', h('p', { class: 'big-fact' }, t(`plan.${one.plan}`), ' ',
    h('span', { class: 'chip state', data: { state: one.state } }, t(`state.${one.state}`))),
  h('p', { class: 'muted' }, one.period ? t(`period.${one.period}`) : ''),
  one.scheduled_plan ? h('p', { class: 'hint' }, t('billing.scheduled', {
    plan: t(`plan.${one.scheduled_plan}`), date: date(one.period_end) })) : null,
  h('div', { class: 'actions' },
    one.can.upgrade ? h('a', { class: 'button', href: `/upgrade?team=${part(one.team.id)}&return=${
      part(`/billing/overview?team=${one.team.id}`)}` }, t('plan.change')) : null,
    monthly ? go('yearly', 'billing.yearly') : null,
    one.plan === 'business' && one.state === 'active' && !one.scheduled_plan
      ? go('downgrade', 'billing.downgrade') : null),
  locked ? not('billing.locked') : null);
}

function seats(one) {
  const free = Math.max(one.seats - one.members, 0);

  return card('size', h('p', { class: 'big-fact' }, t('seats.used', {
    n: one.members, seats: one.seats })),
  h('meter', { min: 0, max: one.seats, value: Math.min(one.members, one.seats),
    'aria-label': t('seats.used', { n: one.members, seats: one.seats }) }),
  h('p', { class: 'muted' }, t('seats.free', { n: free })),
  h('div', { class: 'actions' }, one.can.change_seats ? go('size', 'billing.size.change') : null,
    h('a', { class: 'button', href: `/dashboard?team=${part(one.team.id)}#members` },
      t('members'))),
  one.state === 'cancelled' ? not('billing.locked') : null);
}

function renewal(one) {
  const { currency } = one;
  const passes = one.day_passes;

  return card('renewal', one.renewal
    ? [h('p', { class: 'big-fact' }, money(one.renewal.amount, currency)),
      h('p', { class: 'muted' }, t('billing.renews'), ' ', day(one.renewal.at))]
    : h('p', { class: 'big-fact' }, one.period_end
      ? [t(one.state === 'expired' ? 'billing.ended' : 'ends'), ' ', day(one.period_end)]
      : t('billing.none')),
  one.pending || one.credit || passes?.unbilled ? facts(
    one.pending ? row([t('billing.pending'), one.pending_due_at
      ? h('small', {}, ' · ', day(one.pending_due_at)) : null], money(one.pending, currency)) : null,
    one.credit ? row(t('billing.credit'), money(-one.credit, currency)) : null,
    passes?.unbilled ? row(t('billing.passes', { n: passes.unbilled }),
      money(passes.amount, currency)) : null) : null);
}

// "exp" as the month after whose end the card is no good.
function expiry({ exp_month: month, exp_year: year }) {
  if (!month || !year) {
    return null;
  }
  const now = new Date();
  const left = (year - now.getFullYear()) * 12 + month - 1 - now.getMonth();
  const text = `${String(month).padStart(2, '0')}/${year}`;

  return h('p', { class: left < SOON_MONTHS ? 'error' : 'muted' },
    t(left < 0 ? 'billing.card.over' : left < SOON_MONTHS ? 'billing.card.soon'
      : 'billing.card.until', { date: text }));
}

function payment(one) {
  const method = one.payment_method;
  const byCard = method?.method === 'card';

  return card('payment', h('p', { class: 'big-fact' }, icon(byCard ? 'card' : 'invoice'), ' ',
    !method ? t('billing.none') : byCard
      ? t('billing.card.ending', { brand: brandName(method.brand), last4: method.last4 })
      : t('method.invoice')),
  byCard ? expiry(method) : null,
  method?.email ? h('p', { class: 'muted' }, method.email) : null,
  h('div', { class: 'actions' }, go('card', 'billing.card.change')));
}

export const brandName = (brand) => (brand ? brand[0].toUpperCase() + brand.slice(1) : '');

function information(one) {
  const given = one.billing_information ?? {};
  const lines = ['company', 'name', 'address'].map((name) => given[name])
    .concat([[given.postal_code, given.city].filter(Boolean).join(' '), given.country,
      given.vat_id]).filter(Boolean);

  return card('information', lines.length ? h('address', {}, lines.map((text) => h('span', {}, text)))
    : h('p', { class: 'muted' }, t('billing.information.none')),
  h('p', { class: 'muted' }, t('billing.email', { email: one.billing_email || '–' })),
  h('div', { class: 'actions' }, go('information', 'billing.information.change')));
}

export function cards(one) {
  return h('div', { class: 'panels' }, plan(one), seats(one), renewal(one), payment(one),
    information(one));
}

export function closing(one) {
  if (!one.can.cancel || (one.state === 'trial' && !one.renewal)) {
    return null;
  }
  return h('section', { class: 'closing', 'aria-labelledby': 'closing' },
    h('div', {}, h('h2', { id: 'closing' }, t('billing.cancel.title')),
      h('p', { class: 'muted' }, t('billing.cancel.lead', { date: date(one.period_end) }))),
    h('a', { class: 'button', href: '#cancel' }, t('billing.cancel')));
}

function notice(kind, text, ...action) {
  return h('div', { class: `notice ${kind}`, role: 'status' }, h('p', {}, text), ...action);
}

const bills = (one) => `/billing/invoices?team=${part(one.team.id)}`;

function pastDue(one) {
  const owed = one.owed?.amount ?? one.renewal?.amount;
  const amount = owed ? money(owed, one.currency) : '';
  const text = one.owed ? t('billing.late.invoice', { amount, date: date(one.owed.due_at) })
    : one.retry_at ? t('billing.late.card', { amount, date: date(one.retry_at) })
      : t('billing.late', { amount });

  return notice('bad', [h('strong', {}, text), ' ', t('billing.late.rule')],
    one.owed ? h('a', { class: 'button', href: bills(one) }, t('billing.pay'))
      : h('a', { class: 'button', href: '#card' }, t('billing.card.change')));
}

export function notices(one) {
  const open = one.owed && one.owed.amount > 0;

  return [
    one.state === 'past_due' ? pastDue(one) : null,
    one.state !== 'past_due' && open ? notice('warn', t('billing.owed', {
      n: one.owed.invoices, amount: money(one.owed.amount, one.currency),
      date: date(one.owed.due_at) }), h('a', { class: 'button', href: bills(one) },
      t('billing.pay'))) : null,
    one.state === 'cancelled' ? notice('warn', t('billing.cancelled', {
      date: date(one.period_end) }), go('reactivate', 'billing.reactivate', 'primary')) : null,
    one.state === 'expired' ? notice('bad', t('billing.expired'),
      go('reactivate', 'billing.reactivate', 'primary'), go('free', 'billing.free')) : null,
    one.mail_refused ? notice('warn', t('billing.mail.refused', {
      email: one.mail_refused.email, date: date(one.mail_refused.at) })) : null,
    one.state === 'trial' ? notice('warn', t('billing.trial', {
      date: date(one.team.trial_ends_at), plan: t(`plan.${one.team.trial_plan}`) })) : null,
  ];
}
