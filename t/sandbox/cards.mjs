// The published test cards, and what each of them does.  Any other number is
// refused, so that a real one typed by mistake is never used nor kept.

export const DECLINES = {
  generic_decline: ['card_declined', 'Your card was declined.'],
  insufficient_funds: ['card_declined', 'Your card has insufficient funds.'],
  lost_card: ['card_declined', 'Your card was declined.'],
  stolen_card: ['card_declined', 'Your card was declined.'],
  fraudulent: ['card_declined', 'Your card was declined.'],
  live_mode_card: ['card_declined',
    'Your card was declined: test mode takes test cards only.'],
  expired_card: ['expired_card', 'Your card has expired.'],
  incorrect_cvc: ['incorrect_cvc', 'The security code is incorrect.'],
  processing_error: ['processing_error',
    'An error occurred while processing your card. Try again later.'],
  incorrect_number: ['incorrect_number', 'Your card number is incorrect.'],
  invalid_expiry_month: ['invalid_expiry_month',
    'The expiration month of your card is invalid.'],
  invalid_expiry_year: ['invalid_expiry_year',
    'The expiration year of your card is invalid.'],
  invalid_cvc: ['invalid_cvc', 'The security code is invalid.'],
  authentication_required: ['authentication_required',
    'Your card was declined. This payment requires authentication.'],
};

// refused: at card entry already.  challenge: 'setup' asks once, when the card
// is entered or first charged; 'always' asks at each charge as well.
// charge: what a charge meets, also after a passed challenge.
const BEHAVIOURS = {
  '4242424242424242': {},
  '4000056655665556': {},
  '4000002500000003': {},
  '5555555555554444': {},
  '2223003122003222': {},
  '5200828282828210': {},
  '378282246310005': {},
  '371449635398431': {},
  '4000000000000002': { refused: 'generic_decline' },
  '4000000000009995': { refused: 'insufficient_funds' },
  '4000000000009987': { refused: 'lost_card' },
  '4000000000009979': { refused: 'stolen_card' },
  '4000000000000069': { refused: 'expired_card' },
  '4000000000000127': { refused: 'incorrect_cvc' },
  '4000000000000119': { refused: 'processing_error' },
  '4100000000000019': { refused: 'fraudulent' },
  '4000000000000341': { charge: 'generic_decline' },
  '4000000000000259': { dispute: true },
  '4000002500003155': { challenge: 'setup' },
  '4000002760003184': { challenge: 'always' },
  '4000008260003178': { challenge: 'always', charge: 'insufficient_funds' },
};

const BRANDS = [
  ['amex', /^3[47]\d{13}$/, 4],
  ['visa', /^4\d{15}$/, 3],
  ['mastercard', /^(5[1-5]\d{14}|2[2-7]\d{14})$/, 3],
];

function luhn(digits) {
  let sum = 0;

  [...digits].reverse().forEach((digit, i) => {
    const n = Number(digit) * (i % 2 ? 2 : 1);
    sum += n > 9 ? n - 9 : n;
  });
  return sum % 10 === 0;
}

// What is kept of a card, or the reason not to take it.  The number itself
// does not leave this function.
export function readCard(card, now) {
  const number = String(card.number ?? '').replace(/[\s-]/g, '');
  const brand = BRANDS.find(([, pattern]) => pattern.test(number));

  if (!brand || !luhn(number)) {
    return { refused: 'incorrect_number' };
  }

  const month = Number(card.exp_month);
  if (!Number.isInteger(month) || month < 1 || month > 12) {
    return { refused: 'invalid_expiry_month' };
  }

  let year = Number(card.exp_year);
  year += year < 100 ? 2000 : 0;
  const today = new Date(now * 1000);
  const thisMonth = today.getUTCFullYear() * 12 + today.getUTCMonth() + 1;
  if (!Number.isInteger(year) || year > 2099 || year * 12 + month < thisMonth) {
    return { refused: 'invalid_expiry_year' };
  }

  if (!new RegExp(`^\\d{${brand[2]}}$`).test(String(card.cvc ?? ''))) {
    return { refused: 'invalid_cvc' };
  }

  const behaviour = BEHAVIOURS[number] ?? { refused: 'live_mode_card' };
  if (behaviour.refused) {
    return { refused: behaviour.refused };
  }
  return {
    card: { brand: brand[0], last4: number.slice(-4), exp_month: month, exp_year: year },
    behaviour,
  };
}
