// Ways to the upgrade that do not begin with a form: from the gate, without a
// team, or by somebody who cannot buy.

import { get, part } from './api.js';
import { fill, h } from './dom.js';
import { failure, sameOrigin, title } from './shell.js';
import { has, t } from './text.js';

// Without ?team=: which of the teams is it for?
export function chooseTeam(main, data, params) {
  const free = data.teams.filter((one) => one.plan === 'free');
  const url = (team) => {
    const query = new URLSearchParams(params);
    query.set('team', team.id);
    return `/upgrade?${query}`;
  };

  title(t('upgrade'));
  fill(main, h('div', { class: 'narrow' }, h('h1', {}, t('upgrade.which')),
    free.length ? h('ul', { class: 'people' }, free.map((team) => h('li', {},
      h('a', { href: url(team) }, h('strong', {}, team.name)))))
      : h('p', {}, t('upgrade.nofree')),
    h('p', { class: 'actions' }, h('a', { class: 'button', href: '/dashboard' }, t('back.dashboard')))));
}

const notice = (...said) => h('div', { class: 'notice warn', id: 'gated' }, h('p', {}, said));

// The gate's own word; one that it does not have says nothing.
function refused(team, params) {
  const code = params.get('reason');
  const why = /^[A-Z_]+$/.test(code) && ['gate', 'board'].map((one) => `${one}.${code}`).find(has);

  return why ? notice(h('strong', {}, t(why, { team: team.name })),
    params.has('return') ? [' ', t('gate.return')] : null) : null;
}

// Led here by the gate: the board that was asked for, and what it lacks; of
// what is no board of ours, or is not to be seen, only the reason.
export async function gated(team, params) {
  const id = /^\/boards\/([\w-]+)/.exec(sameOrigin(params.get('return'), ''))?.[1];

  if (!id) {
    return refused(team, params);
  }
  try {
    const { board } = await get(`/dashboard/boards/${part(id)}`);
    const why = `board.${board.reason}`;
    return board.editable ? null : notice(
      h('strong', {}, t('gate.board', { board: board.title, team: team.name })), ' ',
      has(why) ? t(why) : t('board.locked'), ' ', t('gate.return'));
  } catch {
    return refused(team, params);
  }
}

export function notOffered(problem, { team }, params, wanted) {
  const admins = team?.billing_admins ?? [];
  const home = `/dashboard${team ? `?team=${part(team.id)}` : ''}`;
  const way = sameOrigin(params.get('return'), home);

  return h('div', { class: 'narrow' }, h('h1', {}, t('upgrade')), wanted, failure(problem),
    admins.length ? h('p', { id: 'gate-who' }, t('gate.who', { who: admins.join(', ') })) : null,
    h('p', { class: 'actions' },
      team?.can?.open_billing ? h('a', { class: 'button primary',
        href: `/billing/overview?team=${part(team.id)}` }, t('billing')) : null,
      way.startsWith('/dashboard') ? null : h('a', { class: 'button', href: way }, t('back')),
      h('a', { class: 'button', href: home }, t('back.dashboard'))));
}
