// The master secret is replaced as doc/security.md says: nobody is logged out
// before its time, a key sent before finds its purchase after, the gate goes on,
// and in the end the old secret opens nothing.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';

const old = 'secrets/master';
const fresh = 'secrets/master_2';
const order = { team: 'team-free', plan: 'team', seats: 12, period: 'yearly',
  payment: { method: 'card', payment_method: 'pm_card_visa' } };
const key = randomBytes(16).toString('hex');

let stack;
let early;
let bought;

before(async () => {
  stack = await start();
  fs.writeFileSync(path.join(stack.dir, fresh), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  early = await stack.client('owner@example.test');
  bought = await early.buyUntilFinal(order, { key });
  assert.equal(bought.status, 200, bought.text);
});
after(() => stack?.stop());

const looks = async (client) => (await client.get('/dashboard')).status;
const renamed = async (client, name) => (await client.patch('/dashboard/teams/team-free', { name })).status;
const edits = async (client) => (await client.put('/boards/board-free-1', {})).status;

// The same key again is the same purchase, whichever secret signs now.
async function sameOnce() {
  const again = await early.buy(order, key);
  assert.equal(again.status, 200, again.text);
  assert.equal(again.json.operation, bought.json.operation);
  const charges = await stack.ledger();
  assert.equal(charges.filter(({ metadata }) => metadata.team === 'team-free').length, 1);
}

test('both are named, the old one first: nothing changes', async () => {
  await stack.configure({ secret_files: [old, fresh] });
  assert.equal(await looks(early), 200);
  assert.equal(await renamed(early, 'First'), 200);
  assert.equal(await edits(early), 200);
  await sameOnce();
});

test('swapped: who is logged in stays, a token of before is good, no purchase is made twice', async () => {
  await stack.configure({ secret_files: [fresh, old] });
  assert.equal(await looks(early), 200);
  assert.equal(await renamed(early, 'Second'), 200);
  assert.equal(await edits(early), 200);
  await sameOnce();
});

let late;

test('who logs in now has what the new one signs', async () => {
  late = await stack.client('owner@example.test');
  assert.equal(await looks(late), 200);
  assert.equal(await renamed(late, 'Third'), 200);
});

test('records are signed again; then the old one goes, and opens nothing', async () => {
  await stack.ctl(['rehydrate']);
  await stack.configure({ secret_files: [fresh] });
  fs.rmSync(path.join(stack.dir, old));
  assert.equal(await looks(early), 401);
  assert.equal(await edits(late), 200);
  assert.equal(await renamed(late, 'Fourth'), 200);
  await eventually('nothing wrong', async () => (await stack.wrong()) === null);
});
