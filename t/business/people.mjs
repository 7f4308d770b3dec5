// How people come to teams, through the whole stack: invitations and their
// mails, invite links, requests, settings, domains.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

const DAY = 86400000;

let stack;
let names = 0;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });
const client = (name) => stack.client(name.includes('@') ? name : `${name}@example.test`);
const fresh = (word) => `${word}${names += 1}@example.test`;

function ok(answer, status = 200) {
  assert.equal(answer.status, status, answer.text);
  return answer.json;
}

// The same refusal in both languages: one code, two texts, what to do next.
async function refused(ask, status, code, more = {}) {
  const en = await ask({ 'accept-language': 'en' });
  const fr = await ask({ 'accept-language': 'fr' });

  for (const answer of [en, fr]) {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code);
    assert.ok(answer.json.detail && answer.json.next, answer.text);
  }
  assert.notEqual(en.json.detail, fr.json.detail);
  for (const [name, value] of Object.entries(more)) {
    assert.equal(en.json[name], value, `${name}: ${en.text}`);
  }
  return en.json;
}

async function advance(by) {
  ok(await (await client('owner')).post('/demo/clock', { advance: by }));
}

// What has arrived for an address: decoded, newest last.
function letters(to) {
  return fs.readdirSync(stack.mails).filter((name) => name.endsWith('.eml'))
    .sort((a, b) => parseInt(a, 10) - parseInt(b, 10))
    .map((name) => fs.readFileSync(path.join(stack.mails, name), 'latin1'))
    .filter((text) => text.includes(`\r\nTo: <${to}>\r\n`))
    .map((text) => {
      const [head, ...body] = text.split('\r\n\r\n');
      const bytes = body.join('\r\n\r\n').replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

      const subject = [...head.matchAll(/=\?UTF-8\?B\?([^?]+)\?=/g)]
        .map((part) => Buffer.from(part[1], 'base64').toString('utf8')).join('');

      return { subject, text: Buffer.from(bytes, 'latin1').toString('utf8') };
    });
}

const letter = (to, pattern, n = 1) => eventually(`mail ${n} to ${to}`, () => {
  const found = letters(to).filter((one) => pattern.test(one.text));

  return found.length >= n && found[n - 1];
});

const linkOf = ({ text }) => /(\S+)#invitation=(\S+)/.exec(text);

