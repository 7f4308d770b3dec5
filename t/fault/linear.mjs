// What several people do with one team at a time happened in one order, which
// none of them saw broken, while nginx workers, Redis and billing-worker are
// killed (P20): the team's name, a board's title and the seats are registers,
// and a checker looks for the order.  Names and titles are written by all, with
// a value of its own each time; the seats by one.
//
// SEED and ROUNDS repeat or prolong it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ask, began, buyer, seeded } from '../lib/campaign.mjs';
import { History, linear } from '../lib/history.mjs';
import { eventually, sleep } from '../lib/stack.mjs';

const seed = Number(process.env.SEED ?? 20261123);
const rounds = Number(process.env.ROUNDS ?? 4);
const PEOPLE = 4;
const EACH = 25;                            // operations of one in a round
const PATIENCE_MS = 3000;
let stack, site, acks;

before(async () => {
  ({ stack, site, acks } = await began());
  site.spare();
});

after(async () => {
  await site?.end();
  await stack?.stop();
});

const op = (kind, value, began, ended) => ({ kind, value, began, ended });

for (const [what, good, ...operations] of [
  ['nothing', true],
  ['one after the other', true, op('write', 1, 0, 1), op('read', 1, 2, 3)],
  ['an old answer after a new one', false, op('write', 1, 0, 9), op('read', 1, 2, 3), op('read', 0, 4, 5)],
  ['both while it is written', true, op('write', 1, 0, 9), op('read', 0, 2, 3), op('read', 1, 4, 5)],
  ['an acknowledged write is lost', false, op('write', 1, 0, 1), op('read', 0, 2, 3)],
  ['two writes at once, either last', true, op('write', 1, 0, 9), op('write', 2, 1, 8), op('read', 1, 10, 11)],
  ['and then the other', false, op('write', 1, 0, 9), op('write', 2, 1, 8), op('read', 1, 10, 11), op('read', 2, 12, 13)],
  ['an unknown one much later', true, op('write', 1, 0, Infinity), op('read', 0, 5, 6), op('read', 1, 7, 8)],
  ['and never', true, op('write', 1, 0, Infinity), op('read', 0, 5, 6)],
  ['but not before it was asked', false, op('read', 1, 0, 1), op('write', 1, 2, Infinity)],
  ['nor twice', false, op('write', 1, 0, Infinity), op('read', 1, 1, 2), op('write', 2, 3, 4),
    op('read', 2, 5, 6), op('read', 1, 7, 8)],
  ['what nobody wrote', false, op('read', 7, 0, 1)],
]) {
  test(`the checker: ${what}`, () => assert.equal(linear(operations, 0), good));
}

test('p20 each change of a team raises its version by one', async () => {
  const one = await buyer(stack, acks, 'versions', 'seats');
  const version = async () => (await one.client.get(`/billing/overview?team=${one.team}`))
    .json.team.version;
  let now = await version();

  for (let i = 0; i < 5; i++) {
    const seats = 6 + i;
    assert.equal((await one.client.patch(`/dashboard/teams/${one.team}`, { name: `name ${i}` })).status, 200);
    assert.equal(await version(), now + 1, 'a name');
    await ask(acks, 'seats', { ...one, seats });
    now += 2;
    assert.equal(await version(), now, 'more seats');
  }
});

// Done, refused, or nobody knows.
async function change(client, method, where, body, headers) {
  const answer = await client.call(method, where, body, headers, PATIENCE_MS);
  if (answer.status >= 400 && answer.status < 500) {
    throw new History.Refused(answer.text);
  }
  assert.equal(answer.status, 200, answer.text);
}

async function look(client, where, find) {
  const answer = await client.call('GET', where, undefined, {}, PATIENCE_MS);
  assert.equal(answer.status, 200, answer.text);
  return find(answer.json);
}

// How each register is read and written by somebody.
function registers(client, { team, board }) {
  const overview = (find) => look(client, `/billing/overview?team=${team}`, find);
  return {
    name: {
      read: () => overview((json) => json.team.name),
      write: (name) => change(client, 'PATCH', `/dashboard/teams/${team}`, { name }),
    },
    title: {
      read: () => look(client, `/dashboard/boards/${board}`, (json) => json.board.title),
      write: (title) => change(client, 'PATCH', `/dashboard/boards/${board}`, { title }),
    },
    seats: {
      read: () => overview((json) => json.seats),
      write: (seats) => change(client, 'POST', '/billing/seats', { team, seats },
        { 'idempotency-key': `${team}-${seats}-of-a-history` }),
    },
  };
}

// The first of the people buys seats, more each time.
async function person(i, own, random, history) {
  for (let n = 0; n < EACH; n++) {
    await sleep(random.below(60));
    const register = random.one(['name', 'title', 'seats']);
    if (register === 'seats' ? i === 0 && random() < 0.7 : random() < 0.5) {
      const value = register === 'seats' ? 6 + n : `${i}-${n}`;
      await history.perform(register, 'write', value, () => own[register].write(value));
    } else {
      await history.perform(register, 'read', null, own[register].read);
    }
  }
}

async function nemesis(random, over) {
  const kills = [() => site.killNginxWorkers(), () => site.killLeader(),
    () => site.killRedis({ wipe: random() < 0.5 })];

  for (let i = 0; !over(); i++) {
    await sleep(150 + random.below(400));
    await kills[i % kills.length]();
  }
}

for (let round = 0; round < rounds; round++) {
  test(`p18 p20 one order, whoever is killed, ${round} (seed ${seed})`, async (t) => {
    const random = seeded(seed, round);
    const one = await buyer(stack, acks, `history${round}`, 'seats');
    one.board = await one.client.board(one.team, 'first');
    const others = await Promise.all(Array.from({ length: PEOPLE - 1 },
      () => stack.client(one.client.profile)));
    const people = [one.client, ...others].map((client) => registers(client, one));
    const history = new History();
    const initial = {};
    for (const [name, { read }] of Object.entries(people[0])) {
      initial[name] = await read();
    }

    let over = false;
    const storm = nemesis(random, () => over);
    await Promise.all(people.map((own, i) => person(i, own, random, history)))
      .finally(() => { over = true; });
    await storm;
    for (const [name, { read }] of Object.entries(people[0])) {
      await eventually(`a last look at ${name}`, () => history.perform(name, 'read', null, read),
        { within: 60000, every: 200 });
    }

    const told = history.operations.filter((each) => each.ended !== Infinity);
    t.diagnostic(`${history.operations.length} operations, ${told.length} told, kills ${
      JSON.stringify(site.kills)}`);
    assert.deepEqual(history.wrong(initial), [], `SEED=${seed}, round ${round}`);
    assert.ok(told.length > PEOPLE * EACH / 4, `too few were told: ${told.length}`);

    const last = told.findLast((each) => each.kind === 'read' && each.register === 'name');
    last.value = 'nobody wrote this';
    assert.equal(history.wrong(initial).length, 1, 'and another answer would have been found');
  });
}
