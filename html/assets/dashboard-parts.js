// The parts of a team's page.

import { call, part, post } from './api.js';
import { fill, find, h, icon } from './dom.js';
import { avatar, failure, field, fieldError, problemText } from './shell.js';
import { date, t } from './text.js';

function facts({ team }) {
  const paid = team.plan !== 'free';

  return h('ul', { class: 'facts' },
    h('li', {}, t('members.count', { n: team.members })),
    paid && team.seats ? h('li', {}, t('seats.paid', { n: team.seats })) : null,
    paid && team.period ? h('li', {}, t(`period.${team.period}`)) : null,
    team.period_end ? h('li', {}, t(team.auto_renew === false ? 'ends' : 'renews'), ' ',
      h('time', { datetime: team.period_end }, date(team.period_end))) : null);
}

export function teamHead(data) {
  const { team, upgrade_button: button } = data;
  const here = location.pathname + location.search;
  const link = `/upgrade?team=${part(team.id)}&return=${part(here)}`;

  return h('header', { class: 'team-head' },
    h('div', {}, h('h1', {}, team.name),
      team.plan ? h('p', { class: 'chips' },
        h('span', { class: 'chip plan', data: { plan: team.plan } }, t(`plan.${team.plan}`)),
        ['free', 'active', team.plan].includes(team.state) ? null
          : h('span', { class: 'chip state', data: { state: team.state } },
            t(`state.${team.state}`))) : null,
      team.plan ? facts(data) : null),
    button?.visible
      ? h('a', { class: 'button primary', href: link, id: 'upgrade' }, icon('up'), t('upgrade'))
      : null,
    !button?.visible && team.plan !== 'free' && team.can?.upgrade
      ? h('a', { class: 'button', href: link }, t('plan.change')) : null);
}

export function notices({ notices: list = [] }) {
  const bad = ['expired', 'past_due'];

  return list.map((one) => h('div', { class: `notice ${bad.includes(one.code) ? 'bad' : 'warn'}` },
    h('p', {}, one.text ?? one.detail)));
}

// Why a board cannot be edited, in words.
function locked(board) {
  const key = `board.${board.reason ?? 'BOARD_LOCKED_LIMIT'}`;
  const text = t(key);

  return text === key ? t('board.locked') : text;
}

function boardCard(board, index) {
  return h('li', { class: 'board', data: { locked: String(!board.editable) } },
    h('a', { href: `/boards/${part(board.id)}` },
      h('span', { class: 'thumb', 'aria-hidden': 'true', data: { tint: index % 6 } },
        h('i'), h('i'), h('i')),
      h('span', { class: 'board-title' }, board.title),
      board.private ? h('span', { class: 'tag' }, icon('lock'), t('board.private')) : null,
      board.editable ? null : h('span', { class: 'tag warn' }, icon('eye'), t('board.view'))),
    board.editable ? null : h('p', { class: 'why' }, locked(board)));
}

export function boards(data, askFor) {
  const { team, boards: list = [] } = data;
  const paid = team.plan !== 'free';
  const check = paid ? h('label', { class: 'check' },
    h('input', { type: 'checkbox', id: 'private' }), t('board.private.make')) : null;
  const create = () => askFor({
    heading: t('board.new'), label: t('board.title'), button: t('board.create'),
    hint: paid ? null : t('board.new.free'),
    extra: check,
    ask: async (title) => {
      await post(`/dashboard/teams/${part(team.id)}/boards`, {
        title, ...(check && find('#private', check).checked ? { private: true } : {}),
      });
      location.reload();
    },
  });
  const shut = list.filter((one) => one.reason === 'BOARD_LOCKED_LIMIT'
    || (!one.editable && !one.reason)).length;

  return h('section', { 'aria-labelledby': 'boards' },
    h('div', { class: 'section-head' }, h('h2', { id: 'boards' }, t('boards')),
      h('button', { type: 'button', onclick: create }, icon('plus'), t('board.new'))),
    shut && !paid ? h('p', { class: 'explain' }, icon('lock'),
      h('span', {}, t('boards.locked', { n: shut }))) : null,
    list.length ? h('ul', { class: 'boards' }, list.map(boardCard))
      : h('p', { class: 'muted' }, t('boards.none')));
}

function member(one, team, me) {
  const roles = one.roles ?? [one.role ?? 'member'];
  const remove = async (event) => {
    const button = event.currentTarget;

    if (!confirm(t('member.remove.sure', { email: one.email }))) {
      return;
    }
    try {
      await call('DELETE', `/dashboard/teams/${part(team.id)}/members/${part(one.email)}`);
      location.reload();
    } catch (problem) {
      fill(find('#members-problem'), failure(problem));
      button.focus();
    }
  };

  return h('li', {}, avatar(one.email),
    h('span', { class: 'member-name' }, one.email, one.email === me
      ? h('em', {}, t('member.you')) : null,
    h('small', {}, roles.map((role) => t(`role.${role}`)).join(', '))),
    team.can?.remove_members && one.email !== me
      ? h('button', { type: 'button', class: 'quiet', onclick: remove,
        'aria-label': t('member.remove.label', { email: one.email }) }, t('member.remove'))
      : null);
}

function invite(team) {
  const form = h('form', { class: 'invite', novalidate: true },
    field({ id: 'email', label: t('member.email'), type: 'email', inputmode: 'email' }),
    h('button', {}, t('member.add')));

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const email = find('#email', form).value.trim();

    fieldError('email', email ? null : t('field.needed'));
    if (!email) {
      find('#email', form).focus();
      return;
    }
    try {
      await post(`/dashboard/teams/${part(team.id)}/members`, { email });
      location.reload();
    } catch (problem) {
      fieldError('email', problemText(problem).join(' '));
      find('#email', form).focus();
    }
  });
  return form;
}

export function members(data) {
  const { team, members: list, profile } = data;

  return h('section', { 'aria-labelledby': 'members' },
    h('div', { class: 'section-head' }, h('h2', { id: 'members' }, t('members')),
      team.plan ? h('span', { class: 'muted' }, t('members.count', { n: team.members })) : null),
    h('div', { id: 'members-problem' }),
    list ? h('ul', { class: 'members' },
      list.map((one) => member(one, team, profile?.email))) : null,
    team.can?.invite ? invite(team) : h('p', { class: 'muted' }, t('member.ask')));
}
