// The payer's bank, played by a page with two buttons.

import { setupAuthenticated } from './cards_api.mjs';
import { invalid, missing } from './errors.mjs';
import { words } from './money.mjs';
import { paymentAuthenticated } from './payments_api.mjs';

const APPROVED = { approve: true, succeed: true, fail: false };

const STYLE = `
:root { color-scheme: light dark; font: 17px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: light-dark(#eef1f6, #14171c); color: light-dark(#1a1f2b, #eceff4); }
main { max-width: 24rem; margin: 1rem; padding: 2rem; border-radius: 1rem;
  background: light-dark(#fff, #1e232b);
  box-shadow: 0 1px 2px #0002, 0 12px 40px #0002; }
.mode { display: inline-block; padding: .1rem .6rem; border-radius: 1rem;
  font-size: .8rem; background: #8a5a00; color: #fff; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 1rem 0 .5rem; }
strong { font-size: 1.6rem; font-variant-numeric: tabular-nums; }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1 1 8rem; min-height: 2.9rem; border-radius: .6rem; font: inherit;
  border: 1px solid light-dark(#8a92a3, #6d7685); background: none; color: inherit;
  cursor: pointer; }
button.go { background: #3451c6; border-color: #3451c6; color: #fff; font-weight: 600; }
button:focus-visible { outline: 3px solid #8aa0ff; outline-offset: 2px; }
`;

function escape(text) {
  const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

  return String(text).replace(/[&<>"']/g, (c) => names[c]);
}

const TEXTS = {
  en: {
    title: 'Confirm with your bank', mode: 'Test mode: no money moves',
    pay: 'Your bank asks you to confirm this payment.',
    save: 'Your bank asks you to confirm that this card is yours.',
    yes: 'Approve', no: 'Fail',
  },
  fr: {
    title: 'Confirmez auprès de votre banque', mode: 'Mode test : aucun argent ne circule',
    pay: 'Votre banque vous demande de confirmer ce paiement.',
    save: 'Votre banque vous demande de confirmer que cette carte est la vôtre.',
    yes: 'Approuver', no: 'Échouer',
  },
};

export function language(header) {
  return /^\s*fr\b/i.test(header ?? '') ? 'fr' : 'en';
}

export function page(intent, lang, action) {
  const text = TEXTS[lang];
  const what = intent.object === 'payment_intent'
    ? `<p>${text.pay}</p><p><strong>${words(intent.amount, intent.currency)}</strong></p>`
    : `<p>${text.save}</p>`;

  return `<!doctype html>
<html lang="${lang}">
<head><meta charset="utf-8"><title>${text.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main><span class="mode">${text.mode}</span><h1>${text.title}</h1>${what}
<form method="post" action="${escape(action)}">
<button class="go" name="outcome" value="approve">${text.yes}</button>
<button name="outcome" value="fail">${text.no}</button>
</form></main></body></html>
`;
}

// An address of this machine, or null: the page must not send anyone elsewhere.
export function returnUrl(given) {
  let url;

  try {
    url = new URL(given);
  } catch {
    return null;
  }
  const local = ['127.0.0.1', 'localhost'].includes(url.hostname);
  return local && ['http:', 'https:'].includes(url.protocol) && !url.username ? url : null;
}

export function returnTo(url, intent) {
  const failed = intent.status === 'requires_payment_method';

  url.searchParams.set(intent.object, intent.id);
  url.searchParams.set('redirect_status', failed ? 'failed' : 'succeeded');
  return url.href;
}

export function findIntent(books, id) {
  const intent = books.payment_intents.get(id) ?? books.setup_intents.get(id);

  if (!intent) {
    throw missing('intent', id);
  }
  return intent;
}

export function authenticate(context, id, outcome) {
  const intent = findIntent(context.books, id);

  if (!Object.hasOwn(APPROVED, outcome ?? '')) {
    throw invalid('outcome: approve or fail', 'outcome');
  }
  if (intent.status !== 'requires_action') {
    throw invalid(`The intent is ${intent.status}; nothing to authenticate.`, null,
      'intent_unexpected_state');
  }
  return intent.object === 'payment_intent'
    ? paymentAuthenticated(context, intent, APPROVED[outcome])
    : setupAuthenticated(context, intent, APPROVED[outcome]);
}
