// What nobody may find later (P51, P52): each secret goes in where it can go
// in, right and wrong, and is then looked for in every log, in Redis, in the
// database's own bytes, in metrics and in mails.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, request, sleep, start } from '../lib/stack.mjs';

const CARD = '5105105105105100';
const SPELT = [CARD, '5105 1051 0510 5100', '5105-1051-0510-5100'];

let stack;
let owner;
let team;
const canary = new Map();

const make = (name) => {
  const text = `canary${randomBytes(12).toString('hex')}`;
  canary.set(name, text);
  return text;
};

before(async () => {
  stack = await start();
  owner = await stack.client('canary@example.test');
  team = await owner.team('Canaries');
});
after(() => stack.stop());

test('p52 a card number is refused in every text there is, however it is spelt', async () => {
  const board = await owner.board(team, 'Fine');
  const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });
  for (const number of SPELT) {
    for (const answer of [
      await owner.post('/dashboard/teams', { name: number }),
      await owner.patch(`/dashboard/teams/${team}`, { name: `my card ${number}` }),
      await owner.post(`/dashboard/teams/${team}/boards`, { title: number }),
      await owner.patch(`/dashboard/boards/${board}`, { title: number }),
      await owner.put('/billing/information', { team, billing_information: { details: number } }),
      await owner.put('/billing/information', { team, company: number }),
      await owner.post('/enterprise', { name: 'A', company: 'B', email: 'a@example.test', message: number }),
      await owner.post('/billing/cancel', { team, reason: number }, key()),
      await owner.post('/billing/refunds', { team, invoice: 'INV-2000-000001', reason: number }, key()),
    ]) {
      assert.equal(answer.status, 422, `${number}: ${answer.text}`);
      assert.equal(answer.json.code, 'CARD_NUMBER_REFUSED');
      assert.ok(!answer.text.includes(number), 'not even told back');
    }
  }
  // Where it is no text of a person: an unknown member, a word, a broken body.
  await owner.post('/dashboard/teams', { name: 'x', number: CARD });
  await owner.post('/upgrade', { team, plan: CARD, seats: 1, period: 'monthly',
    payment: { method: 'card', payment_method: CARD } }, key());
  await owner.post('/dashboard/teams', `{"name":"x","card":"${CARD}"`);
});

