// Histories of registers: what clients asked of them and were told, and
// whether all of it could have happened one after the other, each at a moment
// between its asking and its answer (linearizability, Herlihy and Wing 1990;
// the search is Wing and Gong's, with the states met remembered as Lowe does).

export class History {
  constructor() { this.operations = []; }

  // Runs ask(), which gives the value read, or undefined of a write.  Refused
  // is what throws History.Refused: it has done nothing.  Of whatever else
  // throws nobody knows: it may have been done, or be done at any time.
  async perform(register, kind, value, ask) {
    const operation = { register, kind, value, began: performance.now(), ended: Infinity };
    this.operations.push(operation);
    try {
      const read = await ask();
      if (kind === 'read') {
        operation.value = read;
      }
      operation.ended = performance.now();
      return true;
    } catch (error) {
      if (kind === 'read' || error instanceof History.Refused) {
        this.operations.splice(this.operations.indexOf(operation), 1);
      }
      return false;
    }
  }

  // Those that no order explains, as text.  Registers are independent of each
  // other, hence judged one by one.
  wrong(initial) {
    return Object.entries(initial).filter(([register, value]) => !linear(
      this.operations.filter((one) => one.register === register), value))
      .map(([register]) => `${register}: ${this.tell(register)}`);
  }

  tell(register) {
    return this.operations.filter((one) => one.register === register)
      .map(({ kind, value, began, ended }) => `${kind} ${value} ${began.toFixed(1)}-${
        ended === Infinity ? '?' : ended.toFixed(1)}`).join(', ');
  }
}

History.Refused = class extends Error {};

export function linear(operations, initial) {
  const reads = new Set(operations.filter((one) => one.kind === 'read').map((one) => one.value));
  // Whether a write nobody was told of was done matters only if it was seen.
  const all = operations.filter((one) => one.ended !== Infinity || reads.has(one.value))
    .sort((a, b) => a.began - b.began);
  const met = new Set();

  function search(done, value) {
    const left = all.filter((one, i) => !done.has(i));
    if (left.every((one) => one.ended === Infinity)) {
      return true;
    }
    const state = `${[...done].sort((a, b) => a - b)}|${value}`;
    if (met.has(state)) {
      return false;
    }
    met.add(state);
    const first = Math.min(...left.map((one) => one.ended));
    return all.some((one, i) => !done.has(i) && one.began <= first
      && (one.kind === 'write' || one.value === value)
      && search(new Set([...done, i]), one.kind === 'write' ? one.value : value));
  }

  return search(new Set(), initial);
}
