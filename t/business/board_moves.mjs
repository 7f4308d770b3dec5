// Boards that go elsewhere: moved, left behind by who leaves, deleted and
// restored; and people of an Enterprise account who work without a licence.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { gateOf, ok, refused } from '../lib/boards.mjs';
import { start } from '../lib/stack.mjs';

let stack, gate, owner, admin, member;
let n = 0;

before(async () => {
  stack = await start();
  gate = gateOf(stack);
  [owner, admin, member] = await Promise.all(['owner', 'admin', 'member']
    .map((name) => stack.client(`${name}@example.test`)));
});
after(async () => { await stack?.stop(); });

const someone = () => stack.client(`person${++n}@example.test`);

// What was agreed outside, as the contract's number of licences: no route.
const agreed = (sql) =>
  execFileSync('sqlite3', ['-cmd', '.timeout 5000', stack.database.replace(/^sqlite:/, ''), sql]);

const boards = '/dashboard/boards';
const move = (who, board, to, query = '') => who.post(`${boards}/${board}/move?${query}`, { team: to });
const show = async (who, board) => (await ok(who.get(`${boards}/${board}`))).board;
const join = (who, team, email) => ok(who.post(`/dashboard/teams/${team}/members`, { email }), 201);
const leave = (who, team, email, query = '') =>
  who.delete(`/dashboard/teams/${team}/members/${encodeURIComponent(email)}?${query}`);

test('r29 r30 r32 r34 a board moves to another team of its owner, who hears first who loses it', async () => {
  const board = await owner.board('team-business', 'Moves');
  const list = (await show(owner, board)).destinations;
  const own = (await ok(owner.get('/demo/data'))).members
    .filter((one) => one.email === owner.profile && one.roles.includes('member'))
    .map((one) => one.team);
  assert.deepEqual(list.map((team) => team.id).sort(), own.filter((id) => id !== 'team-business').sort());
  assert.equal((await show(member, board)).destinations, undefined);

  await refused((lang) => move(member, board, 'team-free', lang), 403, 'BOARD_NOT_OWNER');
  await refused((lang) => move(owner, board, 'team-enterprise', lang), 403, 'BOARD_DEST');
  await refused((lang) => move(owner, board, 'nowhere', `dry_run=1&${lang}`), 403, 'BOARD_DEST');
  await refused((lang) => move(owner, 'nowhere', 'team-free', lang), 404, 'BOARD_NOT_FOUND');

  const shown = await ok(move(owner, board, 'team-free', 'dry_run=1'));
  assert.equal(shown.dry_run, true);
  assert.equal(shown.board.team, 'team-business');
  assert.deepEqual(shown.move.affected, [admin.profile]);  // member is in both teams
  assert.deepEqual([shown.move.shared, shown.move.locked], [true, false]);
  await gate(admin, board, '200 200');

  await ok(move(owner, board, 'team-free'));
  await gate(admin, board, '403 403 NOT_A_MEMBER');
  await gate(member, board, '200 200');
  await gate(owner, 'board-free-2', '200 403 BOARD_LOCKED_LIMIT');    // the fourth newest now
  await ok(move(owner, 'board-free-2', 'team-business'));
  await gate(owner, 'board-free-2', '200 200');             // the new team's limits, at once
});

test('r32 ten are named, eleven are a list to ask for', async () => {
  const big = await owner.team('Big');
  const small = await owner.team('Small');
  const board = await owner.board(big, 'Crowded');
  const crowd = Array.from({ length: 11 }, (_, i) => `crowd${String(i).padStart(2, '0')}@example.test`);
  for (const email of crowd.slice(0, 10)) {
    await join(owner, big, email);
  }
  const ten = (await ok(move(owner, board, small, 'dry_run=1'))).move;
  assert.deepEqual(ten.affected, crowd.slice(0, 10));
  assert.equal(ten.affected_list, undefined);

  await join(owner, big, crowd[10]);
  const eleven = (await ok(move(owner, board, small, 'dry_run=1'))).move;
  assert.equal(eleven.affected_count, 11);
  assert.equal(eleven.affected, undefined);
  const list = await ok(owner.get(eleven.affected_list));
  assert.deepEqual(list, { affected: crowd, next: null });
  assert.deepEqual((await ok(owner.get(`${eleven.affected_list}&after=${crowd[8]}`))).affected, crowd.slice(9));
  const one = await stack.client(crowd[0]);
  await refused((lang) => one.get(`${eleven.affected_list}&${lang}`), 403, 'BOARD_NOT_OWNER');
});

