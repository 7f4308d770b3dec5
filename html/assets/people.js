// Who is in a team, who is on the way in, and what waits for an answer.

import { call, get, part, post } from './api.js';
import { doer, once } from './ask.js';
import { fill, find, h } from './dom.js';
import { later } from './later.js';
import { avatar, failure, field, fieldError, problemText } from './shell.js';
import { date, t } from './text.js';

const memberDialog = later(() => import('./member-dialog.js'), 'memberDialog');
const path = (team) => `/dashboard/teams/${part(team.id)}`;

function member(one, data, refresh) {
  const { team, profile } = data;
  const self = one.email === profile?.email;
  const roles = one.roles ?? [one.role ?? 'member'];

  return h('li', {}, avatar(one.email),
    h('span', { class: 'member-name' }, one.email, self ? h('em', {}, t('member.you')) : null,
      h('small', {}, roles.map((role) => t(`role.${role}`)).join(', '))),
    self || team.can?.remove_members
      ? h('button', { type: 'button', class: 'quiet', onclick: () => memberDialog(one, data, refresh),
        'aria-label': t('member.manage.label', { email: one.email }) }, t('member.manage'))
      : null);
}

// Several addresses may stand in the field, as one pastes them.
const addresses = (text) => text.split(/[\s,;]+/).filter(Boolean);

function invite(team, refresh) {
  const place = h('div', { class: 'place' });
  const send = async (event, work) => {
    const list = addresses(find('#email').value);

    event.preventDefault();
    fieldError('email', list.length ? null : t('field.needed'));
    if (!list.length) {
      find('#email').focus();
      return;
    }
    await once(event.submitter ?? event.currentTarget, place, async () => {
      try {
        await work(list);
      } catch (problem) {
        fieldError('email', problemText(problem).join(' '));
        find('#email').focus();
      }
    });
  };
  const mail = async (list) => {
    await post(`${path(team)}/invitations`,
      { emails: list, ...(team.can.invite ? {} : { request: true }) });
    await refresh(t(team.can.invite ? 'invite.sent' : 'ask.sent'));
  };
  const add = async (list) => {
    for (const email of list) {
      await post(`${path(team)}/members`, { email });
    }
    await refresh(t('member.added'));
  };

  return h('form', { class: 'invite', novalidate: true,
    onsubmit: (event) => send(event, team.can.invite ? add : mail) },
  field({ id: 'email', label: t(team.can.invite ? 'member.email' : 'invite.ask.email'),
    type: 'text', inputmode: 'email', hint: t('member.email.hint') }),
  team.can.invite ? h('button', {}, t('member.add')) : null,
  h('button', { type: team.can.invite ? 'button' : 'submit',
    onclick: team.can.invite ? (event) => send(event, mail) : null },
  t(team.can.invite ? 'invite.mail' : 'invite.ask')), place);
}

function inviteLink(team) {
  if (!team.invite_link) {
    return null;
  }
  const told = h('span', { class: 'hint', role: 'status' });

  return h('div', { class: 'invite' },
    field({ id: 'link', label: t('invite.link'), value: team.invite_link, readonly: true }),
    h('button', { type: 'button', onclick: async () => {
      find('#link').select();
      try {
        await navigator.clipboard.writeText(team.invite_link);
        told.textContent = t('copied');
      } catch {
        told.textContent = t('copy.self');
      }
    } }, t('copy')), told);
}

async function pending(team, refresh, place) {
  try {
    const { invitations } = await get(`${path(team)}/invitations`);

    if (!invitations.length) {
      return;
    }
    fill(place, h('h3', {}, t('invitations')), h('ul', { class: 'members' },
      invitations.map((one) => h('li', {}, avatar(one.email),
        h('span', { class: 'member-name' }, one.email,
          h('small', {}, t(`invitation.${one.state}`, { date: date(one.expires_at) }))),
        h('span', {}, doer(t('invitation.back'), async () => {
          await call('DELETE', `${path(team)}/invitations/${part(one.id)}`);
          await refresh(t('invitation.gone'));
        }, { class: 'quiet', 'aria-label': t('invitation.back.label', { email: one.email }) }))))));
  } catch (problem) {
    fill(place, failure(problem));
  }
}

// Licences of a company: also of people who are in none of its teams any more.
function licences({ team, licences: list, profile }, refresh) {
  if (!list?.length || !['business', 'consultant', 'enterprise'].includes(team.plan)) {
    return null;
  }
  return h('details', { class: 'more' }, h('summary', {}, t('licences', { n: list.length })),
    h('ul', { class: 'members' }, list.map((one) => h('li', {}, avatar(one.email),
      h('span', { class: 'member-name' }, one.email,
        h('small', {}, `${t(`role.${one.role}`)} · ${t('teams.count', { n: one.teams })}`)),
      one.email === profile.email || one.teams > 0 ? null
        : h('span', {}, doer(t('licence.free'), async () => {
          await call('DELETE', `${path(team)}/members/${part(one.email)}?scope=company`);
          await refresh(t('licence.freed'));
        }, { class: 'quiet', 'aria-label': t('licence.free.label', { email: one.email }) }))))));
}

// Who has no seat and edits with a Day Pass.
function occasional({ team }, refresh) {
  if (!team.can?.day_passes) {
    return null;
  }
  const place = h('div', { class: 'place' });

  return h('details', { class: 'more' }, h('summary', {}, t('occasional')),
    h('p', { class: 'hint' }, t('occasional.hint')),
    h('form', { class: 'invite', novalidate: true, onsubmit: (event) => {
      event.preventDefault();
      once(event.submitter, place, async () => {
        await post(`${path(team)}/occasional`, { email: find('#occasional').value.trim() });
        await refresh(t('member.added'));
      });
    } }, field({ id: 'occasional', label: t('occasional.email'), type: 'email' }),
    h('button', {}, t('member.add')), place));
}

export function members(data, refresh) {
  const { team, members: list } = data;
  const admins = Boolean(team.settings);
  const waiting = h('div', { id: 'invitations' });

  if (admins) {
    pending(team, refresh, waiting);
  }
  return h('section', { 'aria-labelledby': 'members' },
    h('div', { class: 'section-head' }, h('h2', { id: 'members' }, t('members')),
      team.plan ? h('span', { class: 'muted' }, t('members.count', { n: team.members })) : null),
    list ? h('ul', { class: 'members' }, list.map((one) => member(one, data, refresh))) : null,
    list ? waiting : null,
    !team.can?.invite ? h('p', { class: 'muted' }, t('member.ask')) : null,
    list ? invite(team, refresh) : null,
    list ? inviteLink(team) : null,
    occasional(data, refresh), licences(data, refresh));
}
