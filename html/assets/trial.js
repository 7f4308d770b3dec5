// The trial of Business: what it is, when it ends, what follows; a card where
// the team has none.

import { call, part, post } from './api.js';
import { refusal } from './card.js';
import { once } from './ask.js';
import { dialog, fill, find, h } from './dom.js';
import { CardError, challengeUrl, GatewayDown, lookUp } from './gateway.js';
import { newKey } from './kept.js';
import { cardEntry } from './payment.js';
import { failure, fieldError } from './shell.js';
import { date, lang, money, t } from './text.js';

const KEPT = 'billing.trial';

async function begin(team, card, key) {
  await call('POST', '/billing/trial', { team, ...(card ? { payment_method: card } : {}) },
    { 'Idempotency-Key': key });
}

// The card's token; null when the bank's page comes first.
async function token(team, key, entry) {
  const begun = await post('/upgrade/card', { team });
  const gateway = { url: begun.gateway, key: begun.publishable_key, secret: begun.client_secret,
    script: entry.script };
  const intent = await entry.confirm(gateway);

  if (intent.status === 'requires_action') {
    sessionStorage.setItem(KEPT, JSON.stringify({ team, gateway, key }));
    location.assign(challengeUrl(gateway, intent, `${location.origin}/dashboard?team=${part(team)}`,
      lang));
    return null;
  }
  return intent.payment_method;
}

// Back from the bank: the trial begins, or the reason why not is said.
export async function trialReturn(place) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
  const asked = new URLSearchParams(location.search);

  if (!kept || !asked.has('setup_intent')) {
    return false;
  }
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, '', `/dashboard?team=${part(kept.team)}`);
  try {
    const intent = await lookUp(kept.gateway);
    if (intent.status !== 'succeeded') {
      throw new CardError({ code: 'generic_decline', message: '' });
    }
    await begin(kept.team, intent.payment_method, kept.key);
    return true;
  } catch (problem) {
    fill(place, problem instanceof CardError
      ? h('p', { class: 'notice bad', role: 'alert' }, refusal(problem.code).text)
      : failure(problem));
    return false;
  }
}

function cardWrong(entry) {
  const wrong = entry.wrong();

  entry.element.querySelectorAll('input').forEach(({ id }) => fieldError(id,
    wrong.find((one) => one.id === id)?.text));
  if (wrong.length) {
    find(`#${wrong[0].id}`).focus();
  }
  return wrong.length > 0;
}

export async function trialDialog(team, refresh) {
  const body = h('div', {}, h('p', { class: 'muted' }, t('loading')));
  const box = dialog(t('trial'), t('close'), body);
  const key = newKey();
  const withCard = team.plan === 'free';
  let entry = null;
  const place = h('div', { class: 'place' });
  const start = h('button', { class: 'primary', id: 'trial-start' }, t('trial.start'));
  const submit = () => once(start, place, async () => {
    try {
      const card = withCard ? await token(team.id, key, entry) : null;
      if (withCard && card === null) {
        return;
      }
      await begin(team.id, card, key);
      box.close();
      await refresh(t('trial.begun'));
    } catch (problem) {
      if (problem instanceof CardError) {
        const said = entry.said(problem);
        fieldError(said.id, said.text);
        find(`#${said.id}`).focus();
        return;
      }
      if (problem instanceof GatewayDown) {
        fill(place, h('p', { class: 'notice bad', role: 'alert' }, t('problem.GATEWAY')));
        return;
      }
      throw problem;
    }
  });

  try {
    entry = withCard ? await cardEntry() : null;
    const { trial, then } = await post('/billing/trial?dry_run=1', { team: team.id });
    fill(body, h('p', {}, t('trial.what', { plan: t(`plan.${trial.plan}`),
      date: date(trial.ends_at) })),
    h('p', {}, then ? t('trial.then', { amount: money(then.total, then.currency),
      date: date(trial.ends_at) }) : ''),
    h('p', { class: 'hint' }, t('trial.stop')),
    h('form', { novalidate: true, onsubmit: (event) => {
      event.preventDefault();
      if (!withCard || !cardWrong(entry)) {
        submit();
      }
    } }, entry?.element ?? null, place, h('div', { class: 'actions' }, start)));
  } catch (problem) {
    fill(body, failure(problem));
  }
}