test('r31 a company forbids it; r33 a private board on Free is locked; r35 a paused team lets boards go', async () => {
  const big = await stack.client('big@example.test');
  const own = (await ok(big.post('/dashboard/teams', { name: 'Own', from: 'pricing' }), 201)).team.id;
  const mine = await big.board(own, 'From outside');
  const company = (word) => ok(big.patch('/dashboard/teams/team-enterprise', { board_moves: word }));
  await company('forbidden');
  for (const query of ['', 'dry_run=1&']) {
    await refused((lang) => move(big, 'board-enterprise-1', own, query + lang), 403, 'BOARD_MOVE_FORBIDDEN');
    await refused((lang) => move(big, mine, 'team-enterprise', query + lang), 403, 'BOARD_MOVE_FORBIDDEN');
  }
  for (const board of ['board-enterprise-1', mine]) {
    const [only] = (await show(big, board)).destinations;
    assert.deepEqual([only.allowed, only.reason], [false, 'BOARD_MOVE_FORBIDDEN']);
  }
  await company('allowed');
  await ok(move(big, mine, 'team-enterprise'));
  await gate(await stack.client('staff@corp.example.test'), mine, '200 200');

  await gate(owner, 'board-monthly-2', '200 200');
  const shown = await ok(move(owner, 'board-monthly-2', 'team-free', 'dry_run=1'));
  assert.deepEqual([shown.move.locked, shown.move.shared, shown.move.affected_count], [true, false, 0]);
  await ok(move(owner, 'board-monthly-2', 'team-free'));
  await gate(owner, 'board-monthly-2', '200 403 BOARD_LOCKED_PRIVATE');
  const free = await owner.team('Fresh');
  await ok(move(owner, 'board-monthly-2', free));
  await gate(owner, 'board-monthly-2', '200 403 BOARD_LOCKED_PRIVATE');
  assert.equal((await show(owner, 'board-monthly-2')).reason, 'BOARD_LOCKED_PRIVATE');
  await ok(owner.post(`${boards}/board-monthly-2/share`, {}));
  await gate(owner, 'board-monthly-2', '200 200');

  await gate(owner, 'board-expired-1', '200 403 TEAM_EXPIRED');
  await ok(move(owner, 'board-expired-1', free));
  await gate(owner, 'board-expired-1', '200 200');
});

test('r32 r196 guests go with their board where there are guests', async () => {
  const guest = await someone();
  const board = await owner.board('team-business', 'With a guest');
  const other = await owner.board('team-business', 'Another');
  await ok(owner.post(`${boards}/${board}/guests`, { email: guest.profile }), 201);
  await gate(guest, board, '200 200');

  assert.deepEqual((await ok(move(owner, board, 'team-monthly', 'dry_run=1'))).move.affected, []);
  await ok(move(owner, board, 'team-monthly'));
  await gate(guest, board, '200 403 GUEST_VIEW_ONLY');      // R190: on Team they view
  await gate(guest, other, '403 403 NOT_A_MEMBER');
  const teams = (await ok(guest.get('/dashboard'))).teams.map((team) => team.id);
  assert.ok(teams.includes('team-monthly') && !teams.includes('team-business'));

  const free = await owner.team('No guests here');
  const shown = (await ok(move(owner, board, free, 'dry_run=1'))).move;
  assert.deepEqual(shown.affected, [admin.profile, member.profile, guest.profile].sort());
  await ok(move(owner, board, free));
  await gate(guest, board, '403 403 NOT_A_MEMBER');
});

