// The price, line by line, as the server reckoned it.

import { h } from './dom.js';
import { date, money, t } from './text.js';

function line(text, amount, currency, kind) {
  return h('div', { class: `line ${kind ?? ''}` }, h('dt', {}, text),
    h('dd', {}, money(amount, currency)));
}

// "5 × $240.00", or a share of it when it is not the whole period.
function reckoning(one, currency) {
  if (!one.quantity || !one.unit_amount || one.kind === 'tax') {
    return null;
  }
  const share = one.numerator && one.denominator && one.numerator !== one.denominator
    ? ` × ${one.numerator}/${one.denominator}` : '';

  const times = one.quantity === 1 && one.kind !== 'plan' ? '' : `${one.quantity} × `;

  return h('small', {}, `${times}${money(one.unit_amount, currency)}${share}`);
}

// Which days a share is for.
function days({ service }) {
  return service ? h('small', {}, t('bill.span', {
    from: date(service[0]), to: date(service[1]) })) : null;
}

function detail(one, currency, removePromo) {
  const promo = one.kind === 'discount';

  return h('div', { class: `line ${one.kind}` },
    h('dt', {}, one.text, ['plan', 'credit', 'proration'].includes(one.kind)
      ? reckoning(one, currency) : null, days(one),
    promo ? h('button', { type: 'button', class: 'link', onclick: removePromo },
      t('promo.remove')) : null),
    h('dd', {}, money(one.amount, currency)));
}

export function bill(quote, order, removePromo) {
  const { currency } = quote;
  const now = quote.due_now ?? quote.total;

  return [
    h('dl', { class: 'lines' },
      quote.lines.map((one) => detail(one, currency, removePromo)),
      line(t('total'), quote.total, currency, 'total'),
      now !== quote.total ? line(t('due.now'), now, currency, 'total') : null),
    order.method === 'invoice' ? h('p', { class: 'hint' }, t('bill.invoice')) : null,
    quote.renews_at ? h('p', { class: 'renewal' }, t('bill.renews', {
      date: date(quote.renews_at), amount: money(quote.renewal_total, currency),
    })) : null,
  ];
}
