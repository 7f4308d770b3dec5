// An invitation, or a team's own link: it stands behind the '#', where no
// server sees it, and nobody joins before pressing the button.

import { part, post } from './api.js';
import { fill, h } from './dom.js';
import { failure } from './shell.js';
import { t } from './text.js';

const WAYS = {
  invitation: (token) => post('/dashboard/invitations/accept', { token }),
  join: (link) => post('/dashboard/join', { link }),
};

export function joining() {
  const [, way, value] = /^#(invitation|join)=([\w-]+)$/.exec(location.hash) ?? [];

  if (!way) {
    return null;
  }
  const where = h('div', {});
  const join = async (event) => {
    const button = event.currentTarget;

    if (button.getAttribute('aria-busy') === 'true') {
      return;
    }
    button.setAttribute('aria-busy', 'true');
    try {
      const { team } = await WAYS[way](value);
      location.assign(`/dashboard?team=${part(team.id)}`);
    } catch (problem) {
      button.removeAttribute('aria-busy');
      fill(where, failure(problem));
    }
  };

  return h('section', { class: 'notice warn', id: 'joining' },
    h('p', {}, h('strong', {}, t('join.title')), ' ', t(`join.${way}`)), where,
    h('button', { type: 'button', class: 'primary', onclick: join }, t('join.button')));
}
