// Faults to order: the nth request whose "METHOD path" contains match meets
// one, once; without nth every one does.
//
//   delay         waits ms before it begins (the key is in flight meanwhile)
//   500           answers 500, nothing done, nothing kept
//   500_kept      done, but answers 500, and again for each use of the key
//   429           answers 429 with Retry-After, nothing done
//   reset_before  drops the connection, nothing done
//   reset_after   done, then drops the connection
//   hang          done, then says nothing (for ms, or until the caller leaves)
//   wrong_amount  charges one minor unit more than asked

export const KINDS = ['delay', '500', '500_kept', '429', 'reset_before', 'reset_after', 'hang',
  'wrong_amount'];

export class Faults {
  constructor() {
    this.list = [];
  }

  // Returns what is wrong with the order, or null.
  add(order) {
    const { match, nth, do: kind, ms } = order ?? {};

    if (typeof match !== 'string' || match === '') {
      return 'match: a part of "METHOD path" is needed';
    }
    if (!KINDS.includes(String(kind))) {
      return `do: one of ${KINDS.join(' ')}`;
    }
    if (nth !== undefined && !(Number.isInteger(nth) && nth > 0)) {
      return 'nth: a whole number from 1';
    }
    if (ms !== undefined && !(Number.isInteger(ms) && ms >= 0 && ms <= 600000)) {
      return 'ms: 0 to 600000';
    }
    this.list.push({ match, nth, kind: String(kind), ms, seen: 0 });
    return null;
  }

  clear() {
    this.list = [];
  }

  // The fault this request meets, or null; each fault counts for itself.
  meet(method, path) {
    const line = `${method} ${path}`;
    let met = null;

    for (const fault of this.list.filter((one) => line.includes(one.match))) {
      fault.seen += 1;
      if (!met && (fault.nth === undefined || fault.seen === fault.nth)) {
        met = fault;
      }
    }
    this.list = this.list.filter((one) => one.nth === undefined || one.seen < one.nth);
    return met;
  }
}
