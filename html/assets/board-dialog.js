// What can be done with one board: name, privacy, link, guests, move, delete.

import { call, get, part, post } from './api.js';
import { check, doer, form, once, select } from './ask.js';
import { announce, dialog, fill, find, h } from './dom.js';
import { failure, field, problemText } from './shell.js';
import { number, t } from './text.js';

const path = (board) => `/dashboard/boards/${part(board.id)}`;

function section(key, ...content) {
  return h('section', { class: 'part' }, h('h3', {}, t(key)), ...content);
}

function naming(board, done) {
  return form(t('save'), async (made) => {
    await call('PATCH', path(board), { title: find('#board-name', made).value.trim() });
    done(t('saved'));
  }, field({ id: 'board-name', label: t('board.title'), value: board.title, maxlength: 120 }));
}

function privacy(board, team, done) {
  if (board.private) {
    return section('board.private', h('p', { class: 'hint' }, t('board.share.hint')),
      ...doer(t('board.share'), async () => {
        await post(`${path(board)}/share`);
        done(t('board.shared'));
      }));
  }
  if (team.plan === 'free') {
    return null;
  }
  return section('board.private', h('p', { class: 'hint' }, t('board.hide.hint')),
    ...doer(t('board.hide'), async () => {
      await call('PATCH', path(board), { private: true });
      done(t('board.hidden'));
    }));
}

function link(board) {
  const place = h('div', { class: 'place', 'aria-live': 'polite' });
  const address = new URL(board.url, location.origin).href;
  const shown = h('p', { class: 'hint', id: 'link-address', hidden: board.link === 'off' }, address);
  const apply = h('button', { type: 'button', onclick: () => once(apply, place, async () => {
    const access = find('#board-link').value;

    await post(`${path(board)}/link`, { access });
    shown.hidden = access === 'off';
    fill(place, h('p', { class: 'hint' }, t('saved')));
  }) }, t('save'));

  return section('board.link', select('board-link', t('board.link.who'),
    ['off', 'view', 'edit'].map((one) => [one, t(`board.link.${one}`), one === (board.link ?? 'off')])),
  shown, place, apply);
}

function guests(board, again) {
  const remove = (email) => doer(t('board.guest.out'), async () => {
    await call('DELETE', `${path(board)}/guests/${part(email)}`);
    again();
  }, { class: 'quiet', 'aria-label': t('board.guest.out.label', { email }) });

  return section('board.guests',
    board.access?.length ? h('ul', { class: 'rows' }, board.access.map((one) => h('li', {},
      h('span', {}, one.email, h('small', {}, t(`role.${one.role}`))), remove(one.email)))) : null,
    form(t('board.guest.add'), async (made) => {
      await post(`${path(board)}/guests`, { email: find('#guest', made).value.trim() });
      again();
    }, field({ id: 'guest', label: t('board.guest'), type: 'email', inputmode: 'email' })));
}

// Who would lose it is told before, in line or as a list to download (R32).
function warning(board, move, to) {
  const lost = move.affected_count;

  return [
    lost ? h('p', { class: 'explain' }, h('span', {}, t('board.move.lost', { n: lost }), ' ',
      move.affected_list
        ? h('button', { type: 'button', class: 'link',
          onclick: () => download(board, to) }, t('board.move.list'))
        : (move.affected ?? []).map((one) => one.email ?? one).join(', '))) : null,
    move.shared ? h('p', { class: 'hint' }, t('board.move.shared')) : null,
    move.locked ? h('p', { class: 'hint' }, t('board.move.locked')) : null,
    !lost && !move.shared && !move.locked ? h('p', { class: 'hint' }, t('board.move.safe')) : null,
  ];
}

async function download(board, to) {
  const all = [];
  let after = '';

  do {
    const page = await get(`${path(board)}/affected?team=${part(to)}&after=${part(after ?? '')}`);
    all.push(...page.affected.map((one) => one.email ?? one));
    after = page.next;
  } while (after);
  const url = URL.createObjectURL(new Blob([`${all.join('\n')}\n`], { type: 'text/plain' }));
  const anchor = h('a', { href: url, download: `board-${board.id}.txt` });
  anchor.click();
  URL.revokeObjectURL(url);
}

