// Words, amounts and dates in the reader's language; English where a text
// has no translation.

const LANGUAGES = ['en', 'fr'];
const REGION = { en: 'en-US', fr: 'fr-FR' };
const YEAR_SEC = 365 * 24 * 3600;

let messages = {};

function cookie(name) {
  const pair = document.cookie.split('; ').find((one) => one.startsWith(`${name}=`));

  return pair?.slice(name.length + 1) ?? null;
}

function choose() {
  const asked = new URLSearchParams(location.search).get('lang');
  const wishes = [asked, cookie('lang'), ...(navigator.languages ?? [])];

  if (LANGUAGES.includes(asked)) {
    keep(asked);
  }
  return wishes.map((one) => one?.slice(0, 2).toLowerCase())
    .find((one) => LANGUAGES.includes(one)) ?? 'fr';
}

export function keep(language) {
  document.cookie = `lang=${language}; Path=/; Max-Age=${YEAR_SEC}; SameSite=Lax`;
}

export const lang = choose();

// page: it is ours, and says its language; a foreign one keeps its own.
export async function load({ page = true } = {}) {
  if (page) {
    document.documentElement.lang = lang;
  }
  const response = await fetch('/billing/assets/messages/pages.json');
  messages = response.ok ? await response.json() : {};
}

// Something is shown in English for want of a translation: the page says so.
export function untranslated() {
  document.documentElement.dataset.untranslated = 'true';
}

// t('seats', { n: 5 }): with n, "seats.one" or "seats.other" where there are.
export function t(key, args = {}) {
  const plural = args.n === undefined ? null
    : `${key}.${new Intl.PluralRules(lang).select(args.n)}`;
  const entry = messages[plural] ?? messages[key];
  const text = entry?.[lang] ?? entry?.en ?? key;

  if (entry && entry[lang] === undefined) {
    untranslated();
  }

  return text.replace(/\{(\w+)\}/g, (all, name) => (
    typeof args[name] === 'number' ? number(args[name]) : args[name] ?? all));
}

export const has = (key) => messages[key] !== undefined;

export function number(value) {
  return new Intl.NumberFormat(REGION[lang]).format(value);
}

// Minor units; the currency says how many decimals there are.  Short: "$8".
export function money(minor, currency, { short = false } = {}) {
  const format = new Intl.NumberFormat(REGION[lang], {
    style: 'currency', currency, trailingZeroDisplay: short ? 'stripIfInteger' : 'auto',
  });
  const places = format.resolvedOptions().maximumFractionDigits;

  return format.format(minor / 10 ** places);
}

export function date(instant) {
  return new Intl.DateTimeFormat(REGION[lang], { dateStyle: 'long', timeZone: 'UTC' })
    .format(new Date(instant));
}
