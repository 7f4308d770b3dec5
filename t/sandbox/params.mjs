// Checks of parameters.  An endpoint names those it takes; any other is an
// error, so that a client cannot lean on more than the common subset.

import { invalid } from './errors.mjs';
import { known } from './money.mjs';

const METADATA_MAX = 50;

export function only(params, names) {
  for (const name of Object.keys(params)) {
    if (!names.includes(name)) {
      throw invalid(`Received unknown parameter: ${name}`, name, 'parameter_unknown');
    }
  }
}

export function text(params, name, { needed = false, max = 500 } = {}) {
  const value = params[name];

  if (value === undefined || value === '') {
    if (needed) {
      throw invalid(`Missing required param: ${name}.`, name, 'parameter_missing');
    }
    return null;
  }
  if (typeof value !== 'string' || value.length > max) {
    throw invalid(`Invalid string: ${name}`, name);
  }
  return value;
}

export function flag(params, name) {
  const value = text(params, name);

  if (value !== null && value !== 'true' && value !== 'false') {
    throw invalid(`Invalid boolean: ${value.slice(0, 20)}`, name);
  }
  return value === 'true';
}

export function amount(params, name, { needed = false } = {}) {
  const value = text(params, name, { needed });

  if (value === null) {
    return null;
  }
  if (!/^[1-9]\d{0,11}$/.test(value)) {
    throw invalid(`Invalid positive integer: ${value.slice(0, 20)}`, name,
      'parameter_invalid_integer');
  }
  return Number(value);
}

export function currency(params) {
  const value = text(params, 'currency', { needed: true }).toLowerCase();

  if (!known(value)) {
    throw invalid(`Invalid currency: ${value.slice(0, 20)}`, 'currency');
  }
  return value;
}

export function cardOnly(params) {
  const types = params.payment_method_types ?? ['card'];

  if (!Array.isArray(types) || types.length !== 1 || types[0] !== 'card') {
    throw invalid('Only card is emulated.', 'payment_method_types');
  }
}

export function metadata(params, before = {}) {
  const given = params.metadata ?? {};

  if (typeof given !== 'object' || Array.isArray(given)) {
    throw invalid('Invalid hash: metadata', 'metadata');
  }
  const out = { ...before };
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string' || name.length > 40 || value.length > 500) {
      throw invalid(`Invalid metadata: ${name.slice(0, 40)}`, 'metadata');
    }
    if (value === '') {
      delete out[name];
      continue;
    }
    out[name] = value;
  }
  if (Object.keys(out).length > METADATA_MAX) {
    throw invalid('Too many keys in metadata', 'metadata');
  }
  return out;
}

// One page of a list, newest first.
export function page(objects, params, url) {
  const limit = amount(params, 'limit') ?? 10;
  const after = text(params, 'starting_after');
  const all = [...objects].reverse();

  if (limit > 100) {
    throw invalid('limit: 1 to 100', 'limit');
  }
  const start = after ? all.findIndex((one) => one.id === after) + 1 : 0;
  if (after && start === 0) {
    throw invalid(`No such object: '${after}'`, 'starting_after', 'resource_missing');
  }
  return {
    object: 'list',
    url,
    has_more: all.length > start + limit,
    data: all.slice(start, start + limit),
  };
}
