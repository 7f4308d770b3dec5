// What waits for this profile: requests of others, teams it may ask to join.

import { part, post } from './api.js';
import { doer } from './ask.js';
import { h } from './dom.js';
import { avatar } from './shell.js';
import { date, t } from './text.js';

// What others ask of this profile, in whichever of its teams.
export function requests({ requests: list = [] }, refresh) {
  const answer = (one, decision) => doer(t(`request.${decision}`), async () => {
    await post(`/dashboard/requests/${part(one.id)}`, { decision });
    await refresh(t(`request.${decision}.done`));
  }, { 'aria-label': t(`request.${decision}.label`, { email: one.actor }) });

  return list.length ? h('section', { class: 'asked', 'aria-labelledby': 'asked-title' },
    h('h2', { id: 'asked-title' }, t('requests')),
    h('ul', { class: 'members' }, list.map((one) => h('li', {}, avatar(one.actor),
      h('span', { class: 'member-name' },
        t(`request.kind.${one.kind}`, { actor: one.actor, email: one.email, team: one.team_name }),
        h('small', {}, date(one.created_at))),
      h('span', { class: 'row' }, answer(one, 'approve'), answer(one, 'decline')))))) : null;
}

export function discoverable({ discoverable: list = [] }, refresh) {
  const ask = (one, kind) => doer(t(`discover.${kind}`), async () => {
    await post(`/dashboard/teams/${part(one.id ?? one.team)}/requests`, { kind });
    await refresh(t('ask.sent'));
  }, { 'aria-label': `${t(`discover.${kind}`)} (${one.name ?? one.team_name})` });

  return list.length ? h('section', { class: 'asked', 'aria-labelledby': 'discover-title' },
    h('h2', { id: 'discover-title' }, t('discover')),
    h('ul', { class: 'members' }, list.map((one) => h('li', {},
      avatar(one.name ?? one.team_name),
      h('span', { class: 'member-name' }, one.name ?? one.team_name),
      h('span', { class: 'row' }, ask(one, 'join'), ask(one, 'licence')))))) : null;
}
