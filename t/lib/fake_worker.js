'use strict';

// Stands in for billing-worker where the module is tested alone: reads both
// streams and answers with what it was asked, or as it is told to on standard
// input, one JSON object a line:
//   {"silent":true}  {"mac":"wrong"}  {"op":"op_..."}  {"delay":300}
//   {"status","body","problem","replayed","retry_after","team","epoch","version"}
//   {"publish":["notice",...]}  {"records":{KEY:RECORD,...}}  {"records":false}
// Asked for a record it knows only those; of others it says that there is
// nothing, of one that is null, and of all with false, not a word.
// {} is the plain answer again.  Each line is acknowledged with "ok".

const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const readline = require('node:readline');

const [, , socket, masterFile, prefix = 'billing'] = process.argv;

const master = fs.readFileSync(masterFile, 'utf8').replace(/\r?\n$/, '');
const keyFor = (purpose) =>
  Buffer.from(crypto.hkdfSync('sha256', master, '', `billing 1 ${purpose}`, 32));
const keys = { command: keyFor('command'), record: keyFor('record') };

let how = {};

function mac(word, ...bytes) {
  const hmac = crypto.createHmac('sha256', keys[word] ?? keys.command);
  for (const part of [word, ...bytes].map((text) => Buffer.from(text))) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(part.length));
    hmac.update(length).update(part);
  }
  return hmac.digest('hex');
}

// One RESP value at an offset: [value, next offset], or null when cut short.
function parse(bytes, at) {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) {
    return null;
  }
  const line = bytes.toString('utf8', at + 1, end);
  let next = end + 2;
  switch (bytes[at]) {
    case 0x24: { // $
      const length = Number(line);
      if (length < 0) {
        return [null, next];
      }
      return bytes.length < next + length + 2 ? null
        : [bytes.subarray(next, next + length), next + length + 2];
    }
    case 0x2a: { // *
      const items = [];
      for (let i = 0; i < Number(line); i++) {
        const item = parse(bytes, next);
        if (item === null) {
          return null;
        }
        items.push(item[0]);
        next = item[1];
      }
      return [Number(line) < 0 ? null : items, next];
    }
    case 0x2d: // -
      return [new Error(line), next];
    default:
      return [line, next];
  }
}

function connect() {
  const connection = net.connect(socket);
  const waiting = [];
  let unread = Buffer.alloc(0);

  connection.on('error', () => process.exit(0));
  connection.on('close', () => process.exit(0));
  connection.on('data', (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    for (let found = parse(unread, 0); found; found = parse(unread, 0)) {
      unread = unread.subarray(found[1]);
      waiting.shift()(found[0]);
    }
  });

  return (...words) => new Promise((done) => {
    waiting.push(done);
    const parts = [Buffer.from(`*${words.length}\r\n`)];
    for (const word of words) {
      const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word));
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
    }
    connection.write(Buffer.concat(parts));
  });
}

const reading = connect();
const writing = connect();

// The record, or the one that says that there is nothing.
function recordOf({ kind, id, email }) {
  const name = `${prefix}:1:{${id}}:${kind}${email ? `:${email}` : ''}`;
  const nothing = { member: '{"roles":0}', access: '{"rights":0}' }[kind] ?? '{"gone":true}';
  const text = `1 ${kind} 1 0 ${nothing}`;

  if (how.records === false || how.records?.[name] === null) {
    return null;
  }
  return how.records?.[name] ?? `${text} ${mac('record', name, text)}`;
}

function answerTo(command) {
  const body = Buffer.from(command.kind === 'record'
    ? JSON.stringify({ record: recordOf(command.body) })
    : how.body !== undefined ? JSON.stringify(how.body)
    : JSON.stringify({
      kind: command.kind,
      actor: command.actor,
      team: command.team,
      key: command.key,
      lang: command.lang,
      asked: command.body,
    }));
  const header = {
    op: how.op ?? command.op,
    status: how.status ?? 200,
    retry_after: how.retry_after ?? 0,
    replayed: how.replayed ?? false,
    problem: how.problem ?? false,
    team: how.team ?? '',
    epoch: how.epoch ?? 0,
    version: how.version ?? 0,
    len: body.length,
  };
  const bytes = Buffer.concat([Buffer.from(JSON.stringify(header) + '\n'), body]);
  const proof = how.mac === 'wrong' ? '0'.repeat(64) : mac('answer', bytes);
  return Buffer.concat([Buffer.from(proof + '\n'), bytes]);
}

function take(fields) {
  const entry = {};
  for (let i = 0; i < fields.length; i += 2) {
    entry[fields[i].toString()] = fields[i + 1];
  }
  if (!entry.m) {
    return; // only put there to wait
  }
  if (mac('command', entry.c) !== entry.m.toString()) {
    process.stderr.write('fake worker: a command with a wrong MAC\n');
    return;
  }
  const command = JSON.parse(entry.c);
  if (how.silent || (command.kind === 'record' && recordOf(command.body) === null) || command.reply === '') {
    return;
  }
  for (const notice of how.publish ?? []) {
    writing('PUBLISH', `${prefix}:1:notice`, notice);
  }
  const answer = answerTo(command);
  setTimeout(() => writing('PUBLISH', command.reply, answer), how.delay ?? 0);
}

async function main() {
  const last = { [`${prefix}:1:commands`]: '0', [`${prefix}:1:queries`]: '0' };

  await writing('PING');
  process.stdout.write('ready\n');

  for (;;) {
    const streams = await reading('XREAD', 'BLOCK', 1000, 'STREAMS', ...Object.keys(last),
      ...Object.values(last));
    if (streams instanceof Error) {
      await new Promise((done) => setTimeout(done, 100));
      continue;
    }
    for (const [name, entries] of streams ?? []) {
      for (const [id, fields] of entries) {
        last[name.toString()] = id.toString();
        take(fields);
      }
    }
  }
}

const input = readline.createInterface({ input: process.stdin });
input.on('line', (line) => {
  how = JSON.parse(line);
  process.stdout.write('ok\n');
});
input.on('close', () => process.exit(0));

main();
