// After the purchase: what was bought, by whom, and what comes next.

import { part } from './api.js';
import { h, icon } from './dom.js';
import { title } from './shell.js';
import { date, money, t } from './text.js';

const ADMINS = ['team_admin', 'company_admin'];

function row(key, ...value) {
  return h('div', {}, h('dt', {}, t(key)), h('dd', {}, ...value));
}

// Where the paper goes; after a reload the address typed is not known here.
function paper({ invoice, receipt, team }, { me, email }) {
  const to = invoice?.email ?? email;

  if (team.state === 'active_unpaid') {
    return to ? t('done.invoice', { email: to }) : t('done.invoice.soon');
  }
  return receipt ? t('done.receipt', { email: receipt.sent_to ?? me }) : null;
}

function role(team, me) {
  if (!team.billing_admins?.includes(me)) {
    return null;
  }
  const admin = (team.roles ?? [team.role]).some((one) => ADMINS.includes(one));

  return h('div', { class: 'notice good' }, h('p', {},
    h('strong', {}, t('done.admin')), ' ', t(admin ? 'done.admin.both' : 'done.admin.only')));
}

// to: {me, email typed for the invoice, back}
export function confirmation(answer, to) {
  const { team, invoice, receipt } = answer;
  const plan = t(`plan.${team.plan}`);
  const said = paper(answer, to);
  const card = receipt?.payment_method?.last4;
  const heading = t('done.title', { team: team.name, plan });

  title(heading);
  return h('div', { class: 'narrow done' },
    h('span', { class: 'tick', 'aria-hidden': 'true' }, icon('check')),
    h('h1', { tabindex: '-1', id: 'done' }, heading),
    h('p', { class: 'lead' }, t('done.lead')),
    h('dl', { class: 'facts-list' },
      row('team', team.name), row('plan', plan),
      row('seats', t('seats.used', { n: team.members, seats: team.seats })),
      team.period ? row('period', t(`period.${team.period}`)) : null,
      team.period_end ? row('renews.on', h('time', { datetime: team.period_end },
        date(team.period_end))) : null,
      invoice ? row('invoice.number', invoice.number) : null,
      invoice ? row(team.state === 'active_unpaid' ? 'amount.due' : 'amount.paid',
        money(invoice.total, invoice.currency), card ? h('small', {}, ` · •••• ${card}`) : null)
        : null),
    role(team, to.me),
    said ? h('p', {}, said) : null,
    h('div', { class: 'actions' },
      h('a', { class: 'button primary', href: to.back },
        t(to.back.startsWith('/dashboard') ? 'done.back' : 'done.return')),
      h('a', { class: 'button', href: `/dashboard?team=${part(team.id)}#members` },
        t('done.invite'))));
}
