// CORE rules that are about the whole: people, their teams, what a purchase
// does and what it sends.  (Arithmetic and tables have their unit tests.)

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start } from '../lib/stack.mjs';
import { key, refused, subscriber } from '../lib/subscriber.mjs';

let stack;
let s;

before(async () => {
  stack = await start();
  s = subscriber(stack);
});
after(async () => { await stack?.stop(); });

const dashboard = async (client, team = '') => (
  await client.get(`/dashboard${team && `?team=${team}`}`)).json;
const member = (team) => `/dashboard/teams/${team}/members`;

async function joined(owner, team, name) {
  const client = await s.client(name);
  const answer = await owner.post(member(team), { email: client.profile });
  assert.equal(answer.status, 201, answer.text);
  return client;
}

test('r8 r10 r16 a profile has all its teams, each with its plan and state', async () => {
  const { owner, team } = await s.bought('many');
  const free = await owner.team('many free');
  const other = await s.free('other');
  assert.equal((await other.owner.post(member(other.team),
    { email: owner.profile })).status, 201);

  const { teams } = await dashboard(owner);
  const shown = Object.fromEntries(teams.map((one) => [one.id, [one.plan, one.state]]));
  assert.deepEqual(shown, {
    [team]: ['team', 'active'], [free]: ['free', 'free'], [other.team]: ['free', 'free'],
  });

  // the one that is open is the one that is acted on
  for (const [id, visible] of [[team, false], [free, true]]) {
    const open = await dashboard(owner, id);
    assert.equal(open.team.id, id);
    assert.equal(open.upgrade_button.visible, visible);
  }
});

test('r9 a subscription is of the team: its payer may go', async () => {
  const { owner, team } = await s.free('stays', { people: 1 });
  const payer = await joined(owner, team, 'payer');
  const paid = await s.buy(payer, team, { seats: 3 });
  assert.equal(paid.status, 200, paid.text);

  assert.deepEqual(Object.keys((await dashboard(payer)).profile).sort(), ['email', 'lang']);
  const gone = await payer.delete(`${member(team)}/${payer.profile}`);
  assert.equal(gone.status, 200, gone.text);
  const now = await s.teamOf(owner, team);
  assert.equal(now.plan, 'team');
  assert.equal(now.state, 'active');
  assert.equal((await dashboard(payer)).teams.length, 0);
});

test('r11 r44 p21 upgrading one team opens its boards and no other team\'s', async () => {
  const { owner, team } = await s.free('opens');
  const other = await owner.team('stays free');
  const boards = {};
  for (const id of [team, other]) {
    boards[id] = [];
    for (let i = 0; i < 4; i += 1) {
      boards[id].push(await owner.board(id, `board ${i}`));
    }
  }
  const colleague = await joined(owner, team, 'colleague');
  const edit = (client, id) => client.put(`/boards/${boards[id][0]}`, { text: 'x' });

  refused(await edit(owner, team), 403, 'BOARD_LOCKED_LIMIT');
  assert.equal((await s.buy(owner, team)).status, 200);
  assert.equal((await edit(owner, team)).status, 200);
  assert.equal((await edit(colleague, team)).status, 200);
  refused(await edit(owner, other), 403, 'BOARD_LOCKED_LIMIT');
  assert.equal((await s.teamOf(owner, other)).plan, 'free');
});

test('r17 r18 r29 a paid team from scratch, own boards moved into it', async () => {
  const { owner, team } = await s.free('from');
  const boards = [];
  for (let i = 0; i < 4; i += 1) {
    boards.push(await owner.board(team, `board ${i}`));
  }
  const paid = await owner.team('paid from scratch');
  assert.equal((await s.buy(owner, paid, { seats: 1 })).status, 200);
  const moved = await owner.post(`/dashboard/boards/${boards[0]}/move`, { team: paid });
  assert.equal(moved.status, 200, moved.text);

  assert.equal((await owner.put(`/boards/${boards[0]}`, { text: 'x' })).status, 200);
  assert.equal((await s.teamOf(owner, team)).plan, 'free');
  assert.deepEqual(await s.charges(team), []);
});

test('r57 r58 r46 the button and the team\'s own option lead to the same offer', async () => {
  const { owner, team } = await s.free('entries');
  const open = async () => {
    const { team: shown, upgrade_button: button } = await dashboard(owner, team);
    return [button.visible, shown.can.upgrade];
  };

  assert.deepEqual(await open(), [true, true]);
  const offer = (await owner.get(`/upgrade?team=${team}`)).json;
  assert.deepEqual(offer.plans.map((one) => [one.plan, one.contact]), [
    ['team', false], ['business', false], ['consultant', false], ['enterprise', true],
  ]);
  const page = await owner.get(`/upgrade?team=${team}`, { accept: 'text/html' });
  assert.match(page.headers['content-type'], /^text\/html/);

  // no button on a paid team: its plan is changed in the billing settings
  assert.equal((await s.buy(owner, team)).status, 200);
  assert.equal((await open())[0], false);
});

