// The application beside billing, through the whole stack: its lists by the
// ten thousand, its licences while somebody buys, and the webhooks it hears.

import assert from 'node:assert/strict';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { untold } from '../lib/openapi.mjs';
import { eventually, request, start } from '../lib/stack.mjs';

let stack;
let key;
let hooks;

// Listens at /NAME and keeps what was posted there; a name may misbehave.
async function listen() {
  const posts = [];
  const manners = new Map();
  const wrong = [];
  const server = http.createServer((asked, answer) => {
    const parts = [];
    asked.on('data', (part) => parts.push(part));
    asked.on('end', () => {
      const name = asked.url.slice(1);
      const body = Buffer.concat(parts).toString();
      const post = { name, headers: asked.headers, body, json: JSON.parse(body), at: Date.now() };
      posts.push(post);
      wrong.push(...[untold(post.json)].filter(Boolean));
      const does = manners.get(name)?.(post);
      if (does === 'hang') {
        return;
      }
      answer.writeHead(does?.status ?? 204, does?.headers ?? {});
      answer.end();
    });
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return {
    posts, manners, wrong, server, url: `http://127.0.0.1:${server.address().port}`,
    of: (name, type) => posts.filter((post) => post.name === name
      && (!type || post.json.type === type)),
  };
}

const secret = () => `whsec_${randomBytes(24).toString('base64')}`;

// As a receiver checks it: not with our code.
function signed(post, whsec) {
  const mac = createHmac('sha256', Buffer.from(whsec.slice(6), 'base64'))
    .update(`${post.headers['webhook-id']}.${post.headers['webhook-timestamp']}.${post.body}`)
    .digest();
  return post.headers['webhook-signature'].split(' ').some((one) => {
    const [version, given] = one.split(',');
    const bytes = Buffer.from(given, 'base64');
    return version === 'v1' && bytes.length === mac.length && timingSafeEqual(bytes, mac);
  });
}

// Other settings for what runs: a new nginx configuration, a new worker.
async function configure(change) {
  const file = path.join(stack.dir, 'billing.json');
  const settings = JSON.parse(fs.readFileSync(file, 'utf8'));
  change(settings.application);
  fs.writeFileSync(file, JSON.stringify(settings, null, 2));
  const { pids: { nginx, worker } } = await stack.status();
  process.kill(nginx, 'SIGHUP');
  await eventually('another worker', async () => {
    const { pids, ready } = await stack.status();
    return ready && pids.worker !== null && pids.worker !== worker;
  }, { within: 30000 });
}

// A list of ten thousand takes its time where each statement is a question over
// a socket.
function app(method, where, json, headers = {}) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  return request(stack.url + where, {
    method,
    body,
    timeout: 300000,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : {
        'content-type': 'application/json', 'content-length': Buffer.byteLength(body),
      }),
      ...headers,
    },
  });
}

async function ok(method, where, json, headers) {
  const answer = await app(method, where, json, headers);
  assert.ok(answer.status < 300, `${method} ${where}: ${answer.status} ${answer.text}`);
  return answer.json;
}

const many = (n, make) => [...Array(n).keys()].map(make);

before(async () => {
  hooks = await listen();
  stack = await start();
  key = fs.readFileSync(path.join(stack.dir, 'secrets/application_key'), 'utf8');
});

after(async () => {
  hooks?.server.closeAllConnections();
  hooks?.server.close();
  await stack?.stop();
});

