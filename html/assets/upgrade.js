// The payment window: plan, size, billing, payment; then one button.  What
// comes after the button is loaded when the form is first used.

import { get, part, Problem } from './api.js';
import { draw, keepChoices, now, preview } from './checkout.js';
import { form } from './checkout-form.js';
import { fill, find, h, icon } from './dom.js';
import * as kept from './kept.js';
import { buyable, first, within } from './order.js';
import { cardEntry } from './payment.js';
import { failure, header, page, sameOrigin, title } from './shell.js';
import { date, t } from './text.js';

const LED = ['reason', 'return'];       // by the gate
const LEAVING = ['setup_intent', 'payment_intent', 'redirect_status'];

const params = new URLSearchParams(location.search);
const paying = () => import('./paying.js');

async function submit(event) {
  let module;

  event.preventDefault();
  try {
    module = await paying();
  } catch {
    fill(find('#errors'), failure(new Problem(0, { code: 'NETWORK' })));
    return;
  }
  module.submit();
}

async function reopen(operation) {
  const { state, answer } = await get(`/billing/operations/${part(operation)}`);

  if (state === 'done' && answer?.team) {
    (await paying()).done(answer);
    return true;
  }
  return false;
}

function leaveBank() {
  const url = new URL(location.href);

  LEAVING.forEach((one) => url.searchParams.delete(one));
  history.replaceState(null, '', url);
}

async function goOn() {
  const order = kept.load(now.order.team);
  const query = new URLSearchParams(location.search);

  leaveBank();
  if (order) {
    await (await paying()).goOn(order, query);
  }
}

async function start(main, team, data) {
  const [offer, card] = await Promise.all([get(`/upgrade?team=${part(team)}`), cardEntry()]);

  offer.team ??= data.team;
  offer.plans.filter(buyable).forEach((plan) => { plan.seats = within(plan, plan.seats ?? 0); });
  now.offer = offer;
  now.order = first(offer, params, kept.keptChoices(team));
  now.card = card;
  const back = sameOrigin(params.get('return'), `/dashboard?team=${part(offer.team.id)}`);
  const heading = t(offer.team.plan === 'free' ? 'upgrade.title' : 'upgrade.change',
    { team: offer.team.name });
  title(heading);
  const wanted = LED.some((one) => params.has(one))
    ? await (await import('./entry.js')).gated(offer.team, params) : null;
  fill(main, h('div', { class: 'wide' }, wanted,
    h('p', { class: 'crumb' }, h('a', { href: back }, icon('arrow'), t('back'))),
    h('h1', {}, heading),
    h('p', { class: 'lead' }, offer.team.period_end && offer.team.state !== 'expired'
      ? t('upgrade.lead.paid', { plan: t(`plan.${offer.team.plan}`),
        date: date(offer.team.period_end) }) : t('upgrade.lead')),
    h('div', { id: 'errors' }), form(now.card, submit)));
  find('#buy').addEventListener('focusin', () => paying().catch(() => {}), { once: true });
  draw();
  if (now.order.promo) {
    find('#promo').value = now.order.promo;
  }
  preview();
  await goOn();
}

page(async (main) => {
  const team = params.get('team');
  const data = await get(`/dashboard${team ? `?team=${part(team)}` : ''}`);

  now.me = data.profile?.email ?? data.profile;
  document.body.insertBefore(header(now.me, 'upgrade'), main);
  if (!team) {
    (await import('./entry.js')).chooseTeam(main, data, params);
    return;
  }
  if (params.get('done')) {
    now.offer = { team: data.team };
    if (await reopen(params.get('done'))) {
      return;
    }
  }
  try {
    await start(main, team, data);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status < 400 || problem.status >= 500) {
      throw problem;
    }
    const { gated, notOffered } = await import('./entry.js');
    title(t('upgrade'));
    fill(main, notOffered(problem, data, params, data.team ? await gated(data.team, params) : null));
  }
}, { onLeave: keepChoices });

// Back from the bank by the browser's own button: the page is asked again.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) {
    location.reload();
  }
});
