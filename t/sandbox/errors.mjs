// What the gateway refuses with.

export class ApiError extends Error {
  constructor(status, type, code, message, more = {}) {
    super(message);
    this.status = status;
    this.body = { error: { type, ...(code ? { code } : {}), message, ...more } };
  }
}

export function invalid(message, param, code) {
  return new ApiError(400, 'invalid_request_error', code, message, param ? { param } : {});
}

export function missing(kind, id) {
  return new ApiError(404, 'invalid_request_error', 'resource_missing',
    `No such ${kind}: '${id}'`, { param: kind });
}
