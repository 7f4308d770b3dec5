// The gateway as an HTTP server: who may ask what, once, and with which fault.

import { timingSafeEqual } from 'node:crypto';
import http from 'node:http';

import { Books } from './books.mjs';
import * as cards from './cards_api.mjs';
import * as bank from './challenge.mjs';
import { ApiError, invalid } from './errors.mjs';
import { Faults } from './faults.mjs';
import { decode, FormError } from './form.mjs';
import { Keys } from './idempotency.mjs';
import * as payments from './payments_api.mjs';
import { Events, getEvent, listEvents } from './webhooks.mjs';

const BODY_MAX = 64 * 1024;
const VERSION = '2024-06-20';

// "browser": also with the publishable key and the intent's client_secret.
const ROUTES = [
  ['POST', 'customers', cards.createCustomer],
  ['GET', 'customers/:id', cards.getCustomer],
  ['POST', 'customers/:id', cards.updateCustomer],
  ['POST', 'setup_intents', cards.createSetupIntent],
  ['GET', 'setup_intents/:id', cards.getSetupIntent, 'browser'],
  ['POST', 'setup_intents/:id/confirm', cards.confirmSetupIntent, 'browser'],
  ['GET', 'payment_methods', cards.listPaymentMethods],
  ['GET', 'payment_methods/:id', cards.getPaymentMethod],
  ['POST', 'payment_methods/:id/attach', cards.attach],
  ['GET', 'payment_intents', payments.listPaymentIntents],
  ['POST', 'payment_intents', payments.createPaymentIntent],
  ['GET', 'payment_intents/:id', payments.getPaymentIntent, 'browser'],
  ['POST', 'payment_intents/:id/confirm', payments.confirmPaymentIntent],
  ['POST', 'payment_intents/:id/cancel', payments.cancelPaymentIntent],
  ['GET', 'refunds', payments.listRefunds],
  ['POST', 'refunds', payments.createRefund],
  ['GET', 'refunds/:id', payments.getRefund],
  ['GET', 'charges/:id', payments.getCharge],
  ['GET', 'events', listEvents],
  ['GET', 'events/:id', getEvent],
].map(([method, path, handler, browser]) => ({
  method,
  handler,
  browser: browser === 'browser',
  pattern: new RegExp(`^/v1/${path.replace(':id', '([A-Za-z0-9_]+)')}$`),
}));

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers':
    'Authorization, Content-Type, Idempotency-Key, Stripe-Version',
  'access-control-max-age': '600',
};

function same(a, b) {
  const [x, y] = [Buffer.from(String(a)), Buffer.from(String(b))];

  return x.length === y.length && timingSafeEqual(x, y);
}

function readBody(request) {
  return new Promise((done, failed) => {
    const parts = [];
    let size = 0;

    request.on('data', (part) => {
      size += part.length;
      if (size <= BODY_MAX) {
        parts.push(part);
      }
    });
    request.on('error', failed);
    request.on('end', () => (size > BODY_MAX
      ? failed(new ApiError(413, 'invalid_request_error', null, 'The body is too large.'))
      : done(Buffer.concat(parts).toString())));
  });
}

function sleep(ms) {
  return new Promise((done) => { setTimeout(done, ms); });
}

export class Gateway {
  // options: secretKey, publishableKey, webhookUrl, webhookSecret, dir, clock
  constructor(options) {
    if (/^(sk|rk|pk)_live/.test(options.secretKey)
        || /^pk_live/.test(options.publishableKey)) {
      throw new Error('a live key: this is a sandbox, it refuses to start with one');
    }
    this.secretKey = options.secretKey;
    this.publishableKey = options.publishableKey;
    this.books = new Books(options.dir, options.clock);
    this.keys = new Keys(this.books);
    this.faults = new Faults();
    this.events = new Events(this.books, {
      url: options.webhookUrl, secret: options.webhookSecret, version: VERSION,
    });
    this.server = http.createServer((request, response) => {
      this.serve(request, response).catch((error) => {
        console.error(`sandbox: ${error.stack}`);
        response.destroy();
      });
    });
    this.server.keepAliveTimeout = 65000;
    this.hung = new Set();
    this.load = { calls: 0, now: 0, most: 0, connections: 0 };
    this.server.on('connection', () => { this.load.connections += 1; });
  }

  listen(port) {
    return new Promise((done, failed) => {
      this.server.on('error', failed);
      this.server.listen(port, '127.0.0.1', () => {
        this.origin = `http://127.0.0.1:${this.server.address().port}`;
        done(this);
      });
    });
  }

  close() {
    this.events.close();
    this.books.close();
    return new Promise((done) => {
      this.server.close(done);
      this.server.closeAllConnections();
    });
  }

