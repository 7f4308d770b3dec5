// What tests of a company's subscription share: buying one, refusals in both
// languages, the gate's word on a board, and the mails that were sent.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { eventually } from './stack.mjs';

export const key = () => ({ 'idempotency-key': randomBytes(16).toString('hex') });

const part = encodeURIComponent;

export class Company {
  constructor(stack) {
    this.stack = stack;
  }

  // A team of that name with a plan; its buyer is its only member.
  async bought(name, { plan = 'business', seats = 5, period = 'monthly' } = {}) {
    const owner = await this.stack.client(`${name}@example.test`);
    const team = await owner.team(name);
    const card = await owner.card(team);
    const answer = await owner.buy({
      team, plan, seats, period, payment: { method: 'card', payment_method: card.id },
    });
    assert.equal(answer.status, 200, answer.text);
    return { owner, team };
  }

  async further(owner, account, name) {
    const answer = await owner.post('/dashboard/teams', { name, from: 'dashboard', account });
    assert.equal(answer.status, 201, answer.text);
    return answer.json.team;
  }

  async joins(owner, team, email) {
    const answer = await owner.post(`/dashboard/teams/${team}/members`, { email });
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
  }

  role(owner, team, email, role) {
    return owner.patch(`/dashboard/teams/${team}/members/${part(email)}`, { role });
  }

  leaves(owner, team, email, scope = '') {
    return owner.delete(`/dashboard/teams/${team}/members/${part(email)}`
      + (scope ? `?scope=${scope}` : ''));
  }

  remove(owner, team, token = '') {
    return owner.delete(`/dashboard/teams/${team}${token ? `?confirm=${token}` : ''}`);
  }

  async advance(client, span) {
    const answer = await client.post('/demo/clock', { advance: span });
    assert.equal(answer.status, 200, answer.text);
  }

  async team(client, team) {
    const answer = await client.get(`/dashboard?team=${team}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json.team;
  }

  becomes(client, team, state) {
    return eventually(`team ${state}`, async () => {
      const now = await this.team(client, team);
      return now.state === state && now;
    }, { within: 30000 });
  }

  // The same from every nginx worker, each asked on a connection of its own.
  async gate(client, board, status, code) {
    for (let i = 0; i < 4; i++) {
      const answer = await client.put(`/boards/${board}`, { text: 'x' });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json.code, code);
    }
  }

  // A refusal that changes nothing, said in English and in French.
  async refused(client, method, where, body, status, code, field) {
    const said = [];

    for (const lang of ['en', 'fr']) {
      const answer = await client.call(method, where, body, { 'accept-language': lang, ...key() });
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.headers['content-type'], /^application\/problem\+json/);
      assert.equal(answer.json.code, code);
      assert.equal(answer.json.field, field);
      said.push(`${answer.json.title} ${answer.json.detail} ${answer.json.next}`);
    }
    assert.notEqual(said[0], said[1]);
    assert.doesNotMatch(said.join(''), /[{}]/);
  }

  // The text of the newest mail to somebody with that in its subject or body.
  mail(to, what) {
    return eventually(`a mail to ${to}`, () => fs.readdirSync(this.stack.mails)
      .filter((name) => name.endsWith('.eml'))
      .sort((a, b) => parseInt(b, 10) - parseInt(a, 10))
      .map((name) => fs.readFileSync(path.join(this.stack.mails, name), 'latin1'))
      .filter((text) => text.includes(`Delivered-To: ${to}`))
      .map((text) => text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g,
        (all, hex) => String.fromCharCode(parseInt(hex, 16))))
      .find((text) => text.includes(what)), { within: 30000 });
  }

  // Licences in use are those the rows tell, and the books balance.
  async agrees() {
    const wrong = await this.stack.sql('SELECT id FROM team h WHERE id = account AND members <>'
      + ' (SELECT COUNT(*) FROM seat WHERE account = h.id)');
    const money = await this.stack.sql('SELECT id FROM team WHERE id <> account AND'
      + ' (pending_minor <> 0 OR credit_minor <> 0 OR paid_minor <> 0)');
    const books = await this.stack.sql('SELECT txn, SUM(amount_minor) s FROM ledger'
      + ' GROUP BY txn, currency HAVING SUM(amount_minor) <> 0');
    assert.deepEqual([wrong, money, books], [[], [], []]);
  }
}
