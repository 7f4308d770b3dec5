// A team's profile and settings: name, invitations, boards, plan, Day Passes,
// further teams of the subscription, domains, deletion.

import { call, get, part, post } from './api.js';
import { askFor, check, doer, form } from './ask.js';
import { dialog, fill, find, h } from './dom.js';
import { failure, field } from './shell.js';
import { date, t } from './text.js';

const LINKED = ['free', 'team', 'education'];

const path = (team) => `/dashboard/teams/${part(team.id)}`;

function settings({ team }, done) {
  const now = team.settings;
  const moves = team.plan === 'enterprise' && team.roles.includes('company_admin');
  const radio = (value) => h('label', { class: 'check', for: `invite-${value}` },
    h('input', { type: 'radio', name: 'invite', id: `invite-${value}`, value,
      checked: now.invite === value }), t(`settings.invite.${value}`));

  return form(t('save'), async (made) => {
    await call('PATCH', path(team), {
      name: find('#team-name', made).value.trim(),
      invite: find('input[name="invite"]:checked', made).value,
      ...(LINKED.includes(team.plan) ? { invite_link: find('#invite-link', made).checked } : {}),
      ...(moves ? { board_moves: find('#board-moves', made).checked ? 'allowed' : 'forbidden' } : {}),
    });
    done(t('saved'));
  }, field({ id: 'team-name', label: t('team.name'), value: team.name, maxlength: 120 }),
  h('fieldset', { class: 'part' }, h('legend', {}, t('settings.invite')),
    radio('members'), radio('admins')),
  LINKED.includes(team.plan) ? check('invite-link', t('settings.link'), now.invite_link,
    t('settings.link.hint')) : null,
  moves ? check('board-moves', t('settings.moves'), now.board_moves === 'allowed',
    t('settings.moves.hint')) : null);
}

function passes({ team }, done) {
  const set = (enabled) => doer(t(enabled ? 'passes.on' : 'passes.off'), async () => {
    await call('PATCH', `${path(team)}/day-passes`, { enabled });
    done(t('saved'));
  });
  const body = h('div', {}, set(true), set(false));

  // which of the two makes sense is known to the billing
  get(`/billing/overview?team=${part(team.id)}`).then(({ day_passes: now }) => {
    if (now) {
      fill(body, h('p', {}, t(now.enabled ? 'passes.are.on' : 'passes.are.off')),
        set(!now.enabled));
    }
  }).catch(() => {});
  return h('section', { class: 'part' }, h('h3', {}, t('passes')),
    h('p', { class: 'hint' }, t('passes.hint')), body);
}

function further({ team }) {
  return h('section', { class: 'part' }, h('h3', {}, t('account.teams')),
    h('p', { class: 'hint' }, t('account.teams.hint', {
      name: team.account.name, n: team.account.teams, used: team.account.seats_used,
      seats: team.seats })),
    h('button', { type: 'button', onclick: () => askFor({
      heading: t('account.new'), label: t('team.name'), button: t('team.create'),
      hint: t('account.new.hint'),
      ask: async (name) => {
        const { team: made } = await post('/dashboard/teams',
          { name, from: 'dashboard', account: team.account.id });
        location.assign(`/dashboard?team=${part(made.id)}`);
      },
    }) }, t('account.new')));
}

function policies(team, one, draw) {
  const enterprise = team.plan === 'enterprise';
  const send = (body) => call('PATCH', `${path(team)}/domains/${part(one.domain)}`, body);
  const id = one.domain.replace(/\W/g, '-');

  return h('li', { class: 'domain' }, h('h4', {}, one.domain),
    h('p', { class: 'hint' }, one.verified ? t('domain.verified')
      : t('domain.record')),
    one.verified ? null : h('p', {}, h('code', {}, one.record?.value ?? '')),
    enterprise && one.verified ? form(t('save'), async (made) => {
      await send({
        forbids: find(`#forbids-${id}`, made).checked,
        discoverable: find(`#discoverable-${id}`, made).checked,
        capture_team: find(`#capture-${id}`, made).checked ? team.id : null,
      });
      await draw();
    }, check(`forbids-${id}`, t('domain.forbids'), one.forbids),
    check(`discoverable-${id}`, t('domain.discoverable'), one.discoverable),
    check(`capture-${id}`, t('domain.capture', { team: team.name }),
      one.capture_team === team.id)) : null,
    doer(t('domain.remove'), async () => {
      await call('DELETE', `${path(team)}/domains/${part(one.domain)}`);
      await draw();
    }, { class: 'quiet', 'aria-label': t('domain.remove.label', { domain: one.domain }) }));
}

function domains({ team }) {
  const body = h('div', {}, h('p', { class: 'muted' }, t('loading')));
  const draw = async () => {
    try {
      const { domains: list } = await get(`${path(team)}/domains`);
      fill(body, h('ul', { class: 'rows' }, list.map((one) => policies(team, one, draw))),
        form(t('domain.add'), async (made) => {
          await post(`${path(team)}/domains`, { domain: find('#domain', made).value.trim() });
          await draw();
        }, field({ id: 'domain', label: t('domain'), hint: t('domain.hint'), maxlength: 253 })));
    } catch (problem) {
      fill(body, failure(problem, draw));
    }
  };

  draw();
  return h('section', { class: 'part' }, h('h3', {}, t('domains')), body);
}

function ending({ team }) {
  const told = h('div', { class: 'place', 'aria-live': 'polite' });

  return h('section', { class: 'part' }, h('h3', {}, t('team.delete.title')),
    h('p', { class: 'hint' }, t('team.delete.hint')), told,
    doer(t('team.delete.ask'), async () => {
      const { status, json } = await call('DELETE', path(team));
      if (status !== 202) {
        location.assign('/dashboard');
        return;
      }
      fill(told, h('p', { class: 'notice good' }, t('team.delete.mail', { email: json.sent_to })));
    }));
}

// The upgrade option stands here, too, and leads to the same pop-up (R57).
export function teamDialog(data, { refresh, upgrade }) {
  const { team } = data;
  const box = dialog(t('settings'), t('close'));
  const done = (said) => {
    box.close();
    refresh(said);
  };

  box.append(h('div', { class: 'parts' },
    team.settings ? settings(data, done) : h('p', { class: 'muted' }, t('settings.ask')),
    h('section', { class: 'part' }, h('h3', {}, t('plan')),
      h('p', { class: 'hint' }, t('settings.plan', { plan: t(`plan.${team.plan}`) }),
        team.period_end ? ` · ${t(team.auto_renew ? 'renews' : 'ends')} ${date(team.period_end)}` : ''),
      upgrade ? h('button', { type: 'button', onclick: () => {
        box.close();
        upgrade();
      } }, t(team.plan === 'free' ? 'upgrade' : 'plan.change')) : null,
      team.can.open_billing ? h('a', { class: 'button',
        href: `/billing/overview?team=${part(team.id)}` }, t('billing')) : null),
    team.can.day_passes ? passes(data, done) : null,
    team.can.create_team ? further(data) : null,
    team.can.domains ? domains(data) : null,
    team.can.delete_team ? ending(data) : null));
}
