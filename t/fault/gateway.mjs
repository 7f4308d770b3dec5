// A gateway that says no, nothing or nonsense, charges the wrong thing, keeps
// failures, forgets keys, and tells of nothing by itself.  Whatever it does,
// nobody is charged twice: each purchase is done, refused or, once more is
// known, one of the two; what was taken wrongly goes back.
//
// All cases run side by side, a team for each; what waits by the clock is
// brought forward.  TOLD=no leaves out the webhooks, TOLD=yes has them; both
// without.  RENEW=yes has each of them met once more by a renewal.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Acks, ask, buyer, hurried, settled } from '../lib/campaign.mjs';
import { eventually, request, sleep, start } from '../lib/stack.mjs';
import { oracle } from './oracle.mjs';

const ways = { yes: [true], no: [false] }[process.env.TOLD] ?? [true, false];
const renew = process.env.RENEW === 'yes';

const charge = 'POST /v1/payment_intents';
const refund = 'POST /v1/refunds';
const attach = '/attach';

// Faults in a row of the first calls, the nth for the nth; "*" is all of them
// until they are taken away, or to the end: alone.  back: charges that may
// have to go back; returned: one did, the buyer was told, and buys once more.
const cases = [
  ...['409', 'other_params', '429', '500', '500_kept', 'reset_before', 'reset_after', 'hang',
    'html', 'truncated', 'foreign'].flatMap((kind) => [
    { name: `${kind} once`, faults: { [charge]: [kind] } },
    {
      name: `${kind} for ever`, faults: { [charge]: ['*', kind] },
      alone: ['500_kept', 'html', 'truncated', 'foreign'].includes(kind),
    },
  ]),
  { name: 'charged, then 409', faults: { [charge]: ['reset_after', '409', '409'] } },
  { name: 'charged, then other parameters for ever', alone: true,
    faults: { [charge]: ['reset_after', '*', 'other_params'] } },
  { name: 'charged, then 500 for ever', alone: true,
    faults: { [charge]: ['hang', '*', '500'] } },
  { name: 'charged, 23 hours of silence', aged: true, alone: true,
    faults: { [charge]: ['reset_after', '*', 'reset_before'] } },
  { name: 'wrong amount', returned: true, faults: { [charge]: ['wrong_amount'] } },
  { name: 'wrong currency', returned: true, faults: { [charge]: ['wrong_currency'] } },
  ...['409', '500', '500_kept', 'reset_after', 'truncated'].map((kind) => ({
    name: `wrong currency, its refund meets ${kind}`, returned: true,
    faults: { [charge]: ['wrong_currency'], [refund]: [kind] },
  })),
  { name: 'no keys, charged in silence', back: 1,
    faults: { [charge]: ['reset_after'] }, keyless: true },
  { name: 'no keys, charged behind a 500 twice', back: 2,
    faults: { [charge]: ['500_kept', '500_kept'] }, keyless: true },
  ...['409', '500', 'reset_after', 'html'].map((kind) => ({
    name: `the card's entry meets ${kind}`, faults: { [attach]: [kind] },
  })),
];

let stack;
let acks;
let over = false;
let hurrying;

const sandbox = (method, what, json) => request(`${stack.gateway}/_sandbox/${what}`, {
  method, headers: { 'content-type': 'application/json' }, body: json && JSON.stringify(json),
});

before(async () => {
  stack = await start({}, { settings: { gateway: { timeout_ms: 1500 } } });
  acks = new Acks(stack);
  hurrying = (async () => {
    while (!over) {
      await hurried(stack);
      await sleep(500);
    }
  })();
});

after(async () => {
  over = true;
  await hurrying;
  await stack?.stop();
});

async function order({ faults, keyless }, team) {
  if (keyless) {
    await stack.fault({ match: charge, do: 'keyless', team });
  }
  for (const [match, list] of Object.entries(faults)) {
    for (const [i, kind] of list.entries()) {
      if (kind !== '*' && list[i - 1] !== '*') {
        await stack.fault({ match, do: kind, team, nth: i + 1 });
      } else if (kind !== '*') {
        await stack.fault({ match, do: kind, team });
      }
    }
  }
}

const ofTeam = async (team) => (await stack.ledger()).filter((one) => one.metadata.team === team
  && one.captured && one.status === 'succeeded');
const kept = (list) => list.filter((one) => one.refunded < one.amount);

