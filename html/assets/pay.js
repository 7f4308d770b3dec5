// One invoice, paid by who holds its link: the token stands behind the '#',
// where no server sees it.  The key is kept until the answer is final, so
// that asking again never pays twice.

import { call, post, Problem } from './api.js';
import { announce, fill, find, h } from './dom.js';
import { authenticate, CardError, challengeUrl, lookUp } from './gateway.js';
import { newKey } from './kept.js';
import { cardEntry } from './payment.js';
import { failure, fieldError, page, title } from './shell.js';
import { date, money, t } from './text.js';

const KEPT = 'billing.pay';
const TRIES_MAX = 40;
const PAUSE_MS = 1500;
const BUSY = ['NETWORK', 'GARBLED', 'INTERNAL', 'STORE_UNAVAILABLE', 'OVERLOADED', 'OPERATION_IN_PROGRESS',
  'TOO_MANY'];

const params = new URLSearchParams(location.search);
const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
const token = /^#([\w-]+)$/.exec(location.hash)?.[1] ?? kept?.token ?? '';
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
const keep = (state) => sessionStorage.setItem(KEPT, JSON.stringify(state));
const look = async () => (await post('/billing/pay/look', { token })).invoice;

// To the bank's page and back; false when it asks for nothing.
function challenge(state, intent) {
  const back = `${location.origin}/billing/pay`;
  const url = challengeUrl(state.gateway, intent, back, document.documentElement.lang);

  if (url) {
    keep(state);
    location.assign(url);
  }
  return Boolean(url);
}

// True when it is paid; false when the payer is on the way to the bank.
async function pay(state) {
  keep({ ...state, step: 'pay' });
  for (let i = 0; i < TRIES_MAX; i += 1) {
    try {
      const { status, json } = await call('POST', '/billing/pay',
        { token, payment_method: state.method }, { 'Idempotency-Key': state.key });
      if (status === 200 && json.state === 'done') {
        sessionStorage.removeItem(KEPT);
        return true;
      }
    } catch (problem) {
      const secret = problem.body?.payment?.client_secret;
      const gateway = { ...state.gateway, secret };
      if (secret && await authenticate(gateway)) {
        continue;
      }
      if (secret && challenge({ ...state, step: 'pay', gateway }, await lookUp(gateway))) {
        return false;
      }
      if (!secret && !BUSY.includes(problem.code)) {
        sessionStorage.removeItem(KEPT);
        throw problem;
      }
    }
    await sleep(PAUSE_MS);
  }
  throw new Problem(503, { code: 'STORE_UNAVAILABLE', detail: t('pay.later'), title: t('pay.later') });
}

async function start(entry) {
  const begun = await post('/billing/pay/card', { token });
  const gateway = { url: begun.gateway, key: begun.publishable_key, secret: begun.client_secret,
    script: entry.script };
  const state = { token, key: newKey(), gateway, step: 'setup' };
  const intent = await entry.confirm(gateway);

  if (challenge(state, intent)) {
    return false;
  }
  return pay({ ...state, method: intent.payment_method });
}

// What was under way before a reload, or the bank's page.
async function goOn() {
  if (kept?.token !== token || !kept) {
    return null;
  }
  if (kept.step === 'setup') {
    sessionStorage.removeItem(KEPT);
    const intent = params.has('setup_intent') ? await lookUp(kept.gateway) : null;
    return intent?.status === 'succeeded' ? pay({ ...kept, method: intent.payment_method }) : null;
  }
  return pay(kept);
}

function facts(invoice) {
  const row = (key, value) => h('div', {}, h('dt', {}, t(key)), h('dd', {}, value));

  return h('dl', { class: 'facts-list' }, row('pay.number', invoice.number),
    row('pay.seller', invoice.seller), row('pay.open', money(invoice.open, invoice.currency)),
    row('pay.due', date(invoice.due_at)));
}

function paid(main, invoice) {
  title(t('pay.done'));
  fill(main, h('div', { class: 'narrow' }, h('h1', { tabindex: '-1', id: 'done' }, t('pay.done')),
    h('p', {}, t('pay.thanks', { number: invoice.number }))));
  find('#done').focus();
  announce(t('pay.done'));
}

function form(main, invoice, card, problem) {
  const where = h('div', {}, problem ? failure(problem) : null);
  const button = h('button', { class: 'primary' },
    t('pay.button', { amount: money(invoice.open, invoice.currency) }));
  const entry = h('form', { novalidate: true, id: 'paying' }, where, card.element,
    h('div', { class: 'actions' }, button));

  entry.addEventListener('submit', async (event) => {
    event.preventDefault();
    const wrong = card.wrong();
    card.element.querySelectorAll('input').forEach(({ id }) => fieldError(id,
      wrong.find((one) => one.id === id)?.text));
    if (wrong.length || button.getAttribute('aria-disabled') === 'true') {
      find(`#${wrong[0]?.id ?? 'number'}`).focus();
      return;
    }
    button.setAttribute('aria-disabled', 'true');
    fill(where, h('p', { role: 'status' }, t('pay.wait')));
    try {
      if (await start(card)) {
        paid(main, invoice);
      }
    } catch (trouble) {
      button.removeAttribute('aria-disabled');
      fill(where);
      if (trouble instanceof CardError) {
        const { id, text } = card.said(trouble);
        fieldError(id, text);
        find(`#${id}`).focus();
        return;
      }
      fill(where, failure(trouble));
    }
  });
  fill(main, h('div', { class: 'narrow' }, h('h1', {}, t('pay.title')), facts(invoice), entry));
}

page(async (main) => {
  const invoice = await look();
  let trouble = null;

  title(t('pay.title'));
  try {
    const under = invoice.state === 'open' ? await goOn() : null;
    if (under === false) {
      return;
    }
    if (under || invoice.state === 'paid') {
      paid(main, invoice);
      return;
    }
  } catch (problem) {
    trouble = problem;
  }
  if (invoice.state !== 'open') {
    fill(main, h('div', { class: 'narrow' }, h('h1', {}, t('pay.title')), h('p', {}, t('pay.closed'))));
    return;
  }
  form(main, invoice, await cardEntry(), trouble);
}, { anonymous: true });
