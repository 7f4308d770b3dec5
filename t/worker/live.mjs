// billing-worker against a real Redis: each command once, whatever is killed,
// repeated, forged or lost.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';

import { Asker, Stage, eventually, sleep } from './worker.mjs';

let stage, asker;

async function up() {
  stage.server = await stage.redis();
  const child = stage.worker();
  await eventually('a ready worker', () => /records written/.test(stage.logged()));
  asker = new Asker(stage);
  return child;
}

// Reads only: the worker is the one who writes.
function sql(text) {
  const out = execFileSync('sqlite3', ['-json', '-readonly', stage.database, text]).toString();
  return out === '' ? [] : JSON.parse(out).map(Object.values);
}

const pending = async (stream = 'commands') => (await asker.redis.call('XPENDING', `billing:1:${stream}`, 'worker'))[0];
const length = (stream = 'commands') => asker.redis.call('XLEN', `billing:1:${stream}`);
const settled = () => eventually('an empty stream', async () => await length() === 0 && await pending() === 0);

beforeEach(() => { stage = new Stage(); });
afterEach(async () => { asker?.close(); asker = null; await stage.stop(); });

test('p7 a replay has the same bytes, is marked, and survives everything', async () => {
  let worker = await up();
  const what = { key: 'a-key-of-sixteen-bytes', body: { name: 'Alpha' } };
  const first = await asker.command('team.create', what);
  assert.equal(first.status, 201, first.text);
  assert.equal(first.replayed, false);

  worker.kill('SIGKILL');
  await worker.ended;
  worker = stage.worker();
  await eventually('a second lease', () => /lease 2/.test(stage.logged()));
  await asker.redis.call('FLUSHALL');

  const again = await asker.command('team.create', what).catch(() => null)
    ?? await asker.command('team.create', what);
  assert.equal(again.replayed, true);
  assert.equal(again.text, first.text);
  assert.equal(again.status, 201);
  assert.equal(again.version, first.version);
  assert.equal(sql("SELECT COUNT(*) FROM team WHERE name = 'Alpha'")[0][0], 1);
});

test('p5 the same key with another request is refused and tells nothing', async () => {
  await up();
  const key = randomBytes(16).toString('hex');
  const first = await asker.command('team.create', { key, body: { name: 'Beta' } });
  const other = await asker.command('team.create', { key, body: { name: 'Gamma' } });
  assert.equal(other.status, 422);
  assert.equal(other.body.code, 'IDEMPOTENCY_KEY_REUSED');
  assert.ok(!other.text.includes('Beta') && !other.text.includes(first.body.team.id));
  const foreign = await asker.command('team.create', { key, actor: 'admin@example.test', body: { name: 'Beta' } });
  assert.equal(foreign.status, 201);
  assert.equal(foreign.replayed, false);
  await settled();
});

test('a refusal is kept, what expired is neither done nor kept', async () => {
  await up();
  const key = randomBytes(16).toString('hex');
  const refused = await asker.command('team.create', { key, body: { name: '' } });
  assert.equal(refused.status, 422);
  const again = await asker.command('team.create', { key, body: { name: '' } });
  assert.equal(again.replayed, true);
  assert.equal(again.text, refused.text);

  const late = { key: randomBytes(16).toString('hex'), body: { name: 'Late' } };
  const expired = asker.entry('team.create', { ...late, deadline: Date.now() - 1 });
  await asker.send('commands', expired);
  await settled();
  assert.equal(asker.answers.get(expired.op), undefined);
  const fresh = await asker.command('team.create', late);
  assert.equal(fresh.status, 201);
  assert.equal(fresh.replayed, false);
  await settled();
});

test('p22 the whole stream delivered again changes nothing', async () => {
  await up();
  const entries = Array.from({ length: 50 }, (_, i) => asker.entry('team.create', { body: { name: `Team ${i}` } }));
  for (const entry of entries) {
    await asker.send('commands', entry);
  }
  await settled();
  const before = sql('SELECT COUNT(*), MAX(version) FROM team')[0];
  for (const entry of entries) {
    await asker.send('commands', entry);
  }
  await settled();
  assert.deepEqual(sql('SELECT COUNT(*), MAX(version) FROM team')[0], before);
  const [first, second] = asker.answers.get(entries[7].op);
  assert.equal(second.text, first.text);
});

