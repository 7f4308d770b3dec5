// The card goes from this page straight to the card gateway; our own servers
// see a token only.  A gateway with a script of its own for browsers (stripe.js)
// is spoken to through that.

export class CardError extends Error {
  constructor(error) {
    super(error.message);
    this.type = error.type;
    this.code = error.decline_code ?? error.code ?? 'generic_decline';
  }
}

export class GatewayDown extends Error {}

async function ask(gateway, path, params, method) {
  const form = new URLSearchParams({
    key: gateway.key, client_secret: gateway.secret, ...params,
  });
  let response;
  let json;

  try {
    response = await fetch(`${gateway.url}/v1/${path}${method === 'GET' ? `?${form}` : ''}`, {
      method,
      body: method === 'GET' ? undefined : form,
      credentials: 'omit',
      redirect: 'error',
      cache: 'no-store',
    });
    json = await response.json();
  } catch {
    throw new GatewayDown();
  }
  if (response.status === 402) {
    throw new CardError(json.error);
  }
  if (!response.ok) {
    throw new GatewayDown();
  }
  return json;
}

function intentOf(secret) {
  return secret.split('_secret_')[0];
}

export function confirmCard(gateway, card) {
  return ask(gateway, `setup_intents/${intentOf(gateway.secret)}/confirm`, {
    'payment_method_data[type]': 'card',
    'payment_method_data[card][number]': card.number,
    'payment_method_data[card][exp_month]': card.month,
    'payment_method_data[card][exp_year]': card.year,
    'payment_method_data[card][cvc]': card.cvc,
  }, 'POST');
}

export async function lookUp(gateway) {
  const id = intentOf(gateway.secret);

  if (gateway.script) {
    return (await import('./stripe.js')).lookUp(gateway);
  }

  return ask(gateway, `${id.startsWith('seti_') ? 'setup' : 'payment'}_intents/${id}`, {}, 'GET');
}

// Where the payer authenticates, or null when the intent asks for nothing;
// never another host than the gateway's own.
export function challengeUrl(gateway, intent, returnUrl, lang) {
  const given = intent.next_action?.redirect_to_url?.url;

  if (intent.status !== 'requires_action' || !given) {
    return null;
  }
  const url = new URL(given);
  if (url.origin !== new URL(gateway.url).origin) {
    throw new GatewayDown();
  }
  url.searchParams.set('return_url', returnUrl);
  url.searchParams.set('lang', lang);
  return url.href;
}

// By the gateway's own script, on this page: true, and the payer has answered.
export async function authenticate(gateway) {
  if (!gateway.script) {
    return false;
  }
  await (await import('./stripe.js')).authenticate(gateway);
  return true;
}
