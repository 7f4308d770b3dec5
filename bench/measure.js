'use strict';

// How the bench measures: wrk for speed, callgrind for instructions, strace for
// system calls, each of one nginx process that this starts and ends itself.

const { execFile, execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const execute = promisify(execFile);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const cores = os.cpus().length;

function environment() {
  // The heap's shape would decide what malloc costs the pool of a request;
  // with a cache for such blocks it is the same for everybody.
  return { ...process.env, GLIBC_TUNABLES: 'glibc.malloc.tcache_max=65536' };
}

function launch(server, started, wrapper = [], extra = []) {
  const [file, ...args] = [...wrapper, 'nginx', ...server.args, ...extra];
  const child = spawn(file, args, { stdio: 'ignore', env: environment() });
  const ended = new Promise((done) => child.on('exit', done));
  const end = () => child.kill('SIGKILL');
  started.push(end);
  return {
    pid: child.pid,
    // Again and again: a signal that comes just before it waits for events is
    // seen when one comes, and there may be none.
    async stop(pid = child.pid) {
      for (let left = true; left;) {
        try {
          process.kill(pid, 'SIGTERM');
        } catch {
          // on its way
        }
        left = await Promise.race([ended.then(() => false), sleep(300).then(() => true)]);
      }
      started.splice(started.indexOf(end), 1);
    },
  };
}

const headers = (server) => Object.fromEntries(
  server.headers.map((line) => line.split(/: (.*)/s)));

const status = (server) => new Promise((done, failed) => {
  http.get(server.url, { agent: false, headers: headers(server) }, (answer) => {
    answer.resume().on('end', () => done(answer.statusCode));
  }).on('error', failed);
});

async function ready(server) {
  let last;
  for (let i = 0; i < 600; i++) {
    last = await status(server).catch((error) => error.code);  // not listening yet
    if (last === 200) {
      return;
    }
    await sleep(100);
  }
  throw new Error(`${server.name} does not answer 200 but ${last}: ${
    fs.readFileSync(path.join(server.prefix, 'error.log'), 'utf8').slice(-2000)}`);
}

// One connection, one request after the other; the microseconds of each.
async function ask(server, urls) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times = [];
  for (const url of urls) {
    const from = process.hrtime.bigint();
    await new Promise((done, failed) => {
      http.get(url, { agent, headers: headers(server) }, (answer) => {
        if (answer.statusCode !== 200) {
          failed(new Error(`${server.name}: ${url} answers ${answer.statusCode}`));
        }
        answer.resume().on('end', done);
      }).on('error', failed);
    });
    times.push(Number(process.hrtime.bigint() - from) / 1000);
  }
  agent.destroy();
  return times;
}

const callgrind = (server, started, dir, more = []) => launch(server, started, ['valgrind',
  '--tool=callgrind', `--log-file=${dir}/callgrind.log`, ...more],
['-g', 'master_process off;']);

const collected = (dir) => Number(
  /Collected : (\d+)/.exec(fs.readFileSync(`${dir}/callgrind.log`, 'utf8'))[1]);

const LENGTHS = [200, 1200];
const BATCH = 100;
const BATCHES = 36;
const SETTLED_FOR = 12;          // batches

// What one request adds: starting, warming and ending cancel out in the
// difference of two lengths.  What clocks do cancels out too, for the short one
// stays as long as the long one did.
async function eachRequest(server, [short, long], run, read) {
  const seen = [];
  let took;
  for (const rounds of [long, short]) {
    const process_ = run();
    await ready(server);
    const from = performance.now();
    await ask(server, Array(rounds).fill(server.url));
    took ??= performance.now() - from;
    await sleep(Math.max(0, from + took - performance.now()));
    seen.push(await read(process_));
  }
  return (key) => (seen[0][key] - seen[1][key]) / (long - short);
}

async function instructions(server, started, dir) {
  const run = () => callgrind(server, started, dir, ['--callgrind-out-file=/dev/null']);
  const each = await eachRequest(server, LENGTHS, run, async (process_) => {
    await process_.stop();
    return { total: collected(dir) };
  });
  return Math.round(each('total'));
}

// With a table that is filled first, when nothing is counted and all is faster.
// Each batch asks for each once, and the least of them counts: a ping or a
// clock's tick came into the others, and into many in a row a link that a busy
// machine held to be lost, while each answer is looked up.  What malloc took is left out, for that
// depends on what the heap looks like after filling: neither nginx nor the gate
// asks it for more.
async function filled(server, started, dir, { urls, fill, settled }) {
  const out = path.join(dir, 'filled');
  const process_ = callgrind(server, started, dir, ['--instr-atstart=no', `--callgrind-out-file=${out}`]);
  const control = (...words) => execFileSync('callgrind_control', [...words, String(process_.pid)],
    { stdio: 'ignore' });
  const counted = [];
  const inMalloc = (file) => [...execFileSync('callgrind_annotate', ['--threshold=100', file],
    { encoding: 'utf8', maxBuffer: 2 ** 26 }).matchAll(/^ *([\d,]+) .*malloc\.c:/gm)]
    .reduce((sum, [, number]) => sum + Number(number.replaceAll(',', '')), 0);
  await ready(server);
  await fill();
  const batch = Array.from({ length: BATCH }, (_, i) => urls[i % urls.length]);
  control('-i', 'on');
  await ask(server, batch);
  for (let i = 1; i <= BATCHES; i++) {
    if (i % SETTLED_FOR === 1) {
      await settled();
      await ask(server, batch);                 // warm
    }
    control('-z');
    await ask(server, batch);
    control('-d');
    const [, total] = /^(?:totals|summary): (\d+)/m.exec(fs.readFileSync(`${out}.${i}`, 'utf8'));
    counted.push(Number(total));
  }
  control('-i', 'off');
  await process_.stop();
  const least = Math.min(...counted);
  return Math.round((least - inMalloc(`${out}.${counted.indexOf(least) + 1}`)) / BATCH);
}

