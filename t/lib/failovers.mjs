// Failovers of Redis while a stack works: purchases and board requests go on,
// and in the end all must tell one story.

import assert from 'node:assert/strict';
import path from 'node:path';

import { oracle } from '../fault/oracle.mjs';
import { Acks, ask, buyer, flows, settled } from './campaign.mjs';
import { eventually, request, sleep } from './stack.mjs';

export class Failovers {
  constructor(stack, watched, lanes) {
    this.stack = stack;
    this.watched = watched;
    this.lanes = lanes;
    this.acks = new Acks(stack);
    stack.redisPrefix = watched.prefix;
  }

  // The judge finds the records where they are now.
  judged() {
    const { dir, password } = this.watched.master();
    this.stack.redisServer = ['-s', path.join(dir, 'node.sock'),
      ...(password ? ['--no-auth-warning', '-a', password] : [])];
    return oracle(this.stack);
  }

  buyer(name, flow = 'card') { return buyer(this.stack, this.acks, name, flow); }

  ask(one, flow = 'card') { return ask(this.acks, flow, one, { within: 120000 }); }

  epoch(node) {
    return this.watched.cli(node, 'get', `${this.watched.prefix}:1:epoch`).split(' ');
  }

  async status() {
    return (await request(`${this.stack.url}/billing/status`,
      { headers: { accept: 'application/json' } })).json;
  }

  // Somebody with more boards than Free has to edit: the oldest is locked.
  async locked(name) {
    const one = await this.buyer(name);
    const board = await one.client.board(one.team, 'oldest');
    const edit = () => one.client.put(`/boards/${board}`, { text: 'x' });

    for (const title of ['second', 'third', 'fourth']) {
      await one.client.board(one.team, title);
    }
    await eventually('the limit of Free', async () => (await edit()).status === 403);
    return { ...one, board, edit };
  }

  // away takes the master away, and is over when there is another one.
  async through(word, random, away) {
    const first = this.watched.master();
    const [was] = this.epoch(first);
    const one = await this.locked(`${word}gate`);

    assert.equal((await this.ask(one)).status, 200);
    await eventually('the purchase', async () => (await one.edit()).status === 200);

    const buyers = await Promise.all(Array.from({ length: this.lanes }, async (_, i) => {
      const flow = flows[i % flows.length];
      return { flow, who: await this.buyer(`${word}${i}`, flow) };
    }));
    const seen = {};
    let over = false;

    const gate = async () => {
      while (!over) {
        const { status } = await one.edit();
        seen[status] = (seen[status] ?? 0) + 1;
        await sleep(20);
      }
    };
    const work = async () => {
      try {
        await Promise.all([away(first), ...buyers.map(async ({ flow, who }) => {
          await sleep(random.below(3000));
          assert.equal((await this.ask(who, flow)).status, 200);
        })]);
      } finally {
        over = true;
      }
    };
    await Promise.all([gate(), work()]);

    // known in the table: what is bought stays open, Redis there or not
    assert.deepEqual(Object.keys(seen), ['200'], JSON.stringify(seen));

    const now = await this.watched.other(first);
    await eventually('records that are ready', () => this.epoch(now)[1] === 'ready',
      { within: 60000 });
    await settled(this.stack);
    assert.ok(Number(this.epoch(now)[0]) > Number(was), 'another epoch');

    // what the new master has is heard by nginx
    const late = await this.locked(`${word}late`);
    assert.equal((await this.ask(late)).status, 200);
    await eventually('the board to open', async () => (await late.edit()).status === 200,
      { within: 5000 });
    await eventually('a link', async () => (await this.status()).redis.up);
    assert.deepEqual(await this.judged(), []);
  }
}
