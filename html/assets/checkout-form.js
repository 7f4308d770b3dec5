// The payment page's form: what stands in it, and what of it is sent.

import { change, now, preview } from './checkout.js';
import { find, h, icon } from './dom.js';
import { informationFields, TAXED } from './information.js';
import { enterprise } from './order.js';
import { field, fieldError } from './shell.js';
import { t } from './text.js';

export const INFORMATION = ['company', 'address', 'postal_code', 'city', 'country', 'vat_id'];

function step(n, key, ...content) {
  return h('fieldset', { class: 'step' },
    h('legend', {}, h('span', { class: 'n', 'aria-hidden': 'true' }, n), t(key)), content);
}

function information() {
  const again = ({ target }) => {
    if (TAXED.includes(target.id)) {
      fieldError(target.id, null);
      preview();
    }
  };

  return h('details', { class: 'more', id: 'information', onchange: again },
    h('summary', {}, t('information')), informationFields(INFORMATION));
}

function promo() {
  const apply = () => {
    const code = find('#promo').value.trim().toUpperCase();

    fieldError('promo', code ? null : t('field.needed'));
    if (code) {
      change({ promo: code });
    }
  };

  return h('details', { class: 'more', id: 'promo-box' }, h('summary', {}, t('promo')),
    h('div', { class: 'promo' },
      field({ id: 'promo', label: t('promo.code'), maxlength: 31, autocapitalize: 'characters',
        onkeydown: (event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            apply();
          }
        } }),
      h('button', { type: 'button', id: 'promo-apply', onclick: apply }, t('promo.apply'))));
}

// card: the fields of payment.js.
export function form(card, submit) {
  const { offer, order, me } = now;

  return h('form', { id: 'buy', class: 'checkout', novalidate: true, onsubmit: submit },
    h('div', { class: 'steps' },
      step('1', 'step.plan', h('div', { id: 'plans', class: 'plan-options' }), enterprise(offer)),
      step('2', 'step.period', h('div', { id: 'periods', class: 'choices' })),
      step('3', 'step.payment', h('div', { id: 'methods', class: 'choices' }),
        h('div', { id: 'by-card' }, card.element, h('p', { class: 'hint safe' }, icon('lock'),
          t('card.safe'))),
        h('div', { id: 'by-invoice', hidden: true }, field({
          id: 'email', label: t('invoice.email'), hint: t('invoice.email.hint'), type: 'email',
          autocomplete: 'email', inputmode: 'email', value: order.email ?? me,
        })),
        information())),
    h('aside', { class: 'bill-box', 'aria-labelledby': 'bill-title' },
      h('h2', { id: 'bill-title' }, t('bill')),
      h('p', { class: 'muted' }, t('bill.team', { team: offer.team.name })),
      h('div', { id: 'bill', 'aria-busy': 'true' }),
      promo(),
      h('button', { id: 'purchase', class: 'primary big' }, t('purchase', { amount: '…' })),
      h('p', { class: 'hint' }, t('purchase.hint'))));
}
