// billingctl where the system is not what it usually is: taxes, an older
// schema, no worker; and every example of doc/operating.md.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, request, start } from '../lib/stack.mjs';
import { execute, newStore, onPostgres } from '../lib/store.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.DEMO_BUILD_DIR ?? `${root}/build/release`;
const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });

let stack;

function run(file, args, { input = '', env = {} } = {}) {
  return new Promise((done) => {
    const child = execFile(file, args, { maxBuffer: 1 << 26, env: { ...process.env, ...env } },
      (error, out, err) => {
        let json = null;
        try {
          json = JSON.parse(out);
        } catch {
          // lines for people
        }
        done({ status: error ? error.code : 0, out, err, json });
      });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const ctl = (args, config = `${stack.dir}/billing.json`) => run(`${build}/billingctl`,
  ['--config', config, ...args]);
const redis = async (...args) => (await run('redis-cli',
  ['-s', `${stack.dir}/redis.sock`, ...args])).out.trim();

// A configuration for a database of its own; Redis is that of the stack.
async function elsewhere(name, options) {
  const settings = JSON.parse(fs.readFileSync(`${stack.dir}/billing.json`, 'utf8'));
  settings.store.dsn = await newStore(stack.dir, name, options);
  fs.writeFileSync(`${stack.dir}/${name}.json`, JSON.stringify(settings));
  return { config: `${stack.dir}/${name}.json`, dsn: settings.store.dsn };
}

before(async () => {
  stack = await start();
  const file = `${stack.dir}/billing.json`;
  const settings = JSON.parse(fs.readFileSync(file, 'utf8'));
  settings.tax = [{ country: 'FR', permyriad: 2000, reverse_charge: true },
    { country: 'DE', permyriad: 1900, reverse_charge: true }];
  fs.writeFileSync(file, JSON.stringify(settings));
  process.kill(stack.pids.nginx, 'SIGHUP');
});
after(async () => {
  stack.tampered = true;            // without its Redis, among others
  await stack.stop();
});

// --- taxes --------------------------------------------------------------------------

test('r115 r117 explain: the rate of a country, the charge reversed, no rate', async () => {
  const owner = await stack.client('taxed@example.test');
  const team = await owner.team('taxed');
  const quote = (country) => owner.post('/upgrade/quote', { team, plan: 'team', seats: 3,
    period: 'monthly', payment_method: 'card', billing_information: { country } });
  await eventually('the tax table', async () => (await quote('DE')).json?.tax === 570,
    { within: 20000 });

  const pay = async () => ({ method: 'card', payment_method: (await owner.card(team)).id });
  const bought = await owner.buy({ team, plan: 'team', seats: 3, period: 'monthly',
    billing_information: { country: 'DE', vat_id: 'DE123456789' }, payment: await pay() });
  assert.equal(bought.status, 200, bought.text);
  const first = await ctl(['explain', bought.json.invoice.number, '--json']);
  assert.equal(first.status, 0, first.out + first.err);
  assert.deepEqual(first.json.lines.map((line) => [line.kind, line.amount]),
    [['plan', 3000], ['tax', 570]]);
  assert.match(first.json.lines[1].rule, /^Tax rate of DE, .*R115/);
  assert.equal(first.json.totals.total, 3570);

  // Verified by the application, so that the next purchase is reversed; what is told of another
  // id, or without the key, changes nothing.
  const vat = (method, body, key = fs.readFileSync(`${stack.dir}/secrets/application_key`, 'utf8')) =>
    request(`${stack.url}/app/v1/teams/${team}/vat`, {
      method, body: body && JSON.stringify({ country: 'DE', ...body }),
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    });
  const id = { country: 'DE', vat_id: 'DE123456789' };
  assert.equal((await vat('PUT', { vat_id: id.vat_id, valid: true }, 'wrong')).status, 401);
  assert.equal((await vat('PUT', { vat_id: 'DE12', valid: true })).json.code, 'VAT_ID_INVALID');
  assert.equal((await vat('PUT', { vat_id: 'DE999999999', valid: true })).json.vat.valid, false);
  assert.deepEqual((await vat('GET')).json, { team, vat: { ...id, valid: false } });
  assert.deepEqual((await vat('PUT', { vat_id: id.vat_id, valid: true })).json,
    { team, vat: { ...id, valid: true } });
  // typed once more it is the same id; another one is not verified
  const typed = (vat_id) => owner.put('/billing/information',
    { team, billing_information: { country: 'DE', vat_id } });
  assert.equal((await typed('DE111111111')).status, 200);
  assert.equal((await vat('GET')).json.vat.valid, false);
  assert.equal((await typed(id.vat_id)).status, 200);
  assert.equal((await vat('GET')).json.vat.valid, true);
  const more = await owner.buy({ team, plan: 'business', seats: 5, period: 'monthly',
    payment: await pay() });
  assert.equal(more.status, 200, more.text);
  const second = await ctl(['explain', more.json.invoice.number]);
  assert.equal(second.status, 0, second.out + second.err);
  assert.match(second.out, /^No tax: the buyer in DE has a verified VAT id .*R117/m);
  assert.match((await ctl(['explain', more.json.invoice.number, '--lang', 'fr'])).out,
    /^Pas de taxe\s: l’acheteur en DE a un n° de TVA vérifié/m);

  const free = await owner.team('far');
  const far = await owner.buy({ team: free, plan: 'team', seats: 2, period: 'monthly',
    billing_information: { country: 'US' }, payment: await pay() });
  assert.equal(far.status, 200, far.text);
  assert.match((await ctl(['explain', far.json.invoice.number])).out,
    /^No tax: the tax table has no rate for US/m);

  const told = await ctl(['verify', '--json']);
  assert.equal(told.status, 0, told.out);
  const { invoices } = (await ctl(['export'])).json;
  assert.deepEqual(invoices.slice(-3).map((row) => [row.tax_country, row.tax_why, row.tax]),
    [['DE', 'rate', 570], ['DE', 'reverse_charge', 0], ['US', 'no_rate', 0]]);
});

test('r145 explain: a member who joined a full team', async () => {
  const owner = await stack.client('full@example.test');
  const team = await owner.team('full');
  const bought = await owner.buy({ team, plan: 'team', seats: 1, period: 'monthly',
    billing_information: { country: 'FR' },
    payment: { method: 'card', payment_method: (await owner.card(team)).id } });
  assert.equal(bought.status, 200, bought.text);
  const joined = await owner.post(`/dashboard/teams/${team}/members`,
    { email: 'member@example.test' }, key());
  assert.equal(joined.status, 201, joined.text);
  const more = await owner.buy({ team, plan: 'business', seats: 5, period: 'yearly',
    payment: { method: 'card', payment_method: (await owner.card(team)).id } });
  assert.equal(more.status, 200, more.text);
  const told = await ctl(['explain', more.json.invoice.number, '--json']);
  assert.equal(told.status, 0, told.out);
  const pending = told.json.lines.find((line) => line.kind === 'pending');
  assert.equal(pending.changes.length, 1);
  assert.match(pending.changes[0].text, /a member joined .*\(R145\)/);
  assert.deepEqual(told.json.lines.find((line) => line.kind === 'credit').paid_by,
    [bought.json.invoice.number]);
});

// --- the chain of the ledger ------------------------------------------------------------

// The chain alone: nothing else of the books looks at what is changed here.
test('verify: the chain names the first transaction that was changed, removed, put in', async () => {
  const rows = await stack.sql('SELECT link, txn, hash FROM ledger WHERE n = 0 ORDER BY link');
  const [, second, third] = rows;
  const last = rows.at(-1);
  assert.deepEqual(rows.map((row) => row.link), rows.map((row, i) => i + 1));
  assert.equal((await stack.sql("SELECT value FROM meta WHERE name = 'ledger'"))[0].value,
    rows.length);

  const chain = async (sql) => (await stack.verify(sql)).checks
    .find((check) => check.check === 'ledger.chain').findings;
  const named = (found, ...expected) => assert.deepEqual(found.map((one) => one.id), expected);

  // Each is told, and nothing behind it.
  const changes = ['at = at + 1', "ref = ref || 'x'", "currency = 'EUR'", "account = account || 'x'",
    'amount_minor = -amount_minor'];
  named(await chain(changes.map((change, i) => `UPDATE ledger SET ${change}`
    + ` WHERE link = ${i + 2} AND n = 1;`).join(' ')), ...rows.slice(1, 6).map((row) => row.txn));

  // With a hash of its own, however made, what follows does not fit.
  const forged = createHash('sha256').update('forged').digest('hex');
  named(await chain(`UPDATE ledger SET at = at + 1, hash = CASE WHEN n = 0 THEN '${forged
  }' ELSE '' END WHERE link = 2;`), second.txn, third.txn);

  const gone = await chain('DELETE FROM ledger WHERE link = 2;');
  named(gone, third.txn);
  assert.match(gone[0].fault, /is number 3, the one before it 1/);
  const cut = await chain(`DELETE FROM ledger WHERE link = ${last.link};`);
  named(cut, rows.at(-2).txn);
  assert.match(cut[0].fault, new RegExp(`number ${last.link} was posted`));

  const put = (link) => 'INSERT INTO ledger SELECT \'op_x-paid\', n, account, amount_minor, currency,'
    + ` at, 'op_x', ${link}, hash FROM ledger WHERE link = 2;`;
  named(await chain(put(0)), 'op_x-paid', 'op_x-paid');
  const between = await chain(`UPDATE ledger SET link = link + 1000 WHERE link > 2; ${put(3)}`
    + ' UPDATE ledger SET link = link - 999 WHERE link > 1000;');
  assert.equal(between[0].id, 'op_x-paid');
  assert.equal(between.length, rows.length - 1, 'no number behind it is what was hashed');
});

test('the ledger is only added to', async () => {
  const { dsn } = await elsewhere('kept', { from: stack.dsn });
  for (const statement of ['UPDATE ledger SET at = at + 1', 'DELETE FROM ledger',
    ...(onPostgres ? ['TRUNCATE ledger'] : [])]) {
    await assert.rejects(execute(dsn, `${statement};\n`), /table ledger is append-only/);
  }
});

// --- an older schema -------------------------------------------------------------------

test('migrate: from 002, refused while its worker commits, then done, then nothing', async () => {
  const { config, dsn } = await elsewhere('older');
  const script = ['001_infra', '002_business'].map((name) => fs.readFileSync(
    `${root}/src/worker/sql/${name}.sql`, 'utf8')).join('\n');
  await execute(dsn, `${onPostgres ? 'CREATE DOMAIN blob AS bytea' : 'PRAGMA journal_mode = WAL'};
    CREATE TABLE migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL,
      applied_at BIGINT NOT NULL);
    ${script}
    INSERT INTO migration VALUES (1, 'infra', 1), (2, 'business', 1);
    INSERT INTO team (id, name, currency, created_at) VALUES ('t_1', 'Kept', 'USD', 1);
    UPDATE lease SET epoch = 4, owner = 'host:1', until_ms = ${Date.now() + 60000};\n`);

  const early = await ctl(['verify'], config);
  assert.equal(early.status, 2);
  assert.match(early.err, /schema 2, this program knows \d+: run billingctl migrate/);

  const dry = await ctl(['migrate', '--dry-run', '--json'], config);
  assert.equal(dry.status, 1);
  assert.equal(dry.json.schema, 2);
  assert.equal(dry.json.steps[0].name, 'subscription');

  const refused = await ctl(['migrate'], config);
  assert.equal(refused.status, 2);
  assert.match(refused.err, /worker host:1 commits to schema 2: end it/);
  assert.match(await execute(dsn, 'SELECT MAX(version) FROM migration;\n'), /^2$/m);

  await execute(dsn, "UPDATE lease SET owner = '', until_ms = 0;\n");
  const done = await ctl(['migrate'], config);
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, /^applied 003_subscription$/m);
  assert.match(done.out, /^schema \d+: up to date$/m);
  assert.ok(onPostgres || fs.existsSync(`${dsn.slice(7)}.schema-2`), 'a copy was left');
  assert.equal((await ctl(['migrate'], config)).out, done.out.split('\n').slice(-2).join('\n'));
  assert.equal((await ctl(['migrate', '--dry-run'], config)).status, 0);
  assert.match(await execute(dsn, 'SELECT name FROM team;\n'), /^Kept$/m);

  await execute(dsn, "INSERT INTO migration VALUES (9999, 'later', 1);\n");
  assert.equal((await ctl(['migrate'], config)).status, 2);
  assert.match((await ctl(['verify'], config)).err, /use the newer program/);
});

test('a database that is not there is not made', async () => {
  const { config, dsn } = await elsewhere('nowhere', { absent: true });
  for (const args of [['verify'], ['status'], ['export'], ['migrate', '--dry-run']]) {
    const told = await ctl(args, config);
    assert.equal(told.status, 2, args.join(' '));
    assert.match(told.err, onPostgres ? /does not exist/ : /unable to open database file/);
  }
  assert.equal(fs.existsSync(dsn.slice(7)), false);
});

// --- the page ----------------------------------------------------------------------------

test('doc/operating.md: every example runs', async () => {
  const page = fs.readFileSync(`${root}/doc/operating.md`, 'utf8');
  const [{ number }] = await stack.sql('SELECT number FROM invoice LIMIT 1');
  const examples = [...page.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line);
  assert.ok(examples.length >= 14);

  for (const example of examples) {
    const id = /dead-letters \w+ (\S+)/.exec(example)?.[1];
    if (id) {
      const [stream, entry] = id.split('/');
      await stack.execute(`DELETE FROM dead_letter WHERE entry = '${entry}';
        INSERT INTO dead_letter VALUES ('${stream}',`
        + ` '${entry}', 'not signed by us', 1, CAST('{}' AS BLOB), CAST('x' AS BLOB), 5);\n`);
    }
    const line = example.replace('/etc/ngx-billing/billing.json', `${stack.dir}/billing.json`)
      .replace(/INV-\d{4}-\d{6}/, number);
    const told = await run('sh', ['-c', line], { env: { PATH: `${build}:${process.env.PATH}` } });

    // Only what is not signed by us lies there: it cannot be given again.
    const wanted = / retry /.test(example) ? 2 : 0;
    assert.equal(told.status, wanted, `${example}\n${told.out}${told.err}`);
  }
  const shown = new Set(examples.map((line) => /billingctl (?:--config \S+ )?(\S+)/.exec(line)[1]));
  const help = (await ctl(['--help'])).out;
  for (const [, name] of help.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)) {
    assert.ok(shown.has(name) || page.includes(`\`${name}\``), `${name} is on the page`);
    assert.match((await ctl([name, '--help'])).out, new RegExp(`^Usage: billingctl .*${name}`));
  }
});

// --- without a worker: the last, for nothing runs afterwards ------------------------------

test('rehydrate: without a worker the tool does it itself, with a lease of its own', async () => {
  const [{ epoch }] = await stack.sql('SELECT epoch FROM lease');
  process.kill(stack.pids.nginx, 'SIGTERM');
  await eventually('nobody commits', async () => (await stack.sql(
    'SELECT owner FROM lease'))[0].owner === '');
  const idle = await ctl(['status', '--json']);
  assert.equal(idle.status, 1);
  assert.equal(idle.json.lease.held, false);
  assert.match(idle.json.attention.join(), /no worker commits/);

  await redis('FLUSHALL');
  assert.equal((await ctl(['verify'])).status, 1);
  const done = await ctl(['rehydrate', '--json']);
  assert.equal(done.status, 0, done.out + done.err);
  assert.equal(done.json.by, 'billingctl');
  const [lease] = await stack.sql('SELECT epoch, owner FROM lease');
  assert.deepEqual([lease.epoch, lease.owner], [epoch + 1, '']);
  const told = await ctl(['verify', '--json']);
  assert.equal(told.status, 0, told.out);
  assert.match(await redis('GET', 'billing:1:epoch'), new RegExp(`^${done.json.epoch} ready$`));

  // Redis away: what could not be looked at is no finding, and not fine.
  await redis('SHUTDOWN', 'NOSAVE');
  const blind = await ctl(['verify', '--json']);
  assert.equal(blind.status, 2);
  assert.deepEqual([blind.json.found, blind.json.unknown], [0, 3]);
  assert.equal((await ctl(['verify', '--no-redis'])).status, 0);
  assert.equal((await ctl(['rehydrate'])).status, 2);
});
