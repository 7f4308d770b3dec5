// Calls to our own origin: JSON, the CSRF token, problems as exceptions.

let csrf = '';
let demo = false;

export class Problem extends Error {
  constructor(status, body, retryAfter = 0) {
    super(body.detail ?? body.title ?? body.code);
    Object.assign(this, { status, body, retryAfter, code: body.code ?? 'INTERNAL' });
  }
}

export function trust(token) {
  csrf = token ?? csrf;
}

// Whether the server has said that its clock can be moved.
export const inDemo = () => demo;

async function read(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

export async function call(method, path, body, headers = {}) {
  let response;
  let json;

  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: 'application/json',
        'Accept-Language': document.documentElement.lang,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'X-CSRF-Token': csrf }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: 'error',
      cache: 'no-store',
    });
    json = await read(response);
  } catch {
    throw new Problem(0, { code: 'NETWORK' });
  }

  const after = Number(response.headers.get('Retry-After')) || 0;
  if (response.status >= 400 || !json) {
    throw new Problem(response.status, json ?? { code: 'GARBLED' }, after);
  }
  trust(json.csrf);
  demo ||= json.demo === true;
  return { status: response.status, json, location: response.headers.get('Location'),
    retryAfter: after };
}

export const get = async (path) => (await call('GET', path)).json;
export const post = async (path, body = {}) => (await call('POST', path, body)).json;
export const part = encodeURIComponent;
