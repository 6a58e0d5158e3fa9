import { ERRORS, errorBody } from '../../protocol/error.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import { ModelError } from '../models/model.ts';
import { StoreError } from '../store/store.ts';

/** How long a client waits after a 503 that does not say, in milliseconds. */
const RETRY_AFTER_MS = 5_000;

/** Turns whatever was thrown into the one body of failures. What nobody foresaw is logged and told to nobody. */
export function failure(error: unknown, requestId: string, log: Log): Response {
  const known = asRequestError(error);
  if (known.code === 'internal' || known.code === 'store_unavailable') {
    log.error({ err: error, requestId }, 'A request failed');
  }
  const { code, message, hint, details } = known;
  const { status } = ERRORS[code];
  const retryAfterMs = known.retryAfterMs ?? (status === 503 ? RETRY_AFTER_MS : undefined);
  const headers = new Headers({ ...known.headers, 'Cache-Control': 'no-store' });
  if (retryAfterMs !== undefined) headers.set('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
  if (code === 'unauthorized') headers.set('WWW-Authenticate', 'Bearer');
  if (known instanceof MethodNotAllowed) headers.set('Allow', known.allowed.join(', '));
  const body = errorBody(code, message, { hint, details, requestId });
  return Response.json(body, { status, headers });
}

function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof ModelError)
    return new RequestError(error.code, error.message, { hint: error.hint, cause: error });
  if (error instanceof StoreError) {
    return new RequestError('store_unavailable', 'The server cannot reach its memory.', {
      hint: 'Nothing was lost. Try again in a few seconds.',
      retryAfterMs: 5_000,
      cause: error,
    });
  }
  return new RequestError('internal', 'The server failed on this request.', {
    hint: 'Try again. If it stays, tell the operator the `requestId`.',
    cause: error,
  });
}

/** For a path that is nobody's, and for a method that the path does not take. */
export function noRoute(method: string, allowed: readonly string[]): RequestError {
  if (allowed.length > 0) return new MethodNotAllowed(method, allowed);
  return new RequestError('not_found', 'There is nothing at this address.', {
    hint: '`/openapi.json` lists every route.',
  });
}

class MethodNotAllowed extends RequestError {
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super('method_not_allowed', `This route does not take ${method}.`, {
      hint: `Send ${allowed.join(' or ')}.`,
    });
    this.allowed = allowed;
  }
}
