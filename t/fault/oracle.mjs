#!/usr/bin/env node

// The judge of every campaign: what clients were told, the database, Redis,
// the gateway's own books, invoices and mails must tell one story.  A client
// that got no answer proves nothing, either way.
//
//   node t/fault/oracle.mjs DIR     of a stack that runs in DIR (acks.jsonl,
//                                   billing.json); exit status 1 when they
//                                   disagree

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Acks, build } from '../lib/campaign.mjs';
import { request } from '../lib/stack.mjs';
import { rows } from '../lib/store.mjs';

function run(file, args) {
  return new Promise((done) => {
    execFile(file, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      done({ code: error ? error.code ?? 1 : 0, stdout, stderr });
    });
  });
}

const by = (list, name) => {
  const map = new Map();
  list.forEach((one) => map.set(one[name], [...map.get(one[name]) ?? [], one]));
  return map;
};

// All that is to be compared, read once; database: another DSN.
export async function evidence(stack, { database, acks, config } = {}) {
  const sql = (statement) => rows(database ?? stack.dsn, statement);
  const server = stack.redisServer ?? ['-s', path.join(stack.dir, 'redis.sock')];
  const teams = await sql('SELECT id, plan, state, seats, members, version, gone FROM team');
  const keys = teams.map(({ id }) => `${stack.redisPrefix ?? 'billing'}:1:{${id}}:team`);
  const records = await run('redis-cli', [...server, '--json', 'mget', ...keys]);
  const mails = fs.readdirSync(stack.mails).filter((name) => /\.eml$/.test(name))
    .map((name) => fs.readFileSync(path.join(stack.mails, name), 'latin1'));
  const args = ['--config', config ?? path.join(stack.dir, 'billing.json'), 'verify', '--gateway',
    '--json'];

  return {
    acks: acks ?? Acks.read(path.join(stack.dir, 'acks.jsonl')),
    charges: (await request(`${stack.gateway}/_sandbox/ledger`)).json.charges,
    teams,
    records: records.code === 0 ? JSON.parse(records.stdout) : [],
    commands: await sql('SELECT op, team, idem_key, state, status, body FROM command'),
    checkouts: await sql('SELECT id, team, state, purpose, due_at, amount_minor, currency,'
      + ' intent, captured_minor FROM checkout'),
    attempts: await sql("SELECT checkout, n, state FROM attempt WHERE kind = 'charge'"),
    ledger: await sql('SELECT txn, currency, SUM(amount_minor) AS sum FROM ledger'
      + ' GROUP BY txn, currency HAVING SUM(amount_minor) <> 0'),
    invoices: await sql('SELECT number, series, year, no, issued_at, checkout FROM invoice'
      + ' ORDER BY series, year, no'),
    drafts: await sql('SELECT checkout, finalised FROM invoice_draft'),
    outbox: await sql('SELECT message_id, template, subject, text, state FROM mail_outbox'),
    mails,
    verify: await run(path.join(build, 'billingctl'), args),
  };
}

// What was told is what is there, and nothing that was refused has happened.
function told(e, wrong) {
  const commands = by(e.commands, 'idem_key');
  const checkouts = new Map(e.checkouts.map((one) => [one.id, one]));
  const teams = new Map(e.teams.map((one) => [one.id, one]));

  for (const ack of e.acks.filter((one) => one.status !== 0)) {
    const mine = (commands.get(ack.key) ?? []).filter((one) => one.team === ack.team);
    const what = `${ack.flow} of ${ack.team}, told ${ack.status}`;

    if (mine.length > 1) {
      wrong('acks', `${what}: its key has ${mine.length} commands`);
    }
    if (ack.status !== 200) {
      if (mine.some((one) => checkouts.get(one.op)?.state === 'succeeded')) {
        wrong('acks', `${what}: it happened all the same (P3)`);
      }
      continue;
    }
    if (mine.length === 0) {
      wrong('acks', `${what}: no such command in the database (P1)`);
      continue;
    }
    if (mine[0].state !== 'done' || mine[0].body !== ack.text) {
      wrong('acks', `${what}: ${mine[0].op} would be answered otherwise now (P7)`);
    }
    const team = teams.get(ack.team);
    const plan = JSON.parse(ack.text).team;
    if (!team || team.version < plan.version) {
      wrong('database', `${what}: the team is ${JSON.stringify(team)}, was told version`
        + ` ${plan.version} (P1)`);
    } else if (team.version === plan.version
      && (team.plan !== plan.plan || team.seats !== plan.seats)) {
      wrong('database', `${what}: ${plan.plan} with ${plan.seats} seats, the database says`
        + ` ${team.plan} with ${team.seats}`);
    }
    const checkout = checkouts.get(mine[0].op);
    if (ack.flow !== 'seats' && checkout?.state !== 'succeeded') {
      wrong('database', `${what}: checkout ${mine[0].op} is ${checkout?.state ?? 'not there'}`);
    }
  }
}

