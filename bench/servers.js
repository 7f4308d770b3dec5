'use strict';

// The nginx of each row, each as its own documentation recommends, all with
// the same check where there is one: the board names its team, the team's plan
// must run, who asks must be a member.

const { execFileSync, spawn } = require('node:child_process');
const { createHmac } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const WHO = 'owner@example.test';
const COLD = 300;
const LUA = '/usr/lib/nginx/modules';

const freePort = async () => (await import('../tools/port.mjs')).freePort();

// One connection to Redis: many commands at once, or one after the other.
function redis(socket) {
  const encode = (words) => `*${words.length}\r\n`
    + words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
  return {
    async set(pairs) {
      const link = net.connect(socket);
      let replies = 0;
      const all = new Promise((done) => link.on('data', (data) => {
        replies += data.toString('latin1').split('+OK').length - 1;
        if (replies >= pairs.length) {
          done();
        }
      }));
      for (let i = 0; i < pairs.length; i += 1000) {
        const ok = link.write(pairs.slice(i, i + 1000).map((pair) => encode(['SET', ...pair])).join(''));
        if (!ok) {
          await new Promise((done) => link.once('drain', done));
        }
      }
      await all;
      link.destroy();
    },
    // How often a GET was asked for.
    async gets() {
      const link = net.connect(socket).setEncoding('latin1');
      let text = '';
      link.write(encode(['INFO', 'commandstats']));
      while (!text.endsWith('\r\n') || !text.includes('cmdstat_info')) {
        text += await new Promise((done) => link.once('data', done));
      }
      link.destroy();
      return Number(/cmdstat_get:calls=(\d+)/.exec(text)?.[1] ?? 0);
    },
    async roundTrips(key, n) {
      const link = net.connect(socket);
      const times = [];
      for (let i = 0; i < n; i++) {
        const from = process.hrtime.bigint();
        link.write(encode(['GET', key]));
        await new Promise((done) => link.once('data', done));
        times.push(Number(process.hrtime.bigint() - from) / 1000);
      }
      link.destroy();
      return times;
    },
  };
}

// The demo supplies what a gate needs: a database, a worker, records in Redis.
async function stack(root, dir, started) {
  const env = { ...process.env, DEMO_DIR: path.join(dir, 'stack'), DEMO_PORT: String(await freePort()) };
  const demo = (word) => execFileSync('./demo', [word], { cwd: root, env, encoding: 'utf8' });
  demo('start');
  started.push(() => demo('stop'));
  const { url } = JSON.parse(demo('status'));
  const login = await fetch(`${url}/demo/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ profile: WHO }),
  });
  const [cookie] = login.headers.get('set-cookie').split(';');
  const config = path.join(env.DEMO_DIR, 'billing.json');
  const settings = JSON.parse(fs.readFileSync(config, 'utf8'));
  const socket = settings.redis.address.replace(/^unix:/, '');
  const master = path.join(env.DEMO_DIR, 'secrets/master');
  const build = process.env.BILLING_BUILD ?? path.join(root, 'build/release');
  const link = redis(socket);

  // Records as the worker writes them, signed.
  const seed = async (records) => {
    const text = execFileSync(path.join(build, 'record'), [master, settings.redis.prefix],
      { input: records.map((record) => JSON.stringify(record)).join('\n'), encoding: 'utf8',
        maxBuffer: 2 ** 31 - 1 });
    await link.set(text.trim().split('\n').map((line) => {
      const at = line.indexOf(' ');
      return [line.slice(0, at), line.slice(at + 1)];
    }));
  };
  const team = (id) => ({ kind: 'team', id, plan: 'team', state: 'active', seats: 5, members: 2,
    epoch: 1, version: 1 });
  const board = (id, of) => ({ kind: 'board', id, team: of, rank: 1, epoch: 1, version: 1 });
  const member = (of, email) => ({ kind: 'member', id: of, email, roles: 2, epoch: 1, version: 1 });

  await seed([team('bench'), board('bench-board', 'bench'), member('bench', WHO),
    team('herd'), board('herd', 'herd'), member('herd', 'herd@example.test'),
    ...Array.from({ length: COLD }, (_, i) => [member('bench', `new${i}@example.test`),
      team(`coldt${i}`), board(`cold${i}`, `coldt${i}`),
      member(`coldt${i}`, 'cold@example.test')]).flat()]);

  const plain = [['b:bench-board', 'bench|1'], ['t:bench', 'team|active|0'], [`m:bench|${WHO}`, '2']];
  await link.set(plain);
  const json = [['b:bench-board', { team: 'bench', rank: 1 }], [`m:bench|${WHO}`, { roles: 2 }],
    ['t:bench', { plan: 'team', state: 'active', valid_until: 0, seats: 5, members: 2 }],
  ].map(([k, v]) => [k, JSON.stringify(v)]);

  return { COLD, json, gets: () => link.gets(), root, dir, build, started, config, socket, cookie, plain, seed, team, board, member,
    roundTrips: (n) => link.roundTrips('t:bench', n) };
}

async function configure(context, name, how) {
  const { main = '', http = '', gate = '', before = '', extra = '', headers = [], workers = 1 } = how;
  const port = await freePort();
  const prefix = path.join(context.dir, name.replace(/\W+/g, '-'));
  fs.mkdirSync(path.join(prefix, 'tmp'), { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${prefix}/tmp/${kind};`).join(' ');
  fs.writeFileSync(path.join(prefix, 'nginx.conf'), `
${main}
${process.getuid() === 0 ? 'user root root;' : ''}
daemon off; worker_processes ${workers}; worker_cpu_affinity ${workers === 1 ? '01' : '01 10'};
pid ${prefix}/nginx.pid; error_log ${prefix}/error.log warn;
events { worker_connections 4096; }
http {
    access_log off; keepalive_requests 100000000; ${temporary}
    ${http.replaceAll('PREFIX', prefix)}
    server {
        listen 127.0.0.1:${port};
        location /board { ${before} ${gate} empty_gif; }
        location /other { set $who $arg_p; set $where $arg_b; ${gate} empty_gif; }
        ${extra}
    }
}
`);
  const args = ['-p', `${prefix}/`, '-c', `${prefix}/nginx.conf`, '-e', `${prefix}/error.log`];
  return { name, args, headers, prefix, url: `http://127.0.0.1:${port}/board`,
    count: how.count ?? false, close: how.close ?? false, like: how.like,
    same: how.same, checks: gate !== '',
    byCookie: how.byCookie ?? false };
}

