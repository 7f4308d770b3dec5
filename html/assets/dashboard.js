// The dashboard: teams at the left, the current team's boards and members.

import { get, part, post } from './api.js';
import { boards, members, notices, teamHead } from './dashboard-parts.js';
import { deletion } from './deletion.js';
import { dialog, fill, find, h, icon } from './dom.js';
import { joining } from './join.js';
import { avatar, brand, failure, field, fieldError, page, problemText, title } from './shell.js';
import { t } from './text.js';

const asked = new URLSearchParams(location.search).get('team');

function teamLink(team, current) {
  return h('li', {}, h('a', {
    href: `/dashboard?team=${part(team.id)}`,
    'aria-current': team.id === current ? 'page' : null,
  }, avatar(team.name), h('span', { class: 'team-name' }, team.name,
    team.plan ? h('small', {}, planName(team.plan)) : null)));
}

function planName(plan) {
  return t(`plan.${plan}`);
}

// One question in a dialog; ask(value) may throw a problem, shown in place.
export function askFor({ heading, label, hint, button, extra, ask, ...input }) {
  const id = 'asked';
  const where = h('div', {});
  const form = h('form', { novalidate: true }, where,
    field({ id, label, hint, required: true, maxlength: 120, ...input }), extra ?? null,
    h('div', { class: 'actions' }, h('button', { class: 'primary' }, button)));
  const box = dialog(heading, t('close'), form);

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const value = find(`#${id}`, box).value.trim();
    const submit = find('button.primary', form);

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
      await ask(value, form);
    } catch (problem) {
      submit.removeAttribute('aria-disabled');
      const ours = ['name', 'title', 'email'].includes(problem.body?.field);
      fill(where, ours ? null : failure(problem));
      fieldError(id, ours ? problemText(problem).join(' ') : null);
      find(`#${id}`, box).focus();
    }
  });
}

function newTeam() {
  askFor({
    heading: t('team.new'), label: t('team.name'), hint: t('team.new.hint'),
    button: t('team.create'),
    ask: async (name) => {
      const { team } = await post('/dashboard/teams', { name, from: 'dashboard' });
      location.assign(`/dashboard?team=${part(team.id)}`);
    },
  });
}

function sidebar(data) {
  return h('aside', { class: 'side' }, brand(),
    h('div', { class: 'side-head' }, h('h2', { id: 'teams' }, t('teams')),
      h('button', {
        type: 'button', class: 'round', 'aria-label': t('team.new'), title: t('team.new'),
        onclick: newTeam,
      }, icon('plus'))),
    h('nav', { 'aria-labelledby': 'teams' }, h('ul', { class: 'teams' },
      data.teams.map((team) => teamLink(team, data.team?.id)))),
    h('div', { class: 'side-foot' }, h('a', { href: '/pricing' }, t('pricing')),
      h('p', { class: 'who' }, data.profile?.email ?? data.profile)));
}

page(async (main) => {
  const data = await get(`/dashboard${asked ? `?team=${part(asked)}` : ''}`);

  document.body.insertBefore(sidebar(data), main);
  document.body.classList.add('ready');
  if (!data.team) {
    title(t('dashboard'));
    fill(main, joining(), notices(data), h('div', { class: 'empty' }, h('h1', {}, t('team.none')),
      h('p', {}, t('team.none.hint')),
      h('button', { type: 'button', class: 'primary', onclick: newTeam }, t('team.create'))));
    return;
  }
  title(data.team.name, t('dashboard'));
  fill(main, joining(), teamHead(data), notices(data), boards(data, askFor), members(data));
  deletion(data.team);
});