test('r66 r67 r68 fewer seats after somebody was removed, not before', async () => {
  const { owner, team } = await s.free('fewer', { people: 2 });
  const gone = await joined(owner, team, 'gone');
  const offer = async () => (await owner.get(`/upgrade?team=${team}`)).json.plans[0];

  assert.equal((await offer()).seats, 4);
  refused(await s.buy(owner, team, { seats: 3 }), 422, 'SEATS_BELOW_MEMBERS');
  assert.equal((await owner.delete(`${member(team)}/${gone.profile}`)).status, 200);
  assert.equal((await offer()).seats, 3);
  assert.equal((await s.buy(owner, team, { seats: 3 })).status, 200);
});

test('r59 r69 r228 who cannot remove is told whom to ask, or is made an admin', async () => {
  const { owner, team } = await s.free('asks', { people: 1 });
  const plain = await joined(owner, team, 'plain');
  const [victim] = (await dashboard(owner, team)).members.map((one) => one.email)
    .filter((email) => ![owner.profile, plain.profile].includes(email));
  const remove = () => plain.delete(`${member(team)}/${victim}`);

  const few = refused(await s.buy(plain, team, { seats: 2 }), 422, 'SEATS_BELOW_MEMBERS');
  assert.match(few.next, /Remove members.*ask an admin.*make you admin.*separate team.*plus/);
  refused(await remove(), 403, 'ADMIN_RIGHTS');

  const made = await owner.patch(`${member(team)}/${plain.profile}`, { role: 'team_admin' });
  assert.equal(made.status, 200, made.text);
  assert.equal((await remove()).status, 200);
  assert.equal((await s.buy(plain, team, { seats: 2 })).status, 200);
});

test('r70 r72 a new separate team: any number from one to a hundred', async () => {
  const { owner, team } = await s.free('separate');
  for (const seats of [1, 2, 57, 100]) {
    assert.equal((await s.quote(owner, team, { seats })).json.total, seats * 1000);
  }
  refused(await s.quote(owner, team, { seats: 101 }), 422, 'SEATS_ABOVE_WINDOW_MAX');
  refused(await s.quote(owner, team, { seats: 0 }), 422, 'SEATS_INVALID');
});

test('r47 r76 r77 r82 r84 r208 billing types and payment methods; Consultant with one', async () => {
  const { owner, team } = await s.free('methods');
  const { plans } = (await owner.get(`/upgrade?team=${team}`)).json;
  for (const name of ['team', 'business', 'consultant']) {
    const one = plans.find((offer) => offer.plan === name);
    assert.deepEqual(one.periods, ['monthly', 'yearly']);
    assert.deepEqual(one.payment_methods.map((way) => way.method), ['card', 'invoice']);
    assert.equal(one.payment_methods[0].allowed, true);
  }
  refused(await s.quote(owner, team, { payment_method: 'paypal' }), 422,
    'PAYMENT_METHOD_UNSUPPORTED');
  refused(await s.quote(owner, team, { plan: 'consultant', payment_method: 'invoice' }), 422,
    'INVOICE_PLAN');
  const alone = await s.buy(owner, team, { plan: 'consultant', seats: 1 });
  assert.equal(alone.status, 200, alone.text);
  assert.deepEqual(await s.charges(team), [1500]);
});

test('r89 r91 card, a promo code or none, Purchase', async () => {
  for (const [promo, amount] of [['WELCOME20', 1600], ['', 2000], [undefined, 2000]]) {
    const { team } = await s.bought('promo', { promo });
    assert.deepEqual(await s.charges(team), [amount]);
  }
});

test('r93 r94 a refused card: is it valid, is there enough on it; nothing changed', async () => {
  const { owner, team } = await s.free('declined');
  const before = await s.teamOf(owner, team);
  const declined = refused(await s.buy(owner, team, { number: '4000000000000341' }), 402,
    'CARD_DECLINED');
  const said = `${declined.detail} ${declined.next}`;
  assert.match(said, /valid/);
  assert.match(said, /balance/);
  // The seats were held while the gateway was asked: that alone counts the version up.
  const { version } = await s.teamOf(owner, team);
  assert.deepEqual(await s.teamOf(owner, team), { ...before, version });
  assert.deepEqual(await s.charges(team), []);
  assert.deepEqual(await stack.sql(`SELECT no FROM invoice WHERE team = '${team}'`), []);
  assert.equal((await s.buy(owner, team)).status, 200);
});

test('r100 r101 r102 r103 the payer has the billing, not the admin rights', async () => {
  const { owner, team } = await s.free('rights');
  const payer = await joined(owner, team, 'plainpayer');
  const paid = await s.buy(payer, team);
  assert.equal(paid.status, 200, paid.text);
  assert.equal(paid.json.team.plan, 'team');

  assert.deepEqual((await s.teamOf(owner, team)).billing_admins, [payer.profile]);
  assert.equal((await payer.get(`/billing/overview?team=${team}`)).status, 200);
  refused(await payer.delete(`${member(team)}/${owner.profile}`), 403, 'ADMIN_RIGHTS');
  const self = `${member(team)}/${payer.profile}`;
  refused(await payer.patch(self, { role: 'team_admin' }), 403, 'ADMIN_RIGHTS');

  // from the admin, or in a team of one's own
  assert.equal((await owner.patch(self, { role: 'team_admin' })).status, 200);
  const both = (await dashboard(owner, team)).members.find((one) => one.email === payer.profile);
  assert.ok(both.roles.includes('team_admin') && both.roles.includes('billing_admin'));
  const own = await payer.team('own');
  const roles = (await dashboard(payer, own)).members[0].roles;
  assert.ok(roles.includes('team_admin'));
});