test('p22 kill -9 again and again while commands flow', async () => {
  let worker = await up();
  const count = sql('SELECT COUNT(*) FROM team')[0][0];
  const ops = [];
  for (let round = 0; round < 12; round += 1) {
    for (let i = 0; i < 25; i += 1) {
      ops.push(await asker.send('commands', asker.entry('team.create', { body: { name: `R${round} ${i}` } })));
    }
    await sleep(round * 3);
    worker.kill('SIGKILL');
    await worker.ended;
    worker = stage.worker();
    await eventually('a lease', () => stage.logged().includes(`lease ${round + 2}\n`));
    await eventually('the backlog is gone', async () => await length() === 0, 5000);
  }
  await settled();
  assert.equal(sql('SELECT COUNT(*) FROM team')[0][0], count + ops.length);
  assert.equal(sql("SELECT COUNT(*) FROM command WHERE state = 'done'")[0][0], ops.length);
  assert.equal(sql('SELECT COUNT(*) FROM dead_letter')[0][0], 0);
  const records = await asker.redis.call('KEYS', 'billing:1:{*}:team');
  assert.equal(records.length, count + ops.length);
  await eventually('an empty outbox', () => sql('SELECT COUNT(*) FROM record_outbox')[0][0] === 0);
});

test('forged, misplaced and unreadable entries are set aside with their bytes', async () => {
  await up();
  const good = asker.entry('team.create', { body: { name: 'Forged' } });
  await asker.send('commands', { ...good, m: `${good.m.slice(0, -1)}${good.m.endsWith('0') ? '1' : '0'}` });
  await asker.send('commands', { ...good, m: '' });
  await asker.send('commands', asker.entry('team.create', { schema: 9 }));
  await asker.send('commands', asker.entry('demo.clock'));
  await asker.send('queries', asker.entry('team.create', { body: { name: 'Misplaced' } }));
  await asker.redis.call('XADD', 'billing:1:commands', '*', 'x', 'y');
  await asker.redis.call('XADD', 'billing:1:commands', '*', 'c', 'x'.repeat(200000), 'm', good.m);
  const alive = await asker.query('demo.clock');
  assert.equal(alive.status, 200);
  await settled();
  await eventually('the queries too', async () => await length('queries') === 0);
  const rows = sql('SELECT reason, LENGTH(command) FROM dead_letter ORDER BY entry');
  assert.equal(rows.length, 7, JSON.stringify(rows));
  assert.ok(rows.some(([reason]) => reason === 'in the wrong stream'));
  assert.ok(rows.some(([reason, size]) => reason === 'not signed by us' && size === good.c.length));
  assert.equal(sql("SELECT COUNT(*) FROM team WHERE name IN ('Forged', 'Misplaced')")[0][0], 0);
});

test('p24 what Redis delivers often without its being begun is not poison', async () => {
  stage.server = await stage.redis();
  asker = new Asker(stage);
  await asker.redis.call('XGROUP', 'CREATE', 'billing:1:commands', 'worker', '0', 'MKSTREAM');
  const often = asker.entry('team.create', { body: { name: 'Often' } });
  const innocent = asker.entry('team.create', { body: { name: 'Innocent' } });
  await asker.send('commands', often);
  const [[, [[id]]]] = await asker.redis.call('XREADGROUP', 'GROUP', 'worker', 'gone', 'STREAMS',
    'billing:1:commands', '>');
  for (let i = 0; i < 4; i += 1) {
    await asker.redis.call('XCLAIM', 'billing:1:commands', 'worker', 'gone', '0', id);
  }
  await asker.send('commands', innocent);
  stage.worker();
  await settled();
  assert.deepEqual(sql('SELECT entry FROM dead_letter'), []);
  assert.equal(asker.answers.get(innocent.op)[0].status, 201);
  assert.equal(asker.answers.get(often.op)[0].status, 201);
});

