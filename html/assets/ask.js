// Questions in a dialog: one form, its problem in place, one answer at a time.

import { dialog, fill, find, h } from './dom.js';
import { failure, field, fieldError, problemText } from './shell.js';
import { t } from './text.js';

// Runs work() unless it runs already; what fails is said at the place given.
export async function once(button, place, work) {
  if (button.getAttribute('aria-disabled') === 'true') {
    return;
  }
  button.setAttribute('aria-disabled', 'true');
  fill(place);
  try {
    await work();
  } catch (problem) {
    fill(place, failure(problem));
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

// A button that does something, and says in front of itself why it did not.
export function doer(label, work, props = {}) {
  const place = h('div', { class: 'place' });
  const button = h('button', { type: 'button', ...props,
    onclick: () => once(button, place, work) }, label);

  return [place, button];
}

// A form of one purpose: submit() reads it and may throw.
export function form(button, submit, ...content) {
  const place = h('div', { class: 'place' });
  const send = h('button', { class: 'primary' }, button);
  const made = h('form', { novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    once(send, place, () => submit(made));
  } }, ...content, place, h('div', { class: 'actions' }, send));

  return made;
}

export function check(id, label, checked, hint = null) {
  return h('div', { class: 'check-field' }, h('label', { class: 'check', for: id },
    h('input', { type: 'checkbox', id, checked, 'aria-describedby': hint ? `${id}-hint` : null }),
    label), hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : null);
}

// options: [[value, text, chosen, disabled]]
export function select(id, label, options, props = {}) {
  return h('div', { class: 'field' }, h('label', { for: id }, label),
    h('select', { id, ...props }, options.map(([value, text, selected, disabled]) => (
      h('option', { value, selected: Boolean(selected), disabled: Boolean(disabled) }, text)))));
}

// One question; ask(value) may throw a problem, shown in place.
export function askFor({ heading, label, hint, button, extra, ask, ...input }) {
  const id = 'asked';
  const where = h('div', {});
  const made = h('form', { novalidate: true }, where,
    field({ id, label, hint, required: true, maxlength: 120, ...input }), extra ?? null,
    h('div', { class: 'actions' }, h('button', { class: 'primary' }, button)));
  const box = dialog(heading, t('close'), made);

  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    const value = find(`#${id}`, box).value.trim();
    const submit = find('button.primary', made);

    if (submit.getAttribute('aria-disabled') === 'true') {
      return;
    }
    fieldError(id, value ? null : t('field.needed'));
    if (!value) {
      find(`#${id}`, box).focus();
      return;
    }
    submit.setAttribute('aria-disabled', 'true');
    try {
      await ask(value, made);
    } catch (problem) {
      submit.removeAttribute('aria-disabled');
      const ours = ['name', 'title', 'email'].includes(problem.body?.field);
      fill(where, ours ? null : failure(problem));
      fieldError(id, ours ? problemText(problem).join(' ') : null);
      find(`#${id}`, box).focus();
    }
  });
  return box;
}
