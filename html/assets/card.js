// The card's fields: checked when left or sent, never on each key.  They have
// no name, so that no form of ours can send them anywhere.

import { find, h } from './dom.js';
import { field } from './shell.js';
import { t } from './text.js';

const AMEX = /^3[47]/;

// The gateway's refusal, by code: the field to look at and the text.
const REFUSALS = {
  incorrect_number: ['number', 'card.number.wrong'],
  invalid_number: ['number', 'card.number.wrong'],
  expired_card: ['expiry', 'card.expired'],
  invalid_expiry_month: ['expiry', 'card.expiry.wrong'],
  invalid_expiry_year: ['expiry', 'card.expired'],
  incorrect_cvc: ['cvc', 'card.cvc.wrong'],
  invalid_cvc: ['cvc', 'card.cvc.wrong'],
  insufficient_funds: ['number', 'card.funds'],
  processing_error: ['number', 'card.later'],
};

export function refusal(code) {
  const [id, key] = REFUSALS[code] ?? ['number', 'card.declined'];

  return { id, text: t(key) };
}

function luhn(digits) {
  return [...digits].reverse().reduce((sum, digit, i) => {
    const n = Number(digit) * (i % 2 ? 2 : 1);

    return sum + (n > 9 ? n - 9 : n);
  }, 0) % 10 === 0;
}

const digits = (id) => find(`#${id}`).value.replace(/\D/g, '');

export function cardFields() {
  const shared = { name: null, inputmode: 'numeric', required: true };

  return h('div', { class: 'card-fields' },
    field({ ...shared, id: 'number', label: t('card.number'), autocomplete: 'cc-number',
      maxlength: 30, onblur: (event) => {
        event.target.value = digits('number').replace(/(.{4})(?=.)/g, '$1 ');
      } }),
    field({ ...shared, id: 'expiry', label: t('card.expiry'), hint: t('card.expiry.hint'),
      autocomplete: 'cc-exp', maxlength: 9 }),
    field({ ...shared, id: 'cvc', label: t('card.cvc'), hint: t('card.cvc.hint'),
      autocomplete: 'cc-csc', maxlength: 4 }));
}

function expiry(text) {
  const match = /^\s*(\d{1,2})\s*[/\-. ]?\s*(\d{2}|\d{4})\s*$/.exec(text);

  if (!match || Number(match[1]) < 1 || Number(match[1]) > 12) {
    return null;
  }
  return { month: Number(match[1]), year: Number(match[2]) % 100 + 2000 };
}

function late({ month, year }) {
  const now = new Date();

  return year * 12 + month < now.getFullYear() * 12 + now.getMonth() + 1;
}

// One field's error text, or null.
export function check(id) {
  const value = find(`#${id}`).value.trim();

  if (!value) {
    return t(`card.${id}.needed`);
  }
  if (id === 'number') {
    const number = digits('number');
    return number.length >= 13 && number.length <= 19 && luhn(number)
      ? null : t('card.number.wrong');
  }
  if (id === 'expiry') {
    const when = expiry(value);
    if (!when) {
      return t('card.expiry.wrong');
    }
    return late(when) ? t('card.expired') : null;
  }
  const wanted = AMEX.test(digits('number')) ? 4 : 3;
  return new RegExp(`^\\d{${wanted}}$`).test(value) ? null : t('card.cvc.wrong');
}

export const CARD = ['number', 'expiry', 'cvc'];

export function readCard() {
  return { number: digits('number'), ...expiry(find('#expiry').value), cvc: digits('cvc') };
}
