// Money: payment intents, their charges, refunds.

import { challenge, declined, find, shown } from './cards_api.mjs';
import { invalid } from './errors.mjs';
import { amount, cardOnly, currency, flag, metadata, only, page, text } from './params.mjs';

const OPEN = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

export function createPaymentIntent(context) {
  const { books, params } = context;
  only(params, ['amount', 'currency', 'customer', 'payment_method', 'payment_method_types',
    'metadata', 'confirm', 'off_session', 'capture_method']);
  cardOnly(params);
  const customer = text(params, 'customer');
  const method = text(params, 'payment_method');

  if ((text(params, 'capture_method') ?? 'automatic') !== 'automatic') {
    throw invalid('Only automatic capture is emulated.', 'capture_method');
  }
  if (customer) {
    find(books, 'customers', 'customer', customer);
  }
  checkMethod(books, method, customer);
  const id = books.id('pi');
  const intent = {
    id,
    object: 'payment_intent',
    amount: amount(params, 'amount', { needed: true }),
    amount_received: 0,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic',
    client_secret: books.id(`${id}_secret`),
    confirmation_method: 'automatic',
    created: books.now(),
    currency: currency(params),
    customer,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: metadata(params),
    next_action: null,
    payment_method: method,
    payment_method_types: ['card'],
    status: method ? 'requires_confirmation' : 'requires_payment_method',
  };
  const confirm = flag(params, 'confirm');
  const offSession = flag(params, 'off_session');

  if (confirm && !method) {
    throw invalid('A payment method is needed to confirm.', 'payment_method',
      'payment_intent_unexpected_state');
  }
  books.put('payment_intents', intent);
  return confirm ? attempt(context, intent, offSession) : intent;
}

function checkMethod(books, id, customer) {
  const method = id ? find(books, 'payment_methods', 'payment_method', id) : null;

  if (method?.customer && method.customer !== customer) {
    throw invalid('The payment method belongs to a customer that is not given.',
      'payment_method');
  }
}

export function confirmPaymentIntent(context) {
  const { books, id, params } = context;
  only(params, ['payment_method', 'off_session', 'payment_method_types']);
  const intent = find(books, 'payment_intents', 'payment_intent', id);
  const method = text(params, 'payment_method') ?? intent.payment_method;
  const offSession = flag(params, 'off_session');

  if (!['requires_payment_method', 'requires_confirmation'].includes(intent.status)) {
    throw invalid(`This PaymentIntent is ${intent.status} and cannot be confirmed.`,
      null, 'payment_intent_unexpected_state');
  }
  if (!method) {
    throw invalid('A payment method is needed to confirm.', 'payment_method',
      'payment_intent_unexpected_state');
  }
  checkMethod(books, method, intent.customer);
  return attempt(context, { ...intent, payment_method: method }, offSession);
}

// Tries to charge: done, refused, or first the payer must authenticate.
function attempt(context, intent, offSession) {
  const { books, events } = context;
  const method = books.payment_methods.get(intent.payment_method);
  const { challenge: asks } = method.behaviour;

  if (asks === 'always' || (asks === 'setup' && !method.authenticated)) {
    if (offSession) {
      throw refuse(context, intent, 'authentication_required');
    }
    const waiting = books.put('payment_intents', {
      ...intent,
      last_payment_error: null,
      next_action: challenge(context, intent),
      status: 'requires_action',
    });
    events.add('payment_intent.requires_action', waiting);
    return waiting;
  }
  return charge(context, intent, method);
}