test('p51 secrets go in, right and wrong', async () => {
  const secrets = path.join(stack.dir, 'secrets');
  for (const name of fs.readdirSync(secrets)) {
    canary.set(`secret ${name}`, fs.readFileSync(path.join(secrets, name), 'utf8').trim());
  }
  for (const [name, value] of owner.cookies) {
    canary.set(`cookie ${name}`, value);
  }
  canary.set('csrf', owner.csrf);

  // A purchase whose bank wants to see the payer, so that there is a secret.
  const entered = await owner.card(team, '4000002500003155');
  const asked = await owner.buy({ team, plan: 'team', seats: 1, period: 'monthly',
    payment: { method: 'card', payment_method: entered.id } });
  assert.equal(asked.status, 402, asked.text);
  canary.set('client secret', asked.json.payment.client_secret);
  const shown = await owner.post('/upgrade/card', { team });
  canary.set('card entry', shown.json.client_secret);

  const accept = { accept: 'application/json' };
  const json = (body) => ({ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  for (const [where, options] of [
    ['/dashboard', { headers: { ...accept, cookie: `billing_session=${make('a wrong session')}` } }],
    ['/boards/board-free-1', { headers: { ...accept, cookie: `billing_session=${make('one at the gate')}` } }],
    ['/app/v1/events', { headers: { authorization: `Bearer ${make('a wrong key')}` } }],
    ['/billing/webhook', { method: 'POST', body: JSON.stringify({ id: make('an unsigned webhook') }) }],
    ['/enterprise', { method: 'POST', body: `{"password":"${make('an unknown member')}"}` }],
    ['/enterprise', { method: 'POST', body: `{"name":"${make('half a body')}` }],
    ['/billing/pay/look', { method: 'POST', body: JSON.stringify({ token: make('a wrong link') }) }],
    [`/billing/overview?team=${team}&password=${make('a query')}`, { headers: accept }],
  ]) {
    const { body } = options;
    const answer = await request(stack.url + where, { ...options, headers: {
      ...(body ? { ...json(body), origin: stack.url, 'stripe-signature': 't=1,v1=00' } : {}),
      ...options.headers } });
    assert.ok(answer.status >= 400, `${where}: ${answer.status}`);
  }
  await owner.post('/dashboard/teams', { name: 'x' }, { 'x-csrf-token': make('a wrong token') });
  await owner.post('/dashboard/invitations/accept', { token: make('a wrong invitation') });
  await owner.delete(`/dashboard/teams/${team}?confirm=${make('a wrong confirmation').slice(0, 36)}`);
  canary.set('a wrong confirmation', canary.get('a wrong confirmation').slice(0, 36));
});

// In the raw bytes, as no client library would send them.
function said(bytes) {
  return new Promise((done) => {
    const { hostname, port } = new URL(stack.url);
    const socket = net.connect(Number(port), hostname, () => socket.end(bytes, 'latin1'));
    socket.on('error', () => {}).on('close', done).resume();
  });
}

test('p53 a request is one line of the log, whatever it carries', async () => {
  const host = `Host: ${new URL(stack.url).host}\r\n`;
  const lines = (name) => fs.readFileSync(path.join(stack.dir, name), 'latin1').split('\n');
  const before = lines('access.log').length;
  const evil = ['\x1b[2J\x1b]0;x\x07', 'a\rb', '\x7f\x9b31m', '\xe2\x80\xae', '%0a%0dforged', '\t"\\'];

  for (const [i, text] of evil.entries()) {
    await said(`GET /dashboard?line=${i}${text.replace(/[\r\t]/g, '')} HTTP/1.0\r\n${host}`
      + `User-Agent: ${text}\r\nReferer: ${text}\r\nCookie: billing_session=${text}\r\n\r\n`);
    await owner.post('/dashboard/teams', { name: `${text}\n2026-01-01 forged ${i}` });
    await owner.post(`/dashboard/teams/${team}/boards`, { title: `\u202e${text}` });
  }
  await eventually('all lines', () => lines('access.log').length >= before + 3 * evil.length);
  await sleep(300);
  assert.equal(lines('access.log').length, before + 3 * evil.length);
  // nginx itself repeats a request line that it cannot read as it came
  const own = (line) => !/client sent invalid/.test(line);
  for (const name of fs.readdirSync(stack.dir).filter((one) => one.endsWith('.log'))) {
    for (const line of lines(name).filter(own)) {
      assert.doesNotMatch(line, /[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xaa-\xae]|\x9b|^2026-01-01 forged/, name);
    }
  }
});

// Everything below the folder but what is made to hold it: the secrets
// themselves, the gateway's own books; and Redis as it answers.
function kept() {
  const found = new Map();
  const walk = (dir) => {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
      const file = path.join(dir, entry.name);
      const name = path.relative(stack.dir, file);
      if (entry.isDirectory() && !['secrets', 'gateway'].includes(name)) {
        walk(file);
      } else if (entry.isFile()) {
        found.set(name, fs.readFileSync(file, 'latin1'));
      }
    }
  };
  walk(stack.dir);

  for (const [type, read] of [['string', "'GET', key"], ['stream', "'XRANGE', key, '-', '+'"]]) {
    found.set(`redis ${type}s`, execFileSync('redis-cli', ['-s', path.join(stack.dir, 'redis.sock'),
      'EVAL', `local all = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
          if redis.call('TYPE', key).ok == '${type}' then
            all[#all + 1] = key
            all[#all + 1] = redis.call(${read})
          end
        end
        return all`, '0'], { encoding: 'latin1', maxBuffer: 1 << 28 }));
  }
  return found;
}

test('p51 p52 and are nowhere', async () => {
  await sleep(1500);        // what is still to be written
  const places = kept();
  for (const name of ['error.log', 'access.log', 'nginx-security.log', 'worker-security.log', 'billing.db',
    'redis strings']) {
    assert.ok(places.get(name)?.length > 1000, `${name} is looked through`);
  }
  assert.ok(canary.size > 15, [...canary.keys()].join());

  for (const format of ['json', 'prometheus', 'html']) {
    places.set(`status ${format}`, (await request(`${stack.url}/billing/status?format=${format}`)).text);
  }

  // doc/security.md: what a browser needs again after a crash stays with the
  // answer it was in; what people send stands in Redis' file for a while.
  const sent = /^(appendonlydir|redis streams)/;
  const may = {
    'client secret': /^billing\.db/,
    'card entry': /^billing\.db/,
    'a wrong link': sent,
    'a wrong invitation': sent,
    'a wrong confirmation': sent,
  };
  const seen = [];
  for (const [place, text] of places) {
    for (const [name, secret] of canary) {
      if (secret.length > 8 && text.includes(secret) && !may[name]?.test(place)) {
        seen.push(`${name} in ${place}`);
      }
    }
    for (const number of SPELT) {
      if (text.includes(number)) {
        seen.push(`${number} in ${place}`);
      }
    }
  }
  assert.deepEqual(seen, []);

  // Of a person the security logs have the pseudonym alone.
  const [who] = (await stack.ctl(['who', 'canary@example.test'])).split('\n');
  for (const name of ['nginx-security.log', 'worker-security.log']) {
    const text = places.get(name);
    assert.ok(text.includes(who), name);
    assert.doesNotMatch(text, /@|example\.test/, name);
    for (const line of text.split('\n').filter((one) => one !== '')) {
      assert.match(line, /^\{[\x20-\x7e]*\}$/);
      assert.ok(JSON.parse(line).event, line);
    }
  }
  for (const event of ['card_number', 'session_bad', 'key_bad', 'webhook_bad', 'csrf_bad', 'api_refused']) {
    assert.ok(places.get('nginx-security.log').includes(`"event":"${event}"`), event);
  }

  // That it would be seen: the team's name is in the same places.
  for (const where of [/^access\.log/, /^billing\.db/, /^redis strings/, /^appendonlydir/]) {
    assert.ok([...places].some(([place, text]) => where.test(place) && text.includes(team)), where);
  }
});
