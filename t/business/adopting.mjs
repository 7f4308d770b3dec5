// doc/adopting.md, followed to the letter: its files are written, its commands
// run in one shell, step by step, beside an application as it may exist.  With
// ADOPTING=packages (t/package/run) they run on this very machine, which has
// nothing but the Debian packages.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { freePort } from '../../tools/port.mjs';
import { redisServer } from '../lib/redis.mjs';
import { Client, eventually, request } from '../lib/stack.mjs';

const source = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'billing-adopting.'));
const packages = process.env.ADOPTING === 'packages';
const root = packages ? '' : dir;
const children = [];
const hooks = [];

let port;
let backend;
let gatewayPort;
let verified;
let shell;
let application;
let buyer;

// --- the page: headings with their blocks, a file's name in the line before

function steps() {
  const found = [];
  let fence = null;
  let file = null;

  for (const line of fs.readFileSync(path.join(source, 'doc/adopting.md'), 'utf8').split('\n')) {
    if (fence) {
      if (line === '```') {
        found.at(-1).blocks.push(fence);
        fence = null;
        file = null;
      } else {
        fence.text += `${line}\n`;
      }
    } else if (line.startsWith('```')) {
      fence = { kind: line.slice(3), file, text: '' };
    } else if (line.startsWith('## ')) {
      found.push({ title: line.slice(3), blocks: [] });
    } else {
      file = /[Ww]rite `([^`]+)`:$/.exec(line)?.[1] ?? (line ? null : file);
    }
  }
  return found;
}

// Below a folder of our own, on ports of our own.
function here(text) {
  return text
    .replaceAll('/etc/', `${root}/etc/`).replaceAll('/var/', `${root}/var/`)
    .replaceAll('/usr/', `${root}/usr/`)
    .replaceAll('127.0.0.1:8000', `127.0.0.1:${backend}`)
    .replace(/listen {7}80;/, `listen 127.0.0.1:${port};`)
    .replaceAll('http://127.0.0.1/', `http://127.0.0.1:${port}/`);
}

