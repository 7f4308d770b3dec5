// Boards over HTTP: guests, private boards, public links, moves, copies, what
// becomes of them when somebody leaves; after each change, what the gate says.

import assert from 'node:assert/strict';
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

const boards = '/dashboard/boards';
const invite = (who, board, email, lang = '') => who.post(`${boards}/${board}/guests?${lang}`, { email });
const link = (who, board, access, lang = '') => who.post(`${boards}/${board}/link?${lang}`, { access });
const show = async (who, board) => (await ok(who.get(`${boards}/${board}`))).board;
const team = async (who, id) => (await ok(who.get(`/dashboard?team=${id}`))).team;

test('r195 r196 r55 a guest belongs to one board, free of charge, and edits where the plan says', async () => {
  const guest = await someone();
  const other = await owner.board('team-business', 'Other');
  const before = await team(owner, 'team-business');

  await gate(guest, 'board-business-1', '403 403 NOT_A_MEMBER');
  const made = await ok(invite(member, 'board-business-1', guest.profile), 201);
  assert.deepEqual(made.guest, { email: guest.profile, role: 'guest', access: 'edit' });
  await gate(guest, 'board-business-1', '200 200');
  await gate(guest, other, '403 403 NOT_A_MEMBER');

  const then = await team(owner, 'team-business');
  assert.equal(then.members, before.members);
  assert.equal(then.seats, before.seats);
  const listed = (await show(member, 'board-business-1')).access;
  assert.ok(listed.some((one) => one.email === guest.profile && one.invited_by === member.profile));
  assert.deepEqual((await show(guest, 'board-business-1')).access, []);
  const dashboard = await ok(guest.get('/dashboard?team=team-business'));
  assert.deepEqual(dashboard.boards.map((board) => board.id), ['board-business-1']);
  assert.deepEqual(dashboard.members, []);

  const viewer = await someone();
  assert.equal((await ok(invite(owner, 'board-monthly-1', viewer.profile), 201)).guest.access, 'view');
  await gate(viewer, 'board-monthly-1', '200 403 GUEST_VIEW_ONLY');

  await refused((lang) => invite(owner, 'board-business-1', guest.profile, lang), 409, 'MEMBER_EXISTS');
  await refused((lang) => invite(owner, 'board-business-1', member.profile, lang), 409, 'MEMBER_EXISTS');
  await refused((lang) => invite(guest, 'board-business-1', 'x@example.test', lang), 403, 'NOT_A_MEMBER');
  await refused((lang) => invite(viewer, 'board-business-1', 'x@example.test', lang), 404, 'BOARD_NOT_FOUND');
  await refused((lang) => invite(owner, 'board-business-1', 'nobody', lang), 422, 'EMAIL_INVALID');
  await refused((lang) => invite(owner, 'board-expired-1', guest.profile, lang), 403, 'TEAM_EXPIRED');
  const path = (email, lang = '') => `${boards}/board-business-1/guests/${encodeURIComponent(email)}?${lang}`;
  await refused((lang) => member.delete(path(guest.profile, lang)), 403, 'BOARD_NOT_OWNER');
  await refused((lang) => owner.delete(path('x@example.test', lang)), 404, 'MEMBER_NOT_FOUND');

  await ok(admin.delete(path(guest.profile)));
  await gate(guest, 'board-business-1', '403 403 NOT_A_MEMBER');
  await refused((lang) => guest.get(`${boards}/board-business-1?${lang}`), 404, 'BOARD_NOT_FOUND');
  assert.ok(!(await ok(guest.get('/dashboard'))).teams.some((one) => one.id === 'team-business'));

  await ok(invite(owner, 'board-business-1', guest.profile), 201);
  await ok(guest.delete(path(guest.profile)));    // who has enough of it leaves
  await gate(guest, 'board-business-1', '403 403 NOT_A_MEMBER');
});

test('r36 r39 on Free who is invited to a board joins the team', async () => {
  const host = await someone();
  const friend = await someone();
  const id = await host.team('Friends');
  const board = await host.board(id, 'Plan');
  const made = await ok(invite(host, board, friend.profile), 201);
  assert.equal(made.guest.role, 'member');
  await gate(friend, board, '200 200');
  await gate(friend, await host.board(id, 'Second'), '200 200');
  assert.equal((await team(host, id)).members, 2);
});

