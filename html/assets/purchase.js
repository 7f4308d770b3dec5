// One purchase from the button to its end, whatever happens in between: a
// lost connection, a reload, the bank's page.  The key and the body are kept
// until the answer is final, so that asking again never buys twice.

import { call, get, part, post, Problem } from './api.js';
import { authenticate, challengeUrl, lookUp } from './gateway.js';
import { forget, newKey, save } from './kept.js';
import { lang } from './text.js';

// What says nothing about the outcome: asking again with the key is safe.
const TRANSIENT = ['NETWORK', 'GARBLED', 'INTERNAL', 'STORE_UNAVAILABLE', 'OVERLOADED',
  'OPERATION_IN_PROGRESS', 'TOO_MANY'];
const TRIES_MAX = 5;
// A command that was taken (202) but not begun within its minute never will be.
const BEGUN_MS = 90000;
const POLL_MS = [500, 1000, 1000, 2000, 2000, 5000];

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
function refused(kept, problem) {
  forget(kept.body.team, kept.path);
  return { kind: 'refused', problem };
}

// card: the fields of payment.js, or null when none is needed.  tell(state)
// hears "card", "buy", "again", "wait", "long" on the way.  Ends in {kind:
// done|refused|redirect|stuck}.
export async function start(body, card, tell, path = '/upgrade') {
  const kept = { key: newKey(), path, body, step: 'card', at: Date.now() };

  save(kept);
  if (!card) {
    return buy(kept, tell);
  }
  tell('card');
  const begun = await post('/upgrade/card', { team: body.team });
  kept.gateway = {
    url: begun.gateway, key: begun.publishable_key, secret: begun.client_secret,
    script: card.script,
  };
  const intent = await card.confirm(kept.gateway);
  if (intent.status === 'requires_action') {
    return redirect({ ...kept, step: 'setup' }, kept.gateway, intent);
  }
  return afterCard(kept, intent, tell);
}

function afterCard(kept, intent, tell) {
  if (intent.status !== 'succeeded') {
    return refused(kept, new Problem(402, { code: 'CARD_AUTH_FAILED' }));
  }
  kept.body.payment.payment_method = intent.payment_method;
  return buy(kept, tell);
}

function redirect(kept, gateway, intent) {
  const url = new URL(location.href);

  for (const param of ['setup_intent', 'payment_intent', 'redirect_status', 'done']) {
    url.searchParams.delete(param);
  }
  save(kept);
  return { kind: 'redirect', url: challengeUrl(gateway, intent, url.href, lang) };
}

async function buy(kept, tell) {
  save({ ...kept, step: 'buy' });
  tell('buy');
  return settle(kept, () => call('POST', kept.path, kept.body, { 'Idempotency-Key': kept.key }),
    tell);
}

// Asks until there is an answer; a transient failure is asked again with the
// same key, and "stuck" keeps everything for a later try.
async function settle(kept, ask, tell) {
  for (let i = 0; i < TRIES_MAX; i += 1) {
    try {
      return await understand(kept, await ask(), tell);
    } catch (problem) {
      if (!(problem instanceof Problem)) {
        throw problem;
      }
      if (problem.body.state === 'action_required' && problem.body.payment) {
        return action(kept, problem.body);
      }
      if (!TRANSIENT.includes(problem.code)) {
        return refused(kept, problem);
      }
      tell('again');
      await sleep(Math.max(problem.retryAfter * 1000, 500 * 2 ** i));
    }
  }
  return { kind: 'stuck' };
}

function understand(kept, { status, json }, tell) {
  if (status === 202 || ['pending', 'unknown'].includes(json.state)) {
    return wait({ ...kept, operation: json.operation }, tell);
  }
  return done(kept, json);
}

function done(kept, answer) {
  forget(kept.body.team, kept.path);
  return { kind: 'done', answer, email: kept.body.payment?.email };
}

async function action(kept, answer) {
  const gateway = { ...kept.gateway, secret: answer.payment.client_secret };
  const intent = await lookUp(gateway);
  const waiting = { ...kept, step: 'action', operation: answer.operation };

  if (intent.status !== 'requires_action' || await authenticate(gateway)) {
    save(waiting);
    return { kind: 'resume' };
  }
  return redirect(waiting, gateway, intent);
}

// Polls the operation; after ten seconds the page says what comes next.
async function wait(kept, tell) {
  const since = Date.now();

  save({ ...kept, step: 'wait' });
  tell('wait');
  for (let i = 0; ; i += 1) {
    await sleep(POLL_MS[Math.min(i, POLL_MS.length - 1)]);
    if (i === POLL_MS.length) {
      tell('long');
    }
    let operation;
    try {
      operation = await get(`/billing/operations/${part(kept.operation)}`);
    } catch (problem) {
      if (TRANSIENT.includes(problem.code) || problem.status >= 500) {
        continue;
      }
      if (problem.code === 'OPERATION_NOT_FOUND') {
        if (Date.now() - since < BEGUN_MS) {
          continue;
        }
        // asking again with the key is safe, whatever became of the first
        save({ ...kept, step: 'buy' });
        return { kind: 'stuck' };
      }
      return refused(kept, problem);
    }
    const { state, answer } = operation;
    if (state === 'done') {
      return done(kept, answer);
    }
    if (state === 'refused') {
      return refused(kept, new Problem(answer?.status ?? 402, answer ?? {}));
    }
    if (state === 'action_required' && answer?.payment) {
      return action(kept, { operation: kept.operation, ...answer });
    }
  }
}

export function resume(kept, tell) {
  tell('buy');
  return settle(kept, () => call('POST', '/upgrade/resume', { operation: kept.operation }), tell);
}

// After a reload, or back from the bank's page; null when nothing is open.
export async function goOn(kept, params, tell) {
  if (kept.step === 'setup' && params.has('setup_intent')) {
    return afterCard(kept, await lookUp(kept.gateway), tell);
  }
  if (kept.step === 'action') {
    return params.has('payment_intent') ? resume(kept, tell) : { kind: 'bank' };
  }
  if (kept.step === 'buy') {
    return buy(kept, tell);
  }
  if (kept.step === 'wait') {
    return wait(kept, tell);
  }
  forget(kept.body.team, kept.path);  // nothing was sent yet
  return null;
}
