// An open page that hears of changes made elsewhere.  The server answers when
// the team is another than the one shown, or after some seconds; a page nobody
// looks at asks nothing until it is looked at again.

import { call, part, Problem } from './api.js';

// The page's own first questions come before.
const START_MS = 2000;
const AWAY_MS = 5000;

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

const looked = () => new Promise((done) => {
  if (!document.hidden) {
    done();
    return;
  }
  document.addEventListener('visibilitychange', () => done(looked()), { once: true });
});

// changed() may take its time; what happens meanwhile is told after it.
export async function follow({ id, version }, changed) {
  let shown = version;

  await sleep(START_MS);
  for (;;) {
    await looked();
    try {
      const { json, retryAfter } = await call('GET',
        `/billing/follow?team=${part(id)}&version=${shown}`);
      if (json.version !== shown) {
        shown = json.version;
        await changed(shown);
      }
      await sleep(retryAfter * 1000);
    } catch (problem) {
      if (!(problem instanceof Problem) || (problem.status >= 400 && problem.status < 500)) {
        return;                        // signed out, or no longer of the team
      }
      await sleep(AWAY_MS);
    }
  }
}
