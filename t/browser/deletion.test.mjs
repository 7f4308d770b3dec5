// The link of a mail that deletes a team, opened in a browser.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { begin, end, mails, newTeam, open, signIn, site, WAIT } from './browser.mjs';
import { Company } from '../lib/company.mjs';

before(begin);
after(end);

for (const [locale, heading] of [['en-US', /Delete team/], ['fr-FR', /Supprimer l’équipe/]]) {
  test(`r231 the link asks once more and deletes the team, ${locale}`, async (t) => {
    if (!mails()) {
      t.skip('the mails of a demo that runs already are not ours');
      return;
    }
    const page = await open(t, { locale });
    await signIn(page);
    const team = await newTeam(page);
    const asked = await page.evaluate(async (id) => {
      const { csrf } = await (await fetch('/dashboard', {
        headers: { accept: 'application/json' },
      })).json();
      return (await fetch(`/dashboard/teams/${id}`, {
        method: 'DELETE', headers: { accept: 'application/json', 'x-csrf-token': csrf },
      })).status;
    }, team.id);
    assert.equal(asked, 202);

    const mail = await new Company({ mails: mails() }).mail('owner@example.test', team.id);
    const link = /(http\S+#delete=\S+)/.exec(mail)[1];
    assert.ok(link.startsWith(`${site}/dashboard?team=${team.id}`), link);
    await page.goto(link);
    await page.getByRole('heading', { level: 2, name: heading }).waitFor(WAIT);
    assert.equal(new URL(page.url()).hash, '');
    await page.locator('#delete-team').click();
    await page.waitForURL((url) => url.pathname === '/dashboard' && url.search === '', WAIT);
    await page.locator('.team-head, .empty').waitFor(WAIT);
    assert.equal(await page.locator('.teams').getByText(team.name).count(), 0);

    // a link that does not work says so, and nothing is deleted
    await page.goto(link.replace(`team=${team.id}`, 'team=team-free'));
    await page.locator('#delete-team').click();
    await page.locator('dialog [role="alert"]').waitFor(WAIT);
    await page.reload();
    await page.locator('.team-head').waitFor(WAIT);
  });
}
