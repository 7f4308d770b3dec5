// billingctl migrate --to: from a SQLite file with business in it to an empty
// PostgreSQL database.  Needs a server: t/lib/postgres node t/business/...

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, start } from '../lib/stack.mjs';
import { execute, newStore, onPostgres, rows } from '../lib/store.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.DEMO_BUILD_DIR ?? `${root}/build/release`;
const skip = onPostgres ? false : 'no PostgreSQL server: t/lib/postgres';

let stack;
let moved;
let target;
let here;
let there;

const ctl = (config, ...args) => new Promise((done) => {
  execFile(`${build}/billingctl`, ['--config', config, ...args], { maxBuffer: 1 << 26 },
    (error, out, err) => done({ status: error ? error.code : 0, out, err }));
});

before(async () => {
  if (skip) {
    return;
  }
  stack = await start({ DEMO_STORE: 'sqlite:' });
  target = await newStore(stack.dir, 'moved');
  here = `${stack.dir}/billing.json`;
  there = `${stack.dir}/moved.json`;
  const settings = JSON.parse(fs.readFileSync(here, 'utf8'));
  settings.store = { dsn: target };
  fs.writeFileSync(there, JSON.stringify(settings));
});
after(async () => {
  await moved?.stop();                // and verifies
  if (stack) {
    stack.tampered = true;            // its database is closed
    await stack.stop();
  }
});

test('business: purchases by card and by invoice, members, boards', { skip }, async () => {
  const owner = await stack.client('mover@example.test');
  for (const seats of [2, 7]) {
    const team = await owner.team(`Équipe ${seats} 🙂`);
    const method = { method: 'card', payment_method: (await owner.card(team)).id };
    const bought = await owner.buy({ team, plan: 'team', seats, period: 'monthly', payment: method });
    assert.equal(bought.status, 200, bought.text);
    await owner.board(team, "L'équipe \\ \"une\"");
  }
  const team = await owner.team('by invoice');
  const bought = await owner.buy({ team, plan: 'business', seats: 12, period: 'yearly',
    payment: { method: 'invoice', email: 'mover@example.test' } });
  assert.equal(bought.status, 200, bought.text);
});

test('refused while a worker commits', { skip }, async () => {
  const told = await ctl(here, 'migrate', '--to', there);
  assert.equal(told.status, 2, told.out);
  assert.match(told.err, /a worker commits to the old database/);
});

test('what fails on the way leaves nothing, and the old one as it was', { skip }, async () => {
  process.kill(stack.pids.nginx, 'SIGTERM');
  await eventually('nobody commits', async () => (await stack.sql(
    'SELECT owner FROM lease'))[0].owner === '');

  await execute(target, `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.amount_minor = NEW.amount_minor + 1; RETURN NEW; END'`);
  assert.equal((await ctl(there, 'migrate')).status, 0);
  await execute(target, 'CREATE TRIGGER spoil BEFORE INSERT ON ledger'
    + ' FOR EACH ROW EXECUTE FUNCTION spoil()');
  const told = await ctl(here, 'migrate', '--to', there);
  assert.equal(told.status, 2, told.out);
  assert.match(told.err, /ledger: amount_minor came over as \d+, not 0/);
  assert.equal((await rows(target, 'SELECT COUNT(*) n FROM profile'))[0].n, 0);
  assert.equal((await stack.sql('SELECT owner FROM lease'))[0].owner, '');
  await execute(target, 'DROP FUNCTION spoil CASCADE');
});

test('all of it comes over, and the books hold', { skip }, async () => {
  const [{ epoch }] = await stack.sql('SELECT epoch FROM lease');
  const before = await ctl(here, 'export');
  const told = await ctl(here, 'migrate', '--to', there, '--progress');
  assert.equal(told.status, 0, told.out + told.err);
  assert.match(told.out, /^\d+ rows of \d+ tables are in .*, and equal$/m);
  assert.match(told.out, /^0 findings/m);
  assert.match(told.out, /takes no commits any more/);

  const a = JSON.parse(before.out);
  const b = JSON.parse((await ctl(there, 'export')).out);
  assert.ok(a.ledger.length >= 6 && a.invoices.length >= 2);
  assert.deepEqual([b.ledger, b.invoices, b.teams], [a.ledger, a.invoices, a.teams]);
  const titles = (dsn) => rows(dsn, 'SELECT id, title FROM board ORDER BY id');
  assert.deepEqual(await titles(target), await titles(stack.dsn));
  const [lease] = await rows(target, 'SELECT epoch, owner, until_ms FROM lease');
  assert.ok(lease.epoch > epoch && lease.owner === '' && lease.until_ms === 0);
});

test('the old one is closed, the new one is not overwritten', { skip }, async () => {
  const again = await ctl(here, 'migrate', '--to', there);
  assert.equal(again.status, 2);
  assert.match(again.err, /a worker commits to the old database|not empty/);
  const [lease] = await stack.sql('SELECT owner FROM lease');
  assert.match(lease.owner, /moved/);

  await stack.execute("UPDATE lease SET owner = '', until_ms = 0;\n");
  const refused = await ctl(here, 'migrate', '--to', there);
  assert.equal(refused.status, 2);
  assert.match(refused.err, /the new database is not empty: \w+ has rows/);
});

// With a Redis that has never seen it: everything comes from the database.
test('business goes on in the new one', { skip }, async () => {
  moved = await start({ DEMO_STORE: target });
  const owner = await moved.client('mover@example.test');
  const { json } = await owner.get('/dashboard');
  assert.equal(json.teams.find(({ name }) => name === 'Équipe 2 🙂').plan, 'team');

  // Somebody new, for this sandbox has never heard of the customers of before.
  const other = await moved.client('afterwards@example.test');
  const team = await other.team('afterwards');
  const bought = await other.buy({ team, plan: 'business', seats: 5, period: 'monthly',
    payment: { method: 'card', payment_method: (await other.card(team)).id } });
  assert.equal(bought.status, 200, bought.text);
  const [row] = await rows(target, `SELECT plan, seats FROM team WHERE id = '${team}'`);
  assert.deepEqual([row.plan, row.seats], ['business', 5]);
});
