// Payers and how they pay: customers, card entry, payment methods.

import { DECLINES, readCard } from './cards.mjs';
import { ApiError, invalid, missing } from './errors.mjs';
import { cardOnly, metadata, only, page, text } from './params.mjs';

export function find(books, kind, object, id) {
  const found = books[kind].get(id);

  if (!found) {
    throw missing(object, id);
  }
  return found;
}

export function declined(reason, more = {}) {
  const [code, message] = DECLINES[reason];
  const extra = code === 'card_declined' || code === reason ? { decline_code: reason } : {};

  return new ApiError(402, 'card_error', code, message, { ...extra, ...more });
}

export function shown(method) {
  const { behaviour, authenticated, ...rest } = method;

  return rest;
}

// Where the payer proves who they are; the return address is added by who
// sends the browser there.
export function challenge(context, intent) {
  return {
    type: 'redirect_to_url',
    redirect_to_url: {
      return_url: null,
      url: `${context.origin}/_sandbox/challenge/${intent.id}`
           + `?client_secret=${intent.client_secret}`,
    },
  };
}

export function createCustomer({ books, params }) {
  only(params, ['email', 'name', 'metadata', 'description', 'phone']);
  const id = books.id('cus', 14);

  return books.put('customers', {
    id,
    object: 'customer',
    created: books.now(),
    description: text(params, 'description'),
    email: text(params, 'email', { max: 512 }),
    invoice_settings: { default_payment_method: null },
    livemode: false,
    metadata: metadata(params),
    name: text(params, 'name'),
    phone: text(params, 'phone'),
  });
}

export function getCustomer({ books, id }) {
  return find(books, 'customers', 'customer', id);
}

export function updateCustomer({ books, id, params }) {
  only(params, ['email', 'name', 'metadata', 'description', 'phone', 'invoice_settings']);
  const customer = find(books, 'customers', 'customer', id);
  const settings = params.invoice_settings ?? {};
  only(settings, ['default_payment_method']);
  const method = text(settings, 'default_payment_method');

  if (method && find(books, 'payment_methods', 'payment_method', method).customer !== id) {
    throw invalid('The payment method must be attached to this customer.',
      'invoice_settings[default_payment_method]');
  }
  return books.put('customers', {
    ...customer,
    description: text(params, 'description') ?? customer.description,
    email: text(params, 'email', { max: 512 }) ?? customer.email,
    invoice_settings: {
      default_payment_method: method ?? customer.invoice_settings.default_payment_method,
    },
    metadata: metadata(params, customer.metadata),
    name: text(params, 'name') ?? customer.name,
    phone: text(params, 'phone') ?? customer.phone,
  });
}

export function createSetupIntent({ books, params }) {
  only(params, ['customer', 'usage', 'payment_method_types', 'metadata']);
  cardOnly(params);
  const customer = text(params, 'customer');
  const usage = text(params, 'usage') ?? 'off_session';

  if (customer) {
    find(books, 'customers', 'customer', customer);
  }
  if (usage !== 'off_session' && usage !== 'on_session') {
    throw invalid(`Invalid usage: ${usage}`, 'usage');
  }
  const id = books.id('seti');
  return books.put('setup_intents', {
    id,
    object: 'setup_intent',
    client_secret: books.id(`${id}_secret`),
    created: books.now(),
    customer,
    last_setup_error: null,
    livemode: false,
    metadata: metadata(params),
    next_action: null,
    payment_method: null,
    payment_method_types: ['card'],
    status: 'requires_payment_method',
    usage,
  });
}

export function getSetupIntent({ books, id }) {
  return find(books, 'setup_intents', 'setup_intent', id);
}

function fromData(books, data) {
  only(data, ['type', 'card', 'billing_details']);
  if (data.type !== 'card' || typeof data.card !== 'object') {
    throw invalid('Only card is emulated.', 'payment_method_data[type]');
  }
  only(data.card, ['number', 'exp_month', 'exp_year', 'cvc']);
  const { card, behaviour, refused } = readCard(data.card, books.now());

  if (refused) {
    return { refused };
  }
  return {
    method: {
      id: books.id('pm'),
      object: 'payment_method',
      authenticated: false,
      behaviour,
      card: { ...card, checks: { cvc_check: 'pass' }, country: 'US', funding: 'credit' },
      created: books.now(),
      customer: null,
      livemode: false,
      metadata: {},
      type: 'card',
    },
  };
}