test('ten thousand members and boards, twice', async () => {
  await ok('POST', '/app/v1/teams', { teams: [
    { id: 'big-team', name: 'Big', plan: 'enterprise', seats: 12000 },
  ] });

  const members = many(10000, (i) => ({
    team: 'big-team', email: `u${i}@example.test`, role: i ? 'member' : 'team_admin',
  }));
  assert.deepEqual(await ok('POST', '/app/v1/members', { members }),
    { accepted: 10000, unchanged: 0, refused: [] });
  assert.deepEqual(await ok('POST', '/app/v1/members', { members }),
    { accepted: 10000, unchanged: 10000, refused: [] });

  const boards = many(10000, (i) => ({
    id: `big-board-${i}`, team: 'big-team', owner: `u${i}@example.test`, title: `Board ${i}`,
    created_at: '2024-01-01T00:00:00Z',
  }));
  boards[4321] = { ...boards[4321], team: 'no-such-team' };
  boards[7000] = { id: 'not an id' };
  const first = await ok('POST', '/app/v1/boards', { boards });
  assert.equal(first.accepted, 9998);
  // What is wrong in itself is found before what does not fit.
  assert.deepEqual(first.refused.map(({ index, code }) => [index, code]).sort(),
    [[4321, 'TEAM_NOT_FOUND'], [7000, 'FIELD_TYPE']]);
  assert.equal((await ok('POST', '/app/v1/boards', { boards })).unchanged, 9998);

  const { team } = await ok('GET', '/app/v1/teams/big-team');
  assert.equal(team.members, 10000);
  assert.equal(team.plan, 'enterprise');
  assert.ok(team.entitlements.features.includes('single_sign_on'));
  assert.deepEqual(await stack.sql('SELECT COUNT(*) n, COUNT(DISTINCT rank) r FROM board'
    + " WHERE team = 'big-team'"), [{ n: 9998, r: 9998 }]);

  // The gate knows them all at once.
  const member = await stack.client('u77@example.test');
  assert.equal((await member.put('/boards/big-board-42', {})).status, 200);
  // What nobody has told it of is not there.
  assert.equal((await member.get('/boards/big-board-4321')).status, 404);
});

test('r37 an imported team edits the three boards it made last', async () => {
  await ok('PUT', '/app/v1/teams/import', { name: 'Import' });
  await ok('PUT', '/app/v1/teams/import/members/ann@example.test', { role: 'team_admin' });
  const years = [2023, 2019, 2025, 2020, 2024];
  await ok('POST', '/app/v1/boards', { boards: years.map((year) => ({
    id: `board-${year}`, team: 'import', owner: 'ann@example.test', title: `${year}`,
    created_at: `${year}-06-01T00:00:00Z`,
  })) });

  const ann = await stack.client('ann@example.test');
  for (const year of years) {
    const answer = await ann.put(`/boards/board-${year}`, {});
    assert.equal(answer.status, year >= 2023 ? 200 : 403, `${year}: ${answer.text}`);
  }
  assert.equal((await ann.get('/boards/board-2019')).status, 200);
});

test('r144 while somebody buys, there are never more members than licences', async () => {
  const rounds = many(4, async (n) => {
    const team = `race-${n}`;
    await ok('PUT', `/app/v1/teams/${team}`, { name: team });
    await ok('PUT', `/app/v1/teams/${team}/members/buyer${n}@example.test`,
      { role: 'team_admin' });
    const buyer = await stack.client(`buyer${n}@example.test`);
    const card = await buyer.card(team);
    const order = {
      team, plan: 'team', seats: 6, period: 'monthly',
      payment: { method: 'card', payment_method: card.id },
    };
    const [bought, ...joined] = await Promise.all([
      buyer.buy(order),
      ...many(8, (i) => app('POST', '/app/v1/members', { members: [
        { team, email: `race${n}x${i}a@example.test` }, { team, email: `race${n}x${i}b@example.test` },
      ] })),
    ]);
    const accepted = joined.reduce((sum, { json }) => sum + json.accepted, 0);
    const { team: now } = await ok('GET', `/app/v1/teams/${team}`);

    if (bought.status === 200) {
      assert.equal(now.plan, 'team');
      assert.ok(now.members <= 6, `${now.members} members`);
    } else {
      assert.equal(bought.json.code, 'SEATS_BELOW_MEMBERS', bought.text);
      assert.equal(now.plan, 'free');
    }
    assert.equal(now.members, accepted + 1);
    for (const { json } of joined) {
      assert.ok(json.refused.every(({ code }) => code === 'NO_VACANT_SEAT'));
    }
  });
  await Promise.all(rounds);
  assert.deepEqual(await stack.sql("SELECT id FROM team WHERE plan = 'team' AND members > seats"),
    []);
});

