// What the README shows, run: the commands against a demo, the configuration
// in an nginx of its own, in front of an application as it stands there.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { freePort } from '../../tools/port.mjs';
import { eventually, request, start } from '../lib/stack.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.DEMO_BUILD_DIR ?? path.join(root, 'build/release');
const text = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
  .map(([, kind, block]) => ({ kind, block }));
const block = (pattern) => blocks.find((one) => pattern.test(one.block)).block;

let stack;

before(async () => { stack = await start(); });
after(() => stack.stop());

test('the two commands are there, and the demo knows the words', () => {
  for (const [, name] of block(/^\.\/demo/).matchAll(/^\.\/(\w+)/gm)) {
    fs.accessSync(path.join(root, name), fs.constants.X_OK);
  }
  const usage = fs.readFileSync(path.join(root, 'demo'), 'utf8');
  for (const [, word] of text.matchAll(/`(DEMO_\w+)`/g)) {
    assert.ok(usage.includes(`#   ${word} `), word);
  }
});

test('a board is locked, a plan is bought, the board is open', async () => {
  const script = block(/^site=/).replaceAll('http://127.0.0.1:8080', stack.url);
  const said = await new Promise((done, failed) => {
    execFile('bash', ['-eu', '-c', script], (error, stdout, stderr) => (error
      ? failed(new Error(`${error.message}\n${stdout}\n${stderr}`)) : done(stdout)));
  });
  const [locked, card, bought, open] = said.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  assert.equal(locked.code, 'BOARD_LOCKED_LIMIT');
  assert.equal(locked.status, 403);
  assert.ok(card.client_secret);
  assert.equal(bought.state, 'done');
  assert.equal(bought.team.plan, 'business');
  assert.equal(open.board.id, 'board-free-1');
});

test('the configuration serves the interface and guards an application', async () => {
  const port = await freePort();
  const seen = [];
  const application = http.createServer((asked, answer) => {
    seen.push(asked.headers);
    answer.end('the application');
  });
  await new Promise((done) => { application.listen(0, '127.0.0.1', done); });

  const dir = path.join(stack.dir, 'readme');
  fs.mkdirSync(dir);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((one) => `${one}_temp_path ${dir}/${one};`).join(' ');
  const user = process.getuid() === 0 ? 'user root;' : '';
  // The demo's own worker commits; where things are is the installation's.
  const config = block(/load_module/)
    .replace(/load_module\s+\S+;/, `load_module ${build}/ngx_http_billing_module.so; ${user}`)
    .replace('billing.json;', `${stack.dir}/billing.json;`)
    .replace(/billing_worker\s+on;/, 'billing_worker off;')
    .replace('http {', `http { access_log off; ${temporary}`)
    .replace('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replace('127.0.0.1:3000', `127.0.0.1:${application.address().port}`);
  fs.writeFileSync(`${dir}/nginx.conf`, `pid ${dir}/nginx.pid; daemon off;\n${config}`);

  const nginx = spawn(path.join(build, 'nginx-run'), ['-p', dir, '-c', `${dir}/nginx.conf`, '-e',
    `${dir}/error.log`], { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  const site = `http://127.0.0.1:${port}`;

  try {
    await eventually('the catalogue', async () => (await request(`${site}/pricing`)).status === 200);
    const board = `${site}/boards/board-monthly-1`;
    assert.equal((await request(board)).status, 401);
    assert.equal(seen.length, 0);

    const owner = await stack.client('owner@example.test');
    const cookie = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const passed = await request(board, { headers: { cookie } });
    assert.equal(passed.status, 200, passed.text);
    assert.equal(passed.text, 'the application');
    assert.equal(seen[0]['x-plan'], 'team');
  } finally {
    nginx.kill();
    await new Promise((done) => { nginx.on('exit', done); });
    application.close();
  }
});

test('the packages of an installation from source are those of tools/setup', () => {
  const told = block(/^apt-get install/).replace(/\\\n/g, ' ').split('\n')[0].split(/\s+/).slice(3);
  const groups = execFileSync(path.join(root, 'tools/setup'), ['--list', 'run', 'build'], { encoding: 'utf8' });
  const demo = ['nodejs', 'ca-certificates'];
  assert.deepEqual(told.sort(), groups.trim().split('\n').filter((one) => !demo.includes(one)).sort());
});

test('the benchmark knows the parts that are named', () => {
  const [, part] = /bench\/run --parts (\w+)/.exec(block(/bench\/run/));
  assert.match(fs.readFileSync(path.join(root, 'bench/run'), 'utf8'), new RegExp(`PARTS = .*'${part}'`));
});
