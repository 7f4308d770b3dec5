// The payment window: plan, size, billing, payment; then one button.

import { get, part, post, Problem } from './api.js';
import { bill } from './bill.js';
import { CARD, cardFields, check, readCard, refusal } from './card.js';
import { confirmation } from './confirmation.js';
import { announce, fill, find, h, icon } from './dom.js';
import { chooseTeam, gated, notOffered } from './entry.js';
import { CardError, GatewayDown } from './gateway.js';
import {
  buyable, enterprise, first, methodChoice, periodChoice, planCards, planOf, whyNot, within,
} from './order.js';
import * as purchase from './purchase.js';
import {
  failure, field, fieldError, header, page, problemText, sameOrigin, title,
} from './shell.js';
import { date, money, t } from './text.js';

const DEBOUNCE_MS = 120;
const LEAVING = ['setup_intent', 'payment_intent', 'redirect_status'];

const params = new URLSearchParams(location.search);
let offer;
let order;
let me;
let quote = null;
let asked = 0;                      // the newest question's number
let busy = false;
let countryNeeded = false;          // a tax table is there


// --- choices kept over a reload (never a card) --------------------------------

const choicesName = () => `billing.choices.${params.get('team')}`;

function keepChoices() {
  if (order) {
    sessionStorage.setItem(choicesName(), JSON.stringify(order));
  }
}

function keptChoices() {
  try {
    return JSON.parse(sessionStorage.getItem(choicesName()));
  } catch {
    return null;
  }
}

const back = () => sameOrigin(params.get('return'), `/dashboard?team=${part(offer.team.id)}`);


// --- errors -------------------------------------------------------------------------

function showErrors(errors, problem) {
  const place = find('#errors');

  document.title = document.title.replace(`${t('error')} `, '');
  CARD.concat('email', 'promo', NEEDED).forEach((id) => fieldError(id, null));
  errors.forEach(({ id, text }) => fieldError(id, text));
  if (!errors.length && !problem) {
    fill(place);
    return;
  }
  document.title = `${t('error')} ${document.title}`;
  const [said, next] = problem ? problemText(problem) : [];
  fill(place, h('div', { class: 'notice bad summary', tabindex: '-1', role: 'alert' },
    h('h2', {}, t('error.title')),
    problem ? h('p', {}, said, next ? ` ${next}` : '') : null,
    errors.length ? h('ul', {}, errors.map(({ id, text }) => h('li', {},
      h('a', {
        href: `#${id}`,
        onclick: (event) => {
          event.preventDefault();
          find(`#${id}`)?.focus();
        },
      }, text)))) : null));
  place.firstChild.focus();
}

const NEEDED = ['country', 'postal_code'];
const FIELD_OF = { seats: () => `seats-${order.plan}`, promo: () => 'promo', plan: () => `plan-${order.plan}`,
  period: () => `period-${order.period}`, 'payment.email': () => 'email', email: () => 'email' };

function showProblem(problem) {
  const at = problem.body?.field;
  const id = FIELD_OF[at]?.() ?? at?.replace('billing_information.', '');

  if (problem.code?.startsWith('CARD_') && problem.code !== 'CARD_AUTH_FAILED') {
    const text = problemText(problem).join(' ');
    showErrors([{ id: 'number', text }]);
    find('#cvc').value = '';
    return;
  }
  if (id && find(`#${id}`)) {
    showErrors([{ id, text: problemText(problem).join(' ') }]);
    return;
  }
  showErrors([], problem);
}


// --- preview ------------------------------------------------------------------------

let timer = null;

function change(what) {
  const before = order;
  order = { ...order, ...what };
  const plan = planOf(offer, order);
  const lost = order.method === 'invoice' && whyNot(plan, 'invoice', order);

  if (lost) {
    order.method = 'card';
    announce(lost);
  }
  keepChoices();
  draw(before);
  preview();
}

function preview() {
  clearTimeout(timer);
  find('#bill').setAttribute('aria-busy', 'true');
  quote = null;
  buttonText();
  timer = setTimeout(ask, DEBOUNCE_MS);
}

// A late answer to an older question is thrown away.
async function ask() {
  const mine = asked += 1;
  const { team, plan, seats, period, method, promo } = order;

  try {
    const answer = await post('/upgrade/quote', {
      team, plan, seats, period, payment_method: method, ...(promo ? { promo } : {}),
      ...taxed(),
    });
    if (mine !== asked) {
      return;
    }
    quote = answer;
    if (promo) {
      fieldError('promo', null);      // a refused code's reason stays to be read
    }
    drawBill();
    announce(t('total.said', { amount: money(quote.due_now || quote.total, quote.currency) }));
  } catch (problem) {
    if (mine !== asked) {
      return;
    }
    if (!(problem instanceof Problem)) {
      throw problem;
    }
    badQuote(problem);
  }
}

