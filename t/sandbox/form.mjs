// application/x-www-form-urlencoded with nested brackets, as card gateways
// take it: metadata[team]=t1, card[number]=..., types[]=card.

const NAMES_MAX = 200;
const DEPTH_MAX = 6;

export class FormError extends Error {}

// "a[b][]" as ["a", "b", ""].
function steps(name) {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);

  if (!match) {
    throw new FormError(`Invalid parameter name: ${name.slice(0, 60)}`);
  }
  const inner = [...match[2].matchAll(/\[([^[\]]*)\]/g)].map((m) => m[1]);
  if (inner.length >= DEPTH_MAX) {
    throw new FormError('Parameters are nested too deeply');
  }
  return [match[1], ...inner];
}

function place(target, path, value) {
  const [step, ...rest] = path;

  if (rest.length === 0) {
    if (Array.isArray(target) && step === '') {
      target.push(value);
      return;
    }
    if (Object.hasOwn(target, step)) {
      throw new FormError(`Parameter given twice: ${step}`);
    }
    target[step] = value;
    return;
  }

  if (Array.isArray(target)) {
    throw new FormError('Lists of objects are not emulated');
  }
  const list = rest[0] === '';
  if (!Object.hasOwn(target, step)) {
    target[step] = list ? [] : Object.create(null);
  }
  const next = target[step];
  if (typeof next !== 'object' || Array.isArray(next) !== list) {
    throw new FormError(`Parameter has two forms: ${step}`);
  }
  place(next, rest, value);
}

// The text as one object without a prototype; throws FormError.
export function decode(text) {
  const out = Object.create(null);
  const pairs = [...new URLSearchParams(text)];

  if (pairs.length > NAMES_MAX) {
    throw new FormError('Too many parameters');
  }
  for (const [name, value] of pairs) {
    place(out, steps(name), value);
  }
  return out;
}