test('r228 r229 r227 who removes a person decides on the boards; deleted ones come back for 90 days', async () => {
  const host = await someone();
  const [first, second, third] = await Promise.all([someone(), someone(), someone()]);
  const id = await host.team('Leaving');
  for (const one of [first, second, third]) {
    await join(host, id, one.profile);
  }
  const kept = await first.board(id, 'Kept');
  const dropped = await second.board(id, 'Dropped');

  await refused((lang) => leave(second, id, first.profile, lang), 403, 'ADMIN_RIGHTS');
  const texts = await refused((lang) => leave(host, id, first.profile, lang), 409, 'BOARDS_DECISION');
  assert.ok(texts.every((text) => text.includes('1')));
  const to = (email) => `boards=${encodeURIComponent(`transfer:${email}`)}`;
  // On Free an admin takes them over.
  await refused((lang) => leave(host, id, first.profile, `${to(third.profile)}&${lang}`), 409, 'BOARDS_DECISION');
  await refused((lang) => leave(host, id, first.profile, `${to('x@example.test')}&${lang}`), 404,
    'MEMBER_NOT_FOUND');
  await refused((lang) => leave(host, id, first.profile, `boards=burn&${lang}`), 422, 'FIELD_TYPE');
  const mails = await stack.sql('SELECT COUNT(*) AS n FROM mail_outbox');
  await ok(leave(host, id, first.profile, to(host.profile)));
  assert.equal((await show(host, kept)).owner, host.profile);
  await gate(first, kept, '403 403 NOT_A_MEMBER');
  await gate(host, kept, '200 200');

  await ok(leave(host, id, second.profile, 'boards=delete'));
  await gate(host, dropped, '404 404 BOARD_NOT_FOUND');
  assert.deepEqual(await stack.sql('SELECT COUNT(*) AS n FROM mail_outbox'), mails);

  const deleted = await ok(host.get(`/dashboard/teams/${id}/deleted-boards`));
  assert.deepEqual(deleted.boards.map((board) => [board.id, board.deleted_by]), [[dropped, host.profile]]);
  assert.deepEqual((await ok(third.get(`/dashboard/teams/${id}/deleted-boards`))).boards, []);
  const restore = (who, lang = '') => who.post(`${boards}/${dropped}/restore?${lang}`, {});
  await refused((lang) => restore(third, lang), 404, 'BOARD_NOT_FOUND');
  assert.equal((await ok(restore(host))).board.owner, host.profile);    // its owner has left
  await gate(third, dropped, '200 200');
  await refused((lang) => restore(host, lang), 404, 'BOARD_NOT_FOUND');

  // Who leaves without a word leaves the boards to the first admin.
  const last = await third.board(id, 'Last');
  await ok(leave(third, id, third.profile));
  assert.equal((await show(host, last)).owner, host.profile);

  await ok(host.delete(`${boards}/${last}`));
  await ok(host.post('/demo/clock', { advance: '89d' }));
  assert.equal((await ok(host.get(`/dashboard/teams/${id}/deleted-boards`))).boards.length, 1);
  await ok(host.post('/demo/clock', { advance: '1d' }));
  assert.deepEqual((await ok(host.get(`/dashboard/teams/${id}/deleted-boards`))).boards, []);
  await refused((lang) => host.post(`${boards}/${last}/restore?${lang}`, {}), 404, 'BOARD_NOT_FOUND');
});

