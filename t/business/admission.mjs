// P66: a worker that is behind.  Once the oldest command has waited too long
// money is refused before anything is begun, by every process that nginx has;
// boards go on.  What was accepted is done when the worker goes on, and what
// was refused can be asked again with its key.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { eventually, sleep, start } from '../lib/stack.mjs';

let stack;

before(async () => { stack = await start(); });
after(async () => { await stack?.stop(); });

const order = (client, team) => ({ team, plan: 'team', seats: 12, period: 'yearly',
  payment: { method: 'invoice', email: client.profile } });

async function buyer(name) {
  const client = await stack.client(`${name}@example.test`);
  return { client, team: await client.team(name), key: randomBytes(16).toString('hex') };
}

test('p66 money is refused while the oldest command waits, boards go on', async () => {
  const [one, two] = [await buyer('early'), await buyer('late')];
  const board = await two.client.board(two.team, 'Work');
  const edit = () => two.client.put(`/boards/${board}`, { text: 'x' });
  await eventually('the board at the gate', async () => (await edit()).status === 200);

  const { pids: { worker } } = await stack.status();
  process.kill(worker, 'SIGSTOP');
  let accepted;
  try {
    accepted = one.client.buy(order(one.client, one.team), one.key);
    await sleep(2500);
    // each on a connection of its own: whichever process takes it knows
    for (let i = 0; i < 8; i++) {
      const refused = await two.client.buy(order(two.client, two.team), two.key);
      assert.equal(refused.status, 503, refused.text);
      assert.equal(refused.json.code, 'OVERLOADED');
      assert.ok(Number(refused.headers['retry-after']) >= 1);
    }
    assert.equal((await edit()).status, 200);
  } finally {
    process.kill(worker, 'SIGCONT');
  }

  assert.equal((await accepted).status, 200, (await accepted).text);
  const again = await eventually('the refused one', async () => {
    const answer = await two.client.buy(order(two.client, two.team), two.key);
    return answer.status !== 503 && answer;
  });
  assert.equal(again.status, 200, again.text);
  for (const { team } of [one, two]) {
    assert.equal((await stack.sql(`SELECT id FROM checkout WHERE team = '${team}'`)).length, 1);
  }
});