test('webhooks: signed by both secrets, again after 500 and after silence', async () => {
  const secrets = { one: secret(), two: secret() };
  for (const [name, text] of Object.entries(secrets)) {
    fs.writeFileSync(path.join(stack.dir, 'secrets', name), `${text}\n`, { mode: 0o600 });
  }
  const files = (...names) => names.map((name) => path.join(stack.dir, 'secrets', name));

  let failed = new Set();
  const once = (does) => (post) => {
    const id = `${post.name} ${post.headers['webhook-id']}`;
    if (failed.has(id)) {
      return undefined;
    }
    failed.add(id);
    return does;
  };
  hooks.manners.set('busy', once({ status: 500 }));
  hooks.manners.set('mute', once('hang'));
  hooks.manners.set('moved', () => ({ status: 302, headers: { location: `${hooks.url}/trap` } }));

  const created = ['team.created'];
  await configure((application) => {
    application.webhooks = [
      { url: `${hooks.url}/all`, secret_files: files('one', 'two') },
      { url: `${hooks.url}/busy`, secret_files: files('one'), events: created },
      { url: `${hooks.url}/mute`, secret_files: files('one'), events: created, timeout_ms: 400 },
      { url: `${hooks.url}/moved`, secret_files: files('one'), events: created },
      { url: `${hooks.url}/gone`, secret_files: files('one'), events: created },
    ];
  });
  hooks.manners.set('gone', () => ({ status: 410 }));

  const buyer = await stack.client('hooked@example.test');
  const team = await buyer.team('Hooked');
  const card = await buyer.card(team);
  assert.equal((await buyer.buy({
    team, plan: 'team', seats: 3, period: 'monthly',
    payment: { method: 'card', payment_method: card.id },
  })).status, 200);

  const types = ['team.created', 'team.member_added', 'team.plan_changed', 'team.state_changed',
    'team.seats_changed', 'team.period_changed', 'purchase.completed', 'invoice.issued',
    'invoice.paid', 'team.member_changed'];
  await eventually('each event', () => types.every((type) => hooks.of('all', type).length === 1));
  assert.equal(hooks.of('all').length, types.length);

  for (const post of hooks.of('all')) {
    assert.ok(signed(post, secrets.one) && signed(post, secrets.two), post.json.type);
    assert.ok(!signed(post, secret()));
    assert.ok(Math.abs(post.headers['webhook-timestamp'] - Date.now() / 1000) < 60);
    assert.equal(post.headers['content-type'], 'application/json');
    assert.equal(post.json.data.team.id, team);
  }
  const [changed] = hooks.of('all', 'team.plan_changed');
  assert.equal(changed.json.data.from.plan, 'free');
  assert.equal(changed.json.data.team.plan, 'team');
  assert.ok(changed.json.data.team.entitlements.features.includes('private_boards'));

  // The same id, a new signature, no sooner than five seconds later.
  for (const name of ['busy', 'mute']) {
    const [first, second] = await eventually(`${name} once more`, () => {
      const posts = hooks.of(name);
      return posts.length >= 2 && posts;
    }, { within: 20000 });
    assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
    assert.ok(second.at - first.at >= 4000, `${second.at - first.at} ms`);
    assert.ok(signed(second, secrets.one));
  }
  assert.equal(hooks.of('busy').length, 2);
  assert.equal(hooks.of('trap').length, 0);

  const { webhooks } = await ok('GET', '/app/v1/webhooks');
  const states = Object.fromEntries(webhooks.map((one) => [new URL(one.url).pathname, one]));
  assert.equal(states['/all'].state, 'active');
  assert.equal(states['/busy'].state, 'active');
  assert.equal(states['/moved'].state, 'failing');
  assert.equal(states['/moved'].status, 302);
  assert.equal(states['/gone'].state, 'disabled');

  // Gone gets nothing more, until it is switched on again.
  assert.equal(hooks.of('gone').length, 1);
  await buyer.team('Another');
  await eventually('the other team', () => hooks.of('all', 'team.created').length === 2);
  assert.equal(hooks.of('gone').length, 1);
  hooks.manners.delete('gone');
  await ok('POST', '/app/v1/webhooks/enable', { url: `${hooks.url}/gone` });
  await eventually('what had gathered', () => hooks.of('gone').length >= 2);

  // A new secret alone, after the receiver knows it.
  await configure((application) => {
    application.webhooks = [{ url: `${hooks.url}/all`, secret_files: files('two') }];
  });
  const before = hooks.of('all').length;
  const names = ['A third', 'A fourth'];
  for (const name of names) {
    await buyer.team(name);
  }
  await eventually('two teams more', () => hooks.of('all').length === before + 4);
  for (const post of hooks.of('all').slice(before)) {
    assert.ok(signed(post, secrets.two) && !signed(post, secrets.one));
  }
  // Each its own, alike as they are.
  assert.deepEqual(hooks.of('all', 'team.created').slice(-2).map(({ json }) => json.data.team.name).sort(),
    names.sort());
});

