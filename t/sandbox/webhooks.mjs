// Events, and telling them: signed, again with growing pauses until a 2xx.

import { createHmac } from 'node:crypto';
import http from 'node:http';

import { invalid } from './errors.mjs';
import { only, page, text } from './params.mjs';

const PAUSES_MS = [500, 1000, 2000, 5000, 10000, 30000, 60000, 300000];
const ATTEMPTS_MAX = 40;
const TIMEOUT_MS = 5000;

// duplicate: told twice.  late: told after ms.  lost: never told, but listed.
// wrong_signature: first under a wrong secret, then again under the right one.
export const SWITCHES = ['duplicate', 'late', 'lost', 'wrong_signature'];

export function sign(secret, body, now) {
  const mac = createHmac('sha256', secret).update(`${now}.`).update(body).digest('hex');

  return `t=${now},v1=${mac}`;
}

export class Events {
  constructor(books, { url, secret, version }) {
    Object.assign(this, { books, url, secret, version });
    this.fresh = [];
    this.timers = new Set();
    this.sent = new Set();
    this.switch = null;
    this.closed = false;
    for (const event of books.events.values()) {
      if (event.pending_webhooks > 0) {
        this.later(() => this.tell(event, 0), 0);
      }
    }
  }

  // Notes an event; it is told by flush(), once the books are durable.
  add(type, object) {
    this.fresh.push(this.books.put('events', {
      id: this.books.id('evt'),
      object: 'event',
      api_version: this.version,
      created: this.books.now(),
      data: { object },
      livemode: false,
      pending_webhooks: this.url && this.switch?.do !== 'lost' ? 1 : 0,
      request: { id: null, idempotency_key: null },
      type,
    }));
  }

  flush() {
    const fresh = this.fresh;
    this.fresh = [];

    for (const event of fresh.filter((one) => one.pending_webhooks > 0)) {
      const how = this.switch;
      const pause = how?.do === 'late' ? how.ms : 0;

      this.later(() => this.tell(event, 0, how?.do === 'wrong_signature'), pause);
      if (how?.do === 'duplicate') {
        this.later(() => this.tell(event, ATTEMPTS_MAX), pause);
      }
    }
  }

  // Returns what is wrong with the order, or null.
  order({ do: kind, ms = 2000 } = {}) {
    if (!SWITCHES.includes(kind)) {
      return `do: one of ${SWITCHES.join(' ')}`;
    }
    if (!Number.isInteger(ms) || ms < 0 || ms > 600000) {
      return 'ms: 0 to 600000';
    }
    this.switch = { do: kind, ms };
    return null;
  }

  normal() {
    this.switch = null;
  }

  later(work, ms) {
    if (this.closed) {
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }

  async tell(event, attempt, wrong = false) {
    const body = JSON.stringify(this.books.events.get(event.id));
    const header = sign(wrong ? 'whsec_wrong' : this.secret, body, this.books.now());

    if (this.closed) {
      return;
    }
    if (await this.post(body, header)) {
      this.books.put('events', { ...this.books.events.get(event.id), pending_webhooks: 0 });
      this.books.commit();
      return;
    }
    if (attempt < ATTEMPTS_MAX) {
      const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)];
      this.later(() => this.tell(event, attempt + 1), pause);
    }
  }

  // True when the receiver answered 2xx.
  post(body, header) {
    return new Promise((done) => {
      const request = http.request(this.url, {
        method: 'POST',
        agent: false,
        timeout: TIMEOUT_MS,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'stripe-signature': header,
        },
      }, (response) => {
        response.resume();
        response.on('end', () => done(response.statusCode >= 200 && response.statusCode < 300));
        response.on('error', () => done(false));
      });
      this.sent.add(request);
      request.on('close', () => { this.sent.delete(request); done(false); });
      request.on('timeout', () => request.destroy());
      request.on('error', () => done(false));
      request.end(body);
    });
  }

  close() {
    this.closed = true;
    this.timers.forEach(clearTimeout);
    this.sent.forEach((request) => request.destroy());
  }
}

export function listEvents({ books, params, path }) {
  only(params, ['type', 'limit', 'starting_after']);
  const type = text(params, 'type');
  const all = [...books.events.values()];

  if (type && !/^[a-z_.*]+$/.test(type)) {
    throw invalid('Invalid type', 'type');
  }
  return page(type ? all.filter((one) => one.type === type) : all, params, path);
}

export function getEvent({ books, id }) {
  const found = books.events.get(id);

  if (!found) {
    throw invalid(`No such event: '${id}'`, 'id', 'resource_missing');
  }
  return found;
}