test('r202 r203 when the licences run out one views; a company admin hands them out', async () => {
  const big = await stack.client('big@example.test');
  const staff = await stack.client('staff@corp.example.test');
  const [a, b, c, guest] = await Promise.all([someone(), someone(), someone(), someone()]);
  const licences = '/dashboard/teams/team-enterprise/licences';
  const set = (who, email, licence, lang = '') =>
    who.post(`${licences}/${encodeURIComponent(email)}?${lang}`, { licence });
  agreed("UPDATE team SET seats = 3 WHERE id = 'team-enterprise'");

  await refused((lang) => staff.post(`${licences}?${lang}`, { emails: [a.profile] }), 403, 'ADMIN_RIGHTS');
  await refused((lang) => big.post(`${licences}?${lang}`, { emails: [] }), 422, 'FIELD_TYPE');
  await refused((lang) => big.post(`${licences}?${lang}`, { emails: ['x'] }), 422, 'EMAIL_INVALID');
  await refused((lang) => owner.post(`/dashboard/teams/team-business/licences?${lang}`,
    { emails: [a.profile] }), 402, 'FEATURE_MISSING');
  const added = await ok(big.post(licences, { emails: [b.profile, a.profile] }));
  assert.deepEqual(added.members.map((one) => [one.email, one.licence]),
    [[b.profile, 'full'], [a.profile, 'restricted']]);        // in the order of the list
  assert.equal(added.team.members, 3);
  assert.equal((await ok(staff.post('/dashboard/teams/team-enterprise/members', { email: c.profile }), 201))
    .member.role, 'restricted');

  await gate(b, 'board-enterprise-1', '200 200');
  await gate(a, 'board-enterprise-1', '200 403 LICENCE_REQUEST');
  await refused((lang) => a.post(`/dashboard/teams/team-enterprise/boards?${lang}`, { title: 'No' }), 403,
    'LICENCE_REQUEST');
  await refused((lang) => a.post(`/dashboard/teams/team-enterprise/members?${lang}`, { email: 'x@example.test' }),
    403, 'INVITE_FORBIDDEN');
  await refused((lang) => a.post(`${boards}/board-enterprise-1/guests?${lang}`, { email: 'x@example.test' }), 403,
    'INVITE_FORBIDDEN');
  assert.equal((await show(a, 'board-enterprise-1')).reason, 'LICENCE_REQUEST');

  await refused((lang) => set(big, a.profile, 'full', lang), 409, 'NO_VACANT_SEAT');
  await refused((lang) => set(b, a.profile, 'full', lang), 403, 'ADMIN_RIGHTS');
  await refused((lang) => set(big, 'x@example.test', 'full', lang), 404, 'MEMBER_NOT_FOUND');
  await refused((lang) => set(big, a.profile, 'half', lang), 422, 'FIELD_TYPE');
  await refused((lang) => set(big, big.profile, 'restricted', lang), 403, 'ADMIN_RIGHTS');
  await ok(set(big, b.profile, 'restricted'));
  assert.equal((await ok(set(big, a.profile, 'full'))).member.licence, 'full');
  await gate(b, 'board-enterprise-1', '200 403 LICENCE_REQUEST');
  await gate(a, 'board-enterprise-1', '200 200');

  // Who may not edit asks for it; approved once a licence is free.
  const asked = await ok(b.post('/dashboard/teams/team-enterprise/requests', { kind: 'licence' }), 201);
  const approve = (lang) => big.post(`/dashboard/requests/${asked.request.id}?${lang}`, { decision: 'approve' });
  await refused(approve, 409, 'NO_VACANT_SEAT');
  await ok(set(big, a.profile, 'restricted'));
  await ok(approve(''));
  await gate(b, 'board-enterprise-1', '200 200');

  // Guests take no licence and are given none by themselves.
  await ok(big.post(`${boards}/board-enterprise-1/guests`, { email: guest.profile }), 201);
  await gate(guest, 'board-enterprise-1', '200 200');
  await refused((lang) => set(big, guest.profile, 'full', lang), 404, 'MEMBER_NOT_FOUND');

  await ok(leave(big, 'team-enterprise', c.profile));
  await gate(c, 'board-enterprise-1', '403 403 NOT_A_MEMBER');
});

test('r190 guests of a team that falls to Free become members, as the preview says', async () => {
  const guest = await someone();
  agreed("UPDATE team SET state = 'active', period_end_at = 4102444800 WHERE id = 'team-past-due'");
  await ok(owner.post(`${boards}/board-past-due-1/guests`, { email: guest.profile }), 201);
  agreed("UPDATE team SET state = 'expired' WHERE id = 'team-past-due'");
  const key = () => ({ 'idempotency-key': `downgrade-${Date.now()}-${Math.random()}` });
  const downgrade = (query) => ok(owner.post(`/billing/downgrade?${query}`, { team: 'team-past-due' }, key()));
  const shown = await downgrade('dry_run=1');
  assert.deepEqual([shown.guests_become_members, shown.members_then], [1, 3]);
  const then = await downgrade('');
  assert.equal(then.team.members, 3);
  await gate(guest, 'board-past-due-1', '200 200');
});