test('events are a list, and are sent again when asked', async () => {
  const all = [];
  let next = '';
  do {
    const page = await ok('GET', `/app/v1/events?limit=7${next && `&after=${next}`}`);
    all.push(...page.events);
    next = page.next;
  } while (next);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const { id, ...event } of all) {
    assert.equal(untold(event), null, `${id} ${JSON.stringify(event)}`);
  }

  // Nothing was lost between the list and the wire.
  const received = new Set(hooks.of('all').map((post) => post.headers['webhook-id']));
  const hooked = all.filter(({ data }) => data.team?.name === 'Hooked');
  assert.equal(hooked.length, 10);
  assert.ok(hooked.every(({ id }) => received.has(id)));

  const count = hooks.of('all').length;
  assert.deepEqual(await ok('POST', `/app/v1/events/${hooked[0].id}/replay`, {}), { queued: 1 });
  await eventually('one more', () => hooks.of('all').length === count + 1);
  const { id, ...sent } = hooked[0];
  assert.equal(hooks.of('all').at(-1).headers['webhook-id'], id);
  assert.deepEqual(hooks.of('all').at(-1).json, sent);

  const { queued } = await ok('POST', '/app/v1/events/replay', { after: '2020-01-01T00:00:00Z' });
  assert.equal(queued, all.length);
  await eventually('all of them', () => hooks.of('all').length === count + 1 + queued);

  assert.equal((await app('POST', '/app/v1/events/msg_none/replay', {})).status, 404);
  assert.equal((await app('GET', '/app/v1/events?after=msg_none')).json.code, 'EVENT_NOT_FOUND');
});

test('r49 r216 an order from outside, once for its key', async () => {
  const owner = await stack.client('ordered@example.test');
  const team = await owner.team('Ordered');
  const order = [`/app/v1/teams/${team}/enterprise`,
    { seats: 40, valid_until: '2031-01-01T00:00:00Z' },
    { 'idempotency-key': randomBytes(16).toString('hex') }];
  const first = await app('PUT', ...order);
  assert.equal(first.status, 200, first.text);
  assert.equal(first.json.team.state, 'enterprise');
  const again = await app('PUT', ...order);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(again.text, first.text);
  assert.equal((await owner.get(`/dashboard?team=${team}`)).json.team.plan, 'enterprise');
  assert.equal((await app('POST', '/app/v1/teams', { teams: [
    { id: team, plan: 'business' }] })).json.refused[0].code, 'PLAN_UNKNOWN');
});