// Each charge has its purchase, each purchase its charge, or it went back.
function gateway(e, wrong) {
  const checkouts = new Map(e.checkouts.map((one) => [one.id, one]));
  const captured = e.charges.filter((one) => one.captured && one.status === 'succeeded');
  const kept = captured.filter((one) => one.refunded < one.amount)
    .map((one) => ({ ...one, checkout: one.metadata?.checkout ?? '' }));
  const paid = by(kept, 'checkout');

  for (const charge of kept) {
    const checkout = checkouts.get(charge.checkout);
    if (checkout?.state !== 'succeeded') {
      wrong('gateway', `${charge.id} has ${charge.amount} for checkout ${charge.checkout},`
        + ` which is ${checkout?.state ?? 'not there'} (P9)`);
    } else if (charge.amount !== checkout.amount_minor
      || charge.currency.toUpperCase() !== checkout.currency) {
      wrong('gateway', `${charge.id}: ${charge.amount} ${charge.currency}, the checkout is over`
        + ` ${checkout.amount_minor} ${checkout.currency} (P11)`);
    }
  }
  for (const [id, list] of paid) {
    if (list.length > 1) {
      wrong('gateway', `checkout ${id} was charged ${list.length} times (P4)`);
    }
  }
  for (const checkout of e.checkouts) {
    const money = checkout.state === 'succeeded' && checkout.amount_minor > 0
      && !['card', 'trial_card'].includes(checkout.purpose);
    if (money && !paid.has(checkout.id)) {
      wrong('gateway', `checkout ${checkout.id} of ${checkout.amount_minor} was granted, and the`
        + ' gateway has no money for it');
    }
  }
}

function books(e, wrong) {
  e.ledger.forEach((row) => wrong('database', `ledger ${row.txn}: off by ${row.sum} (P10)`));

  for (const [id, list] of by(e.attempts.filter((one) => one.state === 'succeeded'), 'checkout')) {
    if (list.length > 1) {
      wrong('database', `checkout ${id} has ${list.length} attempts that succeeded (P4)`);
    }
  }
  const periods = e.checkouts.filter((one) => one.purpose === 'renewal'
    && one.state === 'succeeded').map((one) => `${one.team} ${one.due_at}`);
  periods.filter((one, i) => periods.indexOf(one) !== i)
    .forEach((one) => wrong('database', `renewed twice: ${one} (P14)`));
  e.checkouts.filter((one) => !['succeeded', 'failed', 'expired', 'refunded'].includes(one.state))
    .forEach((one) => wrong('database', `checkout ${one.id} is still ${one.state}`));
  e.commands.filter((one) => one.state === 'open')
    .forEach((one) => wrong('database', `command ${one.op} has no end`));
  e.teams.filter((one) => ['team', 'business', 'consultant'].includes(one.plan)
    && one.members > one.seats)
    .forEach((one) => wrong('database', `${one.id}: ${one.members} in ${one.seats} (P19)`));
}

