// Account settings > Billing: the subscription at a glance, its tasks, its
// invoices.  The part behind the '#' names a task, so that any mail or page can
// lead straight to it; it survives signing in, as the address does.

import { get, part, Problem } from './api.js';
import { cards, closing, notices } from './billing-overview.js';
import { documents } from './billing-invoices.js';
import { announce, fill, find, h, icon } from './dom.js';
import { follow } from './follow.js';
import * as kept from './kept.js';
import { failure, header, page, title } from './shell.js';
import { date, t } from './text.js';

const BANK = ['setup_intent', 'setup_intent_client_secret', 'payment_intent',
  'payment_intent_client_secret', 'redirect_status'];

const params = new URLSearchParams(location.search);
const team = params.get('team');
const invoices = location.pathname === '/billing/invoices';

const state = { me: null, dashboard: null, overview: null, list: null, refunds: null,
  said: null };

async function ask() {
  const id = part(team);
  const [dashboard, overview, list, refunds] = await Promise.all([
    get(`/dashboard?team=${id}`), get(`/billing/overview?team=${id}`),
    invoices ? get(`/billing/invoices?team=${id}`) : null,
    invoices ? get(`/billing/refunds?team=${id}`) : null,
  ]);

  Object.assign(state, {
    me: dashboard.profile?.email, dashboard, overview,
    list: list?.invoices, refunds: refunds?.refunds,
  });
}

function tab(path, key, current) {
  return h('a', { href: `${path}?team=${part(team)}`, 'aria-current': current ? 'page' : null },
    t(key));
}

function head(name) {
  return [
    h('p', { class: 'crumb' }, h('a', { href: `/dashboard?team=${part(team)}` }, icon('arrow'),
      t('billing.back', { team: name }))),
    h('h1', {}, t('billing.title', { team: name })),
  ];
}

const tabs = () => h('nav', { class: 'tabs', 'aria-label': t('billing') },
  tab('/billing/overview', 'billing.overview', !invoices),
  tab('/billing/invoices', 'billing.invoices', invoices));

// said: what has just been done, told at the top, where the reader is led.
function draw({ lead = false } = {}) {
  const { overview, said } = state;
  const name = overview.team.name;

  title(t(invoices ? 'billing.invoices' : 'billing.overview'), name);
  fill(find('#main'), h('div', { class: 'wide' }, head(name), tabs(),
    h('div', { id: 'said' }, said ? h('p', { class: 'notice good', tabindex: '-1' }, said) : null),
    notices(overview), invoices ? documents(state) : [cards(overview), closing(overview)]));
  if (said && lead) {
    find('#said p').focus();
  }
}

// After a task: what is so now, and what was done.
async function done(said) {
  state.said = said;
  await ask();
  draw({ lead: true });
}

// Loaded when one is asked for.
async function task() {
  const [, name, value] = /^#(\w+)(?:=([\w-]+))?$/.exec(location.hash) ?? [];

  if (!name || find('dialog')) {
    return;
  }
  try {
    if (name === 'invoice' && invoices) {
      await (await import('./billing-invoice.js')).openInvoice(value, { ...state, team, done });
    } else {
      await (await import('./billing-tasks.js')).TASKS[name]?.({ ...state, team, done });
    }
  } catch (problem) {
    fill(find('#said'), failure(problem instanceof Problem ? problem
      : new Problem(0, { code: 'NETWORK' }), task));
  }
}

// Nobody who may not is shown a form: what the team has, and whom to ask.
async function readOnly(main, problem) {
  let data = null;

  try {
    data = await get(`/dashboard?team=${part(team)}`);
  } catch (other) {
    if (!(other instanceof Problem) || other.status === 0) {
      throw other;
    }
  }
  const mine = data?.team;
  const admins = mine?.billing_admins ?? [];
  const row = (key, value) => (value ? h('div', {}, h('dt', {}, t(key)), h('dd', {}, value)) : null);

  title(t('billing'), mine?.name ?? '');
  fill(main, h('div', { class: 'narrow' }, mine ? head(mine.name) : h('h1', {}, t('billing')),
    failure(problem),
    mine?.plan ? h('dl', { class: 'facts-list' }, row('plan', t(`plan.${mine.plan}`)),
      mine.seats ? row('seats', t('seats.used', { n: mine.members, seats: mine.seats })) : null,
      mine.period ? row('period', t(`period.${mine.period}`)) : null,
      mine.period_end ? row(mine.auto_renew ? 'renews' : 'ends', h('time',
        { datetime: mine.period_end }, date(mine.period_end))) : null) : null,
    admins.length ? [h('p', {}, t('billing.ask')),
      h('ul', { class: 'people plain' }, admins.map((one) => h('li', {}, one)))] : null,
    h('div', { class: 'actions' }, h('a', { class: 'button',
      href: `/dashboard?team=${part(team)}` }, t('back.dashboard')))));
}

// Back from the bank, or a reload while money was on its way.
async function goOn() {
  const order = kept.load(team, 'task');
  const query = new URLSearchParams(location.search);
  const url = new URL(location.href);

  BANK.forEach((one) => url.searchParams.delete(one));
  history.replaceState(null, '', url);
  if (order) {
    const { TASKS } = await import('./billing-tasks.js');
    TASKS.resume({ ...state, team, done, order, params: query });
    return true;
  }
  return false;
}

function chooseTeam(main, { teams }) {
  const mine = teams.filter((one) => one.can?.open_billing ?? one.plan !== 'free');

  title(t('billing'));
  fill(main, h('div', { class: 'narrow' }, h('h1', {}, t('billing.which')),
    mine.length ? h('ul', { class: 'people' }, mine.map((one) => h('li', {},
      h('a', { href: `${location.pathname}?team=${part(one.id)}${location.hash}` },
        h('strong', {}, one.name)))))
      : h('p', {}, t('billing.nothing')),
    h('p', { class: 'actions' }, h('a', { class: 'button', href: '/dashboard' },
      t('back.dashboard')))));
}

page(async (main) => {
  if (!team) {
    const data = await get('/dashboard');
    document.body.insertBefore(header(data.profile?.email, 'billing'), main);
    chooseTeam(main, data);
    return;
  }
  try {
    await ask();
  } catch (problem) {
    if (!(problem instanceof Problem) || ![403, 404, 409, 410].includes(problem.status)) {
      throw problem;
    }
    document.body.insertBefore(header(null, 'billing'), main);
    await readOnly(main, problem);
    return;
  }
  document.body.insertBefore(header(state.me, 'billing'), main);
  draw();
  if (!await goOn()) {
    task();
  }
  window.addEventListener('hashchange', task);
  follow(state.overview.team, async (version) => {
    if (version > state.overview.team.version && !find('dialog')) {
      await ask();
      if (find('dialog')) {
        return;                        // opened meanwhile: it draws when it ends
      }
      const where = document.activeElement?.getAttribute('href');
      const lead = find('#said').contains(document.activeElement);
      draw({ lead });
      [...document.links].find((one) => where && one.getAttribute('href') === where)?.focus();
      announce(t('billing.changed'));
    }
  });
});

window.addEventListener('offline', () => announce(t('problem.NETWORK')));
window.addEventListener('pageshow', (event) => {
  if (event.persisted) {
    location.reload();
  }
});
