// The payment form's errors: a summary that takes the focus, and each beside
// its field.

import { CARD } from './card.js';
import { now } from './checkout.js';
import { fill, find, h } from './dom.js';
import { TAXED } from './information.js';
import { fieldError, problemText } from './shell.js';
import { t } from './text.js';

export const NEEDED = ['country', 'postal_code'];

export function showErrors(errors, problem) {
  const place = find('#errors');

  document.title = document.title.replace(`${t('error')} `, '');
  CARD.concat('email', 'promo', NEEDED, TAXED).forEach((id) => fieldError(id, null));
  errors.forEach(({ id, text }) => fieldError(id, text));
  if (!errors.length && !problem) {
    fill(place);
    return;
  }
  document.title = `${t('error')} ${document.title}`;
  const [said, next] = problem ? problemText(problem) : [];
  fill(place, h('div', { class: 'notice bad summary', tabindex: '-1', role: 'alert' },
    h('h2', {}, t('error.title')),
    problem ? h('p', {}, said, next ? ` ${next}` : '') : null,
    errors.length ? h('ul', {}, errors.map(({ id, text }) => h('li', {},
      h('a', {
        href: `#${id}`,
        onclick: (event) => {
          event.preventDefault();
          find(`#${id}`)?.focus();
        },
      }, text)))) : null));
  place.firstChild.focus();
}

const FIELD_OF = { seats: (order) => `seats-${order.plan}`, plan: (order) => `plan-${order.plan}`,
  period: (order) => `period-${order.period}`, 'payment.email': () => 'email' };

export function showProblem(problem) {
  const at = problem.body?.field;
  const id = FIELD_OF[at]?.(now.order) ?? at?.replace('billing_information.', '');

  if (problem.code?.startsWith('CARD_') && problem.code !== 'CARD_AUTH_FAILED') {
    const text = problemText(problem).join(' ');
    showErrors([{ id: 'number', text }]);
    now.card.clear();
    return;
  }
  if (id && find(`#${id}`)) {
    showErrors([{ id, text: problemText(problem).join(' ') }]);
    return;
  }
  showErrors([], problem);
}