// No price without the country, where the tax depends on it.
function askCountry() {
  countryNeeded = true;
  find('#information').open = true;
  find('#information summary').textContent = t('information.needed');
  find('#bill').removeAttribute('aria-busy');
  fill(find('#bill'), h('p', { class: 'notice warn' }, t('information.first'), ' ',
    h('a', { href: '#country', onclick: (event) => {
      event.preventDefault();
      find('#country').focus();
    } }, t('information.country'))));
  announce(t('information.first'));
}

function badQuote(problem) {
  const own = problem.body?.field?.replace('billing_information.', '');

  if (problem.code === 'BILLING_INFO_MISSING') {
    askCountry();
    return;
  }
  if (TAXED.includes(own)) {
    find('#bill').removeAttribute('aria-busy');
    fieldError(own, problemText(problem).join(' '));
    return;
  }
  if (problem.code.startsWith('PROMO_')) {
    const typed = order.promo;
    change({ promo: null });
    find('#promo').value = typed;
    find('#promo-box').open = true;
    fieldError('promo', problemText(problem).join(' '));
    find('#promo').focus();
    return;
  }
  find('#bill').removeAttribute('aria-busy');
  fill(find('#bill'), failure(problem, problem.status === 0 || problem.status >= 500
    ? preview : null));
}

function drawBill() {
  find('#bill').removeAttribute('aria-busy');
  fill(find('#bill'), bill(quote, order, () => change({ promo: null })));
  buttonText();
}

function buttonText() {
  const button = find('#purchase');
  const amount = quote ? money(quote.due_now || quote.total, quote.currency) : '…';

  button.textContent = t('purchase', { amount });
  button.setAttribute('aria-disabled', String(!quote || busy));
}


// --- the form -----------------------------------------------------------------------

// Redraws the choices; what had the focus keeps it, by its id.
function draw() {
  const focus = document.activeElement?.id;
  const plan = planOf(offer, order);

  fill(find('#plans'), planCards(offer, order, change));
  fill(find('#periods'), periodChoice(plan, order, offer.currency, change));
  fill(find('#methods'), methodChoice(plan, order, change));
  find('#by-card').hidden = order.method !== 'card';
  find('#by-invoice').hidden = order.method !== 'invoice';
  if (focus && document.activeElement?.id !== focus) {
    find(`#${CSS.escape(focus)}`)?.focus();
  }
}

function step(n, key, ...content) {
  return h('fieldset', { class: 'step' },
    h('legend', {}, h('span', { class: 'n', 'aria-hidden': 'true' }, n), t(key)), content);
}

const INFORMATION = [['company', 'organization'], ['address', 'street-address'],
  ['postal_code', 'postal-code'], ['city', 'address-level2'], ['country', 'country'],
  ['vat_id', 'off']];
const TAXED = ['country', 'vat_id'];

function information() {
  const again = ({ target }) => {
    if (TAXED.includes(target.id)) {
      fieldError(target.id, null);
      preview();
    }
  };

  return h('details', { class: 'more', id: 'information', onchange: again }, h('summary', {}, t('information')),
    h('div', { class: 'fields' }, INFORMATION.map(([id, autocomplete]) => field({
      id, label: t(`information.${id}`), autocomplete,
      hint: id === 'country' ? t('information.country.hint') : null,
      maxlength: id === 'country' ? 2 : 120,
    }))));
}

// What the tax depends on goes with the quote, so that the bill has it (R113).
function taxed() {
  const country = find('#country').value.trim().toUpperCase();
  const vat = find('#vat_id').value.trim();

  return /^[A-Z]{2}$/.test(country)
    ? { billing_information: { country, ...(vat ? { vat_id: vat } : {}) } } : {};
}

function readInformation() {
  const filled = INFORMATION.map(([id]) => [id, find(`#${id}`).value.trim()])
    .filter(([, value]) => value)
    .map(([id, value]) => [id, id === 'country' ? value.toUpperCase() : value]);

  return filled.length ? { billing_information: Object.fromEntries(filled) } : {};
}