// What a test cannot have: a public name, a real gateway, another user.
const patches = {
  '/etc/ngx-billing/billing.json': (text) => {
    const settings = JSON.parse(text);
    Object.assign(settings.gateway, { url: `http://127.0.0.1:${gatewayPort}`, test: true,
      publishable_key: 'pk_test_sandbox' });
    if (!packages) {
      settings.redis.address = `unix:${dir}/redis.sock`;
    }
    settings.application.webhooks[0].url = `http://127.0.0.1:${backend}/hooks/billing`;
    settings.public_url = `http://127.0.0.1:${port}`;
    // As the page writes it: one of its commands edits a line.
    return JSON.stringify(settings, null, 1).replace(/\[\s+"/g, '["').replace(/"\s+\]/g, '"]');
  },
  '/etc/nginx/nginx.conf': (text) => {
    if (packages) {
      // The two lines that the page names.
      return text
        .replace(/^load_module .*$/m, 'pid /run/nginx.pid;\ninclude /etc/nginx/modules-enabled/*.conf;')
        .replace(/billing_worker .*;/, 'billing_worker off;')
        .replace('https://boards.example.test', `http://127.0.0.1:${port}`);
    }
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${dir}/tmp/${name};`).join(' ');
    return text
      .replace(/^user .*$/m, process.getuid() === 0 ? 'user root root;' : '')
      .replace('http {', `pid ${dir}/nginx.pid;\nhttp { access_log off; ${folders}`)
      .replace('https://boards.example.test', `http://127.0.0.1:${port}`);
  },
};

function write(file, text) {
  const full = file.startsWith('/') ? `${root}${file}` : path.join(dir, 'work', file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, here(patches[file] ? patches[file](text) : text));
}

// --- one shell for all of it, in which the tools mean ours

// What is built is only installed: others use it at this moment.
const built = process.env.DEMO_BUILD_DIR ? `-o all BUILD_DIR=${process.env.DEMO_BUILD_DIR}` : '';

const installed = () => `
make() { :; }
nginx() {
    local old= pid
    case $* in
    '-s reload') old=$(ps -o pid= --ppid "$(cat /run/nginx.pid)") ;;
    '')     # as systemd would: the worker too, as its own user
            chown -R ngx-billing: /etc/ngx-billing/secrets /var/lib/ngx-billing
            setpriv --reuid ngx-billing --regid ngx-billing --init-groups --no-new-privs \\
                --bounding-set=-all --inh-caps=-all $WORKER_UNDER /usr/lib/ngx-billing/billing-worker \\
                --config /etc/ngx-billing/billing.json >> /var/log/ngx-billing-worker.log 2>&1 &
            echo $! > /run/ngx-billing-worker.pid ;;
    esac
    /usr/sbin/nginx "$@"        # the whole name: a new one is started by it
    [ "$*" != '-s reload' ] || {
        chown -R ngx-billing: /etc/ngx-billing/secrets
        kill -HUP "$(cat /run/ngx-billing-worker.pid)"
    }
    for pid in $old; do
        for _ in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
    done
}
`;

const prelude = () => `set -eu
export PATH=$PATH:/usr/sbin:/sbin
export GATEWAY_SECRET_KEY=sk_test_of_the_page GATEWAY_WEBHOOK_SECRET=whsec_of_the_page
cd ${dir}/work
${packages ? installed() : beside()}`;

const beside = () => `
make() { [ "$*" != install ] || command make -s -C ${source} ${built} install DESTDIR=${dir}; }
nginx() {
    local old= pid
    [ "$*" != '-s reload' ] || old=$(ps -o pid= --ppid "$(cat ${dir}/nginx.pid)")
    command nginx -p ${dir}/ -c ${dir}/etc/nginx/nginx.conf -e ${dir}/error.log "$@"
    # A person who reloads is slower than the old processes.
    for pid in $old; do
        for _ in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
    done
}
redis-cli() { command redis-cli -s ${dir}/redis.sock "$@"; }
`;

function openShell() {
  const child = spawn('bash', [], { stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  let error = '';
  let done = null;
  let ended = false;
  const look = () => {
    const at = text.indexOf('\n--done--\n');
    if (done && (at >= 0 || ended)) {
      const out = at >= 0 ? text.slice(0, at) : null;
      text = at >= 0 ? text.slice(at + 10) : '';
      const { resolve, reject } = done;
      done = null;
      if (out === null) {
        reject(new Error(`the shell ended: ${text}\n${error}`));
      } else {
        resolve(out);
      }
    }
  };
  child.stdout.on('data', (part) => { text += part; look(); });
  child.stderr.on('data', (part) => { error += part; });
  child.on('exit', () => { ended = true; setTimeout(look, 50); });
  children.push(child);
  return (commands) => new Promise((resolve, reject) => {
    done = { resolve, reject };
    child.stdin.write(`${commands}\nprintf '\\n--done--\\n'\n`);
    look();
  });
}

// --- an application as it may exist: it knows its users by a cookie of its own

function exists() {
  const server = http.createServer((asked, answer) => {
    const parts = [];
    const user = /user=([^;]+)/.exec(asked.headers.cookie ?? '')?.[1];
    asked.on('data', (part) => parts.push(part));
    asked.on('end', () => {
      const body = Buffer.concat(parts).toString();
      if (asked.url === '/whoami') {
        answer.writeHead(user ? 200 : 401, user ? { 'X-User-Email': user } : {});
        return answer.end();
      }
      if (asked.url === '/hooks/billing') {
        const secret = fs.readFileSync(`${root}/etc/ngx-billing/secrets/hook`, 'utf8');
        const good = verified?.(asked.headers, body, secret) ?? false;
        hooks.push({ good, headers: asked.headers, body, json: JSON.parse(body) });
        answer.writeHead(good ? 204 : 500);
        return answer.end();
      }
      answer.writeHead(200, { 'content-type': 'text/plain' });
      return answer.end(`yours: ${asked.url}\n`);
    });
  });
  return new Promise((done) => { server.listen(backend, '127.0.0.1', () => done(server)); });
}

const background = (command, args) => {
  const child = spawn(command, args, { stdio: 'ignore', cwd: dir });
  children.push(child);
};

const run = (command, args) => new Promise((done) => {
  execFile(command, args, { cwd: path.join(dir, 'work') }, (error, out, err) => {
    done({ status: error?.code ?? 0, out: out + err });
  });
});

before(async () => {
  [port, backend, gatewayPort] = [await freePort(), await freePort(), await freePort()];
  for (const name of ['etc/nginx', 'var/log/nginx', 'work', 'tmp', 'gateway']) {
    fs.mkdirSync(path.join(dir, name), { recursive: true });
  }
  fs.writeFileSync(path.join(dir, 'key'), 'sk_test_of_the_page');
  fs.writeFileSync(path.join(dir, 'whsec'), 'whsec_of_the_page');
  if (!packages) {
    background(redisServer, ['--port', '0', '--unixsocket', `${dir}/redis.sock`, '--save', '',
      '--dir', dir]);
  }
  background('node', [path.join(source, 't/sandbox/gateway.mjs'), '--port', `${gatewayPort}`,
    '--dir', `${dir}/gateway`, '--secret-key-file', `${dir}/key`, '--webhook-url', `http://127.0.0.1:${port}/billing/webhook`,
    '--webhook-secret-file', `${dir}/whsec`]);
  application = await exists();
  shell = openShell();
  await shell(prelude());
  await eventually('redis', async () => (await shell('redis-cli ping || true')).includes('PONG'));
});

after(async () => {
  // What is installed goes on: the package's own test has more to ask of it.
  const pid = Number(fs.existsSync(`${dir}/nginx.pid`) && fs.readFileSync(`${dir}/nginx.pid`, 'utf8'));
  if (pid) {
    process.kill(pid, 'SIGTERM');
    await eventually('the end of nginx', () => !fs.existsSync(`${dir}/nginx.pid`));
  }
  for (const child of children) {
    child.kill();
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
  application?.closeAllConnections();
  application?.close();
  if (!process.env.KEEP_STACK) {
    fs.rmSync(dir, { recursive: true, force: true });
  }
});

// --- what must be true after a step; out is what its commands said

const objects = (out) => out.split(/(?<=\})\s*(?=\{)/).map((text) => JSON.parse(text));
const put = (board, user) => request(`http://127.0.0.1:${port}/boards/${board}`, {
  method: 'PUT', headers: { cookie: `user=${user}`, accept: 'application/json' },
});

const checks = {
  async 'nginx, guarding nothing yet'(out) {
    assert.match(out, /"counters"/);
    assert.equal((await put('b1', 'ann@example.test')).text, 'yours: /boards/b1\n');
    assert.equal((await put('b1', '')).status, 401);
  },
  async 'Who, where, what: the import'(out) {
    const [teams, members, boards, shown] = objects(out);
    assert.deepEqual(teams, { accepted: 3, unchanged: 0, refused: [] });
    assert.deepEqual(members, { accepted: 4, unchanged: 0, refused: [] });
    assert.deepEqual(boards, { accepted: 4, unchanged: 0, refused: [] });
    assert.equal(shown.team.seats, 200);
    assert.equal(shown.team.state, 'enterprise');
  },
  async 'Keep it so'(out) {
    const [renamed, added, removed, made, gone] = objects(out);
    assert.equal(renamed.team.name, 'Les Cartographes de Lyon');
    assert.equal(added.member.role, 'member');
    assert.equal(removed.team.members, 2);
    assert.equal(made.board.title, 'Fifth');
    assert.equal(gone.board.gone, true);
  },
  async 'Hear what happens'(out) {
    ({ verified } = await import(path.join(dir, 'work/hook.mjs')));
    const [webhooks, events, replay] = objects(out);
    assert.equal(webhooks.webhooks.length, 1);
    assert.equal(events.events.length, 3);
    assert.equal(events.events[0].type, 'team.created');
    assert.equal(replay.queued, 3);
    await shell('app POST events/replay --data \'{"after": "2026-01-01T00:00:00Z"}\'');
    await eventually('verified events', () => hooks.filter(({ good }) => good).length >= 3);
    await others(hooks.find(({ good }) => good));
  },
  async 'Let people into the billing pages'(out) {
    const cookie = /^Set-Cookie: ([^;]+);.*HttpOnly/im.exec(out)[1];
    const seen = await request(`http://127.0.0.1:${port}/dashboard`, {
      headers: { cookie, accept: 'application/json' },
    });
    assert.equal(seen.status, 200, seen.text);
    assert.deepEqual(seen.json.teams.map(({ id }) => id), ['1001']);
    buyer = new Client({ url: `http://127.0.0.1:${port}` }, 'ann@example.test');
    buyer.cookies.set(...cookie.split('='));
    buyer.csrf = seen.json.csrf;
    // What a browser loads: the page, what it names, the texts, and the tag of step 8.
    const page = await request(`http://127.0.0.1:${port}/dashboard`, {
      headers: { cookie, accept: 'text/html' },
    });
    assert.equal(page.status, 200, page.text);
    assert.match(page.headers['content-security-policy'], /^default-src 'none'; .*frame-ancestors 'none'$/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    const own = fs.readFileSync(here('/var/www/plans.html'), 'utf8');
    const files = [...`${page.text}${own}`.matchAll(/(?:src|href)="(\/billing\/[^"]+)"/g)];
    assert.ok(files.length > 2, page.text);
    for (const file of [...files.map(([, name]) => name), '/billing/assets/messages/pages.json']) {
      assert.equal((await request(`http://127.0.0.1:${port}${file}`)).status, 200, file);
    }
  },
  async 'Dry run'(out) {
    assert.match(out, /PUT \/boards\/b1 .* 200 REFUSED_DRY_RUN BOARD_LOCKED_LIMIT free/);
    assert.match((await put('b4', 'eve@example.test')).text, /yours/);
    assert.match((await put('never-sent', 'ann@example.test')).text, /yours/);
    await eventually('what the log says', () => /REFUSED_DRY_RUN NOT_A_MEMBER.*\n.* REFUSED_DRY_RUN BOARD_NOT_FOUND/
      .test(fs.readFileSync(`${root}/var/log/nginx/boards.log`, 'utf8')));
  },
  async 'Go live'(out) {
    assert.match(out, /BOARD_LOCKED_LIMIT.*\}403\nyours: \/boards\/b4\n200/s);
    assert.equal((await put('b4', 'eve@example.test')).status, 403);
    assert.equal((await put('b4', 'zoe@example.test')).status, 403);
    assert.equal((await put('never-sent', 'ann@example.test')).status, 404);
  },
  async 'Contracts and schools'(out) {
    const [order, school, free, inside, boss, ended] = objects(out);
    assert.equal(inside.team.account, '1003');
    assert.equal(inside.team.plan, 'enterprise');
    assert.equal(boss.member.role, 'company_admin');
    assert.deepEqual(ended.team, { id: '1004', name: 'Their second team', gone: true });
    assert.equal(order.team.state, 'enterprise');
    assert.equal(school.team.state, 'education');
    assert.equal(free.team.state, 'free');
    await eventually('an event of it', () => hooks.some(({ good, json }) => good
      && json.type === 'team.plan_changed' && json.data.team.plan === 'enterprise'));
  },
  async 'Another key'() {
    await eventually('the new key alone', async () => JSON.parse(await shell('app GET webhooks'))
      .webhooks.length === 1);
  },
  async Back(out) {
    await eventually('all of them', async () => (await put('b1', 'ann@example.test')).status === 200);
    assert.match(out, /^\d{3}$/m);
  },
};

// The page's other two languages, where they are there to be asked.
async function others({ headers, body }) {
  const secret = fs.readFileSync(`${root}/etc/ngx-billing/secrets/hook`, 'utf8');
  const [id, at] = [headers['webhook-id'], headers['webhook-timestamp']];
  const key = Buffer.from(secret.trim().slice(6), 'base64');
  const own = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  assert.ok(headers['webhook-signature'].includes(own));
  fs.writeFileSync(path.join(dir, 'work/event.json'), JSON.stringify({ headers, body, secret }));

  const wanted = { status: 0, out: 'True False False\n' };
  if ((await run('python3', ['--version'])).status === 0) {
    assert.deepEqual(await run('python3', ['-c', `import json, hook
e = json.load(open('event.json'))
h, b, s = e['headers'], e['body'].encode(), e['secret']
print(hook.verified(h, b, s), hook.verified(h, b + b' ', s), hook.verified(h, b, s, 9))`]), wanted);
  }
  if ((await run('php', ['--version'])).status === 0) {
    assert.deepEqual(await run('php', ['-r', `require 'hook.php';
$e = json_decode(file_get_contents('event.json'), true);
$say = fn ($x) => $x ? 'True' : 'False';
echo $say(verified($e['headers'], $e['body'], $e['secret'])), ' ',
  $say(verified($e['headers'], $e['body'] . ' ', $e['secret'])), ' ',
  $say(verified($e['headers'], $e['body'], $e['secret'], 9)), "\\n";`]), wanted);
  }
}

const page = steps();

for (const { title, blocks } of page) {
  test(title, async () => {
    let out = '';
    for (const { kind, file, text } of blocks) {
      if (kind === 'sh') {
        out += await shell(here(text));
      } else {
        assert.ok(file, `a block of ${kind} without a file's name`);
        write(file, text);
      }
    }
    const name = title.replace(/^\d+\. /, '');
    await checks[name]?.(out.trim());
    delete checks[name];
  });
}

test('and a team buys, by card', async () => {
  const { id } = await buyer.card('1001');
  const answer = await buyer.buyUntilFinal({
    team: '1001', plan: 'team', seats: 3, period: 'monthly',
    payment: { method: 'card', payment_method: id },
    billing_information: { name: 'Les Cartographes', address: '1 rue de Lyon', country: 'FR' },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.team.plan, 'team');
  await eventually('its event', () => hooks.some(({ good, json }) => good
    && json.type === 'purchase.completed'));
});

test('each check has met its step', () => {
  assert.deepEqual(Object.keys(checks), []);
});
