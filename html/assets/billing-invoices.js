// Invoices, credit notes and refunds of a team, newest first.

import { part } from './api.js';
import { day, row } from './billing-overview.js';
import { h } from './dom.js';
import { date, money, t } from './text.js';

const PAGE = 12;

const word = (state) => h('span', { class: 'chip word', data: { state } },
  t(`invoice.state.${state}`));

const file = (one, href, name) => (href ? h('a', { class: 'link', href,
  download: true }, name, h('span', { class: 'hidden' }, ' ', one.number)) : null);

export const download = (one) => [file(one, one.pdf, 'PDF'),
  one.paid > 0 ? file(one, one.receipt, t('billing.receipt')) : null];

function notes(one) {
  return one.credit_notes.map((note) => h('tr', { class: 'note' },
    h('th', { scope: 'row' }, note.number, h('small', {}, t('billing.note', {
      number: one.number ?? '' }))),
    h('td', {}, day(note.issued_at)),
    h('td', { class: 'num' }, money(-note.amount, note.currency)),
    h('td', {}, h('span', { class: 'chip word' }, t(`billing.note.${note.reason}`))),
    h('td', {}, download(note))));
}

function line(one) {
  const open = one.state === 'open' && one.open > 0;

  return [h('tr', {},
    h('th', { scope: 'row' }, one.number
      ? h('a', { href: `#invoice=${one.number}` }, one.number) : t('billing.draft'),
    h('small', {}, t(`invoice.kind.${one.kind}`))),
    h('td', {}, one.issued_at ? day(one.issued_at) : t('billing.draft.hint')),
    h('td', { class: 'num' }, money(one.total, one.currency), open && one.open !== one.total
      ? h('small', {}, t('billing.open', { amount: money(one.open, one.currency) })) : null),
    h('td', {}, word(one.state), open ? h('small', {}, t('billing.due', {
      date: date(one.due_at) })) : null),
    h('td', { class: 'do' }, open ? h('a', { class: 'button primary',
      href: `#invoice=${one.number}` }, t('billing.pay'), h('span', { class: 'hidden' }, ' ',
      one.number)) : null, download(one))), notes(one)];
}

function refunds(list) {
  if (!list?.length) {
    return null;
  }
  return h('section', { 'aria-labelledby': 'refunds' }, h('h2', { id: 'refunds' },
    t('billing.refunds')), h('ul', { class: 'plain' }, list.map((one) => h('li', {},
    t('billing.refund.line', { amount: money(one.amount, one.currency),
      number: one.invoice ?? '', state: t(`refund.${one.state}`) }),
    one.money ? ` ${t(`refund.money.${one.money}`)}` : ''))));
}

export function documents({ list, refunds: asked, overview }) {
  const body = h('tbody', {});
  const more = h('button', { type: 'button' }, t('billing.more'));
  let shown = 0;
  const next = () => {
    body.append(...list.slice(shown, shown + PAGE).map(line).flat(Infinity));
    shown += PAGE;
    more.hidden = shown >= list.length;
  };

  if (!list.length) {
    return h('div', { class: 'empty' }, h('h2', {}, t('billing.invoices.none')),
      h('p', {}, overview.renewal ? t('billing.invoices.first', {
        date: date(overview.renewal.at) }) : t('billing.invoices.none.hint')));
  }
  more.addEventListener('click', () => {
    const from = body.rows.length;
    next();
    body.rows[from]?.querySelector('a')?.focus();
  });
  next();
  return [h('div', { class: 'table', role: 'region', 'aria-labelledby': 'invoices', tabindex: '0' },
    h('table', {}, h('caption', { class: 'hidden', id: 'invoices' }, t('billing.invoices')),
      h('thead', {}, h('tr', {}, ['number', 'date', 'amount', 'status', 'do'].map((key) => h('th',
        { scope: 'col', class: key === 'amount' ? 'num' : null }, t(`billing.column.${key}`))))),
      body)), h('p', { class: 'actions' }, more), refunds(asked)];
}
