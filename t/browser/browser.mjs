// A browser, its sessions, and what a person does in them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { start } from '../lib/stack.mjs';

const PICTURES = process.env.SCREENSHOT_DIR;
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// A busy machine is not a fault.
export const WAIT = { timeout: Number(process.env.BROWSER_WAIT_MS ?? 60000) };

export const CARDS = {
  good: '4242 4242 4242 4242',
  declined: '4000000000000002',
  failsLater: '4000000000000341',
  setupChallenge: '4000002500003155',
  alwaysChallenge: '4000002760003184',
};

export let site = process.env.DEMO_URL?.replace(/\/$/, '');
let stack;
let browser;

// The browser, and the demo when none is named.
export async function begin({ settings = {} } = {}) {
  if (!site) {
    stack = await start({}, { settings });
    site = stack.url;
  }
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

// Where the demo keeps its mails; of one that was named we do not know.
export const mails = () => stack?.mails;

export async function end() {
  await browser?.close();
  await stack?.stop();
}

// A page of its own session.  Any error it says is an error of the test, save
// the browser's own note that an answer was a 4xx we expect.
export async function open(t, { locale = 'en-US', ...more } = {}) {
  const context = await browser.newContext({
    locale, viewport: { width: 1280, height: 860 }, ...more,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT.timeout);
  const said = [];

  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !/status of 4\d\d/.test(text)) {
      said.push(text);
    }
  });
  page.on('pageerror', (error) => said.push(String(error)));
  t.after(async () => {
    await context.close();
    assert.deepEqual(said, [], 'errors on the console');
  });
  return page;
}

export async function picture(page, name) {
  if (PICTURES) {
    fs.mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });
  }
}

// A frame is somebody else's.  axe knows of no top layer: for the contrast,
// what is behind an open modal is hidden from it.
async function axeRun(tags) {
  const modal = document.querySelector('dialog:modal');
  const { matches: forced } = matchMedia('(forced-colors: active)');
  const rules = { 'frame-tested': { enabled: false },
    'color-contrast': { enabled: !modal && !forced } };
  const all = await globalThis.axe.run(document, { runOnly: tags, rules });

  if (modal) {
    const behind = [...document.body.children].filter((one) => one !== modal);
    behind.forEach((one) => one.style.setProperty('visibility', 'hidden'));
    if (!forced) {
      const more = await globalThis.axe.run(modal, { runOnly: ['color-contrast'] });
      all.violations.push(...more.violations);
      all.incomplete.push(...more.incomplete);
    }
    behind.forEach((one) => one.style.removeProperty('visibility'));
  }
  return all;
}

// What is drawn anew under axe's eyes it cannot place.
const calm = (page) => page.evaluate(() => new Promise((done) => {
  let timer;
  const observer = new MutationObserver(() => wait());
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { observer.disconnect(); done(); }, 250);
  };
  observer.observe(document, { subtree: true, childList: true, attributes: true });
  wait();
}));

export async function accessible(page, where) {
  await calm(page);
  await page.evaluate(() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished.catch(() => null))));
  await page.evaluate(AXE);
  const { violations, incomplete } = await page.evaluate(axeRun, AXE_TAGS);
  const list = (all) => all.map((one) => `${one.id}: ${one.nodes.map((n) => n.html).join(' | ')}`);

  assert.deepEqual(list(violations), [], `axe, ${where}`);
  assert.deepEqual(list(incomplete), [], `axe could not tell, ${where}`);
}

export async function fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth
    - document.documentElement.clientWidth);

  assert.ok(wide <= 0, `${where} scrolls sideways by ${wide} px`);
}

// As where there is no test clock to be moved.
export async function withoutDemo(page) {
  await page.route('**/dashboard*', async (route) => {
    if (route.request().resourceType() !== 'fetch') {
      await route.continue();
      return;
    }
    const answer = await route.fetch();
    const { demo, ...rest } = await answer.json();
    assert.equal(demo, true);
    await route.fulfill({ response: answer, json: rest });
  });
}

export async function signIn(page, email = 'owner@example.test') {
  await page.goto(`${site}/dashboard`);
  await page.getByRole('button', { name: email }).click(WAIT);
  await page.locator('.team-head, .empty').waitFor(WAIT);
}

// By the plus icon, as a person does it; returns its name and id.  Letters
// only: a dozen digits may look like a card number, which no name may hold.
export async function newTeam(page) {
  const name = `Test ${Array.from(randomBytes(8), (b) => 'bcdfghjklmnpqrst'[b % 16]).join('')}`;

  await page.locator('.side .round').click();
  await page.locator('dialog #asked').fill(name);
  await page.locator('dialog button.primary').click();
  await page.getByRole('heading', { level: 1, name }).waitFor(WAIT);
  return { name, id: new URL(page.url()).searchParams.get('team') };
}

export async function newBoards(page, n) {
  for (let i = 1; i <= n; i += 1) {
    const count = await page.locator('.board').count();
    await page.locator('.section-head button').first().click();
    await page.locator('dialog #asked').fill(`Board ${i}`);
    await page.locator('dialog button.primary').click();
    await page.waitForFunction((many) => document.querySelectorAll('.board').length > many,
      count, WAIT);
  }
}

export async function typeCard(page, number, cvc = '123') {
  await page.locator('#number').fill(number);
  await page.locator('#expiry').fill('12 / 40');
  await page.locator('#cvc').fill(cvc);
}

// The amount on the button, once the preview is there.
export async function priced(page) {
  await page.locator('#purchase[aria-disabled="false"]').waitFor(WAIT);
  return page.locator('#purchase').textContent();
}

export async function purchases(page) {
  await typeCard(page, CARDS.good);
  await page.locator('#purchase').click();
  await page.locator('#done').waitFor(WAIT);
}

// The next purchase is answered as if it were still under way.
export const answersLater = (page) => page.route('**/upgrade', async (route) => {
  if (route.request().method() !== 'POST') {
    await route.continue();
    return;
  }
  const { operation } = await (await route.fetch()).json();
  await route.fulfill({ status: 202, json: { operation, state: 'pending' } });
});

export async function toUpgrade(page, team, more = '') {
  await page.goto(`${site}/upgrade?team=${team.id}${more}`);
  await priced(page);
}

export const plan = (page) => page.locator('.team-head .chip.plan').textContent();
