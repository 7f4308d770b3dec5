// The link of a mail that deletes a team: asked once more, then done.

import { call, part } from './api.js';
import { dialog, fill, h } from './dom.js';
import { failure } from './shell.js';
import { t } from './text.js';

// In the fragment, which is sent to no server and written to no log.
function taken() {
  const token = /^#delete=([\w-]{1,36})$/.exec(location.hash)?.[1];

  if (token) {
    history.replaceState(null, '', location.pathname + location.search);
  }
  return token;
}

export function deletion(team) {
  const token = taken();

  if (token) {
    confirmed(team, token);
  }
}

function confirmed(team, token) {
  const where = h('div', {});
  const submit = h('button', { class: 'primary', id: 'delete-team' }, t('team.delete.button'));
  const form = h('form', {}, where, h('p', {}, t('team.delete.hint')),
    h('div', { class: 'actions' }, submit));

  dialog(t('team.delete', { name: team.name }), t('close'), form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (submit.getAttribute('aria-disabled') === 'true') {
      return;
    }
    submit.setAttribute('aria-disabled', 'true');
    try {
      await call('DELETE', `/dashboard/teams/${part(team.id)}?confirm=${part(token)}`);
      location.assign('/dashboard');
    } catch (problem) {
      submit.removeAttribute('aria-disabled');
      fill(where, failure(problem));
    }
  });
}
