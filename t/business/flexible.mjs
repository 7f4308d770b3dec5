// Flexible Licensing of an Enterprise contract, through the whole stack: who
// edits gets a licence, and the clock brings the reviews that count it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, request, start } from '../lib/stack.mjs';

const team = 'flexible';
let stack;
let key;
let boss;
let staff;
let board;

async function app(method, where, json) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  return request(stack.url + where, { method, body, headers: {
    authorization: `Bearer ${key}`, 'idempotency-key': randomBytes(16).toString('hex'),
    ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      : {}),
  } });
}

async function ok(answer, status = 200) {
  assert.equal((await answer).status, status, (await answer).text);
  return (await answer).json;
}

async function refused(answer, status, code) {
  assert.equal((await answer).status, status, (await answer).text);
  assert.equal((await answer).json.code, code);
}

const told = async () => (await ok(app('GET', `/app/v1/teams/${team}`))).team;
const order = (more) => app('PUT', `/app/v1/teams/${team}/enterprise`, { seats: 30, ...more });
const now = async () => Date.parse((await boss.get('/demo/clock')).json.now);
const advance = (span) => ok(boss.post('/demo/clock', { advance: span }));
const edits = async (who, status) => assert.equal((await who.put(`/boards/${board}`,
  { text: 'x' })).status, status);
const opens = (who, mode = 'edit') => who.post(`/dashboard/boards/${board}/open`, { mode });
const mails = () => stack.sql("SELECT recipient, subject, text FROM mail_outbox WHERE template"
  + " = 'mail.licences_reviewed' ORDER BY recipient");
const changes = () => stack.sql("SELECT body FROM app_event WHERE team = 'flexible' AND body"
  + " LIKE '%\"team.seats_changed\"%'");

before(async () => {
  stack = await start();
  key = fs.readFileSync(path.join(stack.dir, 'secrets/application_key'), 'utf8');
  await ok(app('PUT', `/app/v1/teams/${team}`, { name: 'Flexible' }), 201);
  boss = await stack.client('boss@example.test');
  await ok(app('PUT', `/app/v1/teams/${team}/members/boss@example.test`, { role: 'team_admin' }), 201);
  await ok(order());
  await ok(app('POST', '/app/v1/members', { members: [...Array(32).keys()].map((i) => ({
    team, email: `f${i}@example.test` })) }));
  staff = await Promise.all([29, 30, 31].map((i) => stack.client(`f${i}@example.test`)));
  board = await boss.board(team, 'Plans');
});

after(async () => { await stack?.stop(); });

test('r202 without the word, who has no licence asks for one', async () => {
  assert.equal((await told()).members, 30);
  assert.equal((await told()).review, undefined);
  for (const who of staff) {
    await edits(who, 403);
    await refused(opens(who), 403, 'LICENCE_REQUEST');
    await refused(who.post(`/dashboard/teams/${team}/boards`, { title: 'No' }), 403,
      'LICENCE_REQUEST');
  }
  await refused(order({ flexible: true, review_days: 91 }), 422, 'FIELD_TYPE');
  await refused(order({ flexible: false, review_days: 90 }), 422, 'FIELD_TYPE');
  await refused(order({ review_days: 90 }), 422, 'FIELD_TYPE');
});

test('r203 who edits or creates gets a licence, above the contract; guests never', async () => {
  await ok(order({ flexible: true, review_days: 90 }));
  assert.equal((await told()).review.days, 90);
  await ok(order({ flexible: true }));
  const review = (await told()).review;
  assert.equal(review.days, 180);
  assert.ok(Math.abs(Date.parse(review.at) - await now() - 180 * 86400e3) < 600e3);

  // looking changes nothing, and the gate lets nobody edit uncounted
  await ok(opens(staff[0], 'view'));
  await edits(staff[0], 403);
  assert.equal((await told()).members, 30);
  await ok(opens(staff[0]));
  await edits(staff[0], 200);
  await ok(opens(staff[0]));
  assert.equal((await told()).members, 31);
  await ok(staff[1].post(`/dashboard/teams/${team}/boards`, { title: 'Mine' }), 201);
  await edits(staff[1], 200);

  // what is refused for another reason gives none
  await refused(staff[2].post(`/dashboard/teams/${team}/boards`, { title: ' ' }), 422,
    'NAME_INVALID');
  await edits(staff[2], 403);
  const guest = await stack.client('guest@example.test');
  await ok(boss.post(`/dashboard/boards/${board}/guests`, { email: guest.profile }), 201);
  await opens(guest);
  await refused(guest.post(`/dashboard/teams/${team}/boards`, { title: 'No' }), 403,
    'NOT_A_MEMBER');
  const after = await told();
  assert.deepEqual([after.seats, after.members], [30, 32]);

  // the same order again is no refusal, one without the word is
  await ok(order({ flexible: true }));
  assert.equal((await told()).review.at, review.at);
  await refused(order(), 422, 'SEATS_BELOW_MEMBERS');
  assert.equal((await stack.verify()).found, 0);
  const strict = await stack.verify("UPDATE team SET review_days = 0 WHERE id = 'flexible'");
  assert.match(JSON.stringify(strict), /32 members on 30 seats/);
});

test('r203 each review counts once, in order; nothing is paid for before', async () => {
  const first = Date.parse((await told()).review.at);
  const before = (await changes()).length;
  const speaks = (lang) => ok(app('POST', '/app/v1/profiles',
    { profiles: [{ email: 'boss@example.test', lang }] }));
  await speaks('fr');

  await advance('170d');
  assert.deepEqual(await mails(), []);
  await advance('380d');                // over three of them
  const seen = await eventually('the reviews', async () => {
    const one = await told();
    return Date.parse(one.review.at) > await now() && one;
  });
  assert.equal(Date.parse(seen.review.at), first + 3 * 180 * 86400e3);
  assert.deepEqual([seen.seats, seen.members], [32, 32]);
  assert.equal((await changes()).length, before + 1);
  const [mail, ...more] = await mails();
  assert.deepEqual(more, []);
  assert.equal(mail.recipient, 'boss@example.test');
  assert.match(mail.subject, /^Les licences de l'équipe Flexible/);
  assert.match(mail.text, /désormais 32 au lieu de 30/);
  assert.deepEqual(await stack.sql("SELECT id FROM checkout WHERE team = 'flexible'"), []);
  assert.equal((await told()).period_end, null);

  // never fewer: what was given back stays in the contract
  await ok(app('DELETE', `/app/v1/teams/${team}/members/f0@example.test?scope=company`));
  await ok(opens(staff[2]));            // takes what is free
  await advance('180d');
  await eventually('the fourth', async () => Date.parse((await told()).review.at)
    === first + 4 * 180 * 86400e3);
  assert.equal((await told()).seats, 32);
  assert.equal((await mails()).length, 1);
});