// One that goes on for ever has been met often enough.
async function endure(one, { aged }) {
  const tries = async () => (await stack.sql('SELECT COALESCE(SUM(a.tries), 0) AS n FROM attempt a'
    + ` JOIN checkout c ON c.id = a.checkout WHERE c.team = '${one.team}'`
    + " AND a.kind = 'charge'"))[0].n;

  await eventually(`${one.team} to be tried`, async () => await tries() >= 4
    || kept(await ofTeam(one.team)).length > 0, { within: 60000, every: 300 });
  if (aged) {
    await stack.execute('UPDATE attempt SET first_sent_at = first_sent_at - 82800 WHERE checkout IN'
      + ` (SELECT id FROM checkout WHERE team = '${one.team}')`);
  }
  await sleep(1500);
  const list = await ofTeam(one.team);
  const [team] = await stack.sql(`SELECT plan FROM team WHERE id = '${one.team}'`);
  assert.ok(kept(list).length <= 1, JSON.stringify(list));
  assert.ok(team.plan === 'free' || kept(list).length === 1, `${team.plan} for nothing`);
}

async function met(one, what) {
  await order(what, one.team);
  let answer = ask(acks, 'card', one, { within: 110000 });
  const forever = Object.values(what.faults).flat().includes('*');

  answer.catch(() => {});
  if (forever) {
    await endure(one, what);
    if (!what.alone) {
      await stack.clearFaults(one.team);
    }
  }
  if (what.returned) {
    const first = await answer;
    assert.equal(first.status, 402, first.text);
    assert.equal(JSON.parse(first.text).code, 'PAYMENT_RETURNED');
    assert.deepEqual((await ofTeam(one.team)).map((each) => each.amount - each.refunded), [0]);
    answer = ask(acks, 'card', one);
  }
  assert.equal((await answer).status, 200);
  await eventually('what was taken twice to go back',
    async () => kept(await ofTeam(one.team)).length === 1, { within: 60000, every: 500 });
  const taken = (await ofTeam(one.team)).length;
  assert.ok(taken <= 1 + (what.back ?? what.returned ?? 0), `${taken} charges`);
  await stack.clearFaults(one.team);
}

// All at once: the test of each waits for its own.
for (const told of ways) {
  let all;

  test(`p8 ${cases.length} ways to fail, ${told ? 'with' : 'without'} webhooks`, async () => {
    await sandbox(told ? 'DELETE' : 'POST', 'webhooks', told ? undefined : { do: 'lost' });
    all = await Promise.all(cases.map(async (what, i) => {
      const one = await buyer(stack, acks, `g${told ? 'told' : 'mute'}${i}`, 'card');
      return { one, end: met(one, what).then(() => null, (error) => error) };
    }));
    await Promise.all(all.map(({ end }) => end));
  });

  cases.forEach(({ name }, i) => {
    test(`p3 p4 p8 p9 ${name}${told ? '' : ', no webhooks'}: charged once`, async () => {
      const error = await all[i].end;
      if (error) {
        throw error;
      }
    });
  });
}

test('p14 the renewals meet them again', { skip: !renew }, async () => {
  const teams = await stack.sql("SELECT id, customer FROM team WHERE plan = 'team' AND seats = 3"
    + " AND name LIKE 'g%'");

  await Promise.all(teams.map(({ id }, i) => order(cases[i % cases.length], id)));
  const { client } = await buyer(stack, acks, 'grenews', 'invoice');
  assert.equal((await client.post('/demo/clock', { advance: '31d' })).status, 200);
  await eventually('every renewal to have been tried', async () => (await stack.sql(
    "SELECT COUNT(*) AS n FROM checkout WHERE purpose = 'renewal'"))[0].n >= teams.length,
  { within: 60000 });
  await sleep(8000);
  await stack.clearFaults();

  // one that ended badly is tried again on a later day
  await eventually('every team to be paid for', async () => {
    await client.post('/demo/clock', { advance: '12h' });
    return (await stack.sql('SELECT COUNT(*) AS n FROM checkout'
      + " WHERE purpose = 'renewal' AND state = 'succeeded'"))[0].n >= teams.length;
  }, { within: 30000, every: 500 });
});

test('p10 all books tell one story afterwards', async () => {
  await settled(stack);
  assert.deepEqual(await oracle(stack), []);
});