function promo() {
  const apply = () => {
    const code = find('#promo').value.trim().toUpperCase();

    fieldError('promo', code ? null : t('field.needed'));
    if (code) {
      change({ promo: code });
    }
  };

  return h('details', { class: 'more', id: 'promo-box' }, h('summary', {}, t('promo')),
    h('div', { class: 'promo' },
      field({ id: 'promo', label: t('promo.code'), maxlength: 31, autocapitalize: 'characters',
        onkeydown: (event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            apply();
          }
        } }),
      h('button', { type: 'button', id: 'promo-apply', onclick: apply }, t('promo.apply'))));
}

function form() {
  const fields = cardFields();

  fields.addEventListener('focusout', ({ target }) => {
    if (CARD.includes(target.id) && target.value.trim()) {
      fieldError(target.id, check(target.id));
    }
  });
  return h('form', { id: 'buy', class: 'checkout', novalidate: true, onsubmit: submit },
    h('div', { class: 'steps' },
      step('1', 'step.plan', h('div', { id: 'plans', class: 'plan-options' }), enterprise(offer)),
      step('2', 'step.period', h('div', { id: 'periods', class: 'choices' })),
      step('3', 'step.payment', h('div', { id: 'methods', class: 'choices' }),
        h('div', { id: 'by-card' }, fields, h('p', { class: 'hint safe' }, icon('lock'),
          t('card.safe'))),
        h('div', { id: 'by-invoice', hidden: true }, field({
          id: 'email', label: t('invoice.email'), hint: t('invoice.email.hint'), type: 'email',
          autocomplete: 'email', inputmode: 'email', value: order.email ?? me,
        })),
        information())),
    h('aside', { class: 'bill-box', 'aria-labelledby': 'bill-title' },
      h('h2', { id: 'bill-title' }, t('bill')),
      h('p', { class: 'muted' }, t('bill.team', { team: offer.team.name })),
      h('div', { id: 'bill', 'aria-busy': 'true' }),
      promo(),
      h('button', { id: 'purchase', class: 'primary big' }, t('purchase', { amount: '…' })),
      h('p', { class: 'hint' }, t('purchase.hint'))));
}


// --- buying -------------------------------------------------------------------------

// Given at all, or needed, it says where the invoice goes (R112).
function informationErrors() {
  const begun = INFORMATION.some(([id]) => find(`#${id}`).value.trim());
  const bad = NEEDED.filter((id) => !(id === 'country' ? /^[a-z]{2}$/i : /\S/)
    .test(find(`#${id}`).value.trim()));

  if (!begun && !countryNeeded) {
    return [];
  }
  find('#information').open ||= bad.length > 0;
  return bad.map((id) => ({ id, text: t(`information.${id}.needed`) }));
}

function formErrors() {
  return [...paymentErrors(), ...informationErrors()];
}

function paymentErrors() {
  if (order.method === 'invoice') {
    const email = find('#email').value.trim();
    return /^\S+@\S+\.\S+$/.test(email) ? [] : [{ id: 'email', text: t('invoice.email.needed') }];
  }
  return CARD.map((id) => ({ id, text: check(id) })).filter((one) => one.text);
}

function submit(event) {
  event.preventDefault();
  if (busy) {
    return;
  }
  const errors = formErrors();
  showErrors(errors);
  if (errors.length || !quote) {
    return;
  }
  const { team, plan, seats, period, method, promo: code } = order;
  const body = {
    team, plan, seats, period,
    payment: method === 'card' ? { method } : { method, email: find('#email').value.trim() },
    ...(code ? { promo: code } : {}),
    ...readInformation(),
    ...(quote.quote ? { quote: quote.quote } : {}),
  };
  order.email = body.payment.email ?? order.email;
  keepChoices();
  run(() => purchase.start(body, method === 'card' ? readCard() : null, tell));
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
  busy = false;
  find('#progress')?.remove();
  find('#main').inert = false;
  if (find('#purchase')) {
    buttonText();
  }
}

async function run(work) {
  busy = true;
  find('#main').inert = true;
  tell('buy');
  try {
    let outcome = await work();
    while (outcome?.kind === 'resume') {
      outcome = await purchase.resume(purchase.load(order.team), tell);
    }
    finish(outcome);
  } catch (problem) {
    trouble(problem);
  }
}