function invoices(e, wrong) {
  const issued = by(e.invoices, 'checkout');
  const drafts = by(e.drafts.filter((one) => one.finalised === 0), 'checkout');

  e.invoices.forEach((one, i) => {
    const last = e.invoices[i - 1];
    const same = last?.series === one.series && last.year === one.year;
    if (one.no !== (same ? last.no + 1 : 1)) {
      wrong('invoices', `${one.number}: a gap before it (P39)`);
    }
    if (same && one.issued_at < last.issued_at) {
      wrong('invoices', `${one.number} is older than ${last.number} (P39)`);
    }
  });
  for (const checkout of e.checkouts) {
    const n = (issued.get(checkout.id)?.length ?? 0) + (drafts.get(checkout.id)?.length ?? 0);
    const wanted = checkout.state === 'succeeded'
      && ['purchase', 'renewal', 'settle', 'trial'].includes(checkout.purpose) ? 1 : 0;
    if (n !== wanted && !(n === 0 && checkout.amount_minor === 0)
      && !(checkout.purpose === 'invoice')) {
      wrong('invoices', `checkout ${checkout.id}, ${checkout.state}, has ${n} (P42)`);
    }
  }
}

function mails(e, wrong) {
  const issued = new Map(e.invoices.map((one) => [one.checkout, one.number]));
  const seen = new Map();

  for (const text of e.mails) {
    const id = /^Message-ID:\s*<([^>]+)>/mi.exec(text)?.[1];
    seen.set(id, (seen.get(id) ?? 0) + 1);
    if (!e.outbox.some((one) => one.message_id === id)) {
      wrong('mails', `${id} was sent and nobody queued it`);
    }
  }
  for (const mail of e.outbox.filter((one) => one.state === 'sent')) {
    if (!seen.has(mail.message_id)) {
      wrong('mails', `${mail.message_id} (${mail.subject}) did not arrive (P42)`);
    }
  }
  for (const checkout of e.checkouts) {
    const number = issued.get(checkout.id);
    const receipts = number ? e.outbox.filter((one) => one.template === 'mail.receipt'
      && `${one.subject}\n${one.text}`.includes(number)).length : 0;
    if (checkout.state === 'succeeded' && checkout.purpose === 'purchase'
      && checkout.amount_minor > 0 && number && receipts !== 1) {
      wrong('mails', `checkout ${checkout.id} has ${receipts} receipts (P42)`);
    }
  }
}

// What the gate decides on; the MACs and the other kinds are verify's.
function redis(e, wrong) {
  e.teams.forEach((team, i) => {
    const [, , , version, json] = e.records[i]?.split(' ') ?? [];
    let record = null;
    try {
      record = JSON.parse(json);
    } catch {
      // not a record
    }
    if (!record || Number(version) !== team.version || record.plan !== team.plan
      || record.seats !== team.seats) {
      wrong('redis', `${team.id}: ${e.records[i]}, the database says version ${team.version},`
        + ` ${team.plan}, ${team.seats} seats (P25)`);
    }
  });
}

export function judge(e) {
  const list = [];
  const wrong = (part, what) => list.push(`${part}: ${what}`);

  [told, gateway, books, invoices, mails, redis].forEach((part) => part(e, wrong));
  if (e.verify.code !== 0) {
    const report = e.verify.stdout.trim() ? JSON.parse(e.verify.stdout).checks
      .filter((one) => one.found > 0 || one.unknown) : e.verify.stderr;
    wrong('verify', JSON.stringify(report));
  }
  return list;
}

// Looks again a few times: records and mails follow the books by a moment.
export async function oracle(stack, options = {}) {
  let list = [];
  for (let i = 0; i < (options.patience ?? 6); i++) {
    list = judge(await evidence(stack, options));
    if (list.length === 0) {
      break;
    }
    await new Promise((done) => { setTimeout(done, 1000); });
  }
  return list;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dir = path.resolve(process.argv[2] ?? '.');
  const settings = JSON.parse(fs.readFileSync(path.join(dir, 'billing.json'), 'utf8'));
  const stack = {
    dir,
    mails: path.join(dir, 'mails'),
    gateway: settings.gateway.url,
    dsn: settings.store.dsn,
  };
  const list = await oracle(stack);
  console.log(list.length === 0 ? 'one story' : list.join('\n'));
  process.exit(list.length === 0 ? 0 : 1);
}
