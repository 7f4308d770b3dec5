// What sources disagree on, and the operator chooses (doc/rules.md, section 8):
// each setting with each of its values, through the whole program.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { request, start } from '../lib/stack.mjs';
import { refused, subscriber } from '../lib/subscriber.mjs';

let stack;
let s;

const plan = (name, terms) => ({ catalogue: { plans: { [name]: terms } } });

before(async () => {
  stack = await start();
  s = subscriber(stack);
});
after(async () => { await stack?.stop(); });

test('r79 no. 1: invoices for Team from 11 seats, or from 10', async () => {
  const { owner, team } = await s.free('threshold');
  const ask = (seats) => s.quote(owner, team,
    { seats, period: 'yearly', payment_method: 'invoice' });

  assert.equal(refused(await ask(10), 422, 'INVOICE_TEAM_SEATS').n, 11);
  assert.equal((await ask(11)).status, 200);
  await stack.configure(plan('team', { invoice: { seats_min: 10 } }));
  assert.equal((await ask(10)).status, 200);
  assert.equal(refused(await ask(9), 422, 'INVOICE_TEAM_SEATS').n, 10);
});

test('r80 r81 no. 2: invoices for Business without condition, or strictly', async () => {
  const { owner, team } = await s.free('strict');
  const ask = (seats, period) => s.quote(owner, team,
    { plan: 'business', seats, period, payment_method: 'invoice' });

  await stack.configure(plan('business', { seats_min: 1 }));
  assert.equal((await ask(1, 'monthly')).status, 200);
  await stack.configure(plan('business', { invoice: { seats_min: 5, yearly_only: true } }));
  refused(await ask(9, 'monthly'), 422, 'INVOICE_TEAM_YEARLY');
  refused(await ask(4, 'yearly'), 422, 'INVOICE_TEAM_SEATS');
  assert.equal((await ask(5, 'yearly')).status, 200);
});

test('r48 no. 3: a plan with and without a minimum', async () => {
  const { owner, team } = await s.free('least');
  const ask = () => s.quote(owner, team, { plan: 'business', seats: 4 });

  assert.equal((await ask()).status, 200);
  await stack.configure(plan('business', { seats_min: 5 }));
  assert.equal(refused(await ask(), 422, 'SEATS_BELOW_PLAN_MIN').n, 5);
});

test('r70 no. 4, 5: more members than the window has seats keep them, or are refused', async () => {
  const { owner, team } = await s.free('many', { people: 3 });
  const ask = (seats) => s.quote(owner, team, { seats });
  const offer = async () => (await owner.get(`/upgrade?team=${team}`)).json.plans
    .find((one) => one.plan === 'team');
  const paid = await s.bought('large', { seats: 6 });
  const higher = () => s.quote(paid.owner, paid.team, { plan: 'consultant', seats: 6 });

  const both = (terms) => stack.configure({
    catalogue: { plans: { team: terms, consultant: terms } },
  });
  await both({ window_max: 3 });
  assert.equal((await ask(4)).status, 200);
  assert.equal((await offer()).max_seats, 4);
  assert.equal((await higher()).status, 200);
  const more = refused(await ask(5), 422, 'SEATS_ABOVE_WINDOW_MAX');
  assert.match(more.next, /Upgrade first/);

  await both({ above_window_max: 'refuse' });
  for (const seats of [3, 4, 5]) {
    const none = refused(await ask(seats), 422, 'SEATS_ABOVE_WINDOW_MAX');
    assert.equal(none.n, 3);
    assert.match(none.next, /Contact us/);
  }
  assert.equal((await offer()).contact, true);
  refused(await higher(), 422, 'SEATS_ABOVE_WINDOW_MAX');
  await both({ window_max: 100, above_window_max: null });
});

test('r96 no. 18, 19: the better of the code and the volume discount, and the code is kept', async () => {
  await stack.configure({
    catalogue: {
      plans: { team: { volume: { percent: 25, seats_min: 5, months: 1, years: 1 } } },
      promo_codes: [{ code: 'LESS', percent: 20 }, { code: 'MORE', percent: 30 },
        { code: 'OFTEN', percent: 10, redemptions_per_team: 0 },
        { code: 'ONCE', percent: 10 }],
    },
  });
  const { owner, team } = await s.free('volume');
  const off = async (promo) => (await s.quote(owner, team, { seats: 5, promo })).json.discount;
  assert.equal(await off(''), -1250);
  assert.equal(await off('LESS'), -1250);
  assert.equal(await off('MORE'), -1500);

  const less = await s.buy(owner, team, { seats: 5, promo: 'LESS' });
  assert.equal(less.status, 200, less.text);
  assert.deepEqual(await s.charges(team), [3750]);
  assert.deepEqual(await stack.sql(`SELECT code FROM promo_redemption WHERE team = '${team}'`), []);

  // what was discounted is what is credited, and tax and balance come after
  const up = (await s.quote(owner, team, { plan: 'business', seats: 5, promo: 'MORE' })).json;
  const kinds = up.lines.map((line) => line.kind);
  assert.deepEqual(kinds, ['plan', 'discount', 'credit']);
  assert.equal(up.credit, -3750);
  assert.equal(up.total, 7000 - 3750);
});

test('r99 no. 19: how often one team may use a code belongs to the code', async () => {
  const twice = async (name, promo) => {
    const { owner, team } = await s.bought(name, { promo });
    assert.deepEqual(await s.charges(team), [1800]);
    return s.quote(owner, team, { plan: 'consultant', promo });
  };
  refused(await twice('once', 'ONCE'), 422, 'PROMO_USED');
  assert.equal((await twice('often', 'OFTEN')).status, 200);
});

