// Two workers at one database, each with a way of its own to Redis.  The one
// that commits loses its way: it goes on with what is due, and keeps the lease
// for as long as nobody does better.  As soon as the other one reaches Redis,
// that one takes it, the first is fenced, and nothing is lost or done twice.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { alive, ask, began, buyer, settled, signal } from '../lib/campaign.mjs';
import { Link } from '../lib/link.mjs';
import { eventually, sleep } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

let stack;
let site;
let acks;
const links = {};

const said = (words) => stack.log('spare.log').split(words).length - 1;
const lease = async () => (await stack.sql('SELECT epoch, owner, offered FROM lease'))[0];
const stateOf = async (team) => (await stack.sql(
  `SELECT state FROM checkout WHERE team = '${team}'`))[0]?.state;

// A worker with a link of its own, and no other; nginx has none.
async function worker(name) {
  const settings = JSON.parse(fs.readFileSync(path.join(stack.dir, 'billing.json'), 'utf8'));
  links[name] = await Link.open(path.join(stack.dir, 'redis.sock'));
  settings.redis = { address: `127.0.0.1:${links[name].port}` };
  fs.writeFileSync(path.join(stack.dir, `${name}.json`), JSON.stringify(settings));
  return site.spare({}, `${name}.json`).pid;
}

before(async () => {
  ({ stack, site, acks } = await began());
  const conf = path.join(stack.dir, 'nginx.conf');
  const own = await site.aLeader();
  fs.writeFileSync(conf, fs.readFileSync(conf, 'utf8')
    .replace(/billing_worker\s+\S+;/, 'billing_worker off;'));
  signal(site.pid('nginx'), 'SIGHUP');
  await eventually('the end of nginx\'s own worker', () => !alive(own));
});

after(async () => {
  Object.values(links).forEach((link) => link.mend());
  await site?.end();
  await stack?.stop();
  Object.values(links).forEach((link) => link.close());
});

test('p4 p23 who has lost Redis keeps the lease until another one reaches it', async () => {
  const first = await worker('first');
  assert.equal(await site.aLeader(), first);
  const second = await worker('second');
  const one = await buyer(stack, acks, 'before', 'card');
  await stack.fault({ match: 'POST /v1/payment_intents', do: 'delay', ms: 2000, nth: 1 });
  const bought = ask(acks, 'card', one);
  await eventually('the gateway to be asked', async () => await stateOf(one.team) === 'charging');

  // Nobody reaches Redis: the lease stays where it is, and work goes on.
  links.second.cut();
  links.first.hold();
  const { epoch, owner } = await lease();
  await eventually('the purchase, in the database', async () => await stateOf(one.team) === 'succeeded');
  assert.equal(said('Redis stays away'), 0);
  await eventually('an offer', async () => (await lease()).offered === 1, { within: 40000 });
  await sleep(3000);
  assert.deepEqual(await lease(), { epoch, owner, offered: 1 });
  assert.equal(said('Redis stays away'), 1);
  assert.ok(alive(first) && alive(second));

  links.second.mend();
  await eventually('the other one', async () => await site.leader() === second);
  assert.equal((await lease()).epoch, epoch + 1);
  await eventually('the end of the first', () => !alive(first));
  assert.ok(said('another worker has the lease') > 0);
  assert.equal((await bought).status, 200);
  assert.equal((await ask(acks, 'seats', { ...one, seats: 4 })).status, 200);
});

test('p10 one that stands by without Redis is none that takes over', async () => {
  const owner = await site.aLeader();
  const { epoch } = await lease();
  await sleep(2000);
  assert.deepEqual([await site.leader(), (await lease()).epoch, (await lease()).offered],
    [owner, epoch, 0]);
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
});

test('p10 p23 what was taken from one that hung stays when that one dies', async () => {
  const holder = await site.aLeader();
  links.second.hold();
  await eventually('an offer', async () => (await lease()).offered === 1, { within: 40000 });
  signal(holder, 'SIGSTOP');
  links.first.mend();
  await eventually('the other one', async () => ![null, holder].includes(await site.leader()));

  // The lock comes free, and the next to start has it; its Redis is not there.
  const taker = await site.leader();
  signal(taker, 'SIGSTOP');
  const { epoch, owner } = await lease();
  const started = said('started');
  signal(holder, 'SIGKILL');
  await eventually('one that starts', () => said('started') > started);
  await sleep(2000);
  assert.deepEqual(await lease(), { epoch, owner, offered: -1 });

  signal(taker, 'SIGCONT');
  await eventually('the lock', async () => (await lease()).offered === 0, { within: 20000 });
  assert.deepEqual(await lease(), { epoch, owner, offered: 0 });
  links.second.mend();
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
});
