// The card's fields of a form: our own, or those of the gateway's script where
// billing.json names one.

import { get, Problem } from './api.js';
import { CARD, cardFields, check, readCard, refusal } from './card.js';
import { find } from './dom.js';
import { fieldError } from './shell.js';

// wrong(): what can be seen to be wrong before anything is sent; confirm():
// the card goes to the gateway, the intent comes back; said(): where a refusal
// is shown, and how; clear(): what must not stay after one.
const own = () => {
  const element = cardFields();

  // Not on the way to a button: what appears would move it from under the
  // pointer, and pressing it checks everything anyway.
  element.addEventListener('focusout', ({ target, relatedTarget }) => {
    if (CARD.includes(target.id) && target.value.trim() && !relatedTarget?.closest('button')) {
      fieldError(target.id, check(target.id));
    }
  });
  element.addEventListener('input', ({ target }) => {
    if (target.getAttribute('aria-invalid') && !check(target.id)) {
      fieldError(target.id, null);
    }
  });
  return {
    element,
    script: null,
    wrong: () => CARD.map((id) => ({ id, text: check(id) })).filter((one) => one.text),
    confirm: async (gateway) => (await import('./gateway.js')).confirmCard(gateway, readCard()),
    said: (error) => refusal(error.code),
    clear: () => { find('#cvc').value = ''; },
  };
};

export async function cardEntry() {
  const settings = await get('/billing/gateway');

  if (!settings.script) {
    return own();
  }
  try {
    return await (await import('./stripe.js')).fields(settings);
  } catch {
    throw new Problem(0, { code: 'GATEWAY' });
  }
}
