// Currencies: how many decimals an amount in minor units has.

const KNOWN = new Set(Intl.supportedValuesOf('currency').map((c) => c.toLowerCase()));

const NO_DECIMALS = new Set(['bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg',
  'rwf', 'ugx', 'vnd', 'vuv', 'xaf', 'xof', 'xpf']);
const THREE_DECIMALS = new Set(['bhd', 'iqd', 'jod', 'kwd', 'lyd', 'omr', 'tnd']);

export function known(currency) {
  return KNOWN.has(currency);
}

export function decimals(currency) {
  if (NO_DECIMALS.has(currency)) {
    return 0;
  }
  return THREE_DECIMALS.has(currency) ? 3 : 2;
}

// 172800, "usd" as "1728.00 USD"; no floating point on the way.
export function words(amount, currency) {
  const places = decimals(currency);
  const digits = String(amount).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const rest = places ? `.${digits.slice(-places)}` : '';

  return `${whole}${rest} ${currency.toUpperCase()}`;
}
