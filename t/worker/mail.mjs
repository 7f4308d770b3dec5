// The mails of billing-worker against relays that accept, refuse, hang up or
// are away.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import tls from 'node:tls';

import { Stage, eventually } from './worker.mjs';

let stage, relay;

// A relay: replies by verb, with what it was told kept in mails[].
function listen(replies = {}, port = 0) {
  const mails = [];
  const server = net.createServer((link) => {
    let rest = '', data = false, mail = null;
    const say = (text) => link.write(`${text}\r\n`);
    link.on('error', () => {});
    say('220 relay.test');
    link.on('data', (bytes) => {
      rest += bytes.toString('latin1');
      for (;;) {
        if (data) {
          const end = rest.indexOf('\r\n.\r\n');
          if (end < 0) {
            return;
          }
          mail.text = rest.slice(0, end);
          rest = rest.slice(end + 5);
          data = false;
          mails.push(mail);
          if (replies.end === 'hang up') {
            link.destroy();
            return;
          }
          say(replies.end ?? '250 taken');
          continue;
        }
        const end = rest.indexOf('\r\n');
        if (end < 0) {
          return;
        }
        const line = rest.slice(0, end);
        const verb = line.slice(0, 4).toUpperCase();
        rest = rest.slice(end + 2);
        if (verb === 'MAIL') {
          mail = { from: line, to: [] };
        }
        if (verb === 'RCPT') {
          mail.to.push(line);
        }
        if (verb === 'DATA' && !replies.DATA) {
          data = true;
          say('354 go on');
          continue;
        }
        say(replies[verb] ?? (verb === 'QUIT' ? '221 bye' : '250 fine'));
      }
    });
  });
  return new Promise((done) => {
    server.listen(port, '127.0.0.1', () => done({ mails, replies, server, port: server.address().port }));
  });
}

const run = (text, ...options) => execFileSync('sqlite3', ['-json', ...options, stage.database,
  text]).toString();
const rows = (text) => { const out = run(text, '-readonly'); return out === '' ? [] : JSON.parse(out); };

// What the business does in its transaction.
function queue(id, { to = 'owner@example.test', text = 'Merci.\n.\n' } = {}) {
  run(`PRAGMA busy_timeout = 5000; INSERT INTO mail_outbox (message_id, recipient, template, lang, subject, text,
    state, created_at, next_at) VALUES ('${id}@example.test', '${to}', 'x', 'fr', 'Votre reçu', '${text}', 'queued',
    unixepoch(), 0)`);
}

const state = async (id) => rows(`SELECT * FROM mail_outbox WHERE message_id = '${id}@example.test'`)[0];

async function up(replies) {
  relay = await listen(replies);
  stage.configure((settings) => { settings.mail.url = `smtp://127.0.0.1:${relay.port}`; });
  await stage.redis();
  const worker = stage.worker();
  await eventually('a ready worker', () => /records written/.test(stage.logged()));
  return worker;
}

beforeEach(() => { stage = new Stage(); });
afterEach(async () => { relay?.server.close(); await stage.stop(); });

test('p42 a queued mail is sent once, as it should look', async () => {
  await up();
  queue('one');
  await eventually('a mail', () => relay.mails.length === 1);
  await eventually('its row', async () => (await state('one')).state === 'sent');
  const [mail] = relay.mails;
  assert.equal(mail.from.split(' ')[1], 'FROM:<billing@example.test>');
  assert.deepEqual(mail.to, ['RCPT TO:<owner@example.test>']);
  assert.match(mail.text, /^Subject: =\?UTF-8\?B\?Vm90cmUgcmXDp3U=\?=\r$/m);
  assert.match(mail.text, /^Message-ID: <one@example\.test>\r$/m);
  assert.match(mail.text, /text\/plain[^\0]*\r\n\r\nMerci\.\r\n=2E\r\n/);
  assert.match(mail.text, /text\/html[^\0]*<p>Merci\.<br>/);
  assert.ok(!/[^\r]\n/.test(mail.text));
  await new Promise((done) => { setTimeout(done, 2500); });
  assert.equal(relay.mails.length, 1);
});

