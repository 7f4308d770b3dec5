// For tests of boards: what the gate says of one, and how a refusal must read.

import assert from 'node:assert/strict';

import { eventually, request } from './stack.mjs';

// "200 403 GUEST_VIEW_ONLY": to view, to edit, and why not.
async function ask(stack, who, board) {
  const call = (method) => who
    ? who.call(method, `/boards/${board}`, method === 'PUT' ? {} : undefined)
    : request(`${stack.url}/boards/${board}`, { method, headers: { accept: 'application/json' } });
  const seen = await call('GET');
  const edited = await call('PUT');
  const why = [seen, edited].map((answer) => answer.json?.code).filter(Boolean);
  return [seen.status, edited.status, ...new Set(why)].join(' ');
}

// A change is told to the other nginx workers a moment later.
export const gateOf = (stack) => async (who, board, expected) => {
  let last;
  await eventually(`the gate says ${expected}`, async () => {
    last = await ask(stack, who, board);
    return last === expected;
  }, { within: 5000 }).catch(() => assert.equal(last, expected));
};

export async function ok(call, status = 200) {
  const answer = await call;
  assert.equal(answer.status, status, answer.text);
  return answer.json;
}

// A refusal reads differently in each language and is the same one in both.
export async function refused(make, status, code) {
  const texts = [];
  for (const lang of ['en', 'fr']) {
    const answer = await make(`lang=${lang}`);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code, answer.text);
    assert.ok(answer.json.title && answer.json.detail && answer.json.next);
    texts.push(answer.json.detail);
  }
  assert.notEqual(texts[0], texts[1]);
  return texts;
}
