// Faults to order: the nth request whose "METHOD path" contains match meets
// one, once; without nth every one does.  With team only those about money
// that bears this team's name.
//
//   delay         waits ms before it begins (the key is in flight meanwhile)
//   500           answers 500, nothing done, nothing kept
//   500_kept      done, but answers 500, and again for each use of the key
//   409           says that the key is in use, nothing done
//   other_params  says that the key came with other parameters, nothing done
//   429           answers 429 with Retry-After, nothing done
//   reset_before  drops the connection, nothing done
//   reset_after   done, then drops the connection
//   hang          done, then says nothing (for ms, or until the caller leaves)
//   html          done, but answers 200 with a page
//   truncated     done, but answers 200 with the half of it
//   foreign       done, but answers with what another one's metadata says
//   wrong_amount  charges one minor unit more than asked
//   wrong_currency  charges as much of another currency
//   keyless       the key is neither looked at nor kept; goes with any other

export const KINDS = ['delay', '500', '500_kept', '409', 'other_params', '429', 'reset_before',
  'reset_after', 'hang', 'html', 'truncated', 'foreign', 'wrong_amount', 'wrong_currency',
  'keyless'];

export class Faults {
  constructor() {
    this.list = [];
  }

  // Returns what is wrong with the order, or null.
  add(order) {
    const { match, nth, do: kind, ms, team } = order ?? {};

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
    if (team !== undefined && !(typeof team === 'string' && team !== '')) {
      return 'team: the name of one';
    }
    this.list.push({ match, nth, kind: String(kind), ms, team, seen: 0 });
    return null;
  }

  // All of them, or one team's.
  clear(team = null) {
    this.list = this.list.filter((one) => team !== null && one.team !== team);
  }

  // What this request meets: a fault or null, and whether its key counts; each
  // fault counts for itself.  about: the words that may name a team.
  meet(method, path, about) {
    const line = `${method} ${path}`;
    const words = this.list.some((one) => one.team) ? JSON.stringify(about()) : '';
    let fault = null;
    let keyless = false;

    for (const one of this.list.filter((each) => line.includes(each.match)
      && (!each.team || words.includes(`"${each.team}"`)))) {
      one.seen += 1;
      if (one.nth === undefined || one.seen === one.nth) {
        keyless ||= one.kind === 'keyless';
        fault ??= one.kind === 'keyless' ? null : one;
      }
    }
    this.list = this.list.filter((one) => one.nth === undefined || one.seen < one.nth);
    return { fault, keyless };
  }
}
