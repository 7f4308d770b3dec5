// One key, one execution.  Kept: what began to be executed (2xx, 402 and a
// 500 by order).  Not kept: what was refused before (400, 401, 404, 429).

import { createHash } from 'node:crypto';

import { ApiError } from './errors.mjs';

const KEPT_SEC = 24 * 3600;
const KEY_MAX = 255;

// Not of the card: a hash of a card number is as good as the number.
function fingerprint(method, path, params) {
  const { payment_method_data: card, client_secret: secret, ...rest } = params;
  const text = JSON.stringify([method, path, rest], (name, value) => (
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value));

  return createHash('sha256').update(text).digest('hex');
}

export class Keys {
  constructor(books) {
    this.books = books;
    this.running = new Map();
  }

  // An answer to repeat, or null when the request is the first of its key and
  // now runs.  Throws for another body, and while the first still runs.
  begin(key, method, path, params) {
    if (key.length > KEY_MAX || key === '') {
      throw new ApiError(400, 'invalid_request_error', null,
        'Idempotency-Key: 1 to 255 characters');
    }
    const print = fingerprint(method, path, params);
    const known = this.books.answers.get(key);
    const kept = known && known.at > this.books.now() - KEPT_SEC ? known : null;
    const before = this.running.get(key) ?? kept?.print;

    if (before !== undefined && before !== print) {
      throw new ApiError(400, 'idempotency_error', null,
        'Keys for idempotent requests can only be used with the same parameters'
        + ' they were first used with.');
    }
    if (this.running.has(key)) {
      throw new ApiError(409, 'idempotency_error', 'idempotency_key_in_use',
        'Another request with this Idempotency-Key is under way.');
    }
    if (kept) {
      return { status: kept.status, body: kept.body };
    }
    this.running.set(key, print);
    return null;
  }

  // Goes into the same journal line as what the request changed.
  end(key, answer) {
    if (answer && (answer.status < 300 || answer.status === 402 || answer.status >= 500)) {
      this.books.put('answers', {
        at: this.books.now(), print: this.running.get(key), ...answer,
      }, key);
    }
    this.running.delete(key);
  }
}
