// One id joins what a request has left behind: nginx's log, the worker's, and
// the webhooks, also where the payment took several turns.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

const posts = [];
const server = http.createServer((asked, answer) => {
  let body = '';
  asked.on('data', (part) => { body += part; });
  asked.on('end', () => {
    posts.push({ headers: asked.headers, json: JSON.parse(body) });
    answer.writeHead(204).end();
  });
});

let stack;
let owner;

const trace = () => randomBytes(16).toString('hex');
const parent = (id) => ({ traceparent: `00-${id}-00f067aa0ba902b7-01` });
const lines = (id) => stack.log('error.log').split('\n').filter((line) => line.endsWith(`, trace ${id}`));

before(async () => {
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const secret = path.join(fs.mkdtempSync('/tmp/billing-trace.'), 'secret');
  fs.writeFileSync(secret, `whsec_${randomBytes(24).toString('base64')}`, { mode: 0o600 });
  stack = await start({}, { settings: { application: { webhooks: [
    { url: `http://127.0.0.1:${server.address().port}/`, secret_files: [secret] }] } } });
  owner = await stack.client('traced@example.test');
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await stack.stop();
});

test('a command: the worker says whose it was, its event carries it on', async () => {
  const id = trace();
  const made = await owner.post('/dashboard/teams', { name: 'Traced' }, parent(id));
  assert.equal(made.status, 201, made.text);
  await eventually('the line', () => lines(id).length === 1);
  assert.match(lines(id)[0], /^\S+ billing: operation op_[0-9a-f]{32} answered 201, trace /);

  const post = await eventually('the event', () => posts.find(({ json }) => json.type === 'team.created'
    && json.data.team.id === made.json.team.id));
  assert.match(post.headers.traceparent, new RegExp(`^00-${id}-(?!0{16})[0-9a-f]{16}-00$`));
});

test('a payment: what the gateway answers later still belongs to who asked', async () => {
  const team = await owner.team('Pays');
  const { id: card } = await owner.card(team);
  const id = trace();
  const bought = await owner.post('/upgrade', { team, plan: 'team', seats: 2, period: 'monthly',
    payment: { method: 'card', payment_method: card } },
  { ...parent(id), 'idempotency-key': randomBytes(16).toString('hex') });
  assert.equal(bought.status, 200, bought.text);
  await eventually('the line', () => lines(id)
    .some((line) => line.includes(`${bought.json.operation} answered 200`)));
  for (const type of ['purchase.completed', 'team.plan_changed']) {
    const post = await eventually(type, () => posts.find(({ json }) => json.type === type
      && json.data.team.id === team));
    assert.ok(post.headers.traceparent?.startsWith(`00-${id}-`), `${type} ${post.headers.traceparent}`);
  }
});

test('nobody sends one: the request has its own; a wrong one is not believed', async () => {
  const before = stack.log('error.log').length;
  await owner.post('/dashboard/teams', { name: 'Own' });
  await owner.post('/dashboard/teams', { name: 'Wrong' }, { traceparent: '00-canary-canary-01' });
  const told = () => stack.log('error.log').slice(before)
    .match(/answered 201, trace ([0-9a-f]{32})$/gm) ?? [];
  await eventually('two lines', () => told().length === 2);
  assert.notEqual(told()[0], told()[1]);
  assert.ok(!stack.log('error.log').includes('canary'));
});

test('questions leave no line', async () => {
  const id = trace();
  assert.equal((await owner.get('/dashboard', parent(id))).status, 200);
  await owner.post('/dashboard/teams', { name: 'After' }, parent(trace()));
  assert.deepEqual(lines(id), []);
});