test('a refused address is not tried again, a busy relay is', async () => {
  await up({ RCPT: '550 no such user' });
  queue('never');
  await eventually('its row', async () => (await state('never')).state === 'refused');
  assert.match((await state('never')).error, /^550 /);

  relay.replies.RCPT = '451 come back later';
  queue('later');
  await eventually('its row', async () => (await state('later')).attempts === 1);
  const row = await state('later');
  assert.equal(row.state, 'queued');
  assert.ok(row.next_at >= Date.now() / 1000 + 55, JSON.stringify(row));

  relay.replies.RCPT = undefined;
  run("PRAGMA busy_timeout = 5000; UPDATE mail_outbox SET next_at = 0 WHERE state = 'queued'");
  await eventually('a mail', () => relay.mails.length === 1);
  await eventually('its row', async () => (await state('later')).state === 'sent');
});

test('p43 a mail whose end is unknown comes again with the same id', async () => {
  await up({ end: 'hang up' });
  queue('twice');
  await eventually('its row', async () => (await state('twice')).attempts === 1);
  assert.equal((await state('twice')).state, 'queued');
  relay.replies.end = undefined;
  run("PRAGMA busy_timeout = 5000; UPDATE mail_outbox SET next_at = 0 WHERE state = 'queued'");
  await eventually('its row', async () => (await state('twice')).state === 'sent');
  assert.equal(relay.mails.length, 2);
  assert.ok(relay.mails.every((mail) => mail.text.includes('Message-ID: <twice@example.test>')));
});

test('p42 mails wait for a relay that is away, and none is lost by a kill', async () => {
  const worker = await up();
  relay.server.close();
  for (let i = 0; i < 20; i += 1) {
    queue(`n${i}`);
  }
  await eventually('a try', async () => rows('SELECT SUM(attempts) AS n FROM mail_outbox')[0].n > 0);
  worker.kill('SIGKILL');
  await worker.ended;
  const { mails } = relay = await listen({}, relay.port);
  run('PRAGMA busy_timeout = 5000; UPDATE mail_outbox SET next_at = 0');
  stage.worker();
  await eventually('all of them', () => mails.length >= 20);
  await eventually('all rows', async () => rows("SELECT COUNT(*) AS n FROM mail_outbox WHERE state = 'sent'")[0].n === 20);
  assert.equal(new Set(mails.map((mail) => mail.text.match(/Message-ID: <(.*?)>/)[1])).size, 20);
});

test('p44 an address that is more than one mailbox is never told to a relay', async () => {
  await up();
  queue('evil', { to: 'a@example.test>\r\nRCPT TO:<b@example.test' });
  await eventually('its row', async () => (await state('evil')).state === 'refused');
  assert.equal(relay.mails.length, 0);
});


// A relay that speaks TLS, at once or after STARTTLS; what it heard in words[].
function secure({ key, cert }, { implicit = false, offers = true, login = null } = {}) {
  const words = [];
  const context = tls.createSecureContext({ key, cert });
  const talk = (link, ready) => {
    let rest = '', data = false;
    link.on('error', () => {});
    if (ready) {
      link.write('220 relay.test\r\n');
    }
    link.on('data', (bytes) => {
      rest += bytes.toString('latin1');
      for (let end; (end = rest.indexOf(data ? '\r\n.\r\n' : '\r\n')) >= 0;) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + (data ? 5 : 2));
        const verb = data ? 'BODY' : line.slice(0, 4).toUpperCase();
        words.push(`${link.encrypted ? 'tls' : 'plain'} ${verb}`);
        data = verb === 'DATA';
        if (verb === 'STAR') {
          link.write('220 go\r\n');
          link.removeAllListeners('data');
          talk(new tls.TLSSocket(link, { isServer: true, secureContext: context }), false);
          return;
        }
        link.write(verb === 'DATA' ? '354 go on\r\n'
          : verb === 'AUTH' ? `${login}\r\n`
          : verb === 'EHLO' && login && link.encrypted ? '250-relay\r\n250 AUTH PLAIN\r\n'
          : verb === 'EHLO' && offers && !link.encrypted ? '250-relay\r\n250 STARTTLS\r\n' : '250 fine\r\n');
      }
    });
  };
  const server = implicit ? tls.createServer({ key, cert }, (link) => talk(link, true))
    : net.createServer((link) => talk(link, true));
  server.on('tlsClientError', () => {});
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done({ words, server, port: server.address().port }));
  });
}

