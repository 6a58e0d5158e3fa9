import * as z from 'zod/mini';
import { RequestError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { jsonAnswer, type OpenRoute } from './route.ts';

const Health = z.object({ status: z.literal('ok') });

/** The routes of those who run the server: is it alive, can it work, what does it speak. */
export function serviceRoutes(parts: {
  readonly store: Store;
  readonly isAccepting: () => boolean;
  readonly document: () => unknown;
}): OpenRoute[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      summary: 'Whether the process runs.',
      auth: 'none',
      answer: { description: 'It runs.', json: Health },
      errors: [],
      handle: () => jsonAnswer({ status: 'ok' }),
    },
    {
      method: 'GET',
      path: '/readyz',
      summary: 'Whether it takes new work: not while it shuts down, nor without its store.',
      auth: 'none',
      answer: { description: 'It takes new work.', json: Health },
      errors: [],
      async handle() {
        if (!parts.isAccepting()) throw shuttingDown();
        await parts.store.ping();
        return jsonAnswer({ status: 'ok' });
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      summary: 'This document.',
      auth: 'none',
      answer: { description: 'OpenAPI 3.1.', json: z.record(z.string(), z.unknown()) },
      errors: [],
      handle: () => Response.json(parts.document(), { headers: { 'Cache-Control': 'no-cache' } }),
    },
  ];
}

export function shuttingDown(): RequestError {
  return new RequestError('shutting_down', 'The server is shutting down.', {
    hint: 'Try again in a few seconds; another one takes over.',
    retryAfterMs: 5_000,
  });
}