// Our own gate; who and where come from variables, which bare nginx sets too.
const gated = (context) => ({
  main: `load_module ${context.build}/ngx_http_billing_module.so;`,
  http: `billing_config ${context.config}; billing_zone billing 32m; billing_worker off;`,
});
const SET = `set $who ${WHO}; set $where bench-board;`;

// The service of auth_request, on the core of wrk.
async function service(context, key, socket) {
  const port = await freePort();
  const file = path.join(__dirname, 'service.js');
  const child = spawn('taskset', ['-c', '1', 'node', file, String(port), key, ...(socket ? [socket] : [])],
    { stdio: 'ignore', env: { ...process.env, BENCH_RECORDS: JSON.stringify(context.plain) } });
  context.started.push(() => child.kill('SIGKILL'));
  return port;
}

// Who asks: by a variable, or by nothing but the cookie.
const asking = (port, { cache = '', profile = 'proxy_set_header X-Profile $who;' } = {}) => ({
  http: `upstream service { server 127.0.0.1:${port}; keepalive 64; }
    ${cache && 'proxy_cache_path PREFIX/cache levels=1:2 keys_zone=auth:10m;'}`,
  gate: 'auth_request /auth;',
  extra: `location = /auth {
      internal; proxy_pass http://service; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_pass_request_body off;
      proxy_set_header Content-Length ""; proxy_set_header X-Board $where;
      ${profile} ${cache}
  }`,
});

// rivals: also those that ask a process of their own for each request.
async function servers(context, { rivals }) {
  const key = 'a key of the bench, of no other use';
  const name = Buffer.from(WHO).toString('base64url');
  const until = Math.floor(Date.now() / 1000) + 86400;
  const mac = createHmac('sha256', key).update(`${name}.${until}`).digest('base64url');
  const ours = [`Cookie: ${context.cookie}`];
  const theirs = [`Cookie: bench_session=${name}.${until}.${mac}`];

  const set = (dict, list) => list.map(([k, v]) => `ngx.shared.${dict}:set("${k}", '${v}')`).join('; ');
  const fill = `${set('billing', context.plain)}; ${set('json', context.json)}`;
  const lua = {
    main: `load_module ${LUA}/ndk_http_module.so; load_module ${LUA}/ngx_http_lua_module.so;`,
    http: `lua_package_path "${__dirname}/?.lua;;"; lua_shared_dict billing 16m;
      lua_shared_dict json 16m;
      init_by_lua_block { require "resty.core"; check = require "check"; ${fill} }`,
  };
  const script = (text) => `access_by_lua_block { ${text} }`;
  const session = `check.session("${key}")`;
  const fromSession = 'billing_profile $billing_session_profile; billing_board $where; billing_require view;';

  const list = [
    ['bare', { count: true, before: SET }],
    ['bare, cookie', { count: true, before: SET, headers: ours }],
    ['bare again', { before: SET, close: true }],
    ['gate', { ...gated(context), before: SET, count: true, close: true,
      gate: 'billing_profile $who; billing_board $where; billing_require view;' }],
    ['gate, session', { ...gated(context), before: SET, count: true, close: true, headers: ours,
      like: 'bare, cookie', gate: fromSession, byCookie: true }],
    ['lua, shared dict', { ...lua, before: SET, count: true,
      gate: script('check.dict(ngx.var.who, ngx.var.where)') }],
    ['lua, shared dict, session', { ...lua, before: SET, count: true, headers: theirs,
      like: 'bare, cookie', same: 'gate, session', gate: script(`check.dict(${session}, ngx.var.where)`),
      byCookie: true }],
    ['lua, shared dict, JSON, session', { ...lua, before: SET, headers: theirs,
      like: 'bare, cookie', same: 'gate, session', gate: script(`check.json(${session}, ngx.var.where)`),
      byCookie: true }],
  ];

  if (rivals) {
    const memory = await service(context, key);
    const store = await service(context, key, context.socket);
    list.push(
      ['lua, Redis', { ...lua, before: SET,
        gate: script(`check.redis(ngx.var.who, ngx.var.where, "${context.socket}")`) }],
      ['lua, Redis, session', { ...lua, before: SET, headers: theirs, like: 'bare, cookie',
        gate: script(`check.redis(${session}, ngx.var.where, "${context.socket}")`), byCookie: true }],
      ['auth_request, service', { ...asking(memory), before: SET }],
      ['auth_request, service, session', { ...asking(memory, { profile: '' }), before: SET,
        headers: theirs, like: 'bare, cookie', byCookie: true }],
      ['auth_request, service + Redis', { ...asking(store), before: SET }],
      ['auth_request, kept 10 s', { ...asking(memory, { cache: `proxy_cache auth;
        proxy_cache_key "$who|$where"; proxy_cache_valid 204 10s;` }), before: SET }]);
  }

  const all = {};
  for (const [called, how] of list) {
    all[called] = await configure(context, called, how);
  }
  return all;
}

module.exports = { WHO, configure, freePort, gated, servers, stack };