export function confirmSetupIntent(context) {
  const { books, id, params, events } = context;
  only(params, ['key', 'client_secret', 'payment_method_data', 'payment_method', 'return_url']);
  const intent = find(books, 'setup_intents', 'setup_intent', id);

  if (!['requires_payment_method', 'requires_confirmation'].includes(intent.status)) {
    throw invalid(`This SetupIntent is ${intent.status} and cannot be confirmed.`,
      null, 'setup_intent_unexpected_state');
  }
  if (typeof params.payment_method_data !== 'object') {
    throw invalid('payment_method_data is needed.', 'payment_method_data',
      'parameter_missing');
  }
  const { method, refused } = fromData(books, params.payment_method_data);

  if (refused) {
    const error = declined(refused);
    const failed = books.put('setup_intents',
      { ...intent, last_setup_error: { ...error.body.error } });
    events.add('setup_intent.setup_failed', failed);
    error.body.error.setup_intent = failed;
    throw error;
  }

  books.put('payment_methods', method);
  if (method.behaviour.challenge) {
    const waiting = books.put('setup_intents', {
      ...intent,
      last_setup_error: null,
      next_action: challenge(context, intent),
      payment_method: method.id,
      status: 'requires_action',
    });
    events.add('setup_intent.requires_action', waiting);
    return waiting;
  }
  return setupDone(context, { ...intent, payment_method: method.id });
}

function setupDone({ books, events }, intent) {
  const done = books.put('setup_intents',
    { ...intent, last_setup_error: null, next_action: null, status: 'succeeded' });

  events.add('setup_intent.succeeded', done);
  return done;
}

// The payer's answer to a challenge at card entry.
export function setupAuthenticated(context, intent, approved) {
  const { books, events } = context;
  const method = books.payment_methods.get(intent.payment_method);

  if (approved) {
    books.put('payment_methods', { ...method, authenticated: true });
    return setupDone(context, intent);
  }
  const failed = books.put('setup_intents', {
    ...intent,
    last_setup_error: {
      type: 'invalid_request_error',
      code: 'setup_intent_authentication_failure',
      message: 'We are unable to authenticate your payment method.',
    },
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  });
  events.add('setup_intent.setup_failed', failed);
  return failed;
}

export function getPaymentMethod({ books, id }) {
  return shown(find(books, 'payment_methods', 'payment_method', id));
}

export function listPaymentMethods({ books, params, path }) {
  only(params, ['customer', 'type', 'limit', 'starting_after']);
  const customer = text(params, 'customer', { needed: true });
  const all = [...books.payment_methods.values()].filter((one) => one.customer === customer);

  return page(all.map(shown), params, path);
}

// Cards that are always there, by name: each use makes one of its own.  Those
// that are declined are so when a customer should get them.
const SHELF = {
  pm_card_visa: '4242424242424242',
  pm_card_mastercard: '5555555555554444',
  pm_card_chargeDeclined: '4000000000000002',
  pm_card_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_chargeDeclinedExpiredCard: '4000000000000069',
  pm_card_chargeDeclinedIncorrectCvc: '4000000000000127',
};

function fromShelf(books, id) {
  const card = { number: SHELF[id], exp_month: '12', exp_year: '2040', cvc: '123' };
  const { method, refused } = fromData(books, { type: 'card', card });

  if (refused) {
    throw declined(refused);
  }
  return books.put('payment_methods', method);
}

export function attach({ books, id, params, events }) {
  only(params, ['customer']);
  const method = SHELF[id] ? fromShelf(books, id)
    : find(books, 'payment_methods', 'payment_method', id);
  const customer = text(params, 'customer', { needed: true });

  find(books, 'customers', 'customer', customer);
  if (method.customer && method.customer !== customer) {
    throw invalid('The payment method is attached to another customer.', 'customer');
  }
  const attached = books.put('payment_methods', { ...method, customer });
  events.add('payment_method.attached', shown(attached));
  return shown(attached);
}