test('r104 r224 a receipt to the payer, right after the card', async () => {
  const { owner, team, answer } = await s.bought('receipt');
  assert.equal(answer.receipt.sent_to, owner.profile);
  const [mail] = await s.letters(owner.profile, /20\.00/);
  assert.match(mail, /Subject: .+/);
  assert.equal((await s.teamOf(owner, team)).plan, 'team');
});

test('r90 r106 r130 r224 an invoice by mail within an hour to the address given', async () => {
  const { owner, team } = await s.free('billed');
  const order = s.order(team, { seats: 11, period: 'yearly' });
  refused(await owner.buy({ ...order, payment: { method: 'invoice' } }), 422,
    'INVOICE_EMAIL_MISSING');
  const bought = await owner.buy({
    ...order, payment: { method: 'invoice', email: 'r106@example.test' },
    billing_information: { country: 'FR', postal_code: '75002' },
  });
  assert.equal(bought.status, 200, bought.text);
  assert.equal(bought.json.team.plan, 'team');
  await s.advance('60m');
  await s.letters('r106@example.test', /1[,. ]?056\.00/);
});

test('r105 the invoice is there at any time after the purchase', async () => {
  const { owner, team } = await s.bought('listed');
  const list = async () => (await owner.get(`/billing/invoices?team=${team}`)).json.invoices;
  const [first] = await list();
  assert.equal(first.total, 2000);
  await s.advance('25d');
  assert.deepEqual((await list())[0], first);
});

test('r105 the full invoice can be downloaded', async () => {
  const { owner, team } = await s.bought('download');
  const [{ number }] = (await owner.get(`/billing/invoices?team=${team}`)).json.invoices;
  const pdf = await owner.get(`/billing/invoices/${number}.pdf`);
  assert.equal(pdf.status, 200, pdf.text);
  assert.equal(pdf.headers['content-type'], 'application/pdf');
});

test('r109 every answer about billing names the team, its plan and state', async () => {
  const { owner, team, answer } = await s.bought('named');
  const free = await owner.team('looked at');
  const names = (one, id, plan) => {
    assert.equal(one.id, id);
    assert.equal(one.plan, plan);
    assert.ok(one.name && one.state);
  };

  names(answer.team, team, 'team');
  names((await s.overview(owner, team)).team, team, 'team');
  names((await owner.post('/billing/seats?dry_run=1', { team, seats: 3 })).json.team, team, 'team');
  names((await dashboard(owner, free)).team, free, 'free');
  names((await owner.get(`/upgrade?team=${free}`)).json.team, free, 'free');
  assert.equal((await dashboard(owner, free)).teams.find((one) => one.id === team).plan, 'team');
});

test('r111 billing information is part of the purchase and is kept', async () => {
  const { team } = await s.bought('informed', {
    billing_information: { company: 'Example SAS', country: 'FR', postal_code: '75002' },
  });
  const [row] = await stack.sql(`SELECT information FROM team WHERE id = '${team}'`);
  const kept = JSON.parse(row.information);
  assert.equal(kept.company, 'Example SAS');
  assert.equal(kept.country, 'FR');
  assert.equal(kept.postal_code, '75002');
});

test('r88 one month only: monthly, then no renewal', async () => {
  const { owner, team } = await s.bought('month');
  const ended = await owner.post('/billing/cancel', { team }, key());
  assert.equal(ended.status, 200, ended.text);
  assert.equal((await s.teamOf(owner, team)).plan, 'team');
  await s.until(new Date(ended.json.team.period_end));
  await s.becomes(owner, team, 'expired');
  assert.deepEqual(await s.charges(team), [2000]);
});

test('r49 r213 r214 r225 Enterprise: asked for from either place, answered by people', async () => {
  const { owner, team } = await s.free('large');
  refused(await s.quote(owner, team, { plan: 'enterprise' }), 422, 'PLAN_ENTERPRISE_CONTACT');

  for (const from of ['dashboard', 'pricing']) {
    const email = `${from}.r214@example.test`;
    const sent = await owner.post('/enterprise',
      { name: 'Somebody', email, company: `Company at ${from}`, from });
    assert.equal(sent.status, 201, sent.text);
    const rows = await stack.sql(`SELECT origin FROM enterprise_request WHERE email = '${email}'`);
    assert.deepEqual(rows, [{ origin: from }]);
    await s.letters('billing@example.test', new RegExp(`Company at ${from}`));
    await s.letters(email, /Subject/);
  }
  assert.equal((await s.teamOf(owner, team)).plan, 'free');
  assert.deepEqual(await s.charges(team), []);
});
