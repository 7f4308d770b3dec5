// What is being bought on the payment page: the choices, and the price for
// them as the server reckons it.

import { post, Problem } from './api.js';
import { bill } from './bill.js';
import { announce, fill, find, h } from './dom.js';
import { TAXED, valueOf } from './information.js';
import * as kept from './kept.js';
import { methodChoice, periodChoice, planCards, planOf, whyNot } from './order.js';
import { failure, fieldError, problemText } from './shell.js';
import { money, t } from './text.js';

const DEBOUNCE_MS = 120;

export const now = {
  offer: null,
  order: null,
  me: null,
  quote: null,
  card: null,                         // its fields
  busy: false,
  countryNeeded: false,               // a tax table is there
};

let asked = 0;                        // the newest question's number
let timer = null;

export function keepChoices() {
  if (now.order) {
    kept.keepChoices(now.order);
  }
}

export function change(what) {
  now.order = { ...now.order, ...what };
  const plan = planOf(now.offer, now.order);
  const lost = now.order.method === 'invoice' && whyNot(plan, 'invoice', now.order);

  if (lost) {
    now.order.method = 'card';
    announce(lost);
  }
  keepChoices();
  draw();
  preview();
}

export function preview() {
  clearTimeout(timer);
  find('#bill').setAttribute('aria-busy', 'true');
  now.quote = null;
  buttonText();
  timer = setTimeout(ask, DEBOUNCE_MS);
}

// A late answer to an older question is thrown away.
async function ask() {
  const mine = asked += 1;
  const { team, plan, seats, period, method, promo } = now.order;

  try {
    const answer = await post('/upgrade/quote', {
      team, plan, seats, period, payment_method: method, ...(promo ? { promo } : {}),
      ...taxed(),
    });
    if (mine !== asked) {
      return;
    }
    now.quote = answer;
    if (promo) {
      fieldError('promo', null);      // a refused code's reason stays to be read
    }
    drawBill();
    announce(t('total.said', { amount: money(now.quote.due_now || now.quote.total, now.quote.currency) }));
  } catch (problem) {
    if (mine !== asked) {
      return;
    }
    if (!(problem instanceof Problem)) {
      throw problem;
    }
    badQuote(problem);
  }
}

// No price without the country, where the tax depends on it.
function askCountry() {
  now.countryNeeded = true;
  find('#information').open = true;
  find('#information summary').textContent = t('information.needed');
  find('#bill').removeAttribute('aria-busy');
  fill(find('#bill'), h('p', { class: 'notice warn' }, t('information.first'), ' ',
    h('a', { href: '#country', onclick: (event) => {
      event.preventDefault();
      find('#country').focus();
    } }, t('information.country'))));
  announce(t('information.first'));
}

function badQuote(problem) {
  const own = problem.body?.field?.replace('billing_information.', '');

  if (problem.code === 'BILLING_INFO_MISSING') {
    askCountry();
    return;
  }
  if (TAXED.includes(own)) {
    find('#bill').removeAttribute('aria-busy');
    fieldError(own, problemText(problem).join(' '));
    return;
  }
  if (problem.code.startsWith('PROMO_')) {
    const typed = now.order.promo;
    change({ promo: null });
    find('#promo').value = typed;
    find('#promo-box').open = true;
    fieldError('promo', problemText(problem).join(' '));
    find('#promo').focus();
    return;
  }
  find('#bill').removeAttribute('aria-busy');
  fill(find('#bill'), failure(problem, problem.status === 0 || problem.status >= 500
    ? preview : null));
}

export function drawBill() {
  find('#bill').removeAttribute('aria-busy');
  fill(find('#bill'), bill(now.quote, now.order, () => change({ promo: null })));
  buttonText();
}

export function buttonText() {
  const button = find('#purchase');
  const amount = now.quote ? money(now.quote.due_now || now.quote.total, now.quote.currency) : '…';

  button.textContent = t('purchase', { amount });
  button.setAttribute('aria-disabled', String(!now.quote || now.busy));
}

// Redraws the choices; what had the focus keeps it, by its id.
export function draw() {
  const focus = document.activeElement?.id;
  const plan = planOf(now.offer, now.order);

  fill(find('#plans'), planCards(now.offer, now.order, change));
  fill(find('#periods'), periodChoice(plan, now.order, now.offer.currency, change));
  fill(find('#methods'), methodChoice(plan, now.order, change));
  find('#by-card').hidden = now.order.method !== 'card';
  find('#by-invoice').hidden = now.order.method !== 'invoice';
  if (focus && document.activeElement?.id !== focus) {
    find(`#${CSS.escape(focus)}`)?.focus();
  }
}

// What the tax depends on goes with the quote, so that the bill has it (R113).
function taxed() {
  const country = find('#country').value;
  const vat = valueOf('vat_id');

  return country
    ? { billing_information: { country, ...(vat ? { vat_id: vat } : {}) } } : {};
}

// From here on no answer to an older question may draw anything.
export function endPreview() {
  clearTimeout(timer);
  asked += 1;
}
