'use strict';

// Which targets this run met.  A ratio of speeds is given the noise floor of
// its own run: what bare against bare lost.  Where it is close to 1, that of the
// rounds side by side counts, whose noise is a quarter of the pairs'.

const none = { instructions: null, ratio: null, beside: null };

const at = (report, name) => report.speed?.rows.find((row) => row.name === name) ?? none;

function judge(report, { freshness, purchases, crowd }) {
  const targets = [];
  const add = (target, met, text) => targets.push({
    target, text, verdict: met === null ? 'not measured' : met ? 'met' : 'MISSED',
  });
  const unless = (value, met) => (value === null || value === undefined ? null : met(value));
  const gate = at(report, 'gate');
  const session = at(report, 'gate, session');
  const floor = Math.min(1, at(report, 'bare again').beside ?? 1);

  const counted = report.counts?.instructions;
  const more = (one, bare) => (counted ? counted[one] - counted[bare] : null);
  const added = (one, bare, key) => (report.counts?.calls
    ? Number((report.counts.calls[one][key] - report.counts.calls[bare][key]).toFixed(2)) : null);

  // A short run says at least that we cost less than the same check in Lua.
  for (const [target, one, bare, rival, most] of [
    ['T1', 'gate', 'bare', 'lua, shared dict', 900],
    ['T2', 'gate, session', 'bare, cookie', 'lua, shared dict, session', 1500]]) {
    const cost = more(one, bare);
    add(target, unless(cost, (n) => n <= most), `${one}: ${cost} instructions (${most})`,
      unless(cost, (n) => n < more(rival, bare)));
    for (const [key, text] of [['request', 'system calls'], ['allocations', 'allocations'],
      ['memory', 'system calls for memory']]) {
      const number = added(one, bare, key);
      add(target, unless(number, (n) => n <= 0.02), `${one}: ${number} ${text} added (0)`);
    }
  }

  add('T3', unless(gate.beside, (n) => n >= 0.98 * floor), `${gate.beside} of bare (0.98; floor ${floor})`);
  add('T3', unless(session.beside, (n) => n >= 0.96 * floor),
    `${session.beside} of bare with session (0.96; floor ${floor})`);
  const p99 = report.speed?.fixed?.p99_ratio ?? null;
  add('T3', unless(p99, (n) => n <= 1.1), `p99 at some 15,000 a second: ${p99} of bare (1.1)`);

  for (const [name, ours, factor] of [['lua, shared dict, session', session, 1.5],
    ['lua, shared dict, JSON, session', session, 1.9],
    ['lua, Redis, session', session, 4], ['auth_request, service + Redis', gate, 5],
    ['auth_request, kept 10 s', gate, 1.2]]) {
    const rival = at(report, name);
    // Side by side, else each beside its own bare run: the machine was another
    // a minute later.
    const times = rival.times ?? (rival.ratio ? Number((ours.beside / rival.ratio).toFixed(2)) : null);
    add('T4', times === null ? null : times >= factor, `${times} times ${name} (${factor})`);
  }

  for (const kind of ['teams', 'members']) {
    const rows = (report.growth?.rows ?? []).filter((row) => row.of === kind && row.instructions);
    const list = rows.map((row) => row.instructions);
    const spread = list.length > 1 ? Math.max(...list) / Math.min(...list) - 1 : null;
    add('T5', unless(spread, (n) => n <= 0.02), `instructions from ${rows[0]?.n} to ${rows.at(-1)?.n} `
      + `${kind}: ${spread === null ? '-' : (spread * 100).toFixed(1)} % apart (2 %)`);
  }
  const { member, board, herd } = report.cold ?? {};
  add('T6', unless(member, (one) => one.added_over_get <= 1.5),
    `a new member: p50 ${member?.added_over_get} raw GETs more (1.5)`);
  add('T6', unless(board, (one) => one.added_over_get <= 3),
    `a new board, whose team is asked for next: ${board?.added_over_get} (3)`);
  add('T6', unless(herd, (one) => one.fetches === 3),
    `${herd?.asked} ask at once for a board, its team, a member: ${herd?.fetches} GETs (3)`);
  for (const { target, value, met } of freshness?.verdicts ?? [{ target: 'T7', met: null }]) {
    add('T7', met, `${target.replace(/^T7 /, 'a change seen: ')}${met === null ? '' : `: ${value}`}`);
  }
  for (const [name, one] of [['SQLite', purchases?.sqlite], ['PostgreSQL', purchases?.postgresql]]) {
    for (const { text, met } of one?.targets ?? [{ text: 'purchases', met: null }]) {
      add('T8', met, `${name}, ${text}`);
    }
  }
  for (const { text, met } of crowd?.verdicts ?? [{ text: 'a crowd', met: null }]) {
    add('T9', met, text);
  }
  return targets;
}

module.exports = { judge };
