// An order that is under way, and the choices of a form, for as long as the
// tab lives; never a card.

// A purchase and what is paid on the billing pages are kept apart.
const PURCHASE = '/upgrade';
const name = (team, path = PURCHASE) => `billing.${path === PURCHASE ? 'purchase' : 'task'}.${team}`;
const choicesName = (team) => `billing.choices.${team}`;

export function load(team, path) {
  try {
    return JSON.parse(sessionStorage.getItem(name(team, path)));
  } catch {
    return null;
  }
}

export function save(kept) {
  sessionStorage.setItem(name(kept.body.team, kept.path), JSON.stringify(kept));
}

export function forget(team, path) {
  sessionStorage.removeItem(name(team, path));
}

export function keepChoices(order) {
  sessionStorage.setItem(choicesName(order.team), JSON.stringify(order));
}

export function forgetChoices(team) {
  sessionStorage.removeItem(choicesName(team));
}

export function keptChoices(team) {
  try {
    return JSON.parse(sessionStorage.getItem(choicesName(team)));
  } catch {
    return null;
  }
}

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, '0')).join('');
}
