import type { MiddlewareHandler } from 'hono';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { Log } from '../log.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';

/** Gives each request an id, for its answer and its line in the log, writes that line and counts it: what was asked, never what was said. */
export function requestLog(parts: {
  readonly log: Log;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly telemetry: Pick<Telemetry, 'http'>;
}): MiddlewareHandler<{ Variables: { requestId: string; route?: string } }> {
  const { log, clock, newId, telemetry } = parts;
  return async function requestLog(context, next) {
    const requestId = newId(ID_PREFIX.request);
    const startedMs = clock();
    context.set('requestId', requestId);
    await next();
    const { method, path } = context.req;
    const { headers, status } = context.res;
    headers.set('X-Request-Id', requestId);
    headers.set('X-Content-Type-Options', 'nosniff');
    // Files and health checks would drown the rest.
    const level = path.startsWith('/v1/') ? 'info' : 'debug';
    // A browser tells its page nothing of a refused origin; here whoever runs the server finds what to allow.
    const origin = status === 403 ? context.req.header('origin')?.slice(0, 200) : undefined;
    const ms = clock() - startedMs;
    telemetry.http({ method, route: context.get('route') ?? 'other', status, ms });
    log[level]({ method, path: path.slice(0, 200), status, origin, ms, requestId }, 'request');
  };
}