// System calls of the process for a request, and of them those that give it
// memory.
async function systemCalls(server, started, dir, lengths = LENGTHS) {
  const log = path.join(dir, 'strace.log');
  const run = () => launch(server, started, ['strace', '-c', '-o', log], ['-g', 'master_process off;']);
  const each = await eachRequest(server, lengths, run, async (process_) => {
    await process_.stop(Number(fs.readFileSync(path.join(server.prefix, 'nginx.pid'), 'utf8')));
    const text = fs.readFileSync(log, 'utf8');
    const calls = (name) => Number(
      new RegExp(`^(?:\\s*[\\d.]+){3}\\s+(\\d+)(?:\\s+\\d+)?\\s+${name}$`, 'm').exec(text)?.[1] ?? 0);
    const sum = (...names) => names.reduce((all, name) => all + calls(name), 0);
    // What waits for events and clocks depends on time, not on requests.
    return { request: sum('recvfrom', 'writev', 'futex', 'fcntl', 'connect', 'openat', 'close'),
      memory: sum('brk', 'mmap', 'munmap', 'mremap') };
  });
  return { request: each('request'), memory: each('memory') };
}

// Calls of malloc and its like for a request, as valgrind counts them.
async function allocations(server, started, dir, lengths = LENGTHS) {
  const log = path.join(dir, 'memory.log');
  const run = () => launch(server, started, ['valgrind', '--leak-check=no', '--undef-value-errors=no',
    `--log-file=${log}`], ['-g', 'master_process off;']);
  const each = await eachRequest(server, lengths, run, async (process_) => {
    await process_.stop();
    const [, number] = /total heap usage: ([\d,]+) allocs/.exec(fs.readFileSync(log, 'utf8'));
    return { number: Number(number.replaceAll(',', '')) };
  });
  return each('number');
}

async function wrk(server, options, script) {
  const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--latency',
    ...server.headers.flatMap((line) => ['-H', line]),
    ...(script ? ['-s', script] : []), server.url];
  const pinned = cores > 1 ? ['taskset', '-c', '1', 'wrk', ...args] : ['wrk', ...args];
  const { stdout: text } = await execute(pinned[0], pinned.slice(1));
  if (/Non-2xx/.test(text)) {
    throw new Error(`${server.name}: not every answer was 200\n${text}`);
  }
  const percentile = (which) => {
    const [, value, unit] = new RegExp(`${which}%\\s+([\\d.]+)(us|ms|s)`).exec(text);
    return Number(value) * { us: 1, ms: 1e3, s: 1e6 }[unit];
  };
  const spread = /p999 ([\d.]+)/.exec(text);
  return {
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    p50: percentile(50),
    p99: percentile(99),
    p999: spread ? Number(spread[1]) : null,
  };
}

const figures = (list) => {
  const of = (key) => median(list.map((one) => one[key]).filter((value) => value !== null));
  return { rps: Math.round(of('rps')), p50: of('p50'), p99: of('p99'), p999: of('p999') };
};

// Time on a core of a process and its workers, nanoseconds.
function onCore(pid) {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...children.split(' ').filter(Boolean)].reduce((sum, one) => sum
    + Number(fs.readFileSync(`/proc/${one}/schedstat`, 'utf8').split(' ')[0]), 0);
}

// Both at once on one core, so that what the machine does meets both alike:
// requests in a second on the core, of the other and of bare.
async function beside(bare, other, options) {
  const ratios = [];
  for (let i = 0; i < options.rounds; i++) {
    const both = i % 2 ? [bare, other] : [other, bare];
    const before = both.map((server) => onCore(server.process.pid));
    const found = await Promise.all(both.map((server) => wrk(server, options)));
    const speed = both.map((server, n) => found[n].rps / (onCore(server.process.pid) - before[n]));
    ratios.push(i % 2 ? speed[1] / speed[0] : speed[0] / speed[1]);
  }
  return Number(median(ratios).toFixed(3));
}

// Alternating pairs: bare first in one, second in the next.
async function compare(bare, other, options, script) {
  const pairs = [];
  for (let i = 0; i < options.pairs; i++) {
    const result = new Map();
    for (const server of i % 2 ? [bare, other] : [other, bare]) {
      result.set(server, await wrk(server, options, script));
    }
    pairs.push([result.get(bare), result.get(other)]);
  }
  const ratios = (key) => pairs.map(([b, o]) => o[key] / b[key]);
  return {
    ...figures(pairs.map(([, o]) => o)),
    bare: figures(pairs.map(([b]) => b)),
    ratio: Number(median(ratios('rps')).toFixed(3)),
    ratio_min: Number(Math.min(...ratios('rps')).toFixed(3)),
    ratio_max: Number(Math.max(...ratios('rps')).toFixed(3)),
    p99_ratio: Number(median(ratios('p99')).toFixed(2)),
  };
}

module.exports = { allocations, ask, beside, compare, filled, instructions, launch, median, onCore, ready,
  status, systemCalls, wrk };
