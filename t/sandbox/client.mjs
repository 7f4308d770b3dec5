// A client for the gateway's tests: forms in, JSON out.

import http from 'node:http';

import { Gateway } from './server.mjs';

export const SECRET = 'sk_test_one';
export const PUBLIC = 'pk_test_sandbox';

export function start(options = {}) {
  return new Gateway({ secretKey: SECRET, publishableKey: PUBLIC, ...options }).listen(0);
}

// {a: {b: 1}, c: ["x"]} as a[b]=1&c[]=x
export function form(value, prefix = '') {
  return Object.entries(value).flatMap(([name, inner]) => {
    const full = prefix ? `${prefix}[${Array.isArray(value) ? '' : name}]` : name;

    return typeof inner === 'object' ? form(inner, full)
      : [`${encodeURIComponent(full)}=${encodeURIComponent(inner)}`];
  }).join('&');
}

export function call(gateway, method, path, params = {}, more = {}) {
  const { key = SECRET, idempotency, headers = {}, raw, timeout = 5000 } = more;
  const text = raw ?? form(params);
  const get = method !== 'POST' && method !== 'DELETE';
  const target = get && text ? `${path}?${text}` : path;

  return new Promise((done, failed) => {
    const sent = http.request(gateway.origin + target, {
      method,
      agent: false,
      timeout,
      headers: {
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(idempotency ? { 'idempotency-key': idempotency } : {}),
        ...headers,
      },
    }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', failed);
      response.on('end', () => {
        const body = Buffer.concat(parts).toString();
        try {
          const json = /json/.test(response.headers['content-type']) ? JSON.parse(body) : null;
          done({ status: response.statusCode, headers: response.headers, body, json });
        } catch (error) {
          failed(error);
        }
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', failed);
    sent.end(get ? undefined : text);
  });
}

export const control = (gateway, method, path, json) => call(gateway, method,
  `/_sandbox/${path}`, {}, { raw: json === undefined ? '' : JSON.stringify(json) });

export async function customer(gateway) {
  const answer = await call(gateway, 'POST', '/v1/customers',
    { email: 'payer@example.test', name: 'A team', metadata: { team: 't1' } });

  return answer.json.id;
}

// As the browser does it: a SetupIntent, confirmed with the publishable key.
export async function enterCard(gateway, number, more = {}) {
  const payer = more.customer ?? await customer(gateway);
  const intent = (await call(gateway, 'POST', '/v1/setup_intents', {
    customer: payer, usage: 'off_session', payment_method_types: ['card'],
    metadata: { team: 't1' },
  })).json;
  const card = {
    number, exp_month: 12, exp_year: 2040, cvc: number.startsWith('3') ? 1234 : 123,
    ...more.card,
  };
  const confirmed = await call(gateway, 'POST', `/v1/setup_intents/${intent.id}/confirm`, {
    key: PUBLIC,
    client_secret: intent.client_secret,
    payment_method_data: { type: 'card', card },
  }, { key: null });

  return { customer: payer, intent, confirmed, method: confirmed.json.payment_method };
}

export async function attached(gateway, number, more) {
  const entered = await enterCard(gateway, number, more);

  await call(gateway, 'POST', `/v1/payment_methods/${entered.method}/attach`,
    { customer: entered.customer });
  return entered;
}

export function charge(gateway, { customer: payer, method }, params = {}, more = {}) {
  return call(gateway, 'POST', '/v1/payment_intents', {
    amount: 172800, currency: 'usd', customer: payer, payment_method: method,
    payment_method_types: ['card'], confirm: true,
    metadata: { checkout: 'co1', attempt: 1 }, ...params,
  }, more);
}

export const ledger = async (gateway) => (
  await call(gateway, 'GET', '/_sandbox/ledger')).json.charges;