test('r51: a plan answers to the names it had', async () => {
  const { owner, team } = await s.free('names');
  const ask = async (name) => (await s.quote(owner, team, { plan: name, seats: 5 }));

  assert.equal((await ask('starter')).json.plan, 'team');
  refused(await ask('pro'), 422, 'PLAN_UNKNOWN');
  await stack.configure({ catalogue: { retired_names: { pro: 'business' } } });
  assert.equal((await ask('pro')).json.plan, 'business');
  assert.equal((await ask('starter')).json.plan, 'team');
});

test('r42: Free teams from before a date keep five boards', async () => {
  const { owner, team } = await s.free('legacy');
  const boards = [];
  for (let i = 0; i < 6; i += 1) {
    boards.push(await owner.board(team, `board ${i}`));
  }
  const edit = (i) => owner.put(`/boards/${boards[i]}`, { text: 'x' });

  assert.equal((await edit(3)).status, 200);
  const three = refused(await edit(2), 403, 'BOARD_LOCKED_LIMIT');
  assert.match(three.detail, /3 newest/);

  await stack.configure({ catalogue: { legacy_boards: { before: '2999-01-01', editable_boards: 5 } } });
  await owner.board(team, 'another, so that the team is written anew');
  assert.equal((await edit(2)).status, 200);
  const five = refused(await edit(1), 403, 'BOARD_LOCKED_LIMIT');
  assert.match(five.detail, /5 newest/);
});

test('r32 no. 20: who loses a moved board is named in line up to ten, or up to two', async () => {
  const { owner, team } = await s.free('moves', { people: 3 });
  const board = await owner.board(team, 'moved');
  const there = await owner.team('there');
  const shown = async () => (await owner.post(`/dashboard/boards/${board}/move?dry_run=1`,
    { team: there })).json.move;

  const ten = await shown();
  assert.equal(ten.affected_count, 3);
  assert.equal(ten.affected.length, 3);
  await stack.configure({ boards: { addresses_in_line: 2 } });
  const two = await shown();
  assert.equal(two.affected_count, 3);
  assert.equal(two.affected, undefined);
  assert.match(two.affected_list, /affected/);
});

test('no. 28: tax by country; the charge is reversed only for a verified number', async () => {
  await stack.configure({
    tax: [{ country: 'FR', permyriad: 2000 },
      { country: 'DE', permyriad: 1900, reverse_charge: true }],
  });
  const { owner, team } = await s.free('taxed');
  const ask = (billing_information) => s.quote(owner, team, { billing_information });

  refused(await ask(), 422, 'BILLING_INFO_MISSING');
  assert.equal((await ask({ country: 'FR' })).json.tax, 400);
  assert.equal((await ask({ country: 'DE' })).json.tax, 380);
  assert.equal((await ask({ country: 'DE', vat_id: 'DE136695976' })).json.tax, 380);
  assert.equal((await ask({ country: 'US' })).json.tax, 0);

  // of the country that was shown
  const shown = (await ask({ country: 'FR' })).json;
  const other = await s.buy(owner, team,
    { quote: shown.quote, billing_information: { country: 'DE' } });
  assert.deepEqual(refused(other, 409, 'QUOTE_STALE').changed, ['billing_information']);
  const paid = await s.buy(owner, team,
    { quote: shown.quote, billing_information: { country: 'FR', company: 'Example' } });
  assert.equal(paid.status, 200, paid.text);
  assert.deepEqual(await s.charges(team), [2400]);
});

test('no. 31: the language of who names none is French, or English', async () => {
  const title = async (where, headers = {}) => (await request(stack.url + where,
    { headers: { accept: 'application/json', ...headers } })).json.title;
  const nowhere = '/dashboard';

  assert.equal(await title(nowhere), 'Connexion nécessaire');
  assert.equal(await title(nowhere, { 'accept-language': 'de' }), 'Connexion nécessaire');
  assert.equal(await title(nowhere, { 'accept-language': 'en' }), 'Sign in first');
  assert.equal(await title(nowhere, { cookie: 'lang=en' }), 'Sign in first');
  assert.equal(await title(`${nowhere}?lang=fr`, { cookie: 'lang=en' }), 'Connexion nécessaire');

  await stack.configure({ language_default: 'en' });
  assert.equal(await title(nowhere), 'Sign in first');
  assert.equal(await title(nowhere, { 'accept-language': 'fr' }), 'Connexion nécessaire');
});

test('r120 no. 27: yen have no decimals', async () => {
  const yen = await start({}, {
    settings: { catalogue: { currency: 'JPY', plans: { team: { price: { monthly: 1500 } } } } },
  });
  try {
    const y = subscriber(yen);
    const { owner, team } = await y.bought('yen', { seats: 3 });
    const [charge] = await yen.ledger();
    assert.equal(charge.amount, 4500);
    assert.equal(charge.currency.toLowerCase(), 'jpy');
    const shown = (await owner.post('/billing/seats?dry_run=1', { team, seats: 4 })).json.change;
    assert.equal(shown.currency, 'JPY');
    assert.equal(shown.amount, 1500);
    const [receipt] = await yen.sql("SELECT text FROM mail_outbox WHERE template LIKE '%receipt%'");
    assert.match(receipt.text, /4[,. ]?500/);
    assert.doesNotMatch(receipt.text, /45[.,]00/);
  } finally {
    await yen.stop();
  }
});
