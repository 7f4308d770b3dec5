// The plans, what each costs and what each unlocks.

import { get, part, post, Problem } from './api.js';
import { once } from './ask.js';
import { announce, fill, find, h, icon } from './dom.js';
import { saving } from './money.js';
import { failure, field, fieldError, header, page, problemText, title } from './shell.js';
import { money, number, t } from './text.js';

const MONTHS = 12;

let period = 'yearly';

function priceOf(plan) {
  return plan.price ?? plan.prices ?? null;
}

function priceLine(plan, currency) {
  const price = priceOf(plan);

  if (!price) {
    return h('p', { class: 'price words' }, t(`price.${plan.plan}`));
  }
  if (!price.monthly) {
    return h('p', { class: 'price' }, money(0, currency, { short: true }), h('small', {}, t('price.always')));
  }
  const monthly = period === 'yearly' ? price.yearly / MONTHS : price.monthly;
  return h('p', { class: 'price' }, money(monthly, currency, { short: true }),
    h('small', {}, t('price.per'), h('br'), period === 'yearly'
      ? t('price.yearly', { amount: money(price.yearly, currency, { short: true }) }) : t('price.monthly')));
}

function limits(plan) {
  const all = (plan.features ?? []).some((one) => one.feature === 'all_boards');

  return Object.entries(plan.limits ?? {})
    .filter(([name]) => name !== 'editable_boards' || !all)
    .map(([name, value]) => {
      const key = `limit.${name}`;

      return value === null || value < 0 ? t(`${key}.none`)
        : t(key, { value: number(value) });
    });
}

function action(plan) {
  if (plan.contact) {
    return h('a', { class: 'button', href: '#contact' }, t('contact'));
  }
  if (plan.selling) {
    return h('a', { class: 'button primary', href: `/upgrade?plan=${part(plan.plan)}&period=${period}` },
      t('choose', { plan: plan.name ?? t(`plan.${plan.plan}`) }));
  }
  return plan.plan === 'free' ? h('a', { class: 'button', href: '/dashboard' }, t('start')) : null;
}

// A plan lists what it adds to the cheaper one before it, not all again.
function card(plan, before, currency) {
  const name = plan.name ?? t(`plan.${plan.plan}`);
  const known = new Set((before?.features ?? []).map((one) => one.feature));
  const all = plan.features ?? [];
  const fresh = before && all.length > known.size
    && [...known].every((one) => all.some((mine) => mine.feature === one))
    ? all.filter((one) => !known.has(one.feature)) : all;

  return h('li', { class: 'plan-card', id: `plan-${plan.plan}` },
    h('div', { class: 'plan-for' }, h('h2', {}, name),
      h('p', { class: 'muted' }, plan.description ?? '')),
    h('div', {}, priceLine(plan, currency), plan.min_seats > 1
      ? h('p', { class: 'muted small' }, t('seats.from', { n: plan.min_seats })) : null),
    h('div', {}, action(plan)),
    h('ul', { class: 'features' },
      fresh !== all && known.size
        ? h('li', { class: 'lead' }, t('features.and', { plan: before.name })) : null,
      [...limits(plan), ...fresh.map((one) => one.text ?? one)].map((text) => (
        h('li', {}, icon('check'), text)))));
}

function cards(data) {
  const shown = data.plans.filter((one) => one.plan !== 'education');

  return shown.map((plan, i) => card(plan,
    plan.plan === 'business' ? shown[i - 1] : null, data.currency));
}

function periods(data, list) {
  const sold = data.plans.map(priceOf).find((one) => one?.monthly > 0);
  const choice = (value) => h('label', {},
    h('input', {
      type: 'radio', name: 'period', value, checked: value === period,
      onchange: () => {
        period = value;
        fill(list, cards(data));
        announce(t(`period.${value}`));
      },
    }), h('span', {}, t(`period.${value}`), value === 'yearly' && sold && saving(sold) > 0
      ? h('b', {}, t('saving', { percent: saving(sold) })) : null));

  return h('fieldset', { class: 'segments' }, h('legend', { class: 'hidden' }, t('period')),
    choice('monthly'), choice('yearly'));
}

