// Relays that answer as they should not: every kind of code at every step, in
// many lines, without an end, byte by byte or not at all, or that take the
// mail and hang up.  A mail is sent, comes again with its Message-ID, or is
// refused for what its address is; it is never lost, and comes twice only
// where nobody knows its end (reliability.md 5.12 rows 4 and 5, P42, P43).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { Stage, eventually } from './worker.mjs';

let stage, server, script = {}, mails = [], met = 0, n = 0;
const links = new Set();

// What is said at a step: text, null for nothing, or what to do with the link.
function talk(link) {
  let rest = '', data = false;
  const say = (step, usual) => {
    const answer = script[step] === undefined ? usual : script[step];
    if (typeof answer === 'function') {
      answer(link);
    } else if (answer !== null) {
      link.write(`${answer}\r\n`);
    }
  };

  met += 1;
  links.add(link);
  link.on('error', () => {});
  link.on('close', () => links.delete(link));
  say('greeting', '220 relay.test');
  link.on('data', (bytes) => {
    rest += bytes.toString('latin1');
    for (let end; (end = rest.indexOf(data ? '\r\n.\r\n' : '\r\n')) >= 0;) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + (data ? 5 : 2));
      if (data) {
        data = false;
        mails.push(line);
        say('end', '250 taken');
        continue;
      }
      const verb = line.slice(0, 4).toUpperCase();
      data = verb === 'DATA' && script.DATA === undefined;
      say(verb, verb === 'DATA' ? '354 go on' : verb === 'QUIT' ? '221 bye' : '250 fine');
    }
  });
}

const sql = (text, ...options) => execFileSync('sqlite3', ['-json', '-cmd', '.timeout 5000', ...options,
  stage.database, text]).toString();
const state = (id) => JSON.parse(sql(`SELECT * FROM mail_outbox WHERE message_id = '${id}@example.test'`,
  '-readonly') || '[]')[0];

async function up(url, more = {}) {
  stage.configure((settings) => { Object.assign(settings.mail, { url, ...more }); });
  const worker = stage.worker();
  await eventually('a ready worker', () => /records written/.test(stage.logged()));
  return worker;
}

// A mail to a relay that has not been met before: links are kept, else.
function queue(steps) {
  const id = `mail${(n += 1)}`;
  script = steps;
  mails = [];
  met = 0;
  links.forEach((link) => link.destroy());
  sql(`INSERT INTO mail_outbox (message_id, recipient, template, lang, subject, text, state, created_at,
    next_at) VALUES ('${id}@example.test', 'owner@example.test', 'x', 'en', 'Receipt', 'Thanks.',
    'queued', unixepoch(), 0)`);
  return id;
}

// What becomes of it after one try.
async function tried(steps) {
  const id = queue(steps);
  await eventually('a try', () => state(id).attempts > 0 || state(id).state !== 'queued', 40000);
  return { id, row: state(id) };
}

async function again(id) {
  sql(`UPDATE mail_outbox SET next_at = 0 WHERE message_id = '${id}@example.test'`);
  await eventually('its end', () => state(id).state === 'sent');
}

before(async () => {
  stage = new Stage();
  server = net.createServer(talk);
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  await stage.redis();
  await up(`smtp://127.0.0.1:${server.address().port}`);
});

after(async () => {
  server.close();
  await stage.stop();
});

const flood = (link) => { link.write(`250-${'x'.repeat(1 << 16)}\r\n`.repeat(64)); };

for (const [what, steps] of Object.entries({
  '421 instead of a greeting': { greeting: '421 too busy' },
  '554 instead of a greeting': { greeting: '554 no service here' },
  'no to EHLO and HELO': { EHLO: '502 no', HELO: '502 no' },
  '450, greylisted': { RCPT: '450 4.2.0 greylisted, come back' },
  '451 in many lines': { DATA: '451-a\r\n451-b\r\n451 c' },
  'a line of 64 KB, again and again': { RCPT: flood },
  'an end after RCPT': { RCPT: (link) => link.destroy() },
  '452 after the mail': { end: '452 4.3.1 no room for it' },
  'an end after the mail': { end: (link) => link.destroy() },
})) {
  test(`p42 p43 5.12 row 4: ${what}: it comes again, with its Message-ID`, async () => {
    const { id, row } = await tried(steps);
    assert.equal(row.state, 'queued', row.error);
    assert.ok(row.next_at >= Date.now() / 1000 + 30, JSON.stringify(row));
    script = {};
    await again(id);
    assert.equal(mails.length, /the mail$/.test(what) ? 2 : 1, 'twice only when it was taken once');
    mails.forEach((mail) => assert.ok(mail.includes(`Message-ID: <${id}@example.test>`)));
  });
}

for (const [what, steps] of Object.entries({
  '550, nobody': { RCPT: '550 5.1.1 no such user' },
  '554 after the mail': { end: '554 5.7.1 looks like spam' },
})) {
  test(`5.12 row 4: ${what}: refused, and told`, async () => {
    const { row } = await tried(steps);
    assert.equal(row.state, 'refused', JSON.stringify(row));
    assert.match(row.error, /^55\d /);
    await new Promise((done) => { setTimeout(done, 1500); });
    assert.equal(met, 1, 'not tried again');
  });
}

test('p43 a 250 that comes and is followed by the end is an end that is known', async () => {
  const { id, row } = await tried({ end: (link) => link.end('250 taken\r\n') });
  assert.equal(row.state, 'sent', row.error);
  sql(`UPDATE mail_outbox SET next_at = 0 WHERE message_id = '${id}@example.test'`);
  await new Promise((done) => { setTimeout(done, 1500); });
  assert.equal(mails.length, 1);
});

test('p42 a relay that answers byte by byte is waited for', async () => {
  const slowly = (text) => (link) => {
    [...`${text}\r\n`].forEach((c, i) => setTimeout(() => link.write(c), 20 * i));
  };
  const { row } = await tried({ greeting: slowly('220 slow.test'), EHLO: slowly('250 slow.test'),
    RCPT: slowly('250-well\r\n250 fine'), end: slowly('250 taken') });
  assert.equal(row.state, 'sent', row.error);
});

test('p42 while one relay says nothing the worker goes on', async () => {
  const silent = queue({ greeting: null });
  await eventually('a link', () => met > 0);
  script = {};
  n += 1;
  sql(`INSERT INTO mail_outbox (message_id, recipient, template, lang, subject, text, state, created_at,
    next_at) VALUES ('mail${n}@example.test', 'other@example.test', 'x', 'en', 'Receipt', 'Thanks.',
    'queued', unixepoch(), 0)`);
  await eventually('its end', () => state(`mail${n}`).state === 'sent');
  assert.equal(state(silent).state, 'queued');
});
