// What js.stripe.com serves, played: the parts of Stripe.js that the pages
// use, with a frame for the card, over the sandbox's own API.  window.stub
// tells a test what was called; its number 3-D Secure is asked of it.

(() => {
  const calls = [];
  const frame = 'https://js.stripe.com/frame.html';

  async function gateway() {
    return (await (await fetch('/billing/gateway', { headers: { accept: 'application/json' } }))
      .json()).url;
  }

  async function ask(method, secret, params = {}) {
    const id = secret.split('_secret_')[0];
    const kind = id.startsWith('seti_') ? 'setup' : 'payment';
    const form = new URLSearchParams({ key: globalThis.stub.key, client_secret: secret, ...params });
    const url = `${await gateway()}/v1/${kind}_intents/${id}`;
    const answer = await fetch(method === 'POST' ? `${url}/confirm` : `${url}?${form}`,
      { method, body: method === 'POST' ? form : undefined });
    const json = await answer.json();

    return answer.ok ? { [`${kind}Intent`]: json } : { error: json.error };
  }

  // The bank's window: the sandbox's page, answered as the test says.
  async function bank(intent) {
    const url = new URL(intent.next_action.redirect_to_url.url);

    calls.push('bank');
    url.searchParams.set('return_url', location.origin);
    await fetch(url, { method: 'POST', mode: 'no-cors',
      body: new URLSearchParams({ outcome: globalThis.stub.outcome }) });
  }

  async function settled(answer) {
    const intent = answer.setupIntent ?? answer.paymentIntent;

    if (intent?.status !== 'requires_action') {
      return answer;
    }
    await bank(intent);
    const after = await ask('GET', intent.client_secret);
    const found = after.setupIntent ?? after.paymentIntent;
    return found.status === 'requires_payment_method' ? { error: { type: 'card_error',
      code: 'setup_intent_authentication_failure', message: 'not authenticated' } } : after;
  }

  function element() {
    const listeners = {};
    let inside = null;

    return {
      on: (name, done) => { listeners[name] = done; },
      focus: () => inside.focus(),
      mount: (place) => {
        if (!place.isConnected) {
          throw new Error('not in the document');
        }
        inside = document.createElement('iframe');
        inside.src = frame;
        inside.title = 'Secure payment input frame';
        inside.addEventListener('load', () => listeners.ready?.());
        place.append(inside);
        calls.push('mount');
      },
      read: () => new Promise((done) => {
        addEventListener('message', ({ data }) => done(data.number), { once: true });
        inside.contentWindow.postMessage('read', '*');
      }),
    };
  }

  globalThis.stub = { calls, outcome: 'approve', key: null };
  globalThis.Stripe = (key, options) => {
    globalThis.stub.key = key;
    calls.push(`Stripe ${options.locale}`);
    return {
      elements: (given) => {
        let card = null;

        calls.push(`elements ${given.mode} ${given.currency}`);
        return {
          create: (type) => {
            calls.push(`create ${type}`);
            card = element();
            return card;
          },
          submit: async () => {
            globalThis.stub.number = await card.read();
            return globalThis.stub.number ? {} : { error: { type: 'validation_error',
              code: 'incomplete_number', message: 'Your card number is incomplete.' } };
          },
        };
      },
      confirmSetup: async ({ clientSecret, redirect }) => {
        calls.push(`confirmSetup ${redirect}`);
        return settled(await ask('POST', clientSecret, {
          'payment_method_data[type]': 'card',
          'payment_method_data[card][number]': globalThis.stub.number,
          'payment_method_data[card][exp_month]': 12,
          'payment_method_data[card][exp_year]': 2040,
          'payment_method_data[card][cvc]': '123',
        }));
      },
      handleNextAction: async ({ clientSecret }) => {
        calls.push('handleNextAction');
        return settled(await ask('GET', clientSecret));
      },
      retrieveSetupIntent: (secret) => ask('GET', secret),
      retrievePaymentIntent: (secret) => ask('GET', secret),
    };
  };
})();
