import * as z from 'zod/mini';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import { type KeyRoute, keyRoute } from './route.ts';

/** What a Prometheus asks for, with an API key as its bearer token. */
export function metricsRoute(telemetry: Pick<Telemetry, 'text' | 'contentType'>): KeyRoute {
  return keyRoute({
    method: 'GET',
    path: '/metrics',
    scope: 'METRICS',
    operation: 'metrics',
    summary: 'Counts of this process, in the format of Prometheus.',
    request: z.object({}),
    answer: { description: 'The counts.', text: 'text/plain' },
    errors: [],
    async handle() {
      const headers = { 'Content-Type': telemetry.contentType, 'Cache-Control': 'no-store' };
      return new Response(await telemetry.text(), { headers });
    },
  });
}
