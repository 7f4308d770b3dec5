// A worker that writes down each statement it gives to its database
// (bench/recorder.c), and what can be counted in that.

import fs from 'node:fs';
import path from 'node:path';

// The build, but for such a worker; each process writes a file of its own.
// nginx starts it with hardly any environment.
export function recording(build, folder, trace) {
  const dir = path.join(folder, 'build');

  fs.mkdirSync(dir);
  for (const name of fs.readdirSync(build)) {
    fs.symlinkSync(path.resolve(build, name), path.join(dir, name));
  }
  fs.rmSync(path.join(dir, 'billing-worker'));
  fs.writeFileSync(path.join(dir, 'billing-worker'),
    `#!/bin/sh\nBENCH_TRACE=${trace}.$$ exec ${path.resolve(build)}/bench/billing-worker "$@"\n`,
    { mode: 0o755 });
  return dir;
}

// The files, as their processes ended one after the other.
export function recorded(trace) {
  const dir = path.dirname(trace);

  return fs.readdirSync(dir).filter((file) => file.startsWith(`${path.basename(trace)}.`))
    .map((file) => path.join(dir, file))
    .sort((a, b) => fs.statSync(a).mtimeMs - fs.statSync(b).mtimeMs);
}

// How often each statement was executed between those instants (microseconds
// of the monotonic clock), in transactions that were committed.
export function counted(trace, from, to = Infinity) {
  const total = { commits: 0, statements: 0, by: new Map() };

  for (const file of recorded(trace)) {
    try {
      count(fs.readFileSync(file), { from, to }, total);
    } catch (error) {
      // of one that still writes the last record may be there by half
      if (error.code !== 'ERR_OUT_OF_RANGE') {
        throw error;
      }
    }
  }
  return total;
}

// bench/trace.h says what the bytes are.
function count(bytes, { from, to }, total) {
  const texts = new Map();
  let open = [];
  let now = 0;

  for (let at = 0; at < bytes.length;) {
    const kind = String.fromCharCode(bytes[at]);
    at += 1;
    if (kind === 'T') {
      now = Number(bytes.readBigInt64LE(at));
      const length = bytes.readUInt32LE(at + 8);
      const text = bytes.toString('utf8', at + 12, at + 12 + length);
      at += 12 + length;
      if (text === 'COMMIT' && now >= from && now < to) {
        total.commits += 1;
        total.statements += open.length;
        open.forEach((sql) => total.by.set(sql, (total.by.get(sql) ?? 0) + 1));
      }
      if (/^(BEGIN|COMMIT|ROLLBACK$)/.test(text)) {
        open = [];
      } else {
        open.push(text.split(' ')[0]);
      }
    } else if (kind === 'D') {
      const length = bytes.readUInt32LE(at + 4);
      texts.set(bytes.readUInt32LE(at), bytes.toString('utf8', at + 8, at + 8 + length));
      at += 8 + length;
    } else if (kind === 'Q' || kind === 'L') {
      const values = bytes[at + 4];
      open.push(texts.get(bytes.readUInt32LE(at)));
      at += 5;
      for (let i = 0; i < values; i++) {
        const number = bytes.readBigInt64LE(at + 1);
        at += 9 + (bytes[at] !== 0x69 && number >= 0n ? Number(number) : 0);
      }
    } else if (kind !== 'S') {
      at += 4;                          // a step, or the end of a statement
    }
  }
}
