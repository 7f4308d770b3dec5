// billingctl against a system that really sold something: verify finds nothing
// where nothing is wrong and each fault by its own check, explain's figures add
// up, Redis comes back, what was set aside is executed.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, start } from '../lib/stack.mjs';
import { unguarded } from '../lib/store.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = path.join(process.env.DEMO_BUILD_DIR ?? `${root}/build/release`, 'billingctl');
const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });

let stack;
const sold = {};

function run(file, args, input = '') {
  return new Promise((done) => {
    const child = execFile(file, args, { maxBuffer: 1 << 26 }, (error, out, err) => {
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

const ctl = (args, config = `${stack.dir}/billing.json`) => run(program,
  ['--config', config, ...args]);
const redis = async (...args) => (await run('redis-cli',
  ['-s', `${stack.dir}/redis.sock`, ...args])).out.trim();

async function advance(client, span) {
  const answer = await client.post('/demo/clock', { advance: span });
  assert.equal(answer.status, 200, answer.text);
}

async function buy(name, order) {
  const owner = await stack.client(`${name}@example.test`);
  const team = await owner.team(name);
  const payment = order.payment ?? { method: 'card', payment_method: (await owner.card(team)).id };
  const answer = await owner.buy({ team, ...order, payment });
  assert.equal(answer.status, 200, answer.text);
  sold[name] = { owner, team, invoice: answer.json.invoice?.number };
  return sold[name];
}

async function ok(answer) {
  const got = await answer;
  assert.equal(got.status, 200, got.text);
  return got.json;
}

const invoicesOf = (team) => stack.sql('SELECT i.number, k.purpose FROM invoice i'
  + ` JOIN checkout k ON k.id = i.checkout WHERE i.team = '${team}' ORDER BY i.number`);

const faults = (report) => report.checks.filter((check) => check.found > 0)
  .map((check) => check.check).sort();

before(async () => {
  stack = await start();
  const one = await buy('one', { plan: 'team', seats: 2, period: 'monthly', promo: 'WELCOME20' });
  const two = await buy('two', { plan: 'team', seats: 12, period: 'yearly' });
  const three = await buy('three', { plan: 'team', seats: 11, period: 'yearly',
    payment: { method: 'invoice', email: 'pay@example.test' } });

  await advance(one.owner, '10d');
  await ok(one.owner.post('/billing/seats', { team: one.team, seats: 4 }, key()));
  await advance(one.owner, '2s');         // a second has no order
  await ok(one.owner.post('/billing/seats', { team: one.team, seats: 5 }, key()));
  await ok(two.owner.post('/billing/seats', { team: two.team, seats: 10 }, key()));
  await ok(three.owner.post('/billing/seats', { team: three.team, seats: 13 }, key()));
  const upgraded = await two.owner.buy({ team: two.team, plan: 'business', seats: 10,
    period: 'yearly',
    payment: { method: 'card', payment_method: (await two.owner.card(two.team)).id } });
  assert.equal(upgraded.status, 200, upgraded.text);
  await two.owner.board(two.team, 'a board');

  await advance(one.owner, '22d');
  await eventually('the renewal', async () => (await invoicesOf(one.team)).length === 2,
    { within: 30000 });
  await eventually('the final invoice', async () => (await invoicesOf(three.team)).length === 1,
    { within: 30000 });
});
after(async () => { await stack?.stop(); });

// --- a good system --------------------------------------------------------------

test('verify finds nothing in a system that runs', async () => {
  const told = await ctl(['verify', '--json', '--gateway']);
  assert.equal(told.status, 0, told.out + told.err);
  assert.equal(told.json.found, 0);
  assert.equal(told.json.unknown, 0);
  const names = told.json.checks.map((check) => check.check);
  assert.equal(new Set(names).size, names.length);
  for (const name of ['ledger.balance', 'invoice.hash', 'team.credit', 'redis.wrong',
    'gateway.payments']) {
    const check = told.json.checks.find((one) => one.check === name);
    assert.ok(check.looked_at > 0, `${name} looked at something`);
  }

  const lines = await ctl(['verify']);
  assert.equal(lines.status, 0, lines.out);
  assert.match(lines.out, /^good +ledger\.balance +\d+ transactions$/m);
  assert.match(lines.out, /^0 findings, 0 checks could not be made$/m);
  assert.equal(lines.err, '');
});

test('verify raises no alarm while a team changes all the time', async () => {
  const { owner, team } = sold.two;
  let going = true;
  const changing = (async () => {
    for (let n = 0; going; n++) {
      await owner.board(team, `board ${n}`);
    }
  })();
  try {
    for (let i = 0; i < 4; i++) {
      const told = await ctl(['verify', '--json']);
      assert.deepEqual([told.status, faults(told.json)], [0, []], told.out);
    }
  } finally {
    going = false;
    await changing;
  }
});

test('status: who commits, the schema, the queues', async () => {
  const told = await ctl(['status', '--json']);
  assert.equal(told.status, 0, told.out + told.err);
  assert.ok(told.json.lease.held);
  assert.match(told.json.lease.owner, /:\d+$/);
  assert.equal(told.json.schema, told.json.schema_of_program);
  assert.equal(told.json.dead_letters, 0);
  assert.match(told.json.teams_due_at, /^\d{4}-.*Z$/);
  assert.deepEqual(told.json.attention, []);
  assert.match((await ctl(['status'])).out, /^lease +\S+:\d+, epoch \d+$/m);
});

// --- explain --------------------------------------------------------------------

const abs = (n) => (n < 0n ? -n : n);

// Half away from zero, from the figures alone.
function rounded(quantity, unit, numerator, denominator) {
  const product = BigInt(quantity) * BigInt(unit) * BigInt(numerator);
  const twice = (abs(product) * 2n + BigInt(denominator)) / (2n * BigInt(denominator));
  return Number(product < 0n ? -twice : twice);
}

async function explained(number) {
  const told = await ctl(['explain', number, '--json']);
  assert.equal(told.status, 0, told.out + told.err);
  let sum = 0;
  for (const line of told.json.lines) {
    assert.equal(rounded(line.quantity, line.unit_amount, line.numerator, line.denominator),
      line.amount, JSON.stringify(line));
    assert.match(line.rule, /\(.*R\d+/);
    sum += line.amount;
  }
  assert.equal(sum, told.json.totals.total);
  const { subtotal, discount, credit, tax, total } = told.json.totals;
  assert.equal(subtotal + discount + credit + tax, total);
  const booked = {};
  for (const entry of told.json.books) {
    booked[entry.transaction] = (booked[entry.transaction] ?? 0) + entry.amount;
  }
  assert.deepEqual(Object.values(booked).filter((n) => n !== 0), []);
  return told.json;
}

const kinds = (told) => told.lines.map((line) => line.kind);

test('explain: a purchase with a promotion code', async () => {
  const told = await explained(sold.one.invoice);
  assert.deepEqual(kinds(told), ['plan', 'discount']);
  assert.deepEqual(told.lines.map((line) => line.amount), [2000, -400]);
  assert.match(told.lines[1].rule, /WELCOME20/);
  assert.match(told.tax_rule, /no tax table/);

  const people = await ctl(['explain', sold.one.invoice]);
  assert.equal(people.status, 0);
  assert.match(people.out, /2 x 10\.00 USD = 20\.00 USD/);
  assert.match(people.out, /2 x -10\.00 USD x 20\/100 = -4\.00 USD/);
  assert.match(people.out, /Total 16\.00 USD: the lines add up/);
  const french = await ctl(['explain', sold.one.invoice, '--lang', 'fr']);
  assert.match(french.out, /Total 16\.00 USD\s: la somme des lignes est juste/);
  assert.match(french.out, /Code promo WELCOME20/);
});

test('r146 explain: a renewal with the seats of the month, each change shown', async () => {
  const number = (await invoicesOf(sold.one.team))[1].number;
  const told = await explained(number);
  assert.deepEqual(kinds(told), ['plan', 'pending']);
  assert.equal(told.lines[0].amount, 5000);
  const { changes, amount } = told.lines[1];
  assert.deepEqual(changes.map((one) => [one.from, one.to]), [[2, 4], [4, 5]]);
  assert.equal(changes.reduce((n, one) => n + one.amount, 0), amount);
  for (const change of changes) {
    assert.equal(change.lines.reduce((n, one) => n + one.amount, 0), change.amount);
    assert.match(change.lines[0].days, /^period \S+ to \S+, of it \S+ to \S+: \d+ of \d+$/);
  }
});

test('r155 r158 explain: an upgrade with unused time and a balance', async () => {
  const number = (await invoicesOf(sold.two.team))[1].number;
  const told = await explained(number);
  assert.deepEqual(kinds(told), ['plan', 'credit', 'balance']);
  assert.match(told.lines[1].days, /: 355 of 36[56]$/);
  assert.match(told.lines[1].rule, /R158/);
  assert.equal(told.balance.after, 0);
  assert.equal(told.balance.before, -told.lines[2].amount);
  assert.deepEqual(told.balance.entries.map((one) => [one.from, one.to]), [[12, 10]]);
  assert.equal(told.balance.entries[0].amount, told.balance.before);
});

test('explain: an invoice that is to be paid; one that is not there', async () => {
  const [{ number }] = await invoicesOf(sold.three.team);
  const told = await explained(number);
  assert.equal(told.state, 'open');
  assert.equal(told.totals.total, 11 * 9600);
  const none = await ctl(['explain', 'INV-1999-000001']);
  assert.equal(none.status, 2);
  assert.match(none.err, /there is no invoice INV-1999-000001/);
});

test('explain --all: every invoice in one go, of which only the wrong ones are shown', async () => {
  const all = await stack.sql('SELECT number FROM invoice');
  const told = await ctl(['explain', '--all']);
  assert.equal(told.status, 0, told.out + told.err);
  assert.equal(told.out, `${all.length} invoices, 0 do not add up\n`);
  assert.ok(all.length > 3);
  assert.deepEqual((await ctl(['explain', '--all', '--json'])).json,
    { looked_at: all.length, wrong: [] });
  assert.equal((await ctl(['explain', '--all', all[0].number])).status, 2);
  assert.equal((await ctl(['explain'])).status, 2);
});

// --- faults, each planted in a copy ------------------------------------------------

async function copy(name) {
  const file = `${stack.dir}/${name}.db`;
  const made = await run('sqlite3', [stack.database.replace(/^sqlite:/, ''),
    `.backup '${file}'`]);
  assert.equal(made.status, 0, made.err);
  const settings = JSON.parse(fs.readFileSync(`${stack.dir}/billing.json`, 'utf8'));
  const config = `${stack.dir}/${name}.json`;
  settings.store.dsn = `sqlite:${file}`;
  fs.writeFileSync(config, JSON.stringify(settings));
  return { file, config };
}

async function planted(name, sql) {
  const made = await copy('fault');
  const done = await run('sqlite3', [made.file],
    `PRAGMA ignore_check_constraints = ON;\n${unguarded}${sql}\n`);
  assert.equal(done.status, 0, done.err);
  const told = await ctl(['verify', '--json', '--no-redis'], made.config);
  fs.rmSync(made.file);
  assert.equal(told.status, 1, `${name}: ${told.out}${told.err}`);
  return told.json;
}

const one = () => `'${sold.one.team}'`;
const two = () => `'${sold.two.team}'`;

const plants = {
  'one amount in the ledger': [['ledger.balance', 'ledger.chain'], () =>
    "UPDATE ledger SET amount_minor = amount_minor + 1 WHERE account = 'revenue'"
    + " AND txn = (SELECT MIN(txn) FROM ledger WHERE txn LIKE '%-sale');"],
  'an entry of nothing': [['ledger.chain', 'ledger.entries'], () =>
    "INSERT INTO ledger SELECT txn, (SELECT MAX(n) + 1 FROM ledger x WHERE x.txn = l.txn),"
    + " 'revenue', 0, currency, at, ref, link, '' FROM ledger l WHERE n = 0 LIMIT 1;"],
  'a payment that was not booked': [['invoice.owed', 'ledger.chain', 'ledger.payments'], () =>
    "DELETE FROM ledger WHERE txn = (SELECT MIN(txn) FROM ledger WHERE txn LIKE '%-paid');"],
  'a payment of nobody': [['invoice.owed', 'ledger.chain', 'ledger.strays'], () =>
    "INSERT INTO ledger SELECT 'op_x-paid', n, account, amount_minor, currency, at, 'op_x', 0, ''"
    + " FROM ledger WHERE txn = (SELECT MIN(txn) FROM ledger WHERE txn LIKE '%-paid');"],
  'a hash': [['invoice.hash'], () =>
    "UPDATE invoice SET hash = replace(hash, substr(hash, 1, 4), '0000') WHERE no = 2;"],
  'a document': [['invoice.hash'], () =>
    "UPDATE invoice SET document = replace(document, '\"payer\":\"', '\"payer\":\"x') WHERE no = 2;"],
  'a number that was given and is not there': [['invoice.numbers'], () =>
    'UPDATE invoice_series SET last_no = last_no + 1;'],
  'an invoice that is gone': [['invoice.missing', 'invoice.numbers'], () =>
    'DELETE FROM invoice WHERE no = 2;'],
  'a draft long overdue': [['invoice.drafts'], () =>
    'UPDATE invoice_draft SET finalised = 0, finalise_at = 1000000;'],
  'a sale of another amount': [['invoice.owed', 'invoice.sale', 'ledger.chain'], () =>
    "UPDATE ledger SET amount_minor = amount_minor + CASE WHEN account = 'revenue' THEN -5 ELSE 5"
    + " END WHERE txn LIKE '%-sale' AND (account = 'revenue' OR account LIKE 'receivable:%')"
    + ' AND ref = (SELECT checkout FROM invoice WHERE no = 1);'],
  'a payment of an invoice that is gone': [['invoice.owed'], () =>
    'DELETE FROM payment WHERE id = (SELECT MIN(id) FROM payment);'],
  "a team's credit": [['team.credit'], () =>
    `UPDATE team SET credit_minor = credit_minor + 100 WHERE id = ${two()};`],
  'what is to be billed': [['team.pending'], () =>
    `UPDATE team SET pending_minor = pending_minor + 7 WHERE id = '${sold.three.team}';`],
  'a seat count': [['team.seats'], () =>
    `UPDATE team SET seats = 0 WHERE id = ${one()};`],
  'a member count': [['team.members'], () =>
    `UPDATE team SET members = 2 WHERE id = ${one()};`],
  'a member without a licence': [['team.licences', 'team.members'], () =>
    `DELETE FROM seat WHERE account = ${one()};`],
  'a team that shows what its account has not': [['team.inside'], () =>
    "UPDATE team SET seats = seats + 1 WHERE id = 'team-business-2';"],
  'seats held for nothing': [['team.holds'], () =>
    `UPDATE team SET hold_seats = 5 WHERE id = ${one()};`],
  'two open payments': [['team.checkouts'], () =>
    "DROP INDEX checkout_open; UPDATE checkout SET state = 'charging', amount_minor = 0,"
    + " next_try_at = 253402300799 WHERE id IN (SELECT id FROM checkout LIMIT 0);"
    + ' INSERT INTO checkout (id, team, actor, state, quote, amount_minor, currency, started_at,'
    + " next_try_at) SELECT 'op_a' || id, team, actor, 'charging', quote, 0, currency, started_at,"
    + ` 253402300799 FROM checkout WHERE team = ${two()} LIMIT 2;`],
  'a payment that nobody goes on with': [['checkout.stuck'], () =>
    'INSERT INTO checkout (id, team, actor, state, quote, amount_minor, currency, started_at,'
    + " next_try_at) SELECT 'op_a' || id, team, actor, 'unknown', quote, 0, currency, started_at,"
    + ` 1000 FROM checkout WHERE team = ${two()} LIMIT 1;`],
  'a period renewed twice': [['team.renewals'], () =>
    'DROP INDEX checkout_renewal; INSERT INTO checkout (id, team, actor, state, quote,'
    + " amount_minor, currency, started_at, purpose, due_at) SELECT 'op_a' || id, team, actor,"
    + " 'failed', quote, 0, currency, started_at, purpose, due_at FROM checkout"
    + " WHERE purpose = 'renewal';"],
  'a cancelled team that would renew itself': [['team.states'], () =>
    `UPDATE team SET state = 'cancelled', auto_renew = 1 WHERE id = ${one()};`],
  'a team whose day will be missed': [['team.due'], () =>
    `UPDATE team SET due_at = due_at + 86400 WHERE id = ${one()};`],
  'a command without an end': [['command.end'], () =>
    "UPDATE command SET state = 'open', created_at = 1000 WHERE op = (SELECT MIN(op) FROM command"
    + " WHERE kind = 'team.create');"],
  'a code that counts for nothing': [['promo.end'], () =>
    "UPDATE promo_redemption SET state = 'reserved';"],
};

for (const [name, [checks, sql]] of Object.entries(plants)) {
  test(`verify: ${name}: ${checks}`, async () => {
    const told = await planted(name, sql());
    assert.deepEqual(faults(told), checks);
    for (const check of told.checks.filter((row) => row.found > 0)) {
      assert.ok(check.next.length > 10, 'and says what to do next');
      assert.ok(check.findings[0].id.length > 0);
    }
  });
}

test('verify: a document rewritten with its hash breaks the chain', async () => {
  const [{ document }] = await stack.sql('SELECT document FROM invoice WHERE no = 2');
  const forged = document.replace('"payer":"', '"payer":"x');
  const hash = createHash('sha256').update(forged).digest('hex');
  const told = await planted('rewritten', `UPDATE invoice SET document = '${
    forged.replaceAll("'", "''")}', hash = '${hash}' WHERE no = 2;`);
  assert.deepEqual(faults(told), ['invoice.chain']);
});

test('verify: an amount in a document is found by its sums, and by explain', async () => {
  const [row] = await stack.sql('SELECT number, document FROM invoice WHERE no = 1');
  const forged = row.document.replace('"amount":2000', '"amount":1900');
  assert.notEqual(forged, row.document);
  const told = await planted('sums', `UPDATE invoice SET document = '${
    forged.replaceAll("'", "''")}' WHERE no = 1;`);
  assert.deepEqual(faults(told), ['invoice.hash', 'invoice.sums']);
  const made = await copy('fault');
  await run('sqlite3', [made.file], `UPDATE invoice SET document = '${
    forged.replaceAll("'", "''")}' WHERE no = 1;\n`);
  const shown = await ctl(['explain', row.number], made.config);
  assert.equal(shown.status, 1);
  assert.match(shown.out, /WRONG/);
  const every = await ctl(['explain', '--all', '--json'], made.config);
  assert.equal(every.status, 1);
  assert.deepEqual(every.json.wrong.map((invoice) => invoice.invoice), [row.number]);
  assert.match((await ctl(['explain', '--all'], made.config)).out,
    /WRONG[^]*\n\d+ invoices, 1 do not add up\n$/);
});

test('verify: many findings of many checks, none hides another', async () => {
  const told = await planted('all', Object.entries(plants)
    .filter(([name]) => /hash|credit|member count|overdue/.test(name))
    .map(([, [, sql]]) => sql()).join('\n'));
  assert.deepEqual(faults(told), ['invoice.drafts', 'invoice.hash', 'team.credit',
    'team.members']);
});

// --- Redis -------------------------------------------------------------------------

const fault = async () => {
  const told = await ctl(['verify', '--json']);
  return [told.status, faults(told.json), told.json.checks
    .flatMap((check) => check.findings.map((one) => `${one.id}: ${one.fault}`))];
};

test('verify: a record that is missing, one that is not ours, an older one', async () => {
  const name = `billing:1:{${sold.two.team}}:team`;
  const good = await redis('GET', name);

  await redis('DEL', name);
  assert.deepEqual((await fault()).slice(0, 2), [1, ['redis.missing']]);

  const forged = good.replace(/"seats":\d+/, '"seats":99');
  await redis('SET', name, forged === good ? `${good.slice(0, -1)}0` : forged);
  const [status, checks, texts] = await fault();
  assert.deepEqual([status, checks], [1, ['redis.wrong']]);
  assert.match(texts[0], new RegExp(`^team ${sold.two.team}: is not signed by us$`));

  await redis('SET', name, good);
  await sold.two.owner.board(sold.two.team, 'one more');
  await eventually('the newer record', async () => (await redis('GET', name)) !== good
    || (await redis('EXISTS', name)) === '1');
  await redis('SET', name, 'hello');
  assert.match((await fault())[2][0], /is no record|is not signed by us/);
  await redis('SET', name, good);
});

// The worker may notice by itself at the same time: one epoch more or less.

test('rehydrate: the running worker writes all again after FLUSHALL', async () => {
  const whole = () => eventually('every record', async () => {
    const [status, checks] = await fault();
    return status === 0 && checks.length === 0;
  });
  const epoch = async () => Number((await redis('GET', 'billing:1:epoch')).split(' ')[0]);

  await redis('FLUSHALL');
  const done = await ctl(['rehydrate', '--json']);
  assert.equal(done.status, 0, done.out + done.err + stack.log('error.log'));
  assert.equal(done.json.by, 'worker');
  await whole();
  assert.ok(await epoch() >= done.json.epoch);

  // Asked again it does it again, under the next epoch, and work goes on.
  const before = await epoch();
  const more = await ctl(['rehydrate', '--json']);
  assert.equal(more.status, 0, more.err);
  assert.ok(more.json.epoch > before);
  await sold.two.owner.board(sold.two.team, 'after');
  await whole();
});

// --- dead letters --------------------------------------------------------------------

test('dead-letters: list, show, retry, drop', async () => {
  assert.deepEqual((await ctl(['dead-letters', '--json'])).json, { dead_letters: [] });

  // What nobody signed, and a good command that was delivered too often.
  await redis('XADD', 'billing:1:commands', '*', 'c', '{}', 'm', 'x'.repeat(64));
  await eventually('set aside', async () => (await stack.sql('SELECT 1 FROM dead_letter')).length);
  const list = await ctl(['dead-letters', 'list', '--json']);
  assert.equal(list.status, 1);
  const [letter] = list.json.dead_letters;
  assert.equal(letter.reason, 'not signed by us');
  assert.equal(letter.signed, false);
  assert.equal((await ctl(['status'])).status, 1);
  assert.equal((await ctl(['dead-letters', 'show', letter.id])).json.id, letter.id);
  const no = await ctl(['dead-letters', 'retry', letter.id]);
  assert.equal(no.status, 2);
  assert.match(no.err, /can only be dropped/);
  assert.equal((await ctl(['dead-letters', 'drop', letter.id])).status, 0);
  assert.equal((await ctl(['dead-letters'])).status, 0);
  assert.equal((await ctl(['dead-letters', 'drop', letter.id])).status, 2);
});

test('dead-letters: a command is given to the worker again and executed once', async () => {
  const { owner, team } = sold.two;
  const { worker } = (await stack.status()).pids;
  let entries = [];

  // Taken out of the stream before the worker reads it, as a lost one is.
  process.kill(worker, 'SIGSTOP');
  let asked;
  try {
    asked = owner.post(`/dashboard/teams/${team}/boards`, { title: 'the lost one' });
    await eventually('the command', async () => {
      entries = JSON.parse(await redis('--json', 'XRANGE', 'billing:1:commands', '-', '+'));
      return entries.length > 0;
    }, { within: 2500 });
    await redis('XDEL', 'billing:1:commands', entries[0][0]);
  } finally {
    process.kill(worker, 'SIGCONT');
  }
  const [, [, c, , m]] = entries[0];
  const { op } = JSON.parse(c);
  const file = stack.database.replace(/^sqlite:/, '');
  const done = await run('sqlite3', ['-cmd', '.timeout 5000', file],
    "INSERT INTO dead_letter VALUES ('commands', '9-9', 'delivered too often', 5,"
    + ` CAST('${c.replaceAll("'", "''")}' AS BLOB), CAST('${m}' AS BLOB), 1000);\n`);
  assert.equal(done.status, 0, done.err);

  const shown = await ctl(['dead-letters', 'show', 'commands/9-9']);
  assert.equal(shown.json.kind, 'board.create');
  assert.equal(shown.json.body.title, 'the lost one');
  const retried = await ctl(['dead-letters', 'retry', 'commands/9-9']);
  assert.equal(retried.status, 0, retried.err);
  const made = () => stack.sql("SELECT COUNT(*) n FROM board WHERE title = 'the lost one'");
  await eventually('the board', async () => (await made())[0].n === 1);
  await asked;
  const again = await ctl(['dead-letters', 'retry', 'commands/9-9']);
  assert.equal(again.status, 2);
  assert.deepEqual(await stack.sql('SELECT 1 FROM dead_letter'), []);
  assert.equal((await stack.sql(`SELECT state FROM command WHERE op = '${op}'`))[0].state, 'done');
});

// --- export ---------------------------------------------------------------------------

test('export: the same bytes twice, JSON and CSV, between two dates', async () => {
  const whole = await ctl(['export']);
  assert.equal(whole.status, 0, whole.err);
  assert.equal((await ctl(['export'])).out, whole.out);
  const { header, ledger, invoices, teams } = whole.json;
  assert.equal(header.format, 1);
  assert.equal(ledger.reduce((n, row) => n + row.amount, 0), 0);
  const sales = ledger.filter((row) => /-sale$/.test(row.transaction)
    && /^receivable:/.test(row.account));
  assert.equal(sales.reduce((n, row) => n + row.amount, 0),
    invoices.reduce((n, row) => n + row.total, 0));
  assert.ok(teams.some((row) => row.team === sold.one.team && row.plan === 'team'));

  const csv = await ctl(['export', '--format', 'csv', '--table', 'ledger']);
  const lines = csv.out.split('\r\n');
  assert.equal(lines[0], 'at,transaction,entry,account,amount,currency,reference,link,hash');
  assert.equal(lines.length, ledger.length + 2);

  const late = await ctl(['export', '--table', 'invoices', '--since', invoices.at(-1).issued_at]);
  assert.ok(late.json.invoices.length < invoices.length);
  assert.ok(late.json.invoices.every((row) => row.issued_at >= invoices.at(-1).issued_at));
  assert.equal(late.json.ledger, undefined);

  // every table with an amount is there; an attempt repeats its checkout's, the rest are views of it
  const elsewhere = new Map([['team', 'teams'], ['bill', 'bills'], ['payment', 'payments'],
    ['credit_note', 'credit_notes'], ['refund', 'refunds'], ['checkout', 'checkouts'],
    ['day_pass', 'day_passes'], ['ledger', 'ledger'], ['invoice', 'invoices'],
    ['stray', 'strays']]);
  const amounts = await stack.sql("SELECT DISTINCT m.name FROM sqlite_master m,"
    + " pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name LIKE '%\\_minor' ESCAPE '\\'");
  assert.ok(amounts.length >= 7);
  for (const { name } of amounts) {
    const told = whole.json[elsewhere.get(name)];
    assert.ok(told, `${name} is not exported`);
    const [{ n }] = await stack.sql(`SELECT COUNT(*) n FROM ${name}`);
    assert.equal(told.length, n, name);
  }
  assert.equal(whole.json.payments.reduce((n, row) => n + row.amount, 0),
    (await stack.sql('SELECT SUM(amount_minor) n FROM payment'))[0].n ?? 0);

  const named = await sold.two.owner.team('=1+1, "of course"');
  const people = await ctl(['export', '--format', 'csv', '--table', 'teams']);
  assert.match(people.out, new RegExp(`^${named},"'=1\\+1, ""of course""",free,`, 'm'));
  assert.equal((await ctl(['export', '--format', 'csv'])).status, 2);
  assert.equal((await ctl(['export', '--table', 'secrets'])).status, 2);
});