  async serve(request, response) {
    const url = new URL(request.url, this.origin);

    try {
      const body = await readBody(request);
      if (url.pathname.startsWith('/_sandbox/')) {
        // No CORS: a page of another origin must not read these books.
        this.control(request, response, url, body);
        return;
      }
      Object.entries(CORS).forEach(([name, value]) => response.setHeader(name, value));
      if (request.method === 'OPTIONS') {
        response.writeHead(204);
        response.end();
        return;
      }
      this.count(response);
      await this.api(request, response, url, body);
    } catch (error) {
      if (error instanceof FormError) {
        this.send(response, 400, invalid(error.message).body);
        return;
      }
      if (!(error instanceof ApiError)) {
        throw error;
      }
      this.send(response, error.status, error.body);
    }
  }

  // Calls that wait for an answer, and the most that ever did at once.
  count(response) {
    const { load } = this;

    load.calls += 1;
    load.now += 1;
    load.most = Math.max(load.most, load.now);
    response.on('close', () => { load.now -= 1; });
  }

  send(response, status, body, headers = {}) {
    const text = `${JSON.stringify(body, null, 2)}\n`;

    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'request-id': this.books.id('req', 14),
      'stripe-version': VERSION,
      ...headers,
    });
    response.end(text);
  }

  async api(request, response, url, body) {
    const { method } = request;
    const route = ROUTES.find((one) => one.method === method
      && one.pattern.test(url.pathname));
    const params = decode(method === 'POST' ? body : url.search.slice(1));

    this.authorise(request, route, params, url);
    if (!route) {
      throw new ApiError(404, 'invalid_request_error', null,
        `Unrecognized request URL (${method}: ${url.pathname}).`);
    }
    const { fault, keyless } = this.faults.meet(method, url.pathname,
      () => this.about(route, params, url));
    if (this.faultBefore(fault, response)) {
      return;
    }
    await this.once(request, response, { route, params, url, fault, keyless });
  }

  // The request's own words, and those of what it names.
  about(route, params, url) {
    const { books } = this;
    const ids = [route.pattern.exec(url.pathname)[1], params.payment_intent, params.customer];
    const kinds = [books.payment_intents, books.setup_intents, books.refunds, books.charges,
      books.customers];

    return [params, ids.flatMap((id) => kinds.map((kind) => kind.get(id)?.metadata))];
  }

  // True when the request ends here, with nothing done.
  faultBefore(fault, response) {
    switch (fault?.kind) {
    case 'reset_before':
      response.socket.resetAndDestroy?.() ?? response.socket.destroy();
      return true;
    case '500':
      this.send(response, 500, { error: { type: 'api_error', message: 'Ordered fault.' } });
      return true;
    case '409':
      this.send(response, 409, {
        error: {
          type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'Ordered fault.',
        },
      });
      return true;
    case 'other_params':
      this.send(response, 400, {
        error: { type: 'idempotency_error', message: 'Ordered fault.' },
      });
      return true;
    case '429':
      this.send(response, 429, {
        error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Ordered fault.' },
      }, { 'retry-after': String(Math.ceil((fault.ms ?? 1000) / 1000)) });
      return true;
    default:
      return false;
    }
  }

  authorise(request, route, params, url) {
    const [scheme, value] = (request.headers.authorization ?? '').split(' ');
    const sent = { basic: () => Buffer.from(value ?? '', 'base64').toString().split(':')[0],
      bearer: () => value }[scheme?.toLowerCase()]?.() ?? params.key ?? '';

    if (same(sent, this.secretKey)) {
      delete params.key;
      return;
    }
    if (!same(sent, this.publishableKey)) {
      throw new ApiError(401, 'invalid_request_error', 'api_key_invalid',
        'Invalid API Key provided.');
    }
    const id = route?.pattern.exec(url.pathname)?.[1];
    if (!route?.browser || !id) {
      throw new ApiError(401, 'invalid_request_error', 'secret_key_required',
        'This API call cannot be made with a publishable API key.');
    }
    const intent = bank.findIntent(this.books, id);
    if (!same(params.client_secret ?? '', intent.client_secret)) {
      throw invalid('The client_secret does not match the intent.', 'client_secret',
        'payment_intent_invalid_parameter');
    }
    delete params.key;
  }

  async once(request, response, { route, params, url, fault, keyless }) {
    const key = request.method === 'POST' && !keyless ? request.headers['idempotency-key'] : undefined;
    const kept = key === undefined ? null
      : this.keys.begin(key, request.method, url.pathname, params);
    let answer = kept;

    if (!kept) {
      if (fault?.kind === 'delay') {
        await sleep(fault.ms ?? 1000);
      }
      answer = this.execute({ route, params, url, fault, key });
    }
    this.answer(response, answer, kept, fault);
  }

  // Runs the handler; what it changed, its answer and its events are durable
  // before anybody hears of them.
  execute({ route, params, url, fault, key }) {
    let answer = null;

    try {
      const body = route.handler({
        books: this.books,
        events: this.events,
        fault,
        id: route.pattern.exec(url.pathname)[1],
        origin: this.origin,
        params,
        path: url.pathname,
      });
      answer = fault?.kind === '500_kept'
        ? { status: 500, body: { error: { type: 'api_error', message: 'Ordered fault.' } } }
        : { status: 200, body };
    } catch (error) {
      if (error instanceof ApiError) {
        answer = { status: error.status, body: error.body };
      }
      if (!answer) {
        throw error;
      }
    } finally {
      if (key !== undefined) {
        this.keys.end(key, answer);
      }
      this.books.commit();
      this.events.flush();
    }
    return answer;
  }

  answer(response, { status, body }, kept, fault) {
    if (fault?.kind === 'reset_after') {
      response.socket.resetAndDestroy?.() ?? response.socket.destroy();
      return;
    }
    if (fault?.kind === 'hang') {
      if (fault.ms !== undefined) {
        setTimeout(() => response.destroy(), fault.ms).unref();
      }
      return;
    }
    if (['html', 'truncated', 'foreign'].includes(fault?.kind)) {
      this.garbled(response, fault.kind, body);
      return;
    }
    this.send(response, status, body, kept ? { 'idempotent-replayed': 'true' } : {});
  }

  garbled(response, kind, body) {
    const text = JSON.stringify(body);
    const out = {
      html: () => '<!doctype html><title>Maintenance</title><h1>Back soon</h1>',
      truncated: () => text.slice(0, text.length / 2),
      foreign: () => JSON.stringify({
        ...body, metadata: { ...body.metadata, checkout: `op_${'f'.repeat(32)}` },
      }),
    }[kind]();

    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(out);
  }

  // --- what a real gateway does not have -------------------------------------

  control(request, response, url, body) {
    const line = `${request.method} ${url.pathname}`;

    if (url.pathname.startsWith('/_sandbox/challenge/')) {
      this.challenge(request, response, url, body);
      return;
    }
    const handler = {
      'GET /_sandbox/ledger': () => this.books.ledger(),
      'GET /_sandbox/load': () => this.load,
      'GET /_sandbox/faults': () => ({ faults: this.faults.list }),
      'POST /_sandbox/faults': (json) => this.ordered(this.faults.add(json)),
      'DELETE /_sandbox/faults': () => this.ordered(
        this.faults.clear(url.searchParams.get('team'))),
      'POST /_sandbox/webhooks': (json) => this.ordered(this.events.order(json)),
      'DELETE /_sandbox/webhooks': () => this.ordered(this.events.normal()),
      'POST /_sandbox/authenticate': (json) => this.authenticate(
        json.payment_intent ?? json.setup_intent ?? '', json.outcome),
    }[line];

    if (!handler) {
      throw new ApiError(404, 'invalid_request_error', null, `Unknown: ${line}`);
    }
    this.send(response, 200, handler(this.json(body)));
  }

  json(body) {
    try {
      return body ? JSON.parse(body) : {};
    } catch {
      throw invalid('The body is not JSON.');
    }
  }

  ordered(wrong) {
    if (wrong) {
      throw invalid(wrong);
    }
    return { ok: true };
  }

  authenticate(id, outcome) {
    try {
      return bank.authenticate({
        books: this.books, events: this.events, origin: this.origin,
      }, id, outcome);
    } finally {
      this.books.commit();
      this.events.flush();
    }
  }

  challenge(request, response, url, body) {
    const intent = bank.findIntent(this.books, url.pathname.split('/')[3]);
    const back = bank.returnUrl(url.searchParams.get('return_url') ?? '');

    if (!same(url.searchParams.get('client_secret') ?? '', intent.client_secret)) {
      throw invalid('The client_secret does not match the intent.', 'client_secret');
    }
    if (!back) {
      throw invalid('return_url: an address of this machine', 'return_url');
    }
    if (request.method === 'POST') {
      const done = this.authenticate(intent.id, decode(body).outcome);
      response.writeHead(303, { location: bank.returnTo(back, done) });
      response.end();
      return;
    }
    if (intent.status !== 'requires_action') {
      response.writeHead(303, { location: bank.returnTo(back, intent) });
      response.end();
      return;
    }
    const text = bank.page(intent, bank.language(
      url.searchParams.get('lang') ?? request.headers['accept-language']),
    url.pathname + url.search);
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
        + " base-uri 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    response.end(text);
  }
}
