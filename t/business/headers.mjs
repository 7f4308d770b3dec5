// What each kind of answer says to a browser beside its body: on pages, files
// and JSON alike, also where it is a refusal, and where nginx itself refuses.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { request, start } from '../lib/stack.mjs';

let stack;
let owner;
let session;

before(async () => {
  stack = await start();
  owner = await stack.client('owner@example.test');
  session = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
});
after(() => stack?.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const html = { accept: 'text/html' };
const json = { accept: 'application/json' };

const ask = (method, where, { headers = json, body, stranger } = {}) => request(stack.url + where, {
  method, body, headers: { ...(stranger ? {} : { cookie: session }), ...headers,
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) } });
const change = (where, body, headers = {}, method = 'POST') => ask(method, where, {
  headers: { ...json, ...JSON_TYPE, origin: stack.url, 'x-csrf-token': owner.csrf, ...headers },
  body });

// Conditional requests are nginx's own answer, in no description of ours.
async function unchanged(where = '/pricing') {
  const { headers: { 'last-modified': since } } = await ask('GET', where, { headers: html });
  const answer = await fetch(stack.url + where, { headers: { ...html, 'if-modified-since': since } });
  return { status: answer.status, text: '', headers: Object.fromEntries(answer.headers) };
}

// [kind, status, name, the request]
const page = (where, how) => ['page', 200, `page ${where}`,
  () => ask('GET', where, { headers: html, ...how })];
const answers = [
  page('/dashboard'), page('/upgrade?team=team-free'), page('/pricing'), page('/billing/pay'),
  page('/billing/overview?team=team-monthly'), page('/pricing', { stranger: true }),
  ['page', 304, 'a page that has not changed', unchanged],
  ['none', 404, 'a page that there is none of', () => ask('GET', '/none', { headers: html })],
  ['own', 200, 'an application\'s page with the elements', () => ask('GET', '/embed', { headers: html })],
  ['file', 200, 'a script', () => ask('GET', '/billing/assets/dashboard.js')],
  ['file', 200, 'a style', () => ask('GET', '/billing/assets/style.css')],
  ['file', 200, 'texts', () => ask('GET', '/billing/assets/messages/pages.json')],
  ['file', 304, 'a script that has not changed', () => unchanged('/billing/assets/dashboard.js')],
  ['file', 404, 'a file that is not there', () => ask('GET', '/billing/assets/none.js')],
  ['json', 200, 'one\'s own dashboard', () => ask('GET', '/dashboard')],
  ['json', 200, 'an offer', () => ask('GET', '/upgrade?team=team-free')],
  ['public', 200, 'prices', () => ask('GET', '/pricing')],
  ['json', 201, 'a team made', () => change('/dashboard/teams', '{"name":"Headers","from":"dashboard"}')],
  ['json', 200, 'a price', () => change('/upgrade/quote', JSON.stringify({ team: 'team-free',
    plan: 'team', seats: 12, period: 'yearly', payment_method: 'card' }))],
  ['json', 400, 'no JSON', () => change('/upgrade/quote', '{')],
  ['json', 400, 'no key', () => change('/upgrade', JSON.stringify({ team: 'team-free', plan: 'team',
    seats: 12, period: 'yearly', payment: { method: 'card', payment_method: 'pm_card_visa' } }))],
  ['json', 401, 'a stranger', () => ask('GET', '/dashboard', { stranger: true })],
  ['json', 403, 'no token', () => change('/dashboard/teams', '{"name":"x"}', { 'x-csrf-token': '' })],
  ['json', 403, 'another origin', () => change('/dashboard/teams', '{"name":"x"}', { origin: 'https://evil.example.test' })],
  ['json', 404, 'a team of others', () => ask('GET', '/upgrade?team=none')],
  ['json', 404, 'no such address', () => ask('GET', '/none')],
  ['json', 405, 'no such method', () => change('/pricing', '{}', {}, 'DELETE')],
  ['json', 413, 'too much', () => change('/upgrade/quote', `{"team":"${'x'.repeat(70000)}"}`)],
  ['json', 415, 'no such type', () => change('/upgrade/quote', '{}', { 'content-type': 'text/plain' })],
  ['json', 422, 'a seat too many', () => change('/upgrade/quote', JSON.stringify({ team: 'team-free',
    plan: 'team', seats: 100000, period: 'yearly', payment_method: 'card' }))],
  ['json', 400, 'an unsigned webhook', () => ask('POST', '/billing/webhook', { headers: JSON_TYPE, body: '{}' })],
  ['json', 200, 'the counters', () => ask('GET', '/billing/status')],
  ['json', 401, 'the application without its key', () => ask('GET', '/app/v1/webhooks')],
  ['json', 403, 'a board that is locked', () => ask('PUT', '/boards/board-free-1', { headers: { ...json, ...JSON_TYPE }, body: '{}' })],
];

// Of everything that there is.
const always = ({ headers }) => {
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
  assert.match(headers['referrer-policy'], /^(no-referrer|same-origin)$/);
};
const charset = ({ headers, text }) => assert.ok(!text || /charset=utf-8/.test(headers['content-type']),
  headers['content-type']);
const policyOf = (headers) => Object.fromEntries(headers['content-security-policy'].split(';')
  .map((part) => part.trim().split(/\s+/)).map(([name, ...values]) => [name, values.join(' ')]));
const says = {
  page(answer) {
    const { headers } = answer;
    says.own(answer);
    const policy = policyOf(headers);
    assert.equal(policy['script-src'], "'self'");
    assert.equal(policy['form-action'], "'self'");
    assert.match(headers['permissions-policy'], /camera=\(\)/);
  },
  // A page that is not one of the billing pages.
  own(answer) {
    always(answer);
    charset(answer);
    const { headers } = answer;
    const policy = policyOf(headers);
    assert.equal(policy['default-src'], "'none'");
    assert.equal(policy['style-src'], "'self'");
    assert.equal(policy['base-uri'], "'none'");
    assert.equal(policy['frame-ancestors'], "'none'");
    assert.ok(!/unsafe|\*/.test(headers['content-security-policy']));
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.match(headers['cache-control'], /no-cache|no-store/);
  },
  none(answer) {
    says.own(answer);
    assert.equal(policyOf(answer.headers)['form-action'], "'none'");
  },
  file: always,
  public(answer) {
    always(answer);
    charset(answer);
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    assert.ok(answer.headers['cache-control']);
  },
  json(answer) {
    says.public(answer);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  },
};

for (const [kind, status, name, sent] of answers) {
  test(`${status} ${name}`, async () => {
    const answer = await sent();
    assert.equal(answer.status, status, answer.text);
    says[kind](answer);
    assert.ok(!/nginx\/\d/.test(answer.headers.server ?? ''), 'no version of nginx');
  });
}