test('r14 r26 r210 r212 r231 several teams of one account, from lists to the end', async () => {
  await ok('POST', '/app/v1/teams', { teams: [
    { id: 'company', name: 'Company', plan: 'enterprise', seats: 30 },
    { id: 'design', name: 'Design', account: 'company' },
    { id: 'sales', name: 'Sales', account: 'design', plan: 'enterprise' },
  ] });
  const members = ['company', 'design', 'sales'].flatMap((team) => many(25, (i) => ({
    team, email: `c${i}@example.test`, role: i ? 'member' : 'company_admin',
  })));
  members.push(...many(8, (i) => ({ team: 'sales', email: `s${i}@example.test` })));
  assert.deepEqual(await ok('POST', '/app/v1/members', { members }),
    { accepted: 83, unchanged: 0, refused: [] });
  assert.equal((await ok('POST', '/app/v1/members', { members })).unchanged, 83);
  // 25 people in three teams and 8 more are 33: the last three have no licence
  const { team } = await ok('GET', '/app/v1/teams/company');
  assert.equal(team.members, 30);
  assert.equal((await ok('GET', '/app/v1/teams/sales')).team.account, 'company');
  assert.deepEqual(await stack.sql("SELECT email FROM member WHERE team = 'sales' AND roles = 64"
    + ' ORDER BY email'), ['s5', 's6', 's7'].map((name) => ({ email: `${name}@example.test` })));

  const boss = await stack.client('c0@example.test');
  const seen = (await boss.get('/dashboard?team=sales')).json.team;
  assert.deepEqual(seen.account, { id: 'company', name: 'Company', teams: 3, seats_used: 30 });
  assert.ok(seen.roles.includes('company_admin'));
  await ok('PUT', '/app/v1/boards/sales-board', { team: 'sales', owner: 's0@example.test', title: 'S' });
  const rep = await stack.client('s0@example.test');
  assert.equal((await rep.put('/boards/sales-board', {})).status, 200);

  const refused = async (code, method, where, json) => {
    const answer = await app(method, where, json);
    assert.equal(answer.json.code, code, answer.text);
  };
  await ok('PUT', '/app/v1/teams/lonely', { name: 'Lonely' });
  await refused('NO_SUBSCRIPTION', 'PUT', '/app/v1/teams/x1', { name: 'X', account: 'lonely' });
  await refused('TEAM_NOT_FOUND', 'PUT', '/app/v1/teams/x1', { name: 'X', account: 'nowhere' });
  await refused('FIELD_TYPE', 'PUT', '/app/v1/teams/lonely', { account: 'company' });
  await refused('LAST_ADMIN', 'PUT', '/app/v1/teams/company/members/c0@example.test', {});

  // out of one team, then out of the company
  const out = '/app/v1/teams/sales/members/s1@example.test';
  assert.equal((await ok('DELETE', out)).team.members, 29);
  assert.equal((await ok('GET', '/app/v1/teams/company')).team.members, 30);
  await ok('DELETE', `${out}?scope=company`);
  assert.equal((await ok('GET', '/app/v1/teams/company')).team.members, 29);

  await ok('DELETE', '/app/v1/teams/sales');
  assert.equal((await app('GET', '/app/v1/teams/sales')).status, 404);
  await eventually('no board of it', async () => (await rep.put('/boards/sales-board', {})).status
    === 404);
  const { events } = await ok('GET', '/app/v1/events?limit=200');
  assert.ok(events.length > 0);
  assert.deepEqual(await stack.sql("SELECT COUNT(*) n FROM app_event WHERE team = 'sales' AND body"
    + " LIKE '%\"team.deleted\"%'"), [{ n: 1 }]);
  await ok('DELETE', '/app/v1/teams/design');
  await refused('LAST_TEAM', 'DELETE', '/app/v1/teams/company');

  // who still renews cancels first; then it is gone, and its id is not used again
  const payer = await stack.client('deleted@example.test');
  const paid = await payer.team('Deleted');
  assert.equal((await payer.buy({ team: paid, plan: 'team', seats: 1, period: 'monthly',
    payment: { method: 'card', payment_method: (await payer.card(paid)).id } })).status, 200);
  await refused('CANCEL_FIRST', 'DELETE', `/app/v1/teams/${paid}`);
  assert.equal((await payer.post('/billing/cancel', { team: paid },
    { 'idempotency-key': randomBytes(16).toString('hex') })).status, 200);
  assert.deepEqual((await ok('DELETE', `/app/v1/teams/${paid}`)).team,
    { id: paid, name: 'Deleted', gone: true });
  await refused('TEAM_NOT_FOUND', 'PUT', `/app/v1/teams/${paid}`, { name: 'Again' });
});

test('and everything still adds up, and was told as doc/openapi.yaml says', async () => {
  assert.deepEqual(hooks.wrong, []);
  await stack.ctl(['verify']);
});
