// What every page has: brand, language switch, problems, the demo's sign-in.

import { get, inDemo, post, Problem } from './api.js';
import { fill, find, h, icon } from './dom.js';
import { has, keep, lang, load, t, untranslated } from './text.js';

const LANGUAGES = [['en', 'English'], ['fr', 'Français']];
const SLOW_MS = 300;

export function title(...parts) {
  document.title = [...parts, t('brand')].join(' · ');
}

export function brand() {
  return h('a', { class: 'brand', href: '/dashboard' },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), t('brand'));
}

export function header(profile, current) {
  const link = (path, key) => h('a',
    { href: path, 'aria-current': current === key ? 'page' : null }, t(key));

  return h('header', { class: 'top' },
    h('div', { class: 'top-in' }, brand(),
      h('nav', { 'aria-label': t('nav') }, link('/dashboard', 'dashboard'),
        link('/pricing', 'pricing')),
      profile ? h('span', { class: 'who' }, profile) : null));
}

// Always at the bottom right; what is typed is kept by the page (onLeave).
export function languages(onLeave = () => {}) {
  const choose = (code) => {
    keep(code);
    onLeave();
    const url = new URL(location.href);
    url.searchParams.delete('lang');
    if (url.href === location.href) {
      location.reload();
      return;
    }
    location.replace(url);
  };

  return h('nav', { class: 'languages', 'aria-label': t('language') }, icon('globe'),
    LANGUAGES.map(([code, name]) => h('button', {
      type: 'button', lang: code, 'aria-pressed': String(code === lang),
      onclick: () => choose(code),
    }, name)));
}

export function problemText(problem) {
  const { body, code } = problem;

  if (body?.untranslated) {
    untranslated();
  }
  if (!(problem instanceof Problem)) {
    return [t('problem.page'), ''];
  }
  if (!body.detail && has(`problem.${code}`)) {
    return [t(`problem.${code}`), ''];
  }
  return [body.detail ?? body.title ?? t('problem.INTERNAL'), body.next ?? ''];
}

// One message in place, with a way to try again where that helps.
export function failure(problem, retry) {
  const [said, next] = problemText(problem);

  // the session is over: the page asks who it is, and comes back here
  if (problem.status === 401) {
    return h('div', { class: 'notice bad', role: 'alert' },
      h('p', {}, h('strong', {}, said), next ? ` ${next}` : ''),
      h('button', { type: 'button', onclick: () => location.reload() }, t('signin')));
  }
  return h('div', { class: 'notice bad', role: 'alert' },
    h('p', {}, h('strong', {}, said), next ? ` ${next}` : ''),
    retry ? h('button', { type: 'button', onclick: retry }, t('retry')) : null);
}

// The demo's profiles; a real site signs in its own way and never shows this.
async function signIn(main) {
  let data;

  try {
    data = await get('/demo/data');
  } catch {
    fill(main, h('div', { class: 'narrow' }, h('h1', {}, t('signin')),
      h('p', {}, t('signin.real'))));
    return;
  }
  const enter = async (email, event) => {
    event.currentTarget.setAttribute('aria-busy', 'true');
    try {
      await post('/demo/login', { profile: email });
      location.reload();
    } catch (problem) {
      find('#signin-problem').replaceChildren(failure(problem));
    }
  };
  const roles = (email) => {
    const count = data.members?.filter((one) => one.email === email).length ?? 0;

    return t('teams.count', { n: count });
  };

  title(t('signin'));
  fill(main, h('div', { class: 'narrow signin' }, brand(), h('h1', {}, t('signin')),
    h('p', { class: 'muted' }, t('signin.demo')),
    h('div', { id: 'signin-problem' }),
    h('ul', { class: 'people' }, (data.profiles ?? []).map((one) => {
      const email = one.email ?? one;

      return h('li', {}, h('button', { type: 'button', onclick: (event) => enter(email, event) },
        avatar(email), h('span', {}, h('strong', {}, email),
          h('small', {}, roles(email)))));
    }))));
}

export function avatar(name) {
  let sum = 0;

  for (const c of name) {
    sum = (sum * 31 + c.codePointAt(0)) % 997;
  }
  return h('span', { class: 'avatar', 'aria-hidden': 'true', data: { tint: sum % 6 } },
    [...name][0]?.toUpperCase() ?? '?');
}

// Runs a page: texts first, then draw(main); 401 leads to sign-in, anything
// else is said in place.
export async function page(draw, { onLeave, anonymous = false } = {}) {
  const main = find('#main');
  const slow = setTimeout(() => find('.loading')?.removeAttribute('hidden'), SLOW_MS);

  try {
    await load();
    document.body.prepend(h('a', { class: 'skip', href: '#main' }, t('skip')));
    document.body.append(h('footer', { class: 'foot' },
      h('p', { class: 'untranslated' }, t('untranslated')), languages(onLeave)));
    await draw(main);
  } catch (problem) {
    if (problem.status === 401 && !anonymous) {
      await signIn(main);
      return;
    }
    if (!(problem instanceof Problem)) {
      console.error(problem);
    }
    fill(main, h('div', { class: 'narrow' }, h('h1', {}, t('problem.title')),
      failure(problem, () => location.reload()),
      h('p', { class: 'actions' }, h('a', { class: 'button', href: '/dashboard' }, t('back.dashboard')))));
  } finally {
    clearTimeout(slow);
  }
  if (inDemo()) {
    (await import('./clock-bar.js')).clockBar(find('.foot'));
  }
}

// An address of this site from a query parameter, or the fallback.
export function sameOrigin(given, fallback) {
  try {
    const url = new URL(given, location.origin);

    if (given && url.origin === location.origin && url.protocol === location.protocol) {
      return url.pathname + url.search + url.hash;
    }
  } catch {
    // not an address
  }
  return fallback;
}

// A form's one-line field with label, hint and place for its error.
export function field({ id, label, hint, ...input }) {
  return h('div', { class: 'field', id: `${id}-field` },
    h('label', { for: id }, label),
    hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : null,
    h('p', { class: 'error', id: `${id}-error`, hidden: true }),
    h('input', {
      id, name: id, type: 'text', autocomplete: 'off', spellcheck: 'false',
      'aria-describedby': `${hint ? `${id}-hint ` : ''}${id}-error`, ...input,
    }));
}

export function fieldError(id, text) {
  const input = find(`#${id}`);
  const place = find(`#${id}-error`);

  if (!place) {
    return;
  }
  place.textContent = text ?? '';
  place.hidden = !text;
  find(`#${id}-field`)?.classList.toggle('wrong', Boolean(text));
  if (text) {
    input?.setAttribute('aria-invalid', 'true');
  } else {
    input?.removeAttribute('aria-invalid');
  }
}
