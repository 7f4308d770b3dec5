// Stripe's own script for browsers, loaded from where billing.json says: it
// draws the card's fields in its frames and asks the bank in a window of its
// own, so that neither card nor challenge is ever ours.

import { refusal } from './card.js';
import { h } from './dom.js';
import { CardError, GatewayDown } from './gateway.js';
import { fieldError } from './shell.js';
import { lang, t } from './text.js';

let loading = null;

// A failure is not kept: the next try loads again.
function script(url) {
  loading ??= new Promise((done, failed) => {
    document.head.append(h('script', { src: url, onload: done, onerror: (event) => {
      event.target.remove();
      loading = null;
      failed(new GatewayDown());
    } }));
  });
  return loading;
}

async function stripeOf({ script: url, key }) {
  await script(url);
  return globalThis.Stripe(key, { locale: lang });
}

// What went wrong with the card is the payer's matter, the rest the gateway's.
function judge({ error, ...found }) {
  if (!error) {
    return found.setupIntent ?? found.paymentIntent;
  }
  if (['card_error', 'validation_error'].includes(error.type)) {
    throw new CardError(error);
  }
  throw new GatewayDown();
}

// The page's own colours and sizes, since a frame inherits none.
function appearance() {
  const style = getComputedStyle(document.body);
  const value = (name) => style.getPropertyValue(name).trim();

  return { theme: 'stripe', labels: 'above', variables: {
    colorPrimary: value('--accent'), colorBackground: value('--raised'),
    colorText: value('--ink'), colorDanger: value('--bad'), borderRadius: '10px',
    fontSizeBase: '16px' } };
}

// A frame lives only in the document.
function whenShown(place, work) {
  const watch = new MutationObserver(() => {
    if (place.isConnected) {
      watch.disconnect();
      work();
    }
  });

  watch.observe(document, { childList: true, subtree: true });
}

export async function fields({ script: url, publishable_key: key, currency }) {
  const stripe = await stripeOf({ script: url, key });
  const elements = stripe.elements({ mode: 'setup', currency: currency.toLowerCase(),
    paymentMethodTypes: ['card'], appearance: appearance() });
  const card = elements.create('payment', { wallets: { applePay: 'never', googlePay: 'never' } });
  const place = h('div', { id: 'number', class: 'gateway-card', tabindex: '-1', role: 'group',
    'aria-label': t('method.card'), 'aria-describedby': 'number-error',
    onfocus: () => card.focus() });
  const element = h('div', { class: 'field', id: 'number-field' },
    h('p', { class: 'error', id: 'number-error', hidden: true }), place);

  card.on('change', () => fieldError('number', null));
  card.on('loaderror', () => fieldError('number', t('problem.GATEWAY')));
  whenShown(place, () => card.mount(place));
  return {
    element,
    script: url,
    wrong: () => [],
    confirm: async (gateway) => {
      judge(await elements.submit());
      return judge(await stripe.confirmSetup({ elements, clientSecret: gateway.secret,
        redirect: 'if_required', confirmParams: { return_url: location.href } }));
    },
    // what is wrong inside a frame only the script can say
    said: (error) => ({ id: 'number', text: error.type === 'validation_error' ? error.message
      : refusal(error.code).text }),
    clear: () => {},
  };
}

export async function lookUp(gateway) {
  const stripe = await stripeOf(gateway);

  return judge(gateway.secret.startsWith('seti_')
    ? await stripe.retrieveSetupIntent(gateway.secret)
    : await stripe.retrievePaymentIntent(gateway.secret));
}

// What the payer answered is the server's to find out.
export async function authenticate(gateway) {
  const stripe = await stripeOf(gateway);

  await stripe.handleNextAction({ clientSecret: gateway.secret });
}
