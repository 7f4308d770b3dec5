// What the gateway knows, in memory and in a journal: one line per request
// with all that it changed, so that a restart finds whole requests only.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const KINDS = ['customers', 'setup_intents', 'payment_methods', 'payment_intents', 'charges',
  'refunds', 'events', 'answers'];

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

export class Books {
  constructor(dir, clock = () => Math.floor(Date.now() / 1000)) {
    this.clock = clock;
    this.changes = [];
    this.file = null;
    for (const kind of KINDS) {
      this[kind] = new Map();
    }
    if (dir) {
      this.open(dir);
    }
  }

  open(dir) {
    fs.mkdirSync(dir, { recursive: true });
    const name = path.join(dir, 'journal');
    const text = fs.existsSync(name) ? fs.readFileSync(name, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);

    for (const line of whole.split('\n')) {
      for (const [kind, id, object] of line ? JSON.parse(line) : []) {
        this[kind].set(id, object);
      }
    }
    // A line cut short by a crash was never answered: forget it.
    fs.writeFileSync(name, '', { flag: 'a', mode: 0o600 });
    fs.truncateSync(name, Buffer.byteLength(whole));
    this.file = fs.openSync(name, 'a', 0o600);
  }

  now() {
    return this.clock();
  }

  id(prefix, length = 24) {
    const bytes = randomBytes(length);
    return `${prefix}_${Array.from(bytes, (b) => LETTERS[b % 62]).join('')}`;
  }

  // Notes a change; nothing is durable before commit().
  put(kind, object, id = object.id) {
    this[kind].set(id, object);
    this.changes.push([kind, id, object]);
    return object;
  }

  commit() {
    if (this.file !== null && this.changes.length > 0) {
      fs.writeSync(this.file, `${JSON.stringify(this.changes)}\n`);
    }
    this.changes = [];
  }

  close() {
    this.commit();
    if (this.file !== null) {
      fs.closeSync(this.file);
      this.file = null;
    }
  }

  ledger() {
    return {
      charges: [...this.charges.values()].map((charge) => ({
        id: charge.id,
        amount: charge.amount,
        currency: charge.currency,
        status: charge.status,
        captured: charge.captured,
        refunded: charge.amount_refunded,
        metadata: charge.metadata,
        created: charge.created,
      })),
    };
  }
}
