// From the button to the end of the order: what is told meanwhile, what went
// wrong, the way to the bank and back, the confirmation.

import { part, Problem } from './api.js';
import { buttonText, drawBill, endPreview, keepChoices, now, preview } from './checkout.js';
import { NEEDED, showErrors, showProblem } from './checkout-errors.js';
import { INFORMATION } from './checkout-form.js';
import { confirmation } from './confirmation.js';
import { fill, find, h } from './dom.js';
import { CardError, GatewayDown } from './gateway.js';
import { readInformation, valueOf } from './information.js';
import * as kept from './kept.js';
import * as purchase from './purchase.js';
import { sameOrigin, title } from './shell.js';
import { money, t } from './text.js';

const params = new URLSearchParams(location.search);

const back = () => sameOrigin(params.get('return'),
  `/dashboard?team=${part(now.offer.team.id)}`);

// Given at all, or needed, it says where the invoice goes (R112).
function informationErrors() {
  const begun = INFORMATION.some((id) => valueOf(id));
  const bad = NEEDED.filter((id) => !valueOf(id));

  if (!begun && !now.countryNeeded) {
    return [];
  }
  find('#information').open ||= bad.length > 0;
  return bad.map((id) => ({ id, text: t(`information.${id}.needed`) }));
}

function paymentErrors() {
  if (now.order.method === 'invoice') {
    const email = find('#email').value.trim();
    return /^\S+@\S+\.\S+$/.test(email) ? [] : [{ id: 'email', text: t('invoice.email.needed') }];
  }
  return now.card.wrong();
}

// What is sent to be bought.
function orderBody() {
  const { team, plan, seats, period, method, promo: code } = now.order;
  const given = readInformation(INFORMATION);

  return {
    team, plan, seats, period,
    payment: method === 'card' ? { method } : { method, email: find('#email').value.trim() },
    ...(code ? { promo: code } : {}),
    ...(Object.keys(given).length ? { billing_information: given } : {}),
    ...(now.quote.quote ? { quote: now.quote.quote } : {}),
  };
}

// What is going on, in words.
function tell(state) {
  let box = find('#progress');

  if (!box) {
    box = h('div', { id: 'progress', class: 'progress', role: 'status' },
      h('div', {}, h('span', { class: 'spin', 'aria-hidden': 'true' }), h('p', {})));
    document.body.append(box);
  }
  find('p', box).textContent = t(`progress.${state}`);
}

function idle() {
  now.busy = false;
  find('#progress')?.remove();
  find('#main').inert = false;
  if (find('#purchase')) {
    buttonText();
  }
}

async function run(work) {
  now.busy = true;
  find('#main').inert = true;
  tell('buy');
  try {
    let outcome = await work();
    while (outcome?.kind === 'resume') {
      outcome = await purchase.resume(kept.load(now.order.team), tell);
    }
    finish(outcome);
  } catch (problem) {
    trouble(problem);
  }
}

// Before anything was sent to be bought: the card, or the way to the gateway.
function trouble(problem) {
  kept.forget(now.order.team);
  idle();
  if (problem instanceof CardError) {
    now.card.clear();
    showErrors([now.card.said(problem)]);
    return;
  }
  if (problem instanceof GatewayDown) {
    showErrors([], new Problem(0, { code: 'GATEWAY' }));
    return;
  }
  showProblem(problem);
  if (!(problem instanceof Problem)) {
    console.error(problem);
  }
}

function finish(outcome) {
  if (outcome?.kind === 'redirect') {
    tell('bank');
    location.assign(outcome.url);
    return;
  }
  idle();
  if (outcome?.kind === 'done') {
    done(outcome.answer, outcome.email);
    return;
  }
  if (outcome?.kind === 'refused') {
    stale(outcome.problem);
    return;
  }
  if (outcome?.kind === 'stuck' || outcome?.kind === 'bank') {
    open(outcome.kind);
  }
}

// What was shown does not hold any more: both amounts, and the button confirms
// the new one (with a key of its own).
function stale(problem) {
  const { old, new: current, currency, quote: fresh } = problem.body ?? {};

  showProblem(problem);
  if (problem.code !== 'QUOTE_STALE') {
    return;
  }
  if (!fresh) {
    preview();
    return;
  }
  endPreview();
  now.quote = fresh;
  drawBill();
  const row = (key, amount) => h('div', { class: 'line' }, h('dt', {}, t(key)),
    h('dd', {}, money(amount, currency)));
  find('#errors .summary').append(h('dl', { class: 'lines', id: 'stale' },
    old === null || old === undefined ? null : row('bill.old', old), row('bill.new', current)),
  h('p', {}, t('stale.confirm')));
}

// An order that is still open: no second form, only the way on.
function open(kind) {
  const again = () => {
    const one = kept.load(now.order.team);
    run(() => (kind === 'bank' ? purchase.resume(one, tell)
      : purchase.goOn(one, new URLSearchParams(), tell)));
  };

  endPreview();
  title(t(`open.${kind}`), now.offer.team.name);
  fill(find('#main'), h('div', { class: 'narrow' }, h('h1', {}, t(`open.${kind}`)),
    h('p', {}, t(`open.${kind}.hint`)),
    h('div', { class: 'actions' },
      h('button', { type: 'button', class: 'primary', onclick: again }, t(`open.${kind}.go`)),
      h('a', { class: 'button', href: back() }, t('back')))));
}

export function done(answer, email) {
  const url = new URL(location.href);

  endPreview();
  kept.forgetChoices(answer.team.id);
  sessionStorage.setItem('billing.upgraded', JSON.stringify({
    team: answer.team.id, plan: answer.team.plan, seats: answer.team.seats,
  }));
  url.search = new URLSearchParams({
    team: answer.team.id, ...(params.get('return') ? { return: back() } : {}),
    done: answer.operation,
  });
  history.replaceState(null, '', url);
  fill(find('#main'), confirmation(answer, { me: now.me, email, back: back() }));
  find('#done').focus();
  window.scrollTo(0, 0);
}

export function submit() {
  if (now.busy) {
    return;
  }
  const errors = [...paymentErrors(), ...informationErrors()];
  showErrors(errors);
  if (errors.length || !now.quote) {
    return;
  }
  const body = orderBody();
  now.order.email = body.payment.email ?? now.order.email;
  keepChoices();
  run(() => purchase.start(body, now.order.method === 'card' ? now.card : null, tell));
}

export const goOn = (order, query) => run(() => purchase.goOn(order, query, tell));