async function invited(inviter, team, email, n = 1) {
  const { invitations } = ok(await inviter.post(`/dashboard/teams/${team}/invitations`,
    { emails: [email] }), 201);

  return { ...invitations[0], token: linkOf(await letter(email, /#invitation=/, n))[2] };
}

async function paid(owner, name, { seats = 2, plan = 'team' } = {}) {
  const team = await owner.team(name);
  const card = await owner.card(team);

  ok(await owner.buy({
    team, plan, seats, period: 'monthly',
    payment: { method: 'card', payment_method: card.id },
  }));
  return team;
}

const dashboard = async (who, team = '') => ok(await who.get(
  `/dashboard${team && `?team=${team}`}`));
const teamOf = async (who, team) => (await dashboard(who, team)).team;
const rolesOf = async (who, team, email) => (await dashboard(who, team)).members
  .find((one) => one.email === email)?.roles;


test('r75 r207 an invitation: mail, link, seat at joining', async () => {
  const owner = await client(fresh('inviter'));
  const team = await paid(owner, 'Invites', { seats: 2 });
  const email = fresh('guest');
  const sent = ok(await owner.post(`/dashboard/teams/${team}/invitations`,
    { emails: [email.toUpperCase(), email] }, { 'accept-language': 'en' }), 201).invitations;

  assert.equal(sent.length, 1);
  assert.deepEqual([sent[0].email, sent[0].state], [email, 'pending']);
  const { now } = ok(await owner.get('/demo/clock'));
  const days = (Date.parse(sent[0].expires_at) - Date.parse(now)) / DAY;
  assert.ok(days > 29.9 && days <= 30, String(days));

  const mail = await letter(email, /#invitation=/);
  const [, where, token] = linkOf(mail);
  assert.equal(mail.subject, `${owner.profile} invites you to team Invites`);
  assert.equal(where, `${stack.url}/dashboard`);
  assert.equal((await teamOf(owner, team)).members, 1);

  // Nothing in the database opens the door.
  const [row] = await stack.sql(`SELECT * FROM invitation WHERE id = '${sent[0].id}'`);
  assert.match(row.digest, /^[0-9a-f]{64}$/);
  for (const table of ['invitation', 'mail_outbox', 'command']) {
    assert.ok(!JSON.stringify(await stack.sql(`SELECT * FROM ${table}`)).includes(token), table);
  }

  const page = await owner.get('/dashboard', { accept: 'text/html' });
  assert.equal(page.status, 200);

  const guest = await client(email);
  const seen = await dashboard(guest);
  assert.equal(seen.invitations[0].team, team);
  assert.match(seen.notices[0].text, /invites you to team Invites/);
  assert.deepEqual(seen.teams, []);

  const stranger = await client(fresh('stranger'));
  await refused((lang) => stranger.post('/dashboard/invitations/accept', { token }, lang),
    404, 'INVITATION_NOT_FOUND');
  await refused((lang) => guest.post('/dashboard/invitations/accept', { token: 'n_none' }, lang),
    404, 'INVITATION_NOT_FOUND');

  const joined = ok(await guest.post('/dashboard/invitations/accept', { token })).team;
  assert.deepEqual([joined.id, joined.members, joined.seats, joined.role], [team, 2, 2, 'member']);
  assert.deepEqual((await dashboard(guest)).invitations, []);
  await refused((lang) => guest.post('/dashboard/invitations/accept', { token }, lang),
    410, 'INVITATION_ENDED');
  await refused((lang) => owner.post(`/dashboard/teams/${team}/invitations`, { emails: [email] },
    lang), 409, 'MEMBER_EXISTS', { email });
  assert.deepEqual(ok(await owner.get(`/dashboard/teams/${team}/invitations`)).invitations, []);
});

test('the language of who invites', async () => {
  const owner = await client(fresh('inviteur'));
  const team = await owner.team('Équipe');
  const email = fresh('invite');

  ok(await owner.post(`/dashboard/teams/${team}/invitations`, { emails: [email] },
    { 'accept-language': 'fr' }), 201);
  const mail = await letter(email, /#invitation=/);
  assert.match(mail.text, /vous invite à rejoindre l'équipe Équipe/);
});

test('r144 r145 two who accept for one vacant seat: both are in, one seat is added', async () => {
  const owner = await client(fresh('races'));
  const team = await paid(owner, 'Race', { seats: 2 });
  const emails = [fresh('left'), fresh('right')];
  const two = [];

  for (const email of emails) {
    const { token } = await invited(owner, team, email);
    two.push({ who: await client(email), token });
  }
  const answers = await Promise.all(two.map(({ who, token }) =>
    who.post('/dashboard/invitations/accept', { token })));
  answers.forEach((answer) => ok(answer));
  const now = await teamOf(owner, team);
  assert.deepEqual([now.members, now.seats], [3, 3]);
  const overview = ok(await owner.get(`/billing/overview?team=${team}`));
  assert.equal(overview.pending, 1000);
});

test('one token, many clicks: one joins once', async () => {
  const owner = await client(fresh('clicks'));
  const team = await paid(owner, 'Clicks', { seats: 1 });
  const email = fresh('clicker');
  const { token } = await invited(owner, team, email);
  const who = await client(email);
  const answers = await Promise.all(Array.from({ length: 6 }, () =>
    who.post('/dashboard/invitations/accept', { token })));

  assert.equal(answers.filter((one) => one.status === 200).length, 1);
  assert.ok(answers.filter((one) => one.status !== 200)
    .every((one) => one.json.code === 'INVITATION_ENDED'));
  const now = await teamOf(owner, team);
  assert.deepEqual([now.members, now.seats], [2, 2]);
});

test('while a purchase is open its seats are all there are', async () => {
  const owner = await client(fresh('buys'));
  const team = await owner.team('Open purchase');
  const email = fresh('waits');
  const { token } = await invited(owner, team, email);
  const card = await owner.card(team, '4000002760003184');
  const bought = await owner.buy({
    team, plan: 'team', seats: 1, period: 'monthly',
    payment: { method: 'card', payment_method: card.id },
  });
  assert.equal(bought.status, 402, bought.text);

  const who = await client(email);
  await refused((lang) => who.post('/dashboard/invitations/accept', { token }, lang),
    409, 'NO_VACANT_SEAT');
  assert.equal((await dashboard(who)).invitations.length, 1);
});

test('r204 r205 who invites; a request instead', async () => {
  const owner = await client(fresh('zoe'));
  const team = await owner.team('Admins only');
  const first = fresh('adam');
  const member = fresh('member');

  for (const email of [first, member]) {
    ok(await owner.post(`/dashboard/teams/${team}/members`, { email }), 201);
  }
  ok(await owner.patch(`/dashboard/teams/${team}/members/${first}`, { role: 'team_admin' }));
  const plain = await client(member);
  const email = fresh('newcomer');

  ok(await plain.post(`/dashboard/teams/${team}/invitations`, { emails: [fresh('early')] }), 201);
  const changed = ok(await owner.patch(`/dashboard/teams/${team}`, { invite: 'admins' })).team;
  assert.equal(changed.settings.invite, 'admins');
  await refused((lang) => plain.patch(`/dashboard/teams/${team}`, { invite: 'members' }, lang),
    403, 'ADMIN_RIGHTS');
  const said = await refused((lang) => plain.post(`/dashboard/teams/${team}/invitations`,
    { emails: [email] }, lang), 403, 'INVITE_FORBIDDEN');
  assert.ok(said.next.includes(first), said.next);
  await refused((lang) => plain.post(`/dashboard/teams/${team}/members`, { email }, lang),
    403, 'INVITE_FORBIDDEN');

  const asked = ok(await plain.post(`/dashboard/teams/${team}/invitations`,
    { emails: [email], request: true }), 201);
  assert.deepEqual(asked.invitations, []);
  assert.deepEqual([asked.requests[0].kind, asked.requests[0].email, asked.requests[0].state],
    ['invite', email, 'open']);
  await refused((lang) => plain.post(`/dashboard/teams/${team}/requests`,
    { kind: 'invite', email }, lang), 409, 'REQUEST_OPEN');
  await letter(first, new RegExp(`invite ${email}`));

  const admin = await client(first);
  const seen = await dashboard(admin, team);
  assert.equal(seen.requests[0].id, asked.requests[0].id);
  assert.match(seen.notices.at(-1).text, new RegExp(`${member} asks to invite ${email}`));
  await refused((lang) => plain.post(`/dashboard/requests/${asked.requests[0].id}`,
    { decision: 'approve' }, lang), 403, 'ADMIN_RIGHTS');
  const decided = ok(await admin.post(`/dashboard/requests/${asked.requests[0].id}`,
    { decision: 'approve' }));
  assert.equal(decided.request.state, 'approved');
  assert.ok(linkOf(await letter(email, /#invitation=/)));
  await letter(member, /approved your request/);
  await refused((lang) => admin.post(`/dashboard/requests/${asked.requests[0].id}`,
    { decision: 'decline' }, lang), 410, 'REQUEST_ENDED');
});

test('r207 revoked, and too old', async () => {
  const owner = await client(fresh('revokes'));
  const team = await owner.team('Revokes');
  const member = fresh('inviting');

  ok(await owner.post(`/dashboard/teams/${team}/members`, { email: member }), 201);
  const plain = await client(member);
  const own = await invited(plain, team, fresh('own'));
  const other = await invited(owner, team, fresh('other'));
  const late = await invited(owner, team, fresh('late'));
  const where = (one) => `/dashboard/teams/${team}/invitations/${one.id}`;

  await refused((lang) => plain.get(`/dashboard/teams/${team}/invitations`, lang),
    403, 'ADMIN_RIGHTS');
  assert.equal(ok(await owner.get(`/dashboard/teams/${team}/invitations`)).invitations.length, 3);
  await refused((lang) => plain.delete(where(other), lang), 403, 'ADMIN_RIGHTS');
  assert.equal(ok(await plain.delete(where(own))).invitation.state, 'revoked');
  assert.equal(ok(await owner.delete(where(other))).invitation.state, 'revoked');
  await refused((lang) => owner.delete(where(other), lang), 410, 'INVITATION_ENDED');
  await refused((lang) => owner.delete(`/dashboard/teams/${team}/invitations/i_none`, lang),
    404, 'INVITATION_NOT_FOUND');

  const who = await client(other.email);
  await refused((lang) => who.post('/dashboard/invitations/accept', { token: other.token }, lang),
    410, 'INVITATION_ENDED');

  await advance('29d');
  assert.equal((await dashboard(await client(late.email))).invitations.length, 1);
  await advance('1d');
  const old = await client(late.email);
  await refused((lang) => old.post('/dashboard/invitations/accept', { token: late.token }, lang),
    410, 'INVITATION_ENDED');
  assert.deepEqual((await dashboard(old)).invitations, []);
  assert.equal(ok(await owner.get(`/dashboard/teams/${team}/invitations`)).invitations[0].state,
    'expired');

  // Asked again it is another invitation, with another link.
  const again = await invited(owner, team, late.email, 2);
  assert.notEqual(again.id, late.id);
  ok(await old.post('/dashboard/invitations/accept', { token: again.token }));
});

test('r206 the invite link: on, off, another one; a seat on a paid team', async () => {
  const owner = await client(fresh('links'));
  const team = await paid(owner, 'Links', { seats: 1 });

  assert.equal((await teamOf(owner, team)).invite_link, null);
  const on = ok(await owner.patch(`/dashboard/teams/${team}`, { invite_link: true })).team;
  assert.ok(on.invite_link.startsWith(`${stack.url}/dashboard#join=`), on.invite_link);
  assert.equal(on.settings.invite_link, true);
  const same = ok(await owner.patch(`/dashboard/teams/${team}`, { invite_link: true })).team;
  assert.equal(same.invite_link, on.invite_link);

  const joiner = await client(fresh('joiner'));
  const joined = ok(await joiner.post('/dashboard/join', { link: on.invite_link })).team;
  assert.deepEqual([joined.members, joined.seats, joined.role], [2, 2, 'member']);
  assert.equal(joined.invite_link, on.invite_link);
  assert.equal(joined.settings, undefined);
  await refused((lang) => joiner.post('/dashboard/join', { link: on.invite_link }, lang),
    409, 'MEMBER_EXISTS');

  const other = await client(fresh('joiner'));
  ok(await owner.patch(`/dashboard/teams/${team}`, { invite_link: false }));
  await refused((lang) => other.post('/dashboard/join', { link: on.invite_link }, lang),
    404, 'INVITATION_NOT_FOUND');
  await refused((lang) => other.post('/dashboard/join', { link: 'l_' }, lang),
    404, 'INVITATION_NOT_FOUND');
  const anew = ok(await owner.patch(`/dashboard/teams/${team}`, { invite_link: true })).team;
  assert.notEqual(anew.invite_link, on.invite_link);
  await refused((lang) => other.post('/dashboard/join', { link: on.invite_link }, lang),
    404, 'INVITATION_NOT_FOUND');
  ok(await other.post('/dashboard/join', { link: anew.invite_link.split('=')[1] }));
});

test('row 28 settings: who may change which', async () => {
  const owner = await client('owner');
  const admin = await client('admin');
  const big = await client('big');
  const member = await client('member');
  const business = '/dashboard/teams/team-business';
  const company = '/dashboard/teams/team-enterprise';

  const named = ok(await admin.patch(business, { name: 'Renamed' })).team;
  assert.equal(named.name, 'Renamed');
  await refused((lang) => admin.patch(business, { invite: 'admins' }, lang), 403, 'ADMIN_RIGHTS');
  assert.equal(ok(await owner.patch(business, { invite: 'admins' })).team.settings.invite, 'admins');
  await refused((lang) => owner.patch(business, { invite_link: true }, lang),
    402, 'FEATURE_MISSING');
  await refused((lang) => owner.patch(business, { board_moves: 'forbidden' }, lang),
    402, 'FEATURE_MISSING');
  await refused((lang) => member.patch(business, { name: 'Mine' }, lang), 403, 'ADMIN_RIGHTS');
  await refused((lang) => big.patch(business, { name: 'Mine' }, lang), 404, 'TEAM_NOT_FOUND');
  await refused((lang) => owner.patch(business, {}, lang), 422, 'FIELD_MISSING');
  await refused((lang) => owner.patch(business, { invite: 'nobody' }, lang), 422, 'FIELD_TYPE',
    { field: 'invite' });
  await refused((lang) => owner.patch(business, { name: ' ' }, lang), 422, 'NAME_INVALID');

  const moves = ok(await big.patch(company, { board_moves: 'forbidden' })).team;
  assert.deepEqual([moves.board_moves, moves.settings.board_moves], ['forbidden', 'forbidden']);
  assert.deepEqual(await stack.sql("SELECT board_moves FROM team WHERE id = 'team-enterprise'"),
    [{ board_moves: 'forbidden' }]);
  // All or nothing.
  await refused((lang) => big.patch(company, { name: 'Half', invite_link: true }, lang),
    402, 'FEATURE_MISSING');
  assert.equal((await teamOf(big, 'team-enterprise')).name, 'Enterprise');
  ok(await big.patch(company, { board_moves: 'allowed' }));
});

test('r232 r103 admin rights on request', async () => {
  const owner = await client(fresh('grants'));
  const team = await owner.team('Rights');
  const payer = fresh('payer');
  const ask = `/dashboard/teams/${team}/requests`;

  ok(await owner.post(`/dashboard/teams/${team}/members`, { email: payer }), 201);
  const who = await client(payer);
  const card = await who.card(team);
  ok(await who.buy({
    team, plan: 'team', seats: 2, period: 'monthly',
    payment: { method: 'card', payment_method: card.id },
  }));

  const { request } = ok(await who.post(ask, { kind: 'admin' }), 201);
  assert.deepEqual([request.kind, request.actor, request.state], ['admin', payer, 'open']);
  await letter(owner.profile, new RegExp(`${payer} asks to become Team Admin`));
  await refused((lang) => who.post(ask, { kind: 'admin' }, lang), 409, 'REQUEST_OPEN');
  await refused((lang) => owner.post(ask, { kind: 'admin' }, lang), 409, 'REQUEST_NEEDLESS');
  await refused((lang) => who.post(ask, { kind: 'licence' }, lang), 409, 'REQUEST_NEEDLESS');
  await refused((lang) => who.post(ask, { kind: 'crown' }, lang), 422, 'FIELD_TYPE',
    { field: 'kind' });
  await refused((lang) => who.post(ask, { kind: 'invite' }, lang), 422, 'FIELD_MISSING',
    { field: 'email' });
  await refused((lang) => who.get(ask, lang), 403, 'ADMIN_RIGHTS');
  assert.equal(ok(await owner.get(ask)).requests[0].id, request.id);

  const stranger = await client(fresh('stranger'));
  await refused((lang) => stranger.post(ask, { kind: 'admin' }, lang), 404, 'TEAM_NOT_FOUND');
  await refused((lang) => stranger.post(`/dashboard/requests/${request.id}`,
    { decision: 'approve' }, lang), 404, 'REQUEST_NOT_FOUND');
  await refused((lang) => owner.post('/dashboard/requests/r_none', { decision: 'approve' }, lang),
    404, 'REQUEST_NOT_FOUND');
  await refused((lang) => owner.post(`/dashboard/requests/${request.id}`, { decision: 'maybe' },
    lang), 422, 'FIELD_TYPE', { field: 'decision' });

  const declined = ok(await owner.post(`/dashboard/requests/${request.id}`,
    { decision: 'decline' })).request;
  assert.equal(declined.state, 'declined');
  await letter(payer, /declined your request/);
  assert.deepEqual(await rolesOf(owner, team, payer), ['member', 'billing_admin']);

  const again = ok(await who.post(ask, { kind: 'admin' }), 201).request;
  ok(await owner.post(`/dashboard/requests/${again.id}`, { decision: 'approve' }));
  assert.deepEqual(await rolesOf(owner, team, payer), ['team_admin', 'member', 'billing_admin']);
});

test('r202 a guest asks for a licence', async () => {
  const owner = await client('owner');
  const guest = await client('guest');
  const ask = '/dashboard/teams/team-monthly/requests';
  const before = await teamOf(owner, 'team-monthly');

  await refused((lang) => guest.post(ask, { kind: 'join' }, lang), 403, 'NOT_A_MEMBER');
  await refused((lang) => guest.post(ask, { kind: 'admin' }, lang), 403, 'NOT_A_MEMBER');
  const { request } = ok(await guest.post(ask, { kind: 'licence' }), 201);
  const answer = ok(await owner.post(`/dashboard/requests/${request.id}`,
    { decision: 'approve' }));
  assert.equal(answer.team.members, before.members + 1);
  assert.deepEqual(await rolesOf(owner, 'team-monthly', guest.profile), ['member']);
});

test('r22..r25 r217 a company and its domains', async () => {
  const big = await client('big');
  const owner = await client('owner');
  const domain = `d${randomBytes(4).toString('hex')}.example.test`;
  const where = '/dashboard/teams/team-enterprise/domains';
  const verify = (verified, lang) => big.post('/demo/domains/verify', { domain, verified }, lang);
  const policy = (json, lang) => big.patch(`${where}/${domain}`, json, lang);

  const added = ok(await big.post(where, { domain: domain.toUpperCase() }), 201).domain;
  assert.deepEqual([added.domain, added.verified], [domain, false]);
  assert.match(added.record.value, /^miro-verification=d_[a-z2-7]{26}$/);
  assert.deepEqual([added.record.type, added.record.name, added.record.ttl],
    ['TXT', domain, 86400]);
  assert.equal(ok(await big.post(where, { domain })).domain.record.value, added.record.value);

  await refused((lang) => owner.post('/dashboard/teams/team-business/domains', { domain }, lang),
    409, 'DOMAIN_TAKEN');
  await refused((lang) => owner.post('/dashboard/teams/team-monthly/domains', { domain }, lang),
    403, 'ADMIN_RIGHTS');
  await refused((lang) => big.post(where, { domain: 'nodots' }, lang), 422, 'DOMAIN_INVALID');
  await refused((lang) => policy({ forbids: true }, lang), 409, 'DOMAIN_UNVERIFIED');
  await refused((lang) => big.patch(`${where}/none.example.test`, { forbids: true }, lang),
    404, 'DOMAIN_NOT_FOUND');
  ok(await verify(true));
  await refused((lang) => policy({}, lang), 422, 'FIELD_MISSING');
  await refused((lang) => policy({ capture_team: 'team-free' }, lang), 404, 'TEAM_NOT_FOUND');
  await refused((lang) => big.post('/demo/domains/verify',
    { domain: 'none.example.test', verified: true }, lang), 404, 'DOMAIN_NOT_FOUND');

  // R24: Business proves a domain and sets nothing.
  const business = `b${domain}`;
  ok(await owner.post('/dashboard/teams/team-business/domains', { domain: business }), 201);
  ok(await big.post('/demo/domains/verify', { domain: business, verified: true }));
  await refused((lang) => owner.patch(`/dashboard/teams/team-business/domains/${business}`,
    { forbids: true }, lang), 402, 'FEATURE_MISSING');
  assert.equal(ok(await owner.get('/dashboard/teams/team-business/domains')).domains[0].verified,
    true);
  ok(await owner.delete(`/dashboard/teams/team-business/domains/${business}`));
  assert.deepEqual(ok(await owner.get('/dashboard/teams/team-business/domains')).domains, []);

  // R25: who is there already asks to join, and sets up a team meanwhile.
  const early = await client(`early@${domain}`);
  const own = await early.team('Own team');
  ok(await policy({ discoverable: true }));
  assert.deepEqual((await dashboard(early)).discoverable,
    [{ team: 'team-enterprise', team_name: 'Enterprise', domain }]);
  const asked = ok(await early.post('/dashboard/teams/team-enterprise/requests',
    { kind: 'join' }), 201).request;
  await early.team('In the meantime');
  await letter('big@example.test', new RegExp(`early@${domain}`));
  const far = await client(`far@sub.${domain}`);
  await refused((lang) => far.post('/dashboard/teams/team-enterprise/requests',
    { kind: 'join' }, lang), 404, 'TEAM_NOT_FOUND');
  assert.deepEqual((await dashboard(far)).discoverable, []);
  ok(await big.post(`/dashboard/requests/${asked.id}`, { decision: 'approve' }));
  assert.equal((await teamOf(early, 'team-enterprise')).role, 'member');
  await refused((lang) => early.post('/dashboard/teams/team-enterprise/requests',
    { kind: 'join' }, lang), 409, 'MEMBER_EXISTS');

  // R22: no teams and no purchases of one's own; the company's stay open.
  ok(await policy({ forbids: true }));
  const order = {
    team: own, plan: 'team', seats: 1, period: 'monthly',
    payment: { method: 'card', payment_method: 'pm_card_visa' },
  };
  await refused((lang) => early.post('/dashboard/teams', { name: 'No', from: 'pricing' }, lang),
    403, 'TEAM_CREATE_DOMAIN');
  await refused((lang) => early.post('/upgrade', order, { ...key(), ...lang }),
    403, 'TEAM_CREATE_DOMAIN');
  await refused((lang) => early.get(`/upgrade?team=${own}`, lang), 403, 'TEAM_CREATE_DOMAIN');
  const shown = await dashboard(early, own);
  assert.deepEqual([shown.upgrade_button.visible, shown.upgrade_button.reason,
    shown.team.can.upgrade], [false, 'TEAM_CREATE_DOMAIN', false]);
  await far.team('Another domain');

  // R217: whoever is new on the domain belongs to the team, once.
  ok(await policy({ forbids: false, capture_team: 'team-enterprise' }));
  const managed = await client(`managed@${domain}`);
  assert.deepEqual((await dashboard(managed)).teams.map((one) => one.id), ['team-enterprise']);
  ok(await big.delete(`/dashboard/teams/team-enterprise/members/${managed.profile}`));
  assert.deepEqual((await dashboard(managed)).teams, []);

  const invitee = `invitee@${domain}`;
  ok(await owner.post('/dashboard/teams/team-free/members', { email: invitee }), 201);
  const both = await dashboard(await client(invitee));
  assert.deepEqual(both.teams.map((one) => one.id).sort(), ['team-enterprise', 'team-free']);
  const company = await teamOf(big, 'team-enterprise');
  // who was removed from a company's team has a licence of it yet (R210)
  const [{ n }] = await stack.sql("SELECT COUNT(*) AS n FROM seat WHERE account ="
    + " 'team-enterprise'");
  assert.equal(company.members, n);

  // What is no longer proven, or no longer there, binds nobody.
  ok(await policy({ capture_team: null, forbids: true }));
  ok(await verify(false));
  await (await client(`late@${domain}`)).team('Free again');
  assert.equal(ok(await big.get(where)).domains.find((one) => one.domain === domain).capture_team,
    null);
  ok(await big.delete(`${where}/${domain}`));
  ok(await owner.post('/dashboard/teams/team-business/domains', { domain }), 201);
});

test('a domain only named is not kept from its owner for ever', async () => {
  const owner = await client('owner');
  const big = await client('big');
  const domain = `c${randomBytes(4).toString('hex')}.example.test`;

  ok(await owner.post('/dashboard/teams/team-business/domains', { domain }), 201);
  await refused((lang) => big.post('/dashboard/teams/team-enterprise/domains', { domain }, lang),
    409, 'DOMAIN_TAKEN');
  await advance('3d');
  ok(await big.post('/dashboard/teams/team-enterprise/domains', { domain }), 201);
});

test('what the outside may not do', async () => {
  const owner = await client(fresh('careful'));
  const team = await owner.team('Careful');
  const where = `/dashboard/teams/${team}/invitations`;
  const many = Array.from({ length: 51 }, (_, i) => `many${i}@example.test`);

  await refused((lang) => owner.post(where, { emails: [] }, lang), 422, 'FIELD_TYPE',
    { field: 'emails' });
  await refused((lang) => owner.post(where, { emails: many }, lang), 422, 'FIELD_TYPE',
    { field: 'emails' });
  await refused((lang) => owner.post(where, { emails: ['nobody'] }, lang), 422, 'EMAIL_INVALID');
  const anonymous = { ...key(), 'x-csrf-token': 'none' };
  assert.equal((await owner.post(where, { emails: ['a@example.test'] }, anonymous)).json.code,
    'CSRF');
  assert.equal(ok(await owner.post(where, { emails: many.slice(1) }), 201).invitations.length, 50);
  const stranger = await client(fresh('stranger'));
  await refused((lang) => stranger.post(where, { emails: ['a@example.test'] }, lang),
    404, 'TEAM_NOT_FOUND');
  await refused((lang) => stranger.get(where, lang), 404, 'TEAM_NOT_FOUND');
});