test('p32 an emptied or restarted Redis is filled again, under a new epoch', async () => {
  await up();
  const made = await asker.command('team.create', { body: { name: 'Kept' } });
  const key = `billing:1:{${made.body.team.id}}:team`;
  assert.match(await asker.redis.call('GET', key), /^1 team 1 \d+ \{/);

  stage.server.kill('SIGKILL');
  await stage.server.ended;
  asker.close();
  stage.server = await stage.redis();
  asker = new Asker(stage);
  await eventually('epoch 2', async () => await asker.redis.call('GET', 'billing:1:epoch') === '2 ready');
  assert.match(await asker.redis.call('GET', key), /^1 team 2 \d+ \{/);

  const members = await asker.redis.call('KEYS', `billing:1:{${made.body.team.id}}:member:*`);
  assert.equal(members.length, 1);
  const again = await asker.command('team.create', { body: { name: 'After' } });
  assert.equal(again.status, 201);
  assert.equal(again.epoch, 2);
});

test('m5 new entries after a lost stream get ids above the mark', async () => {
  await up();
  const far = '99999999999999-7';
  const first = asker.entry('team.create', { body: { name: 'Future' } });
  await asker.redis.call('XADD', 'billing:1:commands', far, 'c', first.c, 'm', first.m);
  await eventually('an answer', () => asker.answers.get(first.op));
  assert.equal(sql('SELECT last_id FROM redis_mark')[0][0], far);
  stage.server.kill('SIGKILL');
  await stage.server.ended;
  asker.close();
  stage.server = await stage.redis();
  asker = new Asker(stage);
  await eventually('epoch 2', async () => await asker.redis.call('GET', 'billing:1:epoch') === '2 ready');
  const info = await asker.redis.call('XINFO', 'STREAM', 'billing:1:commands');
  assert.equal(info[info.indexOf('last-generated-id') + 1], far);
  assert.equal((await asker.command('team.create', { body: { name: 'Beyond' } })).status, 201);
});

test('the worker refuses a Redis that evicts', async () => {
  await stage.redis('--maxmemory-policy', 'allkeys-lru');
  const { code } = await stage.worker().ended;
  assert.equal(code, 4);
  assert.match(stage.logged(), /noeviction/);
});

test('two workers: one commits, the other takes over at once when it is killed', async () => {
  const first = await up();
  const second = stage.worker();
  await sleep(700);
  assert.equal((stage.logged().match(/commits now/g) ?? []).length, 1);
  first.kill('SIGKILL');
  await eventually('the second commits', () => /lease 2/.test(stage.logged()), 2000);
  assert.equal((await asker.command('team.create', { body: { name: 'Over' } })).status, 201);
  second.kill('SIGTERM');
  assert.deepEqual(await second.ended, { code: 0, signal: null });
  assert.match(stage.logged(), /lease handed over/);
  assert.deepEqual(sql('SELECT owner, until_ms FROM lease'), [['', 0]]);
});

test('p23 a stopped worker is fenced: woken up it changes nothing and ends', async () => {
  const first = await up();
  first.kill('SIGSTOP');
  stage.worker();
  await eventually('the second commits', () => /lease 2/.test(stage.logged()), 16000);
  const made = await asker.command('team.create', { body: { name: 'Fenced' } });
  assert.equal(made.status, 201);
  first.kill('SIGCONT');
  const { code } = await first.ended;
  assert.equal(code, 5);
  assert.equal((await asker.command('team.create', { body: { name: 'Still' } })).status, 201);
  assert.equal(sql("SELECT COUNT(*) FROM team WHERE name IN ('Fenced', 'Still')")[0][0], 2);
});

test('hup starts again with the new configuration, or goes on with a wrong one', async () => {
  const worker = await up();
  stage.configure((settings) => { settings.seller.name = ''; settings.nonsense = 1; });
  worker.kill('SIGHUP');
  await eventually('a refusal', () => /configuration not taken/.test(stage.logged()));
  stage.configure();
  worker.kill('SIGHUP');
  await eventually('a new lease', () => /lease 2/.test(stage.logged()));
  assert.equal((await asker.command('team.create', { body: { name: 'New' } })).status, 201);
  worker.kill('SIGTERM');
  assert.equal((await worker.ended).code, 0);
});

test('the test clock is told to Redis and outlives the process', async () => {
  let worker = await up();
  const set = await asker.command('demo.clock.set', { body: { advance: '31d' } });
  assert.equal(set.status, 200, set.text);
  const offset = await eventually('the clock', () => asker.redis.call('GET', 'billing:1:clock'));
  assert.ok(Number(offset) > 0);
  worker.kill('SIGTERM');
  await worker.ended;
  worker = stage.worker();
  const { body } = await asker.query('demo.clock');
  assert.equal(String(body.offset), offset);
});

test('a hung Redis is left, a living one taken again, nothing is doubled', async () => {
  await up();
  const before = await asker.command('team.create', { body: { name: 'Before' } });
  stage.server.kill('SIGSTOP');
  await eventually('a loss', () => /Redis lost: no answer/.test(stage.logged()), 8000);
  stage.server.kill('SIGCONT');
  await eventually('records', () => /records of epoch 1 are there/.test(stage.logged()), 15000);
  const after = await asker.command('team.create', { body: { name: 'After' } });
  assert.equal(after.status, 201);
  assert.equal(after.epoch, before.epoch);
  await settled();
});

test('p25 records that Redis refused come later', async () => {
  await up();
  await asker.redis.call('CONFIG', 'SET', 'maxmemory', '1');
  const entry = asker.entry('team.create', { body: { name: 'Refused' } });
  await assert.rejects(asker.send('commands', entry), /OOM/);
  await asker.redis.call('CONFIG', 'SET', 'maxmemory', '0');
  await asker.send('commands', entry);
  await asker.redis.call('CONFIG', 'SET', 'maxmemory', '1');
  await eventually('an answer', () => asker.answers.get(entry.op));
  const { id } = asker.answers.get(entry.op)[0].body.team;
  await asker.redis.call('CONFIG', 'SET', 'maxmemory', '0');
  await eventually('the record', () => asker.redis.call('GET', `billing:1:{${id}}:team`), 15000);
  await eventually('an empty outbox', () => sql('SELECT COUNT(*) FROM record_outbox')[0][0] === 0);
});

test('a lost record of a committed change is written again from the outbox', async () => {
  const worker = await up();
  const made = await asker.command('team.create', { body: { name: 'Lost' } });
  const key = `billing:1:{${made.body.team.id}}:team`;
  await eventually('an empty outbox', () => sql('SELECT COUNT(*) FROM record_outbox')[0][0] === 0);
  worker.kill('SIGKILL');
  await worker.ended;
  execFileSync('sqlite3', [stage.database, "INSERT INTO record_outbox VALUES (1, '" + made.body.team.id + "', '', 99)"]);
  await asker.redis.call('DEL', key);
  stage.worker();
  await eventually('the record', () => asker.redis.call('GET', key), 15000);
});

test('p56 a database that cannot be written refuses, and loses and keeps nothing', async () => {
  await up();
  const lock = spawn('sqlite3', [stage.database], { stdio: ['pipe', 'ignore', 'ignore'] });
  lock.stdin.write('BEGIN IMMEDIATE;\n');
  await sleep(300);
  const entry = asker.entry('team.create', { body: { name: 'Locked out' } });
  await asker.send('commands', entry);
  const [refused] = await eventually('a refusal', () => asker.answers.get(entry.op));
  assert.equal(refused.status, 503);
  assert.equal(refused.body.code, 'STORE_UNAVAILABLE');
  assert.ok(refused.retry_after > 0);
  lock.stdin.end('ROLLBACK;\n');
  await new Promise((done) => { lock.on('exit', done); });
  assert.equal(sql('SELECT COUNT(*) FROM command')[0][0], 0);
  await asker.send('commands', entry);
  await eventually('a second answer', () => asker.answers.get(entry.op)[1]?.status === 201);
  await settled();
  assert.equal(sql('SELECT COUNT(*) FROM dead_letter')[0][0], 0);
});
