// The upgrade's first two steps in a pop-up: which plan, how many seats, paid
// by the month or the year.  Payment has a page of its own.

import { get, part } from './api.js';
import { fill, find, h } from './dom.js';
import { buyable, enterprise, first, periodChoice, planCards, planOf, within } from './order.js';
import { failure } from './shell.js';
import { money, t } from './text.js';

export const checkoutUrl = (order, back) => `/upgrade?${new URLSearchParams({
  team: order.team, plan: order.plan, seats: order.seats, period: order.period, return: back,
})}`;

// Draws into the box; go(url) is told where the payment is.  An offer that
// was asked for before the click needs no waiting.
export async function choosePlan(box, { team, back, offered = null, go, close }) {
  let offer;
  let order;
  const plans = h('div', { class: 'plan-options' });
  const periods = h('div', { class: 'choices' });
  const total = h('p', { class: 'popup-total', 'aria-live': 'polite' });
  const draw = () => {
    const root = box.getRootNode();
    const focus = root.activeElement?.id;
    const plan = planOf(offer, order);

    fill(plans, planCards(offer, order, change));
    fill(periods, periodChoice(plan, order, offer.currency, change));
    fill(total, t(`popup.${order.period}`, {
      plan: plan.name, amount: money(plan.prices[order.period] * order.seats, offer.currency),
      seats: t('seats', { n: order.seats }) }));
    if (focus && root.activeElement?.id !== focus) {
      find(`#${CSS.escape(focus)}`, box)?.focus();
    }
  };
  const change = (what) => {
    order = { ...order, ...what };
    draw();
  };

  try {
    offer = await (offered ?? get(`/upgrade?team=${part(team)}`));
  } catch (problem) {
    fill(box, failure(problem, () => choosePlan(box, { team, back, go, close })));
    return;
  }
  offer.plans.filter(buyable).forEach((plan) => { plan.seats = within(plan, plan.seats ?? 0); });
  order = first(offer, new URLSearchParams(), null);
  fill(box, h('form', { onsubmit: (event) => {
    event.preventDefault();
    go(checkoutUrl(order, back), order);
  } },
  h('fieldset', { class: 'step' }, h('legend', {}, t('step.plan')), plans, enterprise(offer)),
  h('fieldset', { class: 'step' }, h('legend', {}, t('step.period')), periods),
  h('div', { class: 'popup-foot' }, total, h('div', { class: 'row' },
    h('button', { type: 'button', onclick: close }, t('close')),
    h('button', { class: 'primary', id: 'popup-go' }, t('popup.go'))))));
  draw();
  if (!box.contains(box.getRootNode().activeElement)) {
    find('input:checked', box)?.focus();
  }
}
