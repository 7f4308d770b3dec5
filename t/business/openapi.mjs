// doc/openapi.yaml: every exchange of every test is judged by it (stack.mjs).
// Here its judge is tried, and what no other test asks is asked.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { violation } from '../lib/openapi.mjs';
import { request, start } from '../lib/stack.mjs';
import { sign } from '../sandbox/webhooks.mjs';

let stack;
let owner;
let team;

before(async () => {
  stack = await start();
  owner = await stack.client('described@example.test');
  team = await owner.team('Described');
});
after(() => stack.stop());

async function ok(answer, status = 200) {
  const got = await answer;
  assert.equal(got.status, status, got.text);
  return got.json;
}

test('an answer, a status, a type and a body that are not described are seen', async () => {
  const url = `${stack.url}/billing/follow?team=${team}`;
  const fine = { method: 'GET', url, status: 200, type: 'application/json; charset=utf-8',
                 text: '', json: { team, version: 1 } };
  const made = { ...fine, method: 'POST', url: `${stack.url}/dashboard/teams`, status: 201,
                 body: '{"name":"x"}', json: await ok(owner.post('/dashboard/teams', { name: 'x' }), 201) };
  const refused = { ...fine, status: 403, type: 'application/problem+json', json: {
    type: '/billing/problems/CSRF', title: '', status: 403, detail: '', code: 'CSRF', next: '' } };
  const { plan, ...less } = made.json.team;

  for (const right of [fine, made, refused, { ...fine, url: `${stack.url}/elsewhere`, status: 418 },
    { ...fine, method: 'HEAD', json: null }]) {
    assert.equal(violation(right), null);
  }
  assert.ok(plan);
  for (const [what, wrong] of [
    ['additional', { ...fine, json: { team, version: 1, more: true } }],
    ['required', { ...fine, json: { team } }],
    ['integer', { ...fine, json: { team, version: '1' } }],
    ['pattern', { ...fine, json: { team: 'a team', version: 1 } }],
    ['no such answer', { ...fine, status: 204 }],
    ['of type', { ...fine, type: 'text/html' }],
    ['of type', { ...refused, type: 'text/html' }],
    ['allowed values', { ...refused, json: { ...refused.json, code: 'NO_SUCH' } }],
    ["'plan'", { ...made, json: { team: less } }],
    ['accepted', { ...made, body: '{"name":"x","colour":1}' }],
    ['accepted', { ...made, body: '{}' }],
  ]) {
    assert.match(violation(wrong) ?? 'nothing seen', new RegExp(what));
  }
});

test('for everybody: the catalogue, the status, the page of a mailed link', async () => {
  const json = { headers: { accept: 'application/json' } };
  assert.equal((await ok(request(`${stack.url}/pricing`, json))).plans.length, 6);
  await ok(request(`${stack.url}/billing/status`, json));
  await ok(request(`${stack.url}/pricing`, { method: 'HEAD', ...json }));
  await ok(request(`${stack.url}/billing/pay`, json), 404);
  await ok(request(`${stack.url}/billing/pay`, { headers: { accept: 'text/html' } }));
  for (const format of ['prometheus', 'html']) {
    await ok(request(`${stack.url}/billing/status?format=${format}`));
  }
});

test('for a member: a page that waits', async () => {
  const { version } = await ok(owner.get(`/billing/follow?team=${team}`));
  assert.ok(version > 0);
});

test('for the gateway: an event', async () => {
  const secret = fs.readFileSync(path.join(stack.dir, 'secrets/gateway_webhook'), 'utf8').trim();
  const body = JSON.stringify({ id: 'evt_described', object: 'event', type: 'charge.updated',
    data: { object: { id: 'ch_1', object: 'charge' } } });
  await ok(request(`${stack.url}/billing/webhook`, { method: 'POST', body, headers: {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'stripe-signature': sign(secret, body, Math.floor(Date.now() / 1000)),
  } }));
});

test('for the application: all that other tests do not ask', async () => {
  const key = fs.readFileSync(path.join(stack.dir, 'secrets/application_key'), 'utf8').trim();
  const app = (method, where, json, money) => {
    const body = json === undefined ? undefined : JSON.stringify(json);
    return request(`${stack.url}/app/v1${where}`, { method, body, headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json',
        'content-length': Buffer.byteLength(body) }),
      ...(money ? { 'idempotency-key': randomBytes(16).toString('hex') } : {}),
    } });
  };

  await ok(app('PUT', '/teams/school', { name: 'School' }), 201);
  await ok(app('PUT', '/teams/school/members/head@example.test', { role: 'team_admin' }), 201);
  await ok(app('PUT', '/teams/school/education', { seats: 30 }));
  await ok(app('PUT', '/boards/lesson', { team: 'school', owner: 'head@example.test', title: 'L' }), 201);
  await ok(app('PUT', '/boards/lesson/guests/parent@example.test', {}), 201);
  await ok(app('DELETE', '/boards/lesson/guests/parent@example.test'));
  await ok(app('DELETE', '/boards/lesson'));
  await ok(app('POST', '/sessions', { email: 'head@example.test' }), 201);
  const ordered = await app('PUT', '/teams/school/enterprise', { seats: 5 }, true);
  assert.ok([200, 409].includes(ordered.status), ordered.text);
  const { operation } = (await app('GET', '/operations/op_nothing')).json;
  assert.equal(operation, undefined);
  await ok(app('POST', '/refunds/r_nothing', { decision: 'refused' }, true), 404);
  await ok(app('POST', '/invoices/INV-2000-000001/payments',
    { amount: 1, currency: 'USD', reference: 'wire' }, true), 404);
  await ok(app('PUT', '/domains/nobody.example.test', { verified: true }), 404);
});
