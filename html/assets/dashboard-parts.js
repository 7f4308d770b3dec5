// The parts of a team's page.

import { part } from './api.js';
import { askFor } from './ask.js';
import { h, icon } from './dom.js';
import { later } from './later.js';
import { date, t } from './text.js';

const boardDialog = later(() => import('./board-dialog.js'), 'boardDialog');
const deletedBoards = later(() => import('./board-dialog.js'), 'deletedBoards');
const newBoard = later(() => import('./board-dialog.js'), 'newBoard');

// Told by a part of the page that also answers them.
const ANSWERED = ['request', 'discoverable'];
const BAD = ['expired', 'past_due'];
// What each state of a subscription is cured with, for who may.
const CURES = {
  past_due: ['open_billing', 'card', 'notice.do.card'],
  expired: ['reactivate', 'reactivate', 'notice.do.reactivate'],
  cancelled: ['reactivate', 'reactivate', 'notice.do.reactivate'],
  unpaid: ['open_billing', 'invoices', 'notice.do.invoices'],
  trial: ['open_billing', '', 'notice.do.billing'],
};

// A task of the billing pages; the invoices are a page of their own.
export const billingUrl = (team, task = '') => (task === 'invoices'
  ? `/billing/invoices?team=${part(team.id)}`
  : `/billing/overview?team=${part(team.id)}${task ? `#${task}` : ''}`);

function facts({ team }) {
  const paid = team.plan !== 'free';

  return h('ul', { class: 'facts' },
    h('li', {}, t('members.count', { n: team.members })),
    paid && team.seats ? h('li', {}, t('seats.paid', { n: team.seats })) : null,
    paid && team.period ? h('li', {}, t(`period.${team.period}`)) : null,
    team.period_end ? h('li', {}, t(team.auto_renew === false ? 'ends' : 'renews'), ' ',
      h('time', { datetime: team.period_end }, date(team.period_end))) : null,
    team.account?.teams > 1 ? h('li', {}, t('account.of', { n: team.account.teams,
      name: team.account.name })) : null);
}

// Where the plan is changed by this reader: here, in the billing, or by whom.
function upgradeWay({ team, upgrade_button: button }, act) {
  const here = location.pathname + location.search;
  const href = `/upgrade?team=${part(team.id)}&return=${part(here)}`;
  const open = (event) => {
    if (!event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      act.upgrade();
    }
  };

  if (button?.visible) {
    return h('a', { class: 'button primary', href, id: 'upgrade', role: 'button',
      'aria-haspopup': 'dialog', onclick: open, onkeydown: (event) => {
        if (event.key === ' ') {
          open(event);
        }
      } }, icon('up'), t('upgrade'));
  }
  if (team.can?.open_billing) {
    return h('a', { class: 'button', href: billingUrl(team), id: 'billing' }, icon('card'),
      t('billing'));
  }
  if (!team.plan || ['enterprise', 'education'].includes(team.plan)) {
    return null;
  }
  return h('p', { class: 'muted who-can', id: 'who-can' }, team.billing_admins?.length
    ? t('upgrade.who', { who: team.billing_admins.join(', ') }) : t('upgrade.who.admins'));
}

export function teamHead(data, act) {
  const { team } = data;

  return h('header', { class: 'team-head' },
    h('div', {}, h('h1', { tabindex: '-1' }, team.name),
      team.plan ? h('p', { class: 'chips' },
        h('span', { class: 'chip plan', data: { plan: team.plan } }, t(`plan.${team.plan}`)),
        ['free', 'active', team.plan].includes(team.state) ? null
          : h('span', { class: 'chip state', data: { state: team.state } },
            t(`state.${team.state}`))) : null,
      team.plan ? facts(data) : null),
    h('div', { class: 'row' },
      team.plan ? h('button', { type: 'button', id: 'settings', onclick: act.settings },
        icon('gear'), t('settings')) : null,
      upgradeWay(data, act)));
}

export function notices({ team, notices: list = [] }) {
  return list.filter((one) => !ANSWERED.includes(one.code)).map((one) => {
    const [can, task, key] = CURES[one.code] ?? [];

    return h('div', { class: `notice ${BAD.includes(one.code) ? 'bad' : 'warn'}` },
      h('p', {}, one.text ?? one.detail),
      key && team?.can?.[can] ? h('a', { class: 'button', href: billingUrl(team, task) }, t(key))
        : null);
  });
}

export function trialOffer({ team }, act) {
  return team.can?.trial ? h('div', { class: 'notice', id: 'trial' },
    h('p', {}, h('strong', {}, t('trial')), ' ', t('trial.offer')),
    h('button', { type: 'button', onclick: act.trial }, t('trial.look'))) : null;
}

// Why a board cannot be edited, in words.
function locked(board) {
  const key = `board.${board.reason ?? 'BOARD_LOCKED_LIMIT'}`;
  const text = t(key);

  return text === key ? t('board.locked') : text;
}

function boardCard(board, index, team, refresh) {
  return h('li', { class: 'board', data: { locked: String(!board.editable) } },
    h('a', { href: `/boards/${part(board.id)}` },
      h('span', { class: 'thumb', 'aria-hidden': 'true', data: { tint: index % 6 } },
        h('i'), h('i'), h('i')),
      h('span', { class: 'board-title' }, board.title),
      board.private ? h('span', { class: 'tag' }, icon('lock'), t('board.private')) : null,
      board.editable ? null : h('span', { class: 'tag warn' }, icon('eye'), t('board.view'))),
    board.editable ? null : h('p', { class: 'why' }, locked(board)),
    h('button', { type: 'button', class: 'quiet manage',
      'aria-label': t('board.manage.label', { title: board.title }),
      onclick: () => boardDialog(board, team, refresh) }, t('board.manage')));
}

export function boards(data, refresh) {
  const { team, boards: list = [] } = data;
  const paid = team.plan !== 'free';
  const shut = list.filter((one) => one.reason === 'BOARD_LOCKED_LIMIT'
    || (!one.editable && !one.reason)).length;

  return h('section', { 'aria-labelledby': 'boards' },
    h('div', { class: 'section-head' }, h('h2', { id: 'boards' }, t('boards')),
      h('button', { type: 'button', onclick: () => newBoard(team, askFor, refresh) }, icon('plus'),
        t('board.new'))),
    shut && !paid ? h('p', { class: 'explain' }, icon('lock'),
      h('span', {}, t('boards.locked', { n: shut }))) : null,
    list.length ? h('ul', { class: 'boards' },
      list.map((one, i) => boardCard(one, i, team, refresh)))
      : h('p', { class: 'muted' }, t('boards.none')),
    team.plan ? h('p', {}, h('button', { type: 'button', class: 'link',
      onclick: () => deletedBoards(team, refresh) }, t('boards.deleted'))) : null);
}
