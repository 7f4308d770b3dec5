// Two elements for a page that is not ours, by one script tag:
//
//   <billing-upgrade-button team="T"><a href="/upgrade?team=T">…</a></…>
//   <billing-gate feature="voting" team="T">…</billing-gate>
//
// What they draw is in their shadow; the payment has a page of its own, where
// no script of the host page runs.  The site's gate decides; these only show.

import { get, part } from './api.js';
import { fill, h, icon } from './dom.js';
import { choosePlan } from './plan-popup.js';
import { has, load, t } from './text.js';

const UPGRADED = 'billing.upgraded';

const AGAIN = 2;            // seconds, doubled each time
const AGAIN_MAX = 60;

// Asked for once a page, whatever the number of elements; what failed, again.
const asked = new Map();
const ask = (path) => {
  if (!asked.has(path)) {
    asked.set(path, get(path).catch((problem) => {
      asked.delete(path);
      throw problem;
    }));
  }
  return asked.get(path);
};

// It may be otherwise in a while: nobody answered, or not now.
const passes = ({ status }) => status === 0 || status === 429 || status >= 500;
const dashboard = (team) => ask(`/dashboard?team=${part(team)}`);

let ready;

const sheet = async (name) => {
  const text = await (await fetch(`/billing/assets/${name}.css`)).text();

  return new CSSStyleSheet().replace(text.replace(/:root\b/g, ':host')
    .replace(/\bhtml \{/, ':host {'));
};

// The pages' own sheets, their properties on the element: the host page sets
// --accent and the others there.
function prepare() {
  ready ??= Promise.all([sheet('style'), sheet('order'), load({ page: false })])
    .then((loaded) => loaded.slice(0, 2));
  return ready;
}

class BillingElement extends HTMLElement {
  static observedAttributes = ['team', 'feature'];

  #drawn = 0;
  #again = AGAIN;

  connectedCallback() {
    this.update();
  }

  attributeChangedCallback() {
    if (this.isConnected) {
      this.update();
    }
  }

  say(name, detail) {
    this.dispatchEvent(new CustomEvent(`billing:${name}`,
      { bubbles: true, composed: true, detail }));
  }

  // Until all is known, and if it never is, the page's own content stays.
  async update() {
    const mine = this.#drawn += 1;
    const team = this.getAttribute('team');

    if (!team) {
      return;
    }
    try {
      const sheets = await prepare();
      const parts = await this.parts(team);
      if (mine !== this.#drawn) {
        return;
      }
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = sheets;
      fill(root, parts);
      this.#again = AGAIN;
    } catch (problem) {
      this.say('problem', { code: problem.code ?? 'INTERNAL' });
      if (passes(problem)) {
        this.later(mine, Math.max(problem.retryAfter, this.#again));
        this.#again = Math.min(2 * this.#again, AGAIN_MAX);
      }
    }
  }

  later(mine, seconds) {
    setTimeout(() => {
      if (this.isConnected && mine === this.#drawn) {
        this.update();
      }
    }, seconds * 1000);
  }
}

class UpgradeButton extends BillingElement {
  async parts(id) {
    const { team, upgrade_button: button } = await dashboard(id);

    this.back(team);
    if (button?.visible) {
      return [h('button', { type: 'button', class: 'primary', part: 'button',
        'aria-haspopup': 'dialog', onclick: () => this.open(team) }, icon('up'), t('upgrade'))];
    }
    if (team?.can?.open_billing) {
      return [h('a', { class: 'button', part: 'link',
        href: `/billing/overview?team=${part(id)}` }, icon('card'), t('billing'))];
    }
    if (!team?.plan || !has(`plan.${team.plan}.for`)) {
      return [];
    }
    return [h('span', { class: 'who-can', part: 'text' }, team.billing_admins?.length
      ? t('upgrade.who', { who: team.billing_admins.join(', ') }) : t('upgrade.who.admins'))];
  }

  // The confirmation leaves word of what was bought.
  back(team) {
    const kept = JSON.parse(sessionStorage.getItem(UPGRADED) ?? 'null');

    if (kept && kept.team === team?.id) {
      sessionStorage.removeItem(UPGRADED);
      this.say('upgraded', kept);
    }
  }

  open(team) {
    const body = h('div', { class: 'popup' });
    let gone = false;
    const box = h('dialog', { class: 'wide-dialog', 'aria-labelledby': 'billing-title',
      onclose: () => {
        box.remove();
        if (!gone) {
          this.say('cancelled', { team: team.id });
        }
      } }, h('div', { class: 'dialog-head' },
      h('h2', { id: 'billing-title' }, t('upgrade.title', { team: team.name })),
      h('button', { type: 'button', class: 'quiet', onclick: () => box.close() }, t('close'))), body);

    this.shadowRoot.append(box);
    box.showModal();
    choosePlan(body, {
      team: team.id,
      back: this.getAttribute('return') ?? location.pathname + location.search + location.hash,
      offered: ask(`/upgrade?team=${part(team.id)}`),
      close: () => box.close(),
      go: (url, order) => {
        gone = true;
        this.say('leaving', { team: team.id, plan: order.plan, seats: order.seats });
        location.assign(url);
      },
    });
  }
}

class Gate extends BillingElement {
  async parts(id) {
    const feature = this.getAttribute('feature');
    const [{ team }, { plans }] = await Promise.all([dashboard(id), ask('/pricing')]);
    const unlocks = (plan) => plan.features?.some((one) => one.feature === feature);
    const now = plans.find((one) => one.plan === (team.trial_plan ?? team.plan));
    const allowed = team.state !== 'expired' && Boolean(now && unlocks(now));
    const needed = plans.find((one) => one.selling && unlocks(one));

    this.toggleAttribute('allowed', allowed);
    this.say('gate', { team: id, feature, allowed });
    if (allowed) {
      return [h('slot')];
    }
    return [h('slot', { name: 'locked' }, h('div', { class: 'notice', part: 'locked' },
      h('p', {}, icon('lock'), ' ', needed
        ? t('gate.locked', { plan: needed.name }) : t('board.locked')),
      h('billing-upgrade-button', { team: id, return: this.getAttribute('return') },
        h('a', { href: `/upgrade?team=${part(id)}` }, t('upgrade')))))];
  }
}

customElements.define('billing-upgrade-button', UpgradeButton);
customElements.define('billing-gate', Gate);