function contact() {
  const fields = ['name', 'email', 'company', 'users', 'message'];
  const needed = ['name', 'email', 'company'];
  const where = h('div', { 'aria-live': 'polite' });
  const send = h('button', {}, t('contact.send'));
  const form = h('form', { class: 'contact-form', novalidate: true }, where,
    fields.map((id) => field({
      id, label: t(`contact.${id}`),
      autocomplete: { name: 'name', email: 'email', company: 'organization' }[id] ?? 'off',
      inputmode: { email: 'email', users: 'numeric' }[id] ?? null,
      maxlength: { users: 9, message: 2000 }[id] ?? 120,
    })),
    send);

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(fields.map((id) => [id, find(`#${id}`, form).value.trim()])
      .filter(([, value]) => value));
    const users = given.users?.replace(/\s/g, '');
    const wrong = { ...Object.fromEntries(needed.filter((id) => !given[id])
      .map((id) => [id, t('field.needed')])),
    ...(users === undefined || /^[1-9]\d{0,8}$/.test(users) ? {}
      : { users: t('contact.users.wrong') }) };
    const show = (errors) => {
      fields.forEach((id) => fieldError(id, errors[id]));
      find(`#${fields.find((id) => errors[id])}`, form)?.focus();
    };

    show(wrong);
    if (Object.keys(wrong).length) {
      return;
    }
    await once(send, where, async () => {
      try {
        await post('/enterprise', { ...given, from: 'pricing',
          ...(users ? { users: Number(users) } : {}) });
      } catch (problem) {
        const at = problem.body?.field;
        if (!fields.includes(at)) {
          throw problem;
        }
        show({ [at]: problemText(problem).join(' ') });
        return;
      }
      fill(form, h('p', { class: 'notice good', tabindex: '-1', role: 'status' },
        t('contact.sent')));
      find('.notice', form).focus();
    });
  });
  return h('section', { id: 'contact', class: 'contact', 'aria-labelledby': 'contact-title' },
    h('div', {}, h('h2', { id: 'contact-title' }, t('contact.title')),
      h('p', {}, t('contact.hint'))), form);
}

async function who() {
  try {
    return await get('/dashboard');
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) {
      return null;
    }
    throw problem;
  }
}

// Members of an Enterprise account make their own teams here (R20).
function newTeam() {
  const where = h('div', {});
  const form = h('form', { class: 'invite', novalidate: true },
    field({ id: 'team', label: t('team.name'), maxlength: 120 }),
    h('button', {}, t('team.create')));

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const name = find('#team', form).value.trim();

    fieldError('team', name ? null : t('field.needed'));
    if (!name) {
      find('#team', form).focus();
      return;
    }
    try {
      const { team } = await post('/dashboard/teams', { name, from: 'pricing' });
      location.assign(`/upgrade?team=${part(team.id)}`);
    } catch (problem) {
      const ours = problem.body?.field === 'name';
      fieldError('team', ours ? problemText(problem).join(' ') : null);
      fill(where, ours ? null : failure(problem));
    }
  });
  return h('section', { class: 'contact', 'aria-labelledby': 'newteam' },
    h('div', {}, h('h2', { id: 'newteam' }, t('team.new')),
      h('p', {}, t('team.new.hint'))), h('div', {}, where, form));
}

page(async (main) => {
  const [data, me] = await Promise.all([get('/pricing'), who()]);
  const list = h('ul', { class: 'plan-cards' });

  title(t('pricing'));
  document.body.insertBefore(header(me?.profile?.email, 'pricing'), main);
  fill(list, cards(data));
  fill(main, h('div', { class: 'wide' },
    h('div', { class: 'hero' }, h('h1', {}, t('pricing.title')),
      h('p', {}, t('pricing.lead')), periods(data, list)),
    list, me ? newTeam() : null, contact()));
}, { anonymous: true });
