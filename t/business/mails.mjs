// Every mail there is, in both languages, brought about by what people do: no
// text is missing, none has a hole, and what is typed is never markup.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { arrived, faults } from '../lib/mails.mjs';
import { Client, eventually, start } from '../lib/stack.mjs';
import { advance, becomes, finalised, key, ok, wire } from './documents.mjs';

const LANGS = ['en', 'fr'];
const ONLY_ENGLISH = ['mail.sales'];        // to the seller's own people
const LATER = '4000000000000341';           // is taken, and then refuses
const NAME = '<b onclick="x">Œ & {total}\'s</b> http://evil.test/ =?UTF-8?Q?x?=';
const MESSAGE = 'Bcc: x@example.test\n\n<script>alert(1)</script>';
const YEAR = 11 * 9600;

let stack;
let nobody = 0;

before(async () => { stack = await start(); });
after(() => stack?.stop());

// Somebody whose browser speaks that language.
async function person(lang, name) {
  const one = new Client(stack, `${name}-${lang}@example.test`);
  one.call = (method, where, json, headers) => Client.prototype.call.call(one, method, where, json,
    { 'accept-language': lang, ...headers });
  return one.login();
}

async function free(lang, name) {
  const owner = await person(lang, name);
  return { owner, team: await owner.team(NAME) };
}

async function buys({ owner, team }, { number, ...order } = {}) {
  const card = await owner.card(team, number);
  return ok(owner.buy({ team, plan: 'team', seats: 2, period: 'monthly',
    payment: { method: 'card', payment_method: card.id }, ...order }));
}

async function bought(lang, name, order) {
  const t = await free(lang, name);
  await buys(t, order);
  return t;
}

const invoiced = (lang, name) => bought(lang, name, { seats: 11, period: 'yearly',
  payment: { method: 'invoice', email: `${name}-${lang}@example.test` } });
const act = ({ owner, team }, what, more = {}) =>
  ok(owner.post(`/billing/${what}`, { team, ...more }, key()));
const joins = ({ owner, team }, email) =>
  ok(owner.post(`/dashboard/teams/${team}/members`, { email }), 201);

async function tries(t, number) {
  const card = await t.owner.card(t.team, number);
  await act(t, 'trial', { payment_method: card.id });
}

const refund = async (t, number, decision) => {
  const asked = await ok(t.owner.post('/billing/refunds', { team: t.team, invoice: number,
    amount: 1000, reason: '<i>no</i>' }, key()), 201);
  await ok(t.owner.decide(asked.refund.id, decision));
};

// What is done at once; what comes of it an hour, two weeks, a month later.
async function begin(lang) {
  const s = {};

  await Promise.all([
    (async () => {
      s.sized = await bought(lang, 'sized');
      await act(s.sized, 'seats', { seats: 4 });
      await act(s.sized, 'seats', { seats: 3 });
    })(),
    (async () => { s.wired = await invoiced(lang, 'wired'); })(),
    (async () => { s.whole = await invoiced(lang, 'whole'); })(),
    (async () => { s.back = await invoiced(lang, 'back'); })(),
    (async () => { s.late = await invoiced(lang, 'late'); })(),
    (async () => {
      s.poor = await bought(lang, 'poor');
      const card = await s.poor.owner.card(s.poor.team, LATER);
      await act(s.poor, 'payment-method', { method: 'card', payment_method: card.id });
    })(),
    (async () => {
      s.ends = await bought(lang, 'ends');
      await act(s.ends, 'cancel');
    })(),
    (async () => { await act(await bought(lang, 'yearly'), 'period', { period: 'yearly' }); })(),
    (async () => {
      await act(await bought(lang, 'settled', { period: 'yearly' }), 'seats', { seats: 3 });
    })(),
    (async () => {
      const t = await free(lang, 'stops');
      await tries(t);
      await act(t, 'cancel');
    })(),
    (async () => { await tries(await free(lang, 'declined'), LATER); })(),
    (async () => { await tries(await free(lang, 'converts')); })(),
    (async () => {
      const t = await bought(lang, 'passes', { plan: 'business', seats: 5, period: 'yearly' });
      const guest = await person(lang, 'guest');
      const board = await t.owner.board(t.team, '<u>Board</u>');
      await ok(t.owner.post(`/dashboard/teams/${t.team}/occasional`, { email: guest.profile }), 201);
      await ok(guest.post(`/dashboard/boards/${board}/open`, { mode: 'edit' }));
    })(),
    (async () => {
      const t = await free(lang, 'deletes');
      await ok(t.owner.delete(`/dashboard/teams/${t.team}`), 202);
    })(),
    (async () => {
      const one = await person(lang, 'large');
      await ok(one.post('/enterprise', { name: '<b>Eve</b> & {id}', email: one.profile,
        company: '"O\'x" & <Söhne>', message: MESSAGE, users: 100, from: 'pricing' }), 201);
    })(),
    asks(lang),
  ]);
  return s;
}