test('r56 r39 r40 a private board is its owner’s and of whom he lets in', async () => {
  await gate(owner, 'board-monthly-2', '200 200');
  await gate(member, 'board-monthly-2', '404 404 BOARD_NOT_FOUND');
  await gate(admin, 'board-monthly-2', '404 404 BOARD_NOT_FOUND');
  await refused((lang) => admin.get(`${boards}/board-monthly-2?${lang}`), 404, 'BOARD_NOT_FOUND');

  await ok(invite(owner, 'board-monthly-2', member.profile), 201);
  await gate(member, 'board-monthly-2', '200 200');
  await refused((lang) => invite(member, 'board-monthly-2', 'x@example.test', lang), 403, 'BOARD_NOT_OWNER');
  const guest = await someone();
  await ok(invite(owner, 'board-monthly-2', guest.profile), 201);
  await gate(guest, 'board-monthly-2', '200 403 GUEST_VIEW_ONLY');

  const board = await owner.board('team-monthly', 'Turns private');
  await gate(member, board, '200 200');
  const change = (who, body, lang = '') => who.patch(`${boards}/${board}?${lang}`, body);
  await ok(link(owner, board, 'view'));
  const changed = (await ok(change(owner, { title: 'Mine', private: true }))).board;
  assert.deepEqual([changed.title, changed.private, changed.link], ['Mine', true, 'off']);
  await gate(member, board, '404 404 BOARD_NOT_FOUND');
  await gate(owner, board, '200 200');
  await ok(change(owner, { private: false }));
  await gate(member, board, '200 200');

  await refused((lang) => change(member, { title: 'No' }, lang), 403, 'BOARD_NOT_OWNER');
  await refused((lang) => change(owner, {}, lang), 422, 'FIELD_MISSING');
  await refused((lang) => change(owner, { title: '\u0007' }, lang), 422, 'NAME_INVALID');
  await refused((lang) => owner.patch(`${boards}/board-free-4?${lang}`, { private: true }), 422,
    'BOARD_PRIVATE_FREE');
  await refused((lang) => owner.patch(`${boards}/board-expired-1?${lang}`, { title: 'No' }), 403, 'TEAM_EXPIRED');
});

test('r197 r56 a public link lets in anybody, as far as link and plan say', async () => {
  const stranger = await someone();
  const board = await owner.board('team-business', 'Shown');
  await gate(null, board, '401 401 UNAUTHENTICATED');
  await gate(stranger, board, '403 403 NOT_A_MEMBER');

  assert.equal((await ok(link(owner, board, 'view'))).board.link, 'view');
  await gate(null, board, '200 403 GUEST_VIEW_ONLY');
  await gate(stranger, board, '200 403 GUEST_VIEW_ONLY');
  await ok(link(owner, board, 'edit'));
  await gate(null, board, '200 200');
  await gate(stranger, board, '200 200');
  await refused((lang) => stranger.get(`${boards}/${board}?${lang}`), 404, 'BOARD_NOT_FOUND');
  assert.equal((await show(member, board)).link, 'edit');

  await refused((lang) => link(member, board, 'off', lang), 403, 'BOARD_NOT_OWNER');
  await refused((lang) => link(owner, board, 'all', lang), 422, 'FIELD_TYPE');
  await refused((lang) => link(owner, 'board-free-4', 'edit', lang), 402, 'FEATURE_MISSING');
  await refused((lang) => link(owner, 'board-expired-1', 'view', lang), 403, 'TEAM_EXPIRED');
  await ok(link(owner, 'board-free-4', 'view'));
  await gate(null, 'board-free-4', '200 403 GUEST_VIEW_ONLY');

  await ok(link(admin, board, 'off'));            // an admin closes it too
  await gate(null, board, '401 401 UNAUTHENTICATED');
  await gate(stranger, board, '403 403 NOT_A_MEMBER');
});

test('r37 r41 r42 a copy is a new board, so it can be edited', async () => {
  await gate(owner, 'board-free-1', '200 403 BOARD_LOCKED_LIMIT');
  await refused((lang) => owner.patch(`${boards}/board-free-1?${lang}`, { title: 'No' }), 403,
    'BOARD_LOCKED_LIMIT');
  const copied = await ok(member.post(`${boards}/board-free-1/copy`, {}), 201);
  assert.equal(copied.copy_of, 'board-free-1');
  assert.deepEqual([copied.board.title, copied.board.owner], ['First plan', member.profile]);
  await gate(owner, copied.board.id, '200 200');
  await gate(owner, 'board-free-2', '200 403 BOARD_LOCKED_LIMIT');
  assert.equal((await ok(owner.post(`${boards}/board-free-1/copy`, { title: 'Again' }), 201)).board.title, 'Again');
  await refused((lang) => owner.post(`${boards}/board-expired-1/copy?${lang}`, {}), 403, 'TEAM_EXPIRED');
  await refused((lang) => owner.post(`${boards}/nowhere/copy?${lang}`, {}), 404, 'BOARD_NOT_FOUND');
  const guest = await stack.client('guest@example.test');
  await refused((lang) => guest.post(`${boards}/board-monthly-1/copy?${lang}`, {}), 403, 'NOT_A_MEMBER');
});
