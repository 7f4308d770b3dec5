// doc/operating.md, "Backup and restore", with its own commands: what was
// bought after the backup is lost, found at the gateway, and in nobody's way.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';
import { onPostgres } from '../lib/store.mjs';
import { subscriber } from '../lib/subscriber.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.DEMO_BUILD_DIR ?? path.join(root, 'build/release');
const skip = onPostgres && 'PostgreSQL has its own tools';

let stack;
let bought;

before(async () => {
  stack = await start();
  ({ bought } = subscriber(stack));
});
// The gateway has a payment that the books do not know: that is the point.
after(() => { stack.tampered = true; return stack.stop(); });

function blocks(heading) {
  const text = fs.readFileSync(path.join(root, 'doc/operating.md'), 'utf8');
  const [section] = text.split(`## ${heading}\n`)[1].split('\n## ');
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map((found) => found[1]);
}

// Below the demo's folder; the demo is what systemctl starts and ends.
function run(script, fine = 0) {
  const here = script
    .replaceAll('/var/lib/billing', stack.dir).replaceAll('/etc/billing', stack.dir)
    .replaceAll('/var/backups', `${stack.dir}/backups`);
  const words = {
    billingctl: `${build}/billingctl "$@"`,
    systemctl: `${root}/demo $1 > /dev/null < /dev/null`,
  };
  const functions = Object.entries(words).map(([name, body]) => `${name}() {\n${body}\n}\n`).join('');
  return new Promise((done, failed) => {
    execFile('bash', ['-eu', '-c', functions + here], { cwd: root, env: { ...process.env, ...stack.env } },
      (error, stdout, stderr) => ((error?.code ?? 0) === fine ? done(stdout)
        : failed(new Error(`${error?.code}: ${here}\n${stdout}${stderr}`))));
  });
}

// What is younger than a minute may be on its way to the books: no finding.
function older(seconds) {
  const journal = fs.readdirSync(path.join(stack.dir, 'gateway'))
    .map((name) => path.join(stack.dir, 'gateway', name))
    .find((name) => fs.readFileSync(name, 'utf8').includes('"payment_intents"'));
  fs.writeFileSync(journal, fs.readFileSync(journal, 'utf8')
    .replace(/"created":(\d+)/g, (all, at) => `"created":${at - seconds}`));
}

test('p17 a backup, a loss, a restore', { skip }, async () => {
  const [backup, restore, again] = blocks('Backup and restore');
  fs.mkdirSync(path.join(stack.dir, 'backups'));

  const kept = await bought('kept');
  const lost = await bought('lost');
  const [first] = await stack.sql('SELECT count(*) AS n FROM invoice');
  assert.match(await run(backup), /invoice\.chain/);

  // After the backup: a second team buys, and so does the one that is there.
  const later = await bought('later');
  const more = await lost.owner.post('/billing/seats', { team: lost.team, seats: 9 },
    { 'idempotency-key': 'after-the-backup-1' });
  assert.equal(more.status, 200, more.text);
  assert.ok(Number(first.n) >= 2);

  await run(restore);
  older(120);
  const file = path.join(stack.dir, 'billing.json');
  const settings = JSON.parse(fs.readFileSync(file, 'utf8'));
  settings.seller.invoice_series += 'B';
  stack.env.DEMO_PATCH = JSON.stringify({ seller: { invoice_series: settings.seller.invoice_series } });
  fs.writeFileSync(file, JSON.stringify(settings));

  // Status 1: verify has found what it must find.
  const said = await run(again, 1);
  assert.match(said, new RegExp(`gateway\\.payments.*\\n?.*${later.answer.operation}`), said);
  await stack.status();

  const overview = async (one) => {
    const client = await stack.client(one.owner.profile);
    return client.get(`/billing/overview?team=${one.team}`);
  };
  assert.equal((await overview(kept)).json.seats, 2);
  assert.equal((await overview(lost)).json.seats, 2, 'as at the backup');
  assert.equal((await overview(later)).status, 404, 'this team was never made');
  await eventually('the gate forgets it too', async () => {
    const client = await stack.client(later.owner.profile);
    return (await client.get(`/dashboard?team=${later.team}`)).status === 404;
  });

  // What is sold now has numbers that nobody has.
  const now = await bought('now');
  assert.match(now.answer.invoice.number, new RegExp(`^${settings.seller.invoice_series}-`));

  // Nothing else is wrong.
  const report = await stack.verify();
  const found = report.checks.filter((one) => one.found > 0 || one.findings?.length).map((one) => one.check ?? one.name);
  assert.deepEqual(found, ['gateway.payments']);
});