function newCharge({ books }, intent, method, more) {
  return books.put('charges', {
    id: books.id('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    captured: false,
    created: books.now(),
    currency: intent.currency,
    customer: intent.customer,
    livemode: false,
    metadata: intent.metadata,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: {
      type: 'card', card: { brand: method.card.brand, last4: method.card.last4 },
    },
    refunded: false,
    ...more,
  });
}

function charge(context, asked, method) {
  const { books, events, fault } = context;

  if (method.behaviour.charge) {
    throw refuse(context, asked, method.behaviour.charge);
  }
  const intent = {
    ...asked,
    ...(fault?.kind === 'wrong_amount' ? { amount: asked.amount + 1 } : {}),
    ...(fault?.kind === 'wrong_currency'
      ? { currency: asked.currency === 'eur' ? 'usd' : 'eur' } : {}),
  };
  const taken = newCharge(context, intent, method, {
    amount_captured: intent.amount, captured: true, failure_code: null, paid: true,
    status: 'succeeded',
  });
  const done = books.put('payment_intents', {
    ...intent,
    amount_received: intent.amount,
    last_payment_error: null,
    latest_charge: taken.id,
    next_action: null,
    status: 'succeeded',
  });

  events.add('charge.succeeded', taken);
  events.add('payment_intent.succeeded', done);
  if (method.behaviour.dispute) {
    events.add('charge.dispute.created', {
      id: books.id('dp'), object: 'dispute', amount: taken.amount, charge: taken.id,
      currency: taken.currency, payment_intent: done.id, reason: 'fraudulent',
      status: 'needs_response',
    });
  }
  return done;
}

function refuse(context, intent, reason) {
  const { books, events } = context;
  const method = books.payment_methods.get(intent.payment_method);
  const error = declined(reason);
  const failed = newCharge(context, intent, method, {
    failure_code: error.body.error.code, paid: false, status: 'failed',
  });

  Object.assign(error.body.error, { charge: failed.id, payment_method: shown(method) });
  const left = books.put('payment_intents', {
    ...intent,
    last_payment_error: { ...error.body.error },
    latest_charge: failed.id,
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  });
  error.body.error.payment_intent = left;
  events.add('charge.failed', failed);
  events.add('payment_intent.payment_failed', left);
  return error;
}

// The payer's answer to a challenge at a charge; never throws a refusal, for
// the payer's browser is not who is told of it.
export function paymentAuthenticated(context, intent, approved) {
  const { books, events } = context;
  const method = books.payment_methods.get(intent.payment_method);

  if (!approved) {
    const failed = books.put('payment_intents', {
      ...intent,
      last_payment_error: {
        type: 'invalid_request_error',
        code: 'payment_intent_authentication_failure',
        message: 'We are unable to authenticate your payment method.',
        payment_method: shown(method),
      },
      next_action: null,
      payment_method: null,
      status: 'requires_payment_method',
    });
    events.add('payment_intent.payment_failed', failed);
    return failed;
  }
  const proven = books.put('payment_methods', { ...method, authenticated: true });
  try {
    return charge(context, intent, proven);
  } catch (error) {
    if (!error.body) {
      throw error;
    }
    return books.payment_intents.get(intent.id);
  }
}

export function getPaymentIntent({ books, id }) {
  return find(books, 'payment_intents', 'payment_intent', id);
}

export function listPaymentIntents({ books, params, path }) {
  only(params, ['created', 'customer', 'limit', 'starting_after']);
  const customer = text(params, 'customer');
  const since = amount(params.created ?? {}, 'gte') ?? 0;
  const all = [...books.payment_intents.values()].filter((one) => one.created >= since);

  return page(customer ? all.filter((one) => one.customer === customer) : all, params, path);
}

export function cancelPaymentIntent({ books, id, params, events }) {
  only(params, ['cancellation_reason']);
  const intent = find(books, 'payment_intents', 'payment_intent', id);

  if (!OPEN.includes(intent.status)) {
    throw invalid(`This PaymentIntent is ${intent.status} and cannot be canceled.`,
      null, 'payment_intent_unexpected_state');
  }
  const canceled = books.put('payment_intents', {
    ...intent,
    canceled_at: books.now(),
    cancellation_reason: text(params, 'cancellation_reason'),
    next_action: null,
    status: 'canceled',
  });
  events.add('payment_intent.canceled', canceled);
  return canceled;
}

export function createRefund({ books, params, events }) {
  only(params, ['payment_intent', 'charge', 'amount', 'metadata', 'reason']);
  const intent = text(params, 'payment_intent');
  const id = text(params, 'charge')
    ?? (intent ? find(books, 'payment_intents', 'payment_intent', intent).latest_charge : null);

  if (!id) {
    throw invalid('A payment_intent with a charge, or a charge, is needed.',
      'payment_intent', 'parameter_missing');
  }
  const taken = find(books, 'charges', 'charge', id);
  const rest = taken.amount_captured - taken.amount_refunded;
  const back = amount(params, 'amount') ?? rest;
  const words = metadata(params);
  const reason = text(params, 'reason');

  if (rest === 0) {
    throw invalid(`Charge ${id} has nothing left to refund.`, null,
      taken.captured ? 'charge_already_refunded' : 'charge_not_captured');
  }
  if (back > rest) {
    throw invalid(`Refund amount ${back} is greater than the ${rest} left on the charge.`,
      'amount', 'amount_too_large');
  }
  const refunded = books.put('charges', {
    ...taken,
    amount_refunded: taken.amount_refunded + back,
    refunded: back === rest,
  });
  const refund = books.put('refunds', {
    id: books.id('re'),
    object: 'refund',
    amount: back,
    charge: id,
    created: books.now(),
    currency: taken.currency,
    metadata: words,
    payment_intent: taken.payment_intent,
    reason,
    status: 'succeeded',
  });

  events.add('charge.refunded', refunded);
  return refund;
}

export function listRefunds({ books, params, path }) {
  only(params, ['payment_intent', 'limit', 'starting_after']);
  const intent = text(params, 'payment_intent');
  const all = [...books.refunds.values()];

  return page(intent ? all.filter((one) => one.payment_intent === intent) : all, params, path);
}

export function getRefund({ books, id }) {
  return find(books, 'refunds', 'refund', id);
}

export function getCharge({ books, id }) {
  return find(books, 'charges', 'charge', id);
}