// Before anything was sent to be bought: the card, or the way to the gateway.
function trouble(problem) {
  purchase.forget(order.team);
  idle();
  if (problem instanceof CardError) {
    find('#cvc').value = '';
    showErrors([refusal(problem.code)]);
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
  const { old, new: now, currency, quote: fresh } = problem.body ?? {};

  showProblem(problem);
  if (problem.code !== 'QUOTE_STALE') {
    return;
  }
  if (!fresh) {
    preview();
    return;
  }
  endPreview();
  quote = fresh;
  drawBill();
  const row = (key, amount) => h('div', { class: 'line' }, h('dt', {}, t(key)),
    h('dd', {}, money(amount, currency)));
  find('#errors .summary').append(h('dl', { class: 'lines', id: 'stale' },
    old === null || old === undefined ? null : row('bill.old', old), row('bill.new', now)),
  h('p', {}, t('stale.confirm')));
}

// An order that is still open: no second form, only the way on.
function open(kind) {
  const again = () => {
    const kept = purchase.load(order.team);
    run(() => (kind === 'bank' ? purchase.resume(kept, tell)
      : purchase.goOn(kept, new URLSearchParams(), tell)));
  };

  endPreview();
  title(t(`open.${kind}`), offer.team.name);
  fill(find('#main'), h('div', { class: 'narrow' }, h('h1', {}, t(`open.${kind}`)),
    h('p', {}, t(`open.${kind}.hint`)),
    h('div', { class: 'actions' },
      h('button', { type: 'button', class: 'primary', onclick: again }, t(`open.${kind}.go`)),
      h('a', { class: 'button', href: back() }, t('back')))));
}

// From here on no answer to an older question may draw anything.
function endPreview() {
  clearTimeout(timer);
  asked += 1;
}

function done(answer, email) {
  const url = new URL(location.href);

  endPreview();
  sessionStorage.removeItem(choicesName());
  sessionStorage.setItem('billing.upgraded', JSON.stringify({
    team: answer.team.id, plan: answer.team.plan, seats: answer.team.seats,
  }));
  url.search = new URLSearchParams({
    team: answer.team.id, ...(params.get('return') ? { return: back() } : {}),
    done: answer.operation,
  });
  history.replaceState(null, '', url);
  fill(find('#main'), confirmation(answer, { me, email, back: back() }));
  find('#done').focus();
  window.scrollTo(0, 0);
}


// --- start --------------------------------------------------------------------------

async function reopen(operation) {
  const { state, answer } = await get(`/billing/operations/${part(operation)}`);

  if (state === 'done' && answer?.team) {
    done(answer);
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
  const kept = purchase.load(order.team);
  const now = new URLSearchParams(location.search);

  leaveBank();
  if (kept) {
    await run(() => purchase.goOn(kept, now, tell));
  }
}

page(async (main) => {
  const team = params.get('team');
  const data = await get(`/dashboard${team ? `?team=${part(team)}` : ''}`);

  me = data.profile?.email ?? data.profile;
  document.body.insertBefore(header(me, 'upgrade'), main);
  if (!team) {
    chooseTeam(main, data, params);
    return;
  }
  if (params.get('done')) {
    offer = { team: data.team };
    if (await reopen(params.get('done'))) {
      return;
    }
  }
  try {
    offer = await get(`/upgrade?team=${part(team)}`);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status < 400 || problem.status >= 500) {
      throw problem;
    }
    title(t('upgrade'));
    fill(main, notOffered(problem, data, params, data.team ? await gated(data.team, params) : null));
    return;
  }
  offer.team ??= data.team;
  offer.plans.filter(buyable).forEach((plan) => { plan.seats = within(plan, plan.seats ?? 0); });
  order = first(offer, params, keptChoices());
  const heading = t(offer.team.plan === 'free' ? 'upgrade.title' : 'upgrade.change',
    { team: offer.team.name });
  title(heading);
  const wanted = await gated(offer.team, params);
  fill(main, h('div', { class: 'wide' }, wanted,
    h('p', { class: 'crumb' }, h('a', { href: back() }, icon('arrow'), t('back'))),
    h('h1', {}, heading),
    h('p', { class: 'lead' }, offer.team.period_end && offer.team.state !== 'expired'
      ? t('upgrade.lead.paid', { plan: t(`plan.${offer.team.plan}`),
        date: date(offer.team.period_end) }) : t('upgrade.lead')),
    h('div', { id: 'errors' }), form()));
  draw();
  if (order.promo) {
    find('#promo').value = order.promo;
  }
  preview();
  await goOn();
}, { onLeave: keepChoices });

// Back from the bank by the browser's own button: the page is asked again.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) {
    location.reload();
  }
});
