// A link in a mail, followed in a browser: sign in, press the button, be in.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, begin, end, newTeam, open, picture, signIn, site, WAIT } from './browser.mjs';

before(begin);
after(end);

const guest = 'freelance@example.test';

// As the page itself asks: same origin, its token.
const ask = (page, method, path, json) => page.evaluate(async ([how, where, body]) => {
  const { csrf } = await (await fetch('/dashboard', { headers: { accept: 'application/json' } }))
    .json();
  const answer = await fetch(where, {
    method: how,
    headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
    body: JSON.stringify(body),
  });
  return answer.json();
}, [method, path, json]);

test("r206 the team's link leads in, once pressed", async (t) => {
  const owner = await open(t);
  await signIn(owner);
  const team = await newTeam(owner);
  const { team: changed } = await ask(owner, 'PATCH', `/dashboard/teams/${team.id}`,
    { invite_link: true });

  const page = await open(t);
  await page.goto(changed.invite_link.replace(/^https?:\/\/[^/]+/, site));
  await page.getByRole('button', { name: guest }).click(WAIT);
  await page.locator('#joining').waitFor(WAIT);
  await accessible(page, 'joining');
  await picture(page, 'joining');
  assert.equal((await ask(owner, 'PATCH', `/dashboard/teams/${team.id}`, { name: team.name }))
    .team.members, 1);

  await page.locator('#joining button').click();
  await page.getByRole('heading', { level: 1, name: team.name }).waitFor(WAIT);
  assert.equal(new URL(page.url()).searchParams.get('team'), team.id);
});

test('r207 an invitation for another says what to do', async (t) => {
  const page = await open(t, { locale: 'fr-FR' });

  await page.goto(`${site}/dashboard#invitation=n_none`);
  await page.getByRole('button', { name: guest }).click(WAIT);
  await page.locator('#joining button').click(WAIT);
  await page.locator('#joining [role="alert"]').waitFor(WAIT);
  assert.match(await page.locator('#joining').innerText(), /Connectez-vous avec l’adresse invitée/);
  await accessible(page, 'refused');
});
