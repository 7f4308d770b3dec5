// The worker's security log: what is true, once it is; nothing of anybody's in
// it; and what anybody can cause is written so many times a second.

import assert from 'node:assert/strict';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { Asker, Stage, eventually } from './worker.mjs';

const OWNER = 'owner@example.test';
const STRANGER = 'stranger@example.test';

let stage, asker, log;

beforeEach(async () => {
  stage = new Stage();
  log = path.join(stage.dir, 'logs', 'security.log');
  fs.mkdirSync(path.dirname(log));
  stage.configure((settings) => { settings.security_log = log; });
  await stage.redis();
});
afterEach(async () => { asker?.close(); asker = null; await stage.stop(); });

async function up() {
  const child = stage.worker();
  await eventually('a ready worker', () => /records written/.test(stage.logged()), 20000);
  asker = new Asker(stage);
  return child;
}

function who(email) {
  const key = hkdfSync('sha256', stage.master, '', 'billing 1 pseudonym', 32);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(email.length));
  return createHmac('sha256', Buffer.from(key)).update(length).update(email).digest('hex').slice(0, 16);
}

function lines(name = log) {
  if (!fs.existsSync(name)) {
    return [];
  }
  return fs.readFileSync(name, 'latin1').split('\n').filter((line) => line !== '').map((line) => {
    assert.match(line, /^\{"time":"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","event":"[a-z_]+"[\x20-\x7e]*\}$/);
    return JSON.parse(line);
  });
}

const events = (name) => lines().filter(({ event }) => event === name);
const event = (name, n = 1) => eventually(`${n} of ${name}`, () => events(name).length >= n && events(name));

test('p51 roles, refusals, forgeries and secrets, by pseudonyms', async () => {
  const worker = await up();
  assert.equal((await event('secrets_loaded'))[0].what, '1 of secret_files');

  const { body: { team: { id } } } = await asker.command('team.create', { body: { name: 'Alpha' } });
  const [made] = await eventually('a role', () => events('role_changed').filter(({ team }) => team === id));
  assert.deepEqual([made.who, made.whom], [who(OWNER), who(OWNER)]);

  const before = events('role_changed').length;
  const added = await asker.command('member.add', { team: id, body: { team: id, email: STRANGER, role: 'member' } });
  assert.ok(added.status < 300, added.text);
  const [role] = (await event('role_changed', before + 1)).slice(before);
  assert.deepEqual([role.team, role.who, role.whom, role.what], [id, who(OWNER), who(STRANGER), 'member']);

  const refused = await asker.command('member.role', { actor: STRANGER, team: id,
    body: { team: id, email: OWNER, role: 'member' } });
  assert.equal(refused.status, 403, refused.text);
  const [tried] = await event('command_refused');
  assert.deepEqual([tried.who, tried.team, tried.op, tried.reason, tried.what],
    [who(STRANGER), id, refused.op, refused.body.code, 'member.role']);
  assert.equal(events('role_changed').length, before + 1, 'what was undone is not told');

  await asker.send('commands', { ...asker.entry('team.create', { body: { name: 'Forged' } }), m: 'f'.repeat(64) });
  assert.equal((await event('mac_bad'))[0].what, 'command');
  assert.equal((await event('dead_letter'))[0].what, 'not signed by us');

  // Moved away and written anew, with nobody told; and read again by HUP.
  fs.renameSync(log, `${log}.1`);
  worker.kill('SIGHUP');
  await event('secrets_loaded');
  const told = fs.readFileSync(`${log}.1`, 'latin1') + fs.readFileSync(log, 'latin1');
  assert.equal(told.split('"event":"command_refused"').length, 2, 'once');
  for (const canary of [OWNER, STRANGER, '@', 'Alpha', 'Forged', 'f'.repeat(64), stage.master]) {
    assert.ok(!told.includes(canary), canary);
  }
});

test('what anybody can cause is bounded, roles are not', async () => {
  await up();
  const members = [];
  const { body: { team: { id } } } = await asker.command('team.create', { body: { name: 'Beta' } });
  for (let i = 0; i < 40; i += 1) {
    members.push(asker.command('member.add', { team: id,
      body: { team: id, email: `person${i}@example.test`, role: 'member' } }));
  }
  for (const answer of await Promise.all(members)) {
    assert.ok(answer.status < 300, answer.text);
  }
  await eventually('forty of them', () => new Set(events('role_changed').map(({ whom }) => whom)).size >= 41);

  await Promise.all(Array.from({ length: 60 }, () => asker.send('commands',
    { ...asker.entry('team.create', { key: randomBytes(16).toString('hex') }), m: '0'.repeat(64) })));
  const count = (name) => events(name).length
    + events('left_out').filter(({ of }) => of === name).reduce((sum, { lines: n }) => sum + n, 0);
  await eventually('all of sixty, told or counted', () => count('mac_bad') === 60 && count('dead_letter') === 60, 25000);
  assert.ok(events('mac_bad').length < 60, `${events('mac_bad').length} lines`);
});

test('a log that cannot be written stops no money, and is told of', async () => {
  fs.rmdirSync(path.dirname(log));
  await up();
  const made = await asker.command('team.create', { body: { name: 'Gamma' } });
  assert.equal(made.status, 201, made.text);
  await eventually('an alert', () => /ALERT: .*security\.log: No such file.*: security events are lost/.test(stage.logged()));
  assert.equal(stage.logged().split('security events are lost').length, 2, 'once a minute');
});
