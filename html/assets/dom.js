// Elements without innerHTML: h('p', { class: 'x' }, 'text', child, ...).

const SVG = 'http://www.w3.org/2000/svg';

const ICONS = {
  plus: 'M10 4v12M4 10h12',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  lock: 'M5.5 9.5h9v6.5h-9zM7.5 9.5V7a2.5 2.5 0 0 1 5 0v2.5',
  eye: 'M2.5 10s2.7-4.7 7.5-4.7 7.5 4.7 7.5 4.7-2.7 4.7-7.5 4.7S2.5 10 2.5 10zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4',
  card: 'M3 5.5h14v9H3zM3 8.5h14M5.5 12h3',
  invoice: 'M5.5 3h9v14l-2.2-1.5L10 17l-2.3-1.5L5.5 17zM8 7h4M8 10h4',
  arrow: 'M12 4.5L6.5 10l5.5 5.5',
  users: 'M7.5 9.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM2.5 16c.4-2.7 2.4-4.2 5-4.2s4.6 1.5 5 4.2M13 4.4a2.6 2.6 0 0 1 0 5M14.6 12.1c1.6.5 2.6 1.8 2.9 3.9',
  gear: 'M10 12.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM10 3v2.2M10 14.8V17M3 10h2.2M14.8 10H17M5.1 5.1l1.5 1.5M13.4 13.4l1.5 1.5M14.9 5.1l-1.5 1.5M6.6 13.4l-1.5 1.5',
  up: 'M10 16V5M5.5 9.2L10 4.7l4.5 4.5',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l2.7 1.8',
  globe: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM3 10h14M10 3c2 2 2.9 4.4 2.9 7S12 15 10 17c-2-2-2.9-4.4-2.9-7S8 5 10 3',
};

function set(element, name, value) {
  if (value === null || value === undefined || value === false) {
    return;
  }
  if (name.startsWith('on')) {
    element.addEventListener(name.slice(2), value);
    return;
  }
  if (name === 'data') {
    Object.assign(element.dataset, value);
    return;
  }
  if (name === 'value') {
    element.value = value;
    return;
  }
  element.setAttribute(name, value === true ? '' : value);
}

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);

  element.append(...children.flat(Infinity).filter((one) => one !== null
    && one !== undefined && one !== false));
  for (const [name, value] of Object.entries(props ?? {})) {
    set(element, name, value);
  }
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');

  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

export const find = (selector, root = document) => root.querySelector(selector);

export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
  return element;
}

// Said by screen readers, seen by nobody.
export function announce(text) {
  let region = find('#announce');

  if (!region) {
    region = h('div', { id: 'announce', class: 'hidden', role: 'status', 'aria-live': 'polite' });
    document.body.append(region);
  }
  region.textContent = '';
  setTimeout(() => { region.textContent = text; }, 50);
}

// A native dialog: focus goes in, Escape closes, focus returns.
export function dialog(title, close, ...content) {
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const box = h('dialog', { 'aria-labelledby': id },
    h('div', { class: 'dialog-head' },
      h('h2', { id }, title),
      h('button', { type: 'button', class: 'quiet', onclick: () => box.close() }, close)),
    ...content);

  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}
