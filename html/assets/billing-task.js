// One task of the billing page in a dialog: what it will cost, the card if one
// is needed, the order, and its end, whatever happens in between.

import { Problem } from './api.js';
import { brandName } from './billing-overview.js';
import { dialog, fill, find, h, icon } from './dom.js';
import { CardError, GatewayDown } from './gateway.js';
import * as kept from './kept.js';
import * as purchase from './purchase.js';
import { failure, field, fieldError, problemText } from './shell.js';
import { t } from './text.js';

const PREVIEW_MS = 350;

function dropHash() {
  history.replaceState(null, '', location.pathname + location.search);
}

// The card on file, or another one; without one on file only the fields.
export function payWith(overview, entry, { always = false } = {}) {
  const onFile = !always && overview.payment_method?.method === 'card'
    ? overview.payment_method : null;
  const fields = h('div', { id: 'another', hidden: Boolean(onFile) },
    entry.element,
    h('p', { class: 'hint safe' }, icon('lock'), t('card.safe')));
  const option = (id, text, checked) => h('label', { class: 'choice' },
    h('input', { type: 'radio', name: 'with', id, checked, onchange: () => {
      fields.hidden = id === 'with-kept';
    } }), h('span', {}, text));

  return [onFile ? h('fieldset', { class: 'choices one' },
    h('legend', { class: 'hidden' }, t('step.payment')),
    option('with-kept', t('billing.card.ending', { brand: brandName(onFile.brand),
      last4: onFile.last4 }), true),
    option('with-another', t('billing.card.another'), false)) : null, fields];
}

const anotherCard = (form) => {
  const fields = find('#another', form);

  return Boolean(fields) && !fields.hidden;
};

function tell(form, state) {
  const place = find('.task-state', form);

  fill(place, h('span', { class: 'spin', 'aria-hidden': 'true' }),
    h('span', {}, t(`progress.${state}`)));
  place.hidden = false;
}

// The problem beside its field where it has one here, else on top.
function show(form, problem, entry) {
  const where = find('.task-problem', form);
  const id = problem.body?.field?.split('.').pop();

  if (problem instanceof CardError) {
    const said = entry.said(problem);
    entry.clear();
    fieldError(said.id, said.text);
    find(`#${said.id}`, form).focus();
    return;
  }
  if (id && find(`#${id}-error`, form)) {
    fieldError(id, problemText(problem).join(' '));
    find(`#${id}`, form).focus();
    return;
  }
  fill(where, failure(problem instanceof GatewayDown
    ? new Problem(0, { code: 'GATEWAY' }) : problem));
  find('.notice', where).tabIndex = -1;
  find('.notice', where).focus();
}

function wrong(form, fields, another) {
  const list = fields(form).concat(another ? another.wrong() : []);

  form.querySelectorAll('.error').forEach((one) => fieldError(one.id.replace(/-error$/, ''), null));
  list.forEach(({ id, text }) => fieldError(id, text));
  if (list.length) {
    find(`#${list[0].id}`, form).focus();
  }
  return list.length > 0;
}

// what: {heading, content, button, danger, path, body(form), errors(form),
// preview(form) -> {shown, button, ready}, said(answer), send}
export function task(ctx, what) {
  let asked = 0;
  let timer = 0;
  let busy = false;
  let shown = null;
  const submit = h('button', { class: what.danger ? 'danger' : 'primary', id: 'task-do' },
    what.button);
  const place = h('div', { id: 'preview', 'aria-live': 'polite' });
  const form = h('form', { novalidate: true, class: 'task' },
    h('div', { class: 'task-problem' }), what.content, place,
    h('p', { class: 'task-state', role: 'status', hidden: true }),
    h('div', { class: 'actions' }, submit, h('button', { type: 'button', class: 'quiet',
      onclick: () => box.close() }, what.leave ?? t('billing.leave'))));
  const box = dialog(what.heading, t('close'), form);

  const preview = async () => {
    const mine = asked += 1;

    place.setAttribute('aria-busy', 'true');
    submit.setAttribute('aria-disabled', 'true');
    try {
      const next = await what.preview(form);
      if (mine !== asked) {
        return;
      }
      shown = next;
      fill(find('.task-problem', form));
      form.querySelectorAll('.error').forEach((one) => (
        fieldError(one.id.replace(/-error$/, ''), null)));
      fill(place, next.shown);
      submit.textContent = next.button ?? what.button;
      submit.setAttribute('aria-disabled', String(next.ready === false));
    } catch (problem) {
      if (mine !== asked) {
        return;
      }
      shown = null;
      fill(place);
      if (problem.body?.field && find(`#${problem.body.field}-error`, form)) {
        fieldError(problem.body.field, problemText(problem).join(' '));
      } else {
        fill(find('.task-problem', form), failure(problem, preview));
      }
    } finally {
      place.removeAttribute('aria-busy');
    }
  };
  const idle = () => {
    busy = false;
    submit.setAttribute('aria-disabled', 'false');
    find('.task-state', form).hidden = true;
  };
  const finish = async (outcome) => {
    if (outcome.kind === 'redirect') {
      location.assign(outcome.url);
      return;
    }
    if (outcome.kind === 'done') {
      const said = what.said(outcome.answer);
      busy = false;
      box.close();
      await ctx.done(said);
      return;
    }
    idle();
    show(form, outcome.problem ?? new Problem(0, { code: 'NETWORK' }), ctx.card);
    if (outcome.problem?.code === 'QUOTE_STALE' && what.preview) {
      preview();
    }
  };
  const run = async (work) => {
    busy = true;
    submit.setAttribute('aria-disabled', 'true');
    tell(form, 'buy');
    try {
      let outcome = await work();
      while (outcome?.kind === 'resume') {
        outcome = await purchase.resume(kept.load(ctx.team, 'task'),
          (state) => tell(form, state));
      }
      await finish(outcome ?? { kind: 'refused' });
    } catch (problem) {
      kept.forget(ctx.team, 'task');
      idle();
      show(form, problem, ctx.card);
      if (![Problem, CardError, GatewayDown].some((kind) => problem instanceof kind)) {
        console.error(problem);
      }
    }
  };

  box.addEventListener('cancel', (event) => {
    if (busy) {
      event.preventDefault();         // money is on its way
    }
  });
  box.addEventListener('close', () => {
    asked += 1;
    dropHash();
  });
  form.addEventListener('input', () => {
    clearTimeout(timer);
    if (what.preview && what.live) {
      asked += 1;
      submit.setAttribute('aria-disabled', 'true');
      timer = setTimeout(preview, PREVIEW_MS);
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const another = anotherCard(form) ? ctx.card : null;
    if (busy || submit.getAttribute('aria-disabled') === 'true'
        || wrong(form, what.errors ?? (() => []), another)) {
      return;
    }
    if (what.send) {
      run(async () => ({ kind: 'done', answer: await what.send(form) }));
      return;
    }
    const body = { team: ctx.team, ...what.body(form),
      ...(another ? { payment: { method: 'card' } } : {}),
      ...(shown?.quote ? { quote: shown.quote } : {}) };
    run(() => purchase.start(body, another, (state) => tell(form, state),
      what.path));
  });
  if (what.preview) {
    preview();
  }
  return { box, form, run };
}

