// One person in a team: role, boards to hand over, leaving, licences.

import { call, part, post, Problem } from './api.js';
import { check, doer, form, select } from './ask.js';
import { dialog, fill, find, h } from './dom.js';
import { t } from './text.js';

const COMPANY = ['business', 'consultant', 'enterprise'];
const ONE_ADMIN = ['free', 'education'];
const NEEDS_HEIR = ['ADMIN_ON_LEAVING', 'LAST_ADMIN'];

const admin = (one) => ['team_admin', 'company_admin'].includes(one.role);
const occasional = (team) => `/dashboard/teams/${part(team.id)}/occasional`;
const people = (team) => `/dashboard/teams/${part(team.id)}/members`;

function roles(one, { team }, done) {
  const company = COMPANY.includes(team.plan) && team.roles?.includes('company_admin');
  const offered = ['member', 'team_admin', ...(company ? ['company_admin'] : [])];

  return form(t('save'), async (made) => {
    await call('PATCH', `${people(team)}/${part(one.email)}`,
      { role: find('input[name="role"]:checked', made).value });
    done(t('saved'));
  }, h('fieldset', { class: 'part' }, h('legend', {}, t('member.role')),
    offered.map((role) => h('label', { class: 'check', for: `role-${role}` },
      h('input', { type: 'radio', name: 'role', id: `role-${role}`, value: role,
        checked: one.role === role }),
      h('span', {}, t(`role.${role}`), h('small', {}, t(`role.${role}.can`)))))));
}

// What becomes of the boards is asked once it is known that there are any.
function decision(one, { team, members }, problem) {
  const heirs = members.filter((other) => other.email !== one.email
    && (!ONE_ADMIN.includes(team.plan) || admin(other)));

  return [
    h('p', { class: 'explain' }, h('span', {}, problem.body.detail)),
    select('boards-to', t('member.boards'), [
      ...heirs.map((other) => [`transfer:${other.email}`,
        t('member.boards.to', { email: other.email })]),
      ['delete', t('member.boards.delete')]]),
  ];
}

function heir(one, { members }) {
  return select('successor', t('member.successor'),
    members.filter((other) => other.email !== one.email).map((other) => [other.email, other.email]));
}

function leaving(one, data, self, done) {
  const { team } = data;
  const more = h('div', { class: 'place', 'aria-live': 'polite' });
  const company = COMPANY.includes(team.plan) && team.roles?.includes('company_admin') && !self;
  const query = () => {
    const asked = new URLSearchParams();
    const boards = find('#boards-to', more)?.value;
    const successor = find('#successor', more)?.value;

    if (boards) {
      asked.set('boards', boards);
    }
    if (successor) {
      asked.set('successor', successor);
    }
    if (company && find('#everywhere')?.checked) {
      asked.set('scope', 'company');
    }
    return String(asked) ? `?${asked}` : '';
  };

  return form(t(self ? 'member.leave' : 'member.remove'), async () => {
    try {
      await call('DELETE', `${one.role === 'occasional' ? occasional(team) : people(team)}/${
        part(one.email)}${query()}`);
      done(t(self ? 'member.left' : 'member.removed'));
    } catch (problem) {
      if (!(problem instanceof Problem)) {
        throw problem;
      }
      if (problem.code === 'BOARDS_DECISION' && !find('#boards-to', more)) {
        fill(more, decision(one, data, problem));
        find('#boards-to', more).focus();
        return;
      }
      if (self && NEEDS_HEIR.includes(problem.code) && data.members.length > 1
          && !find('#successor', more)) {
        fill(more, h('p', { class: 'explain' }, h('span', {}, problem.body.detail)),
          heir(one, data));
        find('#successor', more).focus();
        return;
      }
      throw problem;
    }
  }, h('h3', {}, t(self ? 'member.leave' : 'member.remove')),
  h('p', { class: 'hint' }, t(self ? 'member.leave.hint' : 'member.remove.sure',
    { email: one.email })),
  company ? check('everywhere', t('member.everywhere'), false, t('member.everywhere.hint')) : null,
  more);
}

function licence(one, team, done) {
  const set = (kind) => doer(t(`licence.${kind}.give`), async () => {
    await post(`/dashboard/teams/${part(team.id)}/licences/${part(one.email)}`, { licence: kind });
    done(t('saved'));
  });

  return h('section', { class: 'part' }, h('h3', {}, t('licence')),
    h('div', {}, set(one.role === 'restricted' ? 'full' : 'restricted')));
}

export function memberDialog(one, data, refresh) {
  const { team, profile } = data;
  const self = one.email === profile.email;
  const box = dialog(one.email, t('close'));
  const done = (said) => {
    box.close();
    if (self && said === t('member.left')) {
      location.assign('/dashboard');
      return;
    }
    refresh(said);
  };
  const seated = !['guest', 'occasional', 'restricted'].includes(one.role);

  box.append(h('div', { class: 'parts' },
    team.can.remove_members && seated && !self ? roles(one, data, done) : null,
    self && !admin(one) && seated ? h('section', { class: 'part' }, h('h3', {}, t('ask.admin')),
      h('p', { class: 'hint' }, t('ask.admin.hint')),
      ...doer(t('ask.admin.go'), async () => {
        await post(`/dashboard/teams/${part(team.id)}/requests`, { kind: 'admin' });
        done(t('ask.sent'));
      })) : null,
    team.plan === 'enterprise' && team.roles?.includes('company_admin') && !admin(one)
      ? licence(one, team, done) : null,
    team.can.remove_members || self ? leaving(one, data, self, done) : null));
}