function certificate(name) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-tls.'));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', `subjectAltName=DNS:${name}`, '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`],
  { stdio: 'ignore' });
  return { dir, file: `${dir}/cert.pem`, key: fs.readFileSync(`${dir}/key.pem`), cert: fs.readFileSync(`${dir}/cert.pem`) };
}

async function send(id, relayed, scheme, ca, more = {}) {
  relay = relayed;
  stage.configure((settings) => {
    Object.assign(settings.mail, { url: `${scheme}://localhost:${relay.port}`, ca_file: ca, ...more });
  });
  await stage.redis();
  stage.worker();
  await eventually('a ready worker', () => /records written/.test(stage.logged()));
  queue(id);
  await eventually('a try', async () => {
    const row = await state(id);
    return row.attempts > 0 || row.state === 'sent';
  });
  return state(id);
}

for (const implicit of [false, true]) {
  const scheme = implicit ? 'smtps' : 'smtp';
  test(`5.12 a mail goes over TLS that is checked (${scheme})`, async () => {
    const good = certificate('localhost');
    const row = await send('secret', await secure(good, { implicit }), scheme, good.file);
    assert.equal(row.state, 'sent', row.error);
    assert.ok(relay.words.includes('tls BODY'), relay.words.join());
    assert.ok(!relay.words.some((word) => /plain (MAIL|RCPT|DATA|BODY)/.test(word)), relay.words.join());
    fs.rmSync(good.dir, { recursive: true });
  });

  test(`5.12 a relay that is another one hears no mail (${scheme})`, async () => {
    const wrong = certificate('elsewhere.test');
    const row = await send('kept', await secure(wrong, { implicit }), scheme, wrong.file);
    assert.equal(row.state, 'queued', JSON.stringify(row));
    assert.ok(!relay.words.some((word) => /MAIL|BODY/.test(word)), relay.words.join());
    fs.rmSync(wrong.dir, { recursive: true });
  });
}

test('5.12 a relay whose STARTTLS was taken out hears no mail', async () => {
  const good = certificate('localhost');
  const row = await send('stripped', await secure(good, { offers: false }), 'smtp', good.file);
  assert.equal(row.state, 'queued', JSON.stringify(row));
  assert.ok(!relay.words.some((word) => /MAIL|BODY/.test(word)), relay.words.join());
  fs.rmSync(good.dir, { recursive: true });
});

test('5.12 a relay that refuses the login hears no mail, which is kept and told', async () => {
  const good = certificate('localhost');
  fs.writeFileSync(`${good.dir}/password`, 'of a test\n', { mode: 0o600 });
  const row = await send('login', await secure(good, { login: '535 5.7.8 wrong' }), 'smtp', good.file,
    { user: 'billing', password_file: `${good.dir}/password` });
  assert.equal(row.state, 'queued', JSON.stringify(row));
  assert.ok(relay.words.includes('tls AUTH'), relay.words.join());
  assert.ok(!relay.words.some((word) => /plain AUTH|MAIL|BODY/.test(word)), relay.words.join());
  assert.match(stage.logged(), /mail <login@example\.test> not sent/);
  fs.rmSync(good.dir, { recursive: true });
});