function moving(board, done) {
  const open = (board.destinations ?? []).filter((one) => one.allowed);
  const told = h('div', { class: 'place', id: 'move-told', 'aria-live': 'polite' });
  const body = () => ({ team: find('#board-to').value });
  const go = h('button', { type: 'button', class: 'primary', id: 'move-go', hidden: true,
    onclick: () => once(go, find('#move-problem'), async () => {
      await post(`${path(board)}/move`, body());
      done(t('board.moved'));
    }) }, t('board.move.go'));
  const look = async () => {
    go.hidden = true;
    fill(told);
    if (!body().team) {
      return;
    }
    try {
      const asked = body().team;
      const { move } = await post(`${path(board)}/move?dry_run=1`, body());
      if (asked === body().team) {
        fill(told, warning(board, move, asked));
        go.hidden = false;
      }
    } catch (problem) {
      fill(told, failure(problem));
    }
  };

  return section('board.move', board.destinations?.length
    ? select('board-to', t('board.move.to'), [['', t('board.move.choose'), true],
      ...board.destinations.map((one) => [one.id ?? one.team,
        one.allowed ? one.name : `${one.name}: ${one.reason_text ?? t('board.move.forbidden')}`,
        false, !one.allowed])], { onchange: look })
    : h('p', { class: 'hint' }, t('board.move.none')),
  open.length ? [told, h('div', { id: 'move-problem' }), go] : null);
}

function ending(board, done) {
  const place = h('div', { class: 'place' });
  const sure = h('button', { type: 'button', class: 'primary', hidden: true,
    onclick: () => once(sure, place, async () => {
      await call('DELETE', path(board));
      done(t('board.deleted'));
    }) }, t('board.delete.sure'));

  return section('board.delete', h('p', { class: 'hint' }, t('board.delete.hint')), place,
    h('div', { class: 'row' }, h('button', { type: 'button', onclick: (event) => {
      sure.hidden = false;
      event.currentTarget.remove();
      sure.focus();
    } }, t('board.delete.go')), sure));
}

// refresh(said) draws the dashboard anew and says what was done.
export function boardDialog(one, team, refresh) {
  const body = h('div', { class: 'parts' }, h('p', { class: 'muted' }, t('loading')));
  const box = dialog(one.title, t('close'), body);
  const done = (said) => {
    box.close();
    refresh(said);
  };
  const draw = async () => {
    try {
      const { board } = await get(`/dashboard/boards/${part(one.id)}`);
      const { can } = board;
      fill(body,
        board.reason ? h('p', { class: 'explain' }, t(`board.${board.reason}`)) : null,
        can.change ? naming(board, done) : null,
        can.change ? privacy(board, team, done) : null,
        can.link ? link(board) : null,
        can.invite ? guests(board, draw) : null,
        section('board.copy', h('p', { class: 'hint' }, t('board.copy.hint')),
          ...doer(t('board.copy.go'), async () => {
            await post(`${path(board)}/copy`);
            done(t('board.copied'));
          })),
        can.move ? moving(board, done) : null,
        can.delete ? ending(board, done) : null);
    } catch (problem) {
      fill(body, failure(problem, draw));
    }
  };

  draw();
}

export function newBoard(team, askFor, refresh) {
  const paid = team.plan !== 'free';
  const hidden = paid ? check('private', t('board.private.make'), false) : null;
  const box = askFor({
    heading: t('board.new'), label: t('board.title'), button: t('board.create'),
    hint: paid ? null : t('board.new.free'),
    extra: hidden,
    ask: async (title) => {
      await post(`/dashboard/teams/${part(team.id)}/boards`, {
        title, ...(hidden && find('#private', hidden).checked ? { private: true } : {}),
      });
      box.close();
      refresh(t('board.created'));
    },
  });
}

// For ninety days what was deleted can be had again.
export async function deletedBoards(team, refresh) {
  const body = h('div', {}, h('p', { class: 'muted' }, t('loading')));
  const box = dialog(t('boards.deleted'), t('close'), body);

  try {
    const answer = await get(`/dashboard/teams/${part(team.id)}/deleted-boards`);
    const list = answer.boards ?? [];
    fill(body, list.length ? h('ul', { class: 'rows' }, list.map((one) => h('li', {},
      h('span', {}, one.title), doer(t('board.restore'), async () => {
        await post(`/dashboard/boards/${part(one.id)}/restore`);
        box.close();
        refresh(t('board.restored'));
      }, { 'aria-label': t('board.restore.label', { title: one.title }) }))))
      : h('p', {}, t('boards.deleted.none', { days: number(90) })));
    announce(t('boards.deleted'));
  } catch (problem) {
    fill(body, h('p', {}, problemText(problem).join(' ')));
  }
}