async function asks(lang) {
  const t = await bought(lang, 'decides', { seats: 3 });
  const member = await person(lang, 'member');
  const viewer = await person(lang, 'viewer');
  const board = await t.owner.board(t.team, 'B');
  const request = (who, body) => ok(who.post(`/dashboard/teams/${t.team}/requests`, body), 201);
  const decides = ({ request: { id } }, decision) =>
    ok(t.owner.post(`/dashboard/requests/${id}`, { decision }));

  await ok(t.owner.post(`/dashboard/teams/${t.team}/invitations`,
    { emails: [`invited-${lang}@example.test`] }), 201);
  await joins(t, member.profile);
  await ok(t.owner.post(`/dashboard/boards/${board}/guests`, { email: viewer.profile }), 201);
  await ok(t.owner.patch(`/dashboard/teams/${t.team}`, { invite: 'admins' }));
  await decides(await request(member, { kind: 'admin' }), 'decline');
  await decides(await request(viewer, { kind: 'licence' }), 'approve');
  await request(member, { kind: 'invite', email: 'newcomer@example.test' });
}

// One company's admins, each of whom is told in the own language.
async function wantsToJoin() {
  const big = await stack.client('big@example.test');
  const where = '/dashboard/teams/team-enterprise';
  const domain = 'joins.example.test';

  await ok(big.post(`${where}/domains`, { domain }), 201);
  await ok(big.post('/demo/domains/verify', { domain, verified: true }));
  for (const lang of LANGS) {
    const admin = await person(lang, 'company');
    await admin.team('Own');            // whoever is added speaks as who adds
    await joins({ owner: big, team: 'team-enterprise' }, admin.profile);
    await ok(big.patch(`${where}/members/${admin.profile}`, { role: 'company_admin' }));
  }
  const early = await stack.client(`early@${domain}`);
  await early.team('Own');
  await ok(big.patch(`${where}/domains/${domain}`, { discoverable: true }));
  await ok(early.post(`${where}/requests`, { kind: 'join' }), 201);
}

async function anHourLater(s) {
  const { number } = await finalised(s.wired.owner, s.wired.team);
  await ok(wire(s.wired.owner, number, 10000, 'W-1'));
  await ok(wire(s.wired.owner, number, YEAR, 'W-2'));
  const whole = await finalised(s.whole.owner, s.whole.team);
  await ok(wire(s.whole.owner, whole.number, whole.total, 'W-3'));
  await refund(s.whole, whole.number, 'granted');
  await refund(s.whole, whole.number, 'refused');
  await finalised(s.back.owner, s.back.team);
  await act(s.back, 'cancel');
  await finalised(s.late.owner, s.late.team);
}

const keys = JSON.parse(fs.readFileSync(new URL('../../conf/messages/mail.json', import.meta.url)));
const templates = [...new Set(Object.keys(keys).map((name) => /^(mail\.[a-z_]+)\.subject$/.exec(name)?.[1])
  .filter(Boolean))];
// A review of licences is months away: flexible.mjs reads its mail.
const wanted = templates.filter((name) => name !== 'mail.licences_reviewed').flatMap((name) => LANGS
  .filter((lang) => lang === 'en' || !ONLY_ENGLISH.includes(name)).map((lang) => `${name} ${lang}`));

test('r224 r226 every mail comes in both languages, whole and with nothing typed as markup', async () => {
  const [english, french] = await Promise.all(LANGS.map(begin));
  const states = [english, french];
  await wantsToJoin();
  await advance(english.sized.owner, '61m');
  await Promise.all(states.map(anHourLater));
  await advance(english.sized.owner, '14d');
  await eventually('the trials', async () => (await stack.sql("SELECT COUNT(*) AS n FROM mail_outbox"
    + " WHERE template IN ('mail.trial_over', 'mail.trial_refused', 'mail.trial_converted')"))[0].n === 6);
  await advance(english.sized.owner, '17d');
  await Promise.all(states.flatMap((s) => [becomes(s.ends.owner, s.ends.team, 'expired'),
    becomes(s.late.owner, s.late.team, 'past_due'), becomes(s.poor.owner, s.poor.team, 'past_due')]));
  await Promise.all(states.map((s) => act(s.ends, 'reactivate')));

  let lacking;
  const queued = await eventually('all of them', async () => {
    const rows = await stack.sql('SELECT message_id AS id, template, lang, recipient, state FROM mail_outbox');
    const there = new Set(rows.map((row) => `${row.template} ${row.lang}`));
    lacking = wanted.filter((one) => !there.has(one));
    if (lacking.length || rows.some((row) => row.state === 'queued')) {
      throw new Error(`${lacking.join(', ')}; queued ${rows.filter((row) => row.state === 'queued').length}`);
    }
    return rows;
  }, { within: 60000 });

  const mails = new Map(arrived(stack.mails).map((mail) => [mail.id.slice(1, -1), mail]));
  for (const row of queued) {
    const mail = mails.get(row.id);
    assert.ok(mail, `${row.template} ${row.lang} ${row.state}`);
    const about = `${row.template} ${row.lang}: ${mail.subject}\n${mail.text}\n${mail.html}`;
    assert.deepEqual(faults(mail, [NAME, '<b>Eve</b> & {id}', MESSAGE]), [], about);
    assert.equal(mail.to, `<${row.recipient}>`);
    assert.equal(mail.lang, row.lang, about);
    assert.ok(!/^(?:Bcc|Cc):/mi.test(mail.head), about);
    assert.ok(!/<b[ >]|<script/.test(mail.html), about);
    assert.ok(!/href="http:\/\/evil/.test(mail.html), about);
    const other = mails.get(queued.find((one) => one.template === row.template
      && one.lang !== row.lang)?.id);
    assert.ok(ONLY_ENGLISH.includes(row.template) || other.text !== mail.text, about);
    nobody += 1;
  }
  assert.ok(nobody >= wanted.length);
});
