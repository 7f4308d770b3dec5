'use strict';

// Whether it matters how much there is: teams, members of one team, workers.
// The same hundred questions are asked among ever more records, all of them in
// the table, which is counted before the instructions are; another run asks
// ever another question.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const measure = require('./measure');
const { configure, gated } = require('./servers');

const HOT = 100;
const PIPELINE = 50;
// Records that are filled in under callgrind, which takes minutes.
const COUNTED_MAX = 3000000;
// Equally long, or the names and not their number would be measured.
const name = (i) => String(i).padStart(7, '0');
const GATE = 'billing_profile $arg_p; billing_board $arg_b; billing_require view;';

// What wrk asks for: the K questions, or all N one after the other.
function script(dir, n, one) {
  const file = path.join(dir, `ask-${n}-${one}.lua`);
  fs.writeFileSync(file, `
local n, i = ${n}, -1
function request()
    i = (i + 1) % n
    return wrk.format(nil, string.format("/board?b=${one ? 'big' : 'g%07d'}&p=m%07d@example.test", ${
  one ? 'i' : 'i, i'}))
end
`);
  return file;
}

async function seeded(context, n, one) {
  const step = 100000;
  for (let from = 0; from < n; from += step) {
    const records = [];
    for (let i = from; i < Math.min(n, from + step); i++) {
      const team = one ? 'big' : `gt${name(i)}`;
      if (!one) {
        records.push(context.team(team), context.board(`g${name(i)}`, team));
      }
      records.push(context.member(team, `m${name(i)}@example.test`));
    }
    await context.seed(records);
  }
}

// Asks for each once, over as many connections as there are; then the zone says
// how many it holds, nearly all: a few find their set full, and the zone counts
// a sample of its sets, which says little of a few records.
async function fill(server, { connections }, n, question, records) {
  const { hostname, port } = new URL(server.url);
  let next = 0;
  let refused;

  const one = () => new Promise((done, failed) => {
    const link = net.connect(port, hostname).setEncoding('latin1').on('error', failed);
    let due = 0;
    const more = () => {
      const list = [];
      while (next < n && list.length < PIPELINE) {
        list.push(`GET /board?${question(next++)} HTTP/1.1\r\nHost: bench\r\n\r\n`);
      }
      due = list.length;
      return list.length ? link.write(list.join('')) : done(link.destroy());
    };
    link.on('data', (text) => {
      due -= text.split('HTTP/1.1 ').length - 1;
      refused = /HTTP\/1.1 [^2][^]{0,300}/.exec(text)?.[0] ?? refused;
      if (due === 0) {
        more();
      }
    });
    more();
  });

  // Again where a busy machine took too long to ask Redis.
  for (let round = 0; round === 0 || refused; round++) {
    if (round === 3) {
      throw new Error(`${server.name}: ${refused}`);
    }
    next = 0;
    refused = undefined;
    await Promise.all(Array.from({ length: Math.min(connections, n) }, one));
  }
  const { zone } = await (await fetch(new URL('/billing/status', server.url))).json();
  if (records >= 10000 && zone.entries < 0.75 * records) {
    throw new Error(`${server.name}: the zone holds ${zone.entries} of ${records} records`);
  }
  return zone.entries;
}

// Once notices come, what was asked for is believed for long: on a machine
// that is busy, not yet when the table is full.
async function settled(server) {
  for (let i = 0; i < 100; i++) {
    const { link } = await (await fetch(new URL('/billing/status', server.url))).json();
    if (link) {
      return;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${server.name}: the link for notices stays down`);
}

// CPU time of the workers for a request, microseconds.
async function busy(server, options, seconds, ask) {
  const before = measure.onCore(server.process.pid);
  const { rps } = await measure.wrk(server, { ...options, seconds }, ask);
  const took = measure.onCore(server.process.pid) - before;
  return { rps: Math.round(rps), us: Number((took / 1e3 / (rps * seconds)).toFixed(2)) };
}

async function one(context, options, { dir, started }, { n, single, number }) {
  await seeded(context, n, single);
  // Half of each of its tables stays empty: few sets have more than their places.
  const size = Math.max(8, Math.ceil(n * (single ? 360 : 1200) / 2 ** 20));
  const http = gated(context).http.replace('32m', `${size}m`);
  const called = `${single ? 'members' : 'teams'} ${n} workers ${number}`;
  const server = await configure(context, called, { ...gated(context), http, gate: GATE,
    workers: number, extra: 'location = /billing/status { billing_api; }' });
  const plain = server.url;
  const question = (i) => `b=${single ? 'big' : `g${name(i)}`}&p=m${name(i)}@example.test`;
  const url = (i) => `${plain}?${question(i)}`;
  server.url = url(0);
  const row = { of: single ? 'members' : 'teams', n, workers: number };

  const all = script(dir, n, single);
  const records = single ? n : 3 * n;
  const filled = async () => {
    row.entries = await fill(server, options, n, question, records);
  };

  if (number === 1 && records <= COUNTED_MAX) {
    const urls = Array.from({ length: Math.min(n, HOT) }, (_, i) => url(i));
    row.instructions = await measure.filled(server, started, dir, { urls, fill: filled,
      settled: () => settled(server) });
  }
  server.process = measure.launch(server, started);
  await measure.ready(server);
  await filled();
  row.hot = await busy(server, options, options.seconds, script(dir, Math.min(n, HOT), single));
  row.all = await busy(server, options, options.seconds, all);
  await server.process.stop();
  console.log(`${called.padEnd(36)} ${row.hot.rps} rps, ${row.hot.us} us of CPU; ever another: `
    + `${row.all.rps} rps, ${row.all.us} us; instructions ${row.instructions ?? '-'}`);
  return row;
}

async function growth(context, options, where) {
  const sizes = options.growth.split(',').map(Number);
  await context.seed([context.team('big'), context.board('big', 'big')]);
  const rows = [];
  console.log('');
  for (const n of sizes) {
    rows.push(await one(context, options, where, { n, single: false, number: 1 }));
  }
  for (const n of [1, ...sizes]) {
    rows.push(await one(context, options, where, { n, single: true, number: 1 }));
  }
  rows.push(await one(context, options, where, { n: sizes[0], single: false, number: 2 }));
  return rows;
}

module.exports = { growth };
