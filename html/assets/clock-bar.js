// The demo's test clock, at the foot of each page: time is set ahead, and what
// that brings can be looked at, mails as their readers get them and documents.

import { get, part, post, Problem } from './api.js';
import { once } from './ask.js';
import { announce, dialog, fill, h, icon } from './dom.js';
import { failure } from './shell.js';
import { date, money, t } from './text.js';

const DAY_MS = 24 * 3600 * 1000;
const LOOK_MS = 2000;
const STEPS = ['day', 'month', 'year'];

// Whole days to the same day of the next month or year, or the last one of it.
export function daysTo(step, now) {
  const months = { month: 1, year: 12 }[step];

  if (!months) {
    return 1;
  }
  const then = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months + 1, 0));
  then.setUTCDate(Math.min(now.getUTCDate(), then.getUTCDate()));
  return Math.round((then - Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()))
    / DAY_MS);
}

const list = (place, none, rows) => fill(place, rows.length
  ? h('ul', { class: 'rows' }, rows) : h('p', { class: 'muted' }, t(none)));

// A dialog whose content is asked for.
async function shown(heading, ask) {
  const place = h('div', {}, h('p', { class: 'muted' }, t('loading')));

  dialog(t(heading), t('close'), place).classList.add('wide-dialog');
  const draw = async () => {
    try {
      await ask(place);
    } catch (problem) {
      fill(place, failure(problem, problem instanceof Problem && problem.status < 500
        && problem.status > 0 ? null : draw));
    }
  };
  await draw();
}

const mails = () => shown('clock.mails', async (place) => {
  const { mails: all } = await get('/demo/mails');

  list(place, 'clock.mails.none', all.map((one) => h('li', {},
    h('span', {}, h('a', { href: `/demo/mails/${one.n}`, target: '_blank', lang: one.lang },
      one.subject), h('small', {}, t('clock.mail.to', { to: one.to }))),
    one.pdf ? h('a', { class: 'link', href: `/demo/mails/${one.n}.pdf` }, 'PDF',
      h('span', { class: 'hidden' }, ` ${one.subject}`)) : null)));
});

const file = (href, number) => h('a', { class: 'link', href }, 'PDF',
  h('span', { class: 'hidden' }, ` ${number}`));

const paper = (number, instant, amount, link) => h('li', {}, h('span', {}, number,
  h('small', {}, date(instant))), h('span', { class: 'row' }, amount, link));

function papers({ invoices }) {
  return invoices.filter((one) => one.number).flatMap((one) => [
    paper(one.number, one.issued_at, money(one.total, one.currency), file(one.pdf, one.number)),
    ...(one.paid > 0 ? [paper(`${t('billing.receipt')} ${one.number}`, one.issued_at,
      money(one.paid, one.currency), file(one.receipt, one.number))] : []),
    ...one.credit_notes.map((note) => paper(note.number, note.issued_at,
      money(-note.amount, note.currency), file(note.pdf, note.number)))]);
}

const documents = () => shown('clock.documents', async (place) => {
  const team = new URLSearchParams(location.search).get('team')
    ?? (await get('/dashboard')).team?.id;

  list(place, 'clock.documents.none', team
    ? papers(await get(`/billing/invoices?team=${part(team)}`)) : []);
});

export function clockBar(foot) {
  const shows = h('time', {});
  const count = h('b', {});
  const place = h('div', { class: 'place' });
  let now = null;
  const set = (answer) => {
    now = new Date(answer.now);
    shows.dateTime = answer.now;
    shows.textContent = date(answer.now);
  };
  const counted = async () => {
    count.textContent = (await get('/demo/mails')).count;
  };
  const advance = (step) => async (event) => once(event.currentTarget, place, async () => {
    set(await post('/demo/clock', { advance: `${daysTo(step, now)}d` }));
    announce(t('clock.is', { date: date(now) }));
  });
  // what is due is done by and by, and mails follow
  const look = () => (document.hidden || !navigator.onLine ? null : counted().catch(() => {}));

  document.head.append(h('link', { rel: 'stylesheet', href: '/billing/assets/clock-bar.css' }));
  foot.prepend(h('section', { class: 'clock', 'aria-label': t('clock') }, place,
    h('span', { class: 'clock-now' }, icon('clock'), shows),
    STEPS.map((step) => h('button', { type: 'button', id: `clock-${step}`,
      'aria-label': t(`clock.${step}.label`), onclick: advance(step) }, t(`clock.${step}`))),
    h('button', { type: 'button', id: 'clock-mails', onclick: mails }, t('clock.mails'), ' ', count),
    h('button', { type: 'button', id: 'clock-documents', onclick: documents },
      t('clock.documents'))));
  setInterval(look, LOOK_MS);
  Promise.all([get('/demo/clock').then(set), counted()])
    .catch((problem) => fill(place, failure(problem)));
}
