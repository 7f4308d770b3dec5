// The dashboard: teams at the left, the current team's boards and members.

import { get, part, post } from './api.js';
import { askFor } from './ask.js';
import { boards, notices, teamHead, trialOffer } from './dashboard-parts.js';
import { announce, dialog, fill, find, h, icon } from './dom.js';
import { follow } from './follow.js';
import { later } from './later.js';
import { members } from './people.js';
import { choosePlan } from './plan-popup.js';
import { avatar, brand, page, title } from './shell.js';
import { t } from './text.js';

const teamDialog = later(() => import('./team-dialog.js'), 'teamDialog');
const deletion = later(() => import('./deletion.js'), 'deletion');
const trialDialog = later(() => import('./trial.js'), 'trialDialog');

const asked = new URLSearchParams(location.search).get('team');

function teamLink(team, current) {
  return h('li', {}, h('a', {
    href: `/dashboard?team=${part(team.id)}`,
    'aria-current': team.id === current ? 'page' : null,
  }, avatar(team.name), h('span', { class: 'team-name' }, team.name,
    team.plan ? h('small', {}, t(`plan.${team.plan}`)) : null)));
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
  return [brand(),
    h('div', { class: 'side-head' }, h('h2', { id: 'teams' }, t('teams')),
      h('button', {
        type: 'button', class: 'round', 'aria-label': t('team.new'), title: t('team.new'),
        onclick: newTeam,
      }, icon('plus'))),
    h('nav', { 'aria-labelledby': 'teams' }, h('ul', { class: 'teams' },
      data.teams.map((team) => teamLink(team, data.team?.id)))),
    h('div', { class: 'side-foot' }, h('a', { href: '/pricing' }, t('pricing')),
      h('p', { class: 'who' }, data.profile?.email ?? data.profile))];
}

// One click, and the plans are there: they are asked for with the page.
function upgrading(data) {
  const { team } = data;
  const offered = data.upgrade_button?.visible ? get(`/upgrade?team=${part(team.id)}`) : null;

  offered?.catch(() => {});             // said when somebody looks
  return () => {
    const body = h('div', { class: 'popup' });
    const box = dialog(t(team.plan === 'free' ? 'upgrade.title' : 'upgrade.change',
      { team: team.name }), t('close'), body);

    box.classList.add('wide-dialog');
    choosePlan(body, { team: team.id, back: `/dashboard?team=${part(team.id)}`, offered,
      go: (url) => location.assign(url), close: () => box.close() });
  };
}

// What few have on their page, once it is known that it is there.
const some = { requests: () => null, discoverable: () => null, joining: () => null };

async function load() {
  const data = await get(`/dashboard${asked ? `?team=${part(asked)}` : ''}`);

  if (data.requests?.length || data.discoverable?.length) {
    Object.assign(some, await import('./asked.js'));
  }
  if (/^#(invitation|join)=/.test(location.hash)) {
    Object.assign(some, await import('./join.js'));
  }
  return data;
}

function draw(main, data) {
  const refresh = async (said) => {
    draw(main, await load());
    find('h1', main)?.focus();
    announce(said);
  };

  fill(find('.side'), sidebar(data));
  if (!data.team) {
    title(t('dashboard'));
    fill(main, some.joining(), notices(data), some.requests(data, refresh), some.discoverable(data, refresh),
      h('div', { class: 'empty' }, h('h1', { tabindex: '-1' }, t('team.none')),
        h('p', {}, t('team.none.hint')),
        h('button', { type: 'button', class: 'primary', onclick: newTeam }, t('team.create'))));
    return;
  }
  const upgrade = upgrading(data);
  const may = data.upgrade_button?.visible || data.team.can?.upgrade;
  title(data.team.name, t('dashboard'));
  fill(main, some.joining(),
    teamHead(data, { upgrade,
      settings: () => teamDialog(data, { refresh, upgrade: may ? upgrade : null }) }),
    h('div', { id: 'trial-problem' }), notices(data),
    trialOffer(data, { trial: () => trialDialog(data.team, refresh) }),
    some.requests(data, refresh), boards(data, refresh), members(data, refresh),
    some.discoverable(data, refresh));
}

page(async (main) => {
  const data = await load();

  document.body.insertBefore(h('aside', { class: 'side' }), main);
  document.body.classList.add('ready');
  draw(main, data);
  if (!data.team) {
    return;
  }
  // a mail's link may also be opened where this page is open already
  const leaving = () => location.hash.startsWith('#delete=') && deletion(data.team);
  window.addEventListener('hashchange', leaving);
  leaving();
  if (new URLSearchParams(location.search).get('task') === 'upgrade') {
    find('#upgrade')?.click();
  }
  if (new URLSearchParams(location.search).has('setup_intent')
      && await (await import('./trial.js')).trialReturn(find('#trial-problem'))) {
    draw(main, await load());
    announce(t('trial.begun'));
  }
  // What is being typed is worth more than what is new.
  follow(data.team, async () => {
    const typed = [...document.querySelectorAll('main input')].some((one) => one.value);

    if (!find('dialog') && !typed) {
      draw(main, await load());
    }
  });
});
