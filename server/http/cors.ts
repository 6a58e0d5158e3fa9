import type { HonoRequest, MiddlewareHandler } from 'hono';
import type { Credentials } from '../credentials.ts';
import { wrongOrigin } from '../sessions.ts';

const METHODS = 'GET, POST, PATCH, DELETE, OPTIONS';
const REQUEST_HEADERS = [
  'content-type',
  'x-persona-version',
  'x-visitor-token',
  'x-identity-proof',
  'authorization',
  'idempotency-key',
  'last-event-id',
  'upload-offset',
];
/** No page of another origin sends one before this server has said that it may. */
const OWN_HEADERS = ['authorization', 'x-visitor-token', 'x-identity-proof'];
const ANSWER_HEADERS = 'X-History-Identity-Status, Retry-After, Upload-Offset';
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const MAX_AGE_SECONDS = '600';

/**
 * Shares the client routes with exactly the origins of the client tokens. A preflight carries no token, so it is
 * answered for an origin that any active token allows, and so are errors: the widget there can then say why it was
 * refused. The request itself is held against its own token by its route. All other origins read nothing.
 */
export function cors(credentials: Credentials): MiddlewareHandler {
  return async function cors(context, next) {
    if (isOfOwnOrigin(context.req)) return await next();
    // Without the header it is no browser, and counts as a page that hides its origin.
    const origin = context.req.header('origin') ?? 'null';
    if (!(await credentials.knowsOrigin(origin))) throw wrongOrigin(origin);
    if (context.req.method === 'OPTIONS') {
      context.res = preflight(context.req.header('access-control-request-headers'));
    } else {
      await next();
    }
    const { headers } = context.res;
    headers.set('Access-Control-Allow-Origin', origin);
    headers.set('Access-Control-Expose-Headers', ANSWER_HEADERS);
    headers.append('Vary', 'Origin');
  };
}

/**
 * A browser names no origin when a page of this server's own origin asks with GET. When any other page's request
 * carries one of these headers, it does; so whoever comes with one and without an origin is held against the session
 * alone.
 */
function isOfOwnOrigin(request: HonoRequest): boolean {
  return (
    request.method === 'GET' &&
    request.header('origin') === undefined &&
    OWN_HEADERS.some((name) => request.header(name) !== undefined) &&
    ['same-origin', undefined].includes(request.header('sec-fetch-site'))
  );
}

function preflight(requestedHeaders: string | undefined): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'Access-Control-Allow-Methods': METHODS,
      'Access-Control-Allow-Headers': allowedHeaders(requestedHeaders),
      'Access-Control-Max-Age': MAX_AGE_SECONDS,
    },
  });
}

/** Headers that a page adds by itself are let through: nothing here reads them, and without them its resumes would fail. */
function allowedHeaders(requested = ''): string {
  const own = requested
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => HEADER_NAME.test(name));
  return [...new Set([...REQUEST_HEADERS, ...own])].join(', ');
}
