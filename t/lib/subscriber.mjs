// What tests of the business share: a team that has bought a plan, the clock,
// and what the gateway's own books say about a team.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { eventually } from './stack.mjs';

export const CARD = '4242424242424242';
export const CARD_FAILS_LATER = '4000000000000341';

export const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });

// A stack's functions, so that a test names no stack at each call.
export function subscriber(stack) {
  let made = 0;

  const client = (name) => stack.client(`${name}${(made += 1)}@example.test`);

  async function members(owner, team, n) {
    for (let i = 0; i < n; i += 1) {
      const email = `member${(made += 1)}@example.test`;
      const answer = await owner.post(`/dashboard/teams/${team}/members`, { email });
      assert.equal(answer.status, 201, answer.text);
    }
  }

  const order = (team, more = {}) => ({
    team, plan: 'team', seats: 2, period: 'monthly', ...more,
  });

  const quote = (owner, team, more = {}) => owner.post('/upgrade/quote',
    order(team, { payment_method: 'card', ...more }));

  async function buy(owner, team, { number = CARD, ...more } = {}) {
    const entered = await owner.card(team, number);
    return owner.buy(order(team,
      { payment: { method: 'card', payment_method: entered.id }, ...more }));
  }

  // A team of its own for each test, with its owner.
  async function free(name, { people = 0 } = {}) {
    const owner = await client(name);
    const team = await owner.team(name);
    await members(owner, team, people);
    return { owner, team };
  }

  async function bought(name, more = {}) {
    const { owner, team } = await free(name);
    const answer = await buy(owner, team, more);
    assert.equal(answer.status, 200, answer.text);
    return { owner, team, answer: answer.json };
  }

  async function advance(span) {
    const owner = await client('clock');
    const answer = await owner.post('/demo/clock', { advance: span });
    assert.equal(answer.status, 200, answer.text);
    return new Date(answer.json.now);
  }

  // To a moment still to come, in steps that the clock takes.
  async function until(moment) {
    const seconds = Math.ceil((moment - await advance('1s')) / 1000);
    if (seconds >= 86400) {
      await advance(`${Math.floor(seconds / 86400)}d`);
    }
    return advance(`${1 + (seconds % 86400)}s`);
  }

  const teamOf = async (owner, team) => (await owner.get(`/dashboard?team=${team}`)).json.team;

  const becomes = (owner, team, state) => eventually(`team ${state}`, async () => {
    const now = await teamOf(owner, team);
    return now.state === state && now;
  }, { within: 30000 });

  async function charges(team) {
    const own = (await stack.ledger()).filter((charge) => charge.metadata?.team === team
      && charge.status === 'succeeded');
    return own.map((charge) => charge.amount);
  }

  // The mails to an address whose text matches, as soon as there is one.
  const letters = (to, words) => eventually(`a mail to ${to}`, () => {
    const found = fs.readdirSync(stack.mails).filter((name) => name.endsWith('.eml'))
      .map((name) => fs.readFileSync(path.join(stack.mails, name), 'latin1'))
      .filter((text) => text.includes(`\r\nTo: <${to}>\r\n`))
      .map((text) => Buffer.from(text.replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
      'latin1').toString())
      .filter((text) => words.test(text));
    return found.length > 0 && found;
  });

  const overview = async (owner, team) => (await owner.get(`/billing/overview?team=${team}`)).json;

  return { client, members, order, quote, buy, free, bought, advance, until, teamOf, becomes, charges,
    letters, overview };
}

export function refused(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, code, answer.text);
  return answer.json;
}
