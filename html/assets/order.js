// What is being ordered: choices, their bounds, and the form that shows them.

import { h, icon } from './dom.js';
import { saving } from './money.js';
import { money, t } from './text.js';

const MONTHS = 12;

export const priceOf = (plan) => plan.prices ?? plan.price ?? {};
export const planOf = (offer, order) => offer.plans.find((one) => one.plan === order.plan);
export const buyable = (plan) => plan.selling !== false && !plan.contact && plan.min_seats > 0;

// Choices to begin with: the address's, else what was chosen before, else ours.
export function first(offer, params, before) {
  const sold = offer.plans.filter(buyable);
  const wish = params.get('plan') ?? before?.plan;
  const plan = sold.find((one) => one.plan === wish)
    ?? sold.find((one) => one.plan === 'business') ?? sold[0];

  return {
    team: offer.team.id,
    plan: plan.plan,
    seats: within(plan, Number(params.get('seats')) || before?.seats || plan.seats),
    period: ['monthly', 'yearly'].find((one) => one === (params.get('period') ?? before?.period))
      ?? 'yearly',
    method: before?.method ?? 'card',
    promo: params.get('promo') ?? before?.promo ?? null,
    email: before?.email ?? null,
  };
}

export function within(plan, seats) {
  return Math.min(Math.max(seats, plan.min_seats), plan.max_seats);
}

// Why the method cannot be used for this order, or null.  The server judges
// again; this only saves the reader a try.
export function whyNot(plan, method, { seats, period }) {
  const entry = plan.payment_methods?.find((one) => one.method === method);

  if (!entry) {
    return t('method.none');
  }
  const least = entry.min_seats ?? 0;
  if (entry.yearly_only && (period !== 'yearly' || seats < least)) {
    return t('method.invoice.needs', { n: least, plan: plan.name });
  }
  if (seats < least) {
    return t('method.invoice.seats', { n: least, plan: plan.name });
  }
  const mended = least > 0 && /SEATS/.test(entry.code ?? '');
  return entry.allowed || mended ? null : entry.reason ?? entry.detail ?? t('method.none');
}

function size(plan, order, change) {
  const id = `seats-${plan.plan}`;
  const seats = order.plan === plan.plan ? order.seats : within(plan, order.seats);
  const options = Array.from({ length: plan.max_seats - plan.min_seats + 1 }, (none, i) => {
    const n = plan.min_seats + i;

    return h('option', { value: String(n), selected: n === seats }, t('seats', { n }));
  });

  return h('div', { class: 'size' }, h('label', { for: id }, t('size')),
    h('select', {
      id, 'aria-describedby': `${id}-hint`,
      onchange: (event) => change({ plan: plan.plan, seats: Number(event.target.value) }),
    }, options));
}

function hint(plan, { members, id }) {
  const fromMembers = plan.min_seats <= members;
  const text = fromMembers ? t('size.members', { n: members })
    : t('size.plan', { n: plan.min_seats });

  return h('p', { class: 'hint', id: `seats-${plan.plan}-hint` }, text, ' ',
    fromMembers && members > 1 ? h('a', { href: `/dashboard?team=${id}#members` },
      t('size.manage')) : null);
}

function price(plan, order, currency) {
  const { monthly, yearly } = priceOf(plan);
  const amount = order.period === 'yearly' ? yearly / MONTHS : monthly;

  return h('p', { class: 'price' }, money(amount, currency, { short: true }),
    h('small', {}, t('price.per')));
}

export function planCards(offer, order, change) {
  return offer.plans.filter(buyable).map((plan) => {
    const chosen = plan.plan === order.plan;
    const id = `plan-${plan.plan}`;

    return h('div', { class: 'plan-option', data: { chosen: String(chosen) } },
      h('label', { for: id },
        h('input', {
          type: 'radio', name: 'plan', id, value: plan.plan, checked: chosen,
          onchange: () => change({ plan: plan.plan, seats: within(plan, order.seats) }),
        }),
        h('span', {}, h('strong', {}, plan.name ?? t(`plan.${plan.plan}`)),
          plan.plan === offer.team.plan ? h('em', {}, t('plan.current')) : null,
          h('small', {}, t(`plan.${plan.plan}.for`)))),
      price(plan, order, offer.currency),
      chosen ? h('div', {}, size(plan, order, change), hint(plan, offer.team)) : null);
  });
}

export function enterprise(offer) {
  return offer.plans.some((one) => one.contact)
    ? h('p', { class: 'aside-note' }, t('enterprise.hint'), ' ',
      h('a', { href: '/pricing#contact' }, t('contact'))) : null;
}

export function periodChoice(plan, order, currency, change) {
  const prices = priceOf(plan);
  const off = saving(prices);
  const option = (value) => {
    const total = money(prices[value] * order.seats, currency);

    return h('label', { class: 'choice' },
      h('input', {
        type: 'radio', name: 'period', value, id: `period-${value}`,
        checked: order.period === value, onchange: () => change({ period: value }),
      }),
      h('span', {}, h('strong', {}, t(`period.${value}`),
        value === 'yearly' && off > 0 ? h('b', { class: 'save' },
          t('saving', { percent: off })) : null),
      h('small', {}, t(`period.${value}.total`, { amount: total })),
      value === 'yearly' && off > 0 ? h('small', {}, t('saving.amount', {
        amount: money((prices.monthly * MONTHS - prices.yearly) * order.seats, currency),
      })) : null));
  };

  return [option('monthly'), option('yearly')];
}

export function methodChoice(plan, order, change) {
  return ['card', 'invoice'].map((method) => {
    const why = whyNot(plan, method, order);

    return h('label', { class: 'choice', data: { off: String(Boolean(why)) } },
      h('input', {
        type: 'radio', name: 'method', value: method, id: `method-${method}`,
        checked: order.method === method, disabled: Boolean(why),
        'aria-describedby': why ? `method-${method}-why` : null,
        onchange: () => change({ method }),
      }),
      h('span', {}, h('strong', {}, icon(method), t(`method.${method}`)),
        h('small', { id: `method-${method}-why` }, why ?? t(`method.${method}.hint`))));
  });
}
