// Whether an exchange with the interface is as doc/openapi.yaml says.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { Ajv, yaml } = createRequire(import.meta.url)('../../tools/library.cjs');
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

// For ajv 6 (Debian 12) and 8 (Debian 13), which has no formats of its own and
// is strict about those it does not know.
const options = {
  strict: false,
  logger: false,
  formats: {
    binary: /[^]*/,
    email: /^[^\s@]+@[^\s@]+$/,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  },
};

let description = null;

function load() {
  const document = yaml.load(fs.readFileSync(path.join(root, 'doc/openapi.yaml'), 'utf8'));
  const ajv = new Ajv(options);
  const routes = [];

  ajv.addSchema({ $id: 'openapi', components: document.components });
  for (const [where, item] of Object.entries(document.paths)) {
    const pattern = where.replace(/[.]/g, '\\$&').replace(/\{\w+\}/g, '([^/]+)');
    for (const method of METHODS.filter((name) => name in item)) {
      routes.push({
        method: method.toUpperCase(),
        pattern: new RegExp(`^${pattern}$`),
        literal: where.replace(/\{\w+\}/g, '').length,
        operation: item[method],
        compiled: new Map(),
      });
    }
  }
  // Of two that match, /x/{a}.pdf comes before /x/{a}.
  routes.sort((a, b) => b.literal - a.literal);
  return { document, ajv, routes, hooks: new Map() };
}

function referred(object) {
  return object?.$ref === undefined ? object
    : object.$ref.slice(2).split('/').reduce((at, name) => at[name], description.document);
}

// A component's schema is compiled once, wherever it is referred to.
function absolute(schema) {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'));
}

function judge(route, name, schema, value) {
  if (!route.compiled.has(name)) {
    route.compiled.set(name, description.ajv.compile(absolute(schema)));
  }
  const valid = route.compiled.get(name);
  return valid(value) ? null : description.ajv.errorsText(valid.errors, { dataVar: name });
}

// null, or what is not as it is described.  An address that is not the
// interface's own is nobody's business here.
export function violation({ method, url, body, status, type = '', text, json }) {
  description ??= load();

  const { pathname } = new URL(url);
  const route = description.routes.find((one) => one.method === (method === 'HEAD' ? 'GET' : method)
    && one.pattern.test(pathname));

  if (route === undefined || route.operation.operationId.startsWith('gate.')) {
    return null;
  }

  const what = `${method} ${pathname} ${status}`;
  const { responses, requestBody } = route.operation;
  const answer = referred(responses[status] ?? responses[`${String(status)[0]}XX`]);

  if (answer === undefined) {
    return `${what}: no such answer is described`;
  }

  const media = type.split(';')[0];
  const content = answer.content[media];

  if (content === undefined) {
    return `${what}: an answer of type "${media}" is not described`;
  }
  if (method !== 'HEAD' && /json$/.test(media)) {
    const wrong = judge(route, `${media}.${status}`, content.schema, json);
    if (wrong !== null) {
      return `${what}: ${wrong}: ${text.slice(0, 1000)}`;
    }
  }

  // What was accepted must be allowed.
  const asked = requestBody?.content['application/json'];
  if (status < 300 && asked !== undefined && typeof body === 'string' && body.length < 65536) {
    const wrong = judge(route, 'request', asked.schema, JSON.parse(body));
    if (wrong !== null) {
      return `${what}: accepted, but ${wrong}: ${body}`;
    }
  }
  return null;
}

// The same of what the application's address was told.
export function untold(json) {
  description ??= load();

  const hook = description.document.webhooks[json.type]?.post;
  if (hook === undefined) {
    return `${json.type}: no such event is described`;
  }
  const route = description.hooks.get(json.type) ?? { compiled: new Map() };
  description.hooks.set(json.type, route);
  return judge(route, json.type, hook.requestBody.content['application/json'].schema, json);
}
