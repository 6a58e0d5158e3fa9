import type { Egress, EgressResponse } from '../egress/egress.ts';
import { MAX_ANSWER_BYTES } from './http-answer.ts';
import type { ToolContext } from './tool.ts';

/** Longest call of a service, in milliseconds, and the default. */
export const MAX_SERVICE_TIMEOUT_MS = 30_000;

export interface ServiceCall {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
}

/** The time limit of a definition, where it is one. */
export function serviceTimeout(timeout: number | undefined): number {
  return timeout !== undefined && timeout >= 1 && timeout <= MAX_SERVICE_TIMEOUT_MS
    ? timeout
    : MAX_SERVICE_TIMEOUT_MS;
}

/** Calls of methods that change something carry a key, by which a service knows a second attempt at the same call. */
export function callService(
  egress: Egress,
  call: ServiceCall,
  { executionId, toolCallId, signal }: Pick<ToolContext, 'executionId' | 'toolCallId' | 'signal'>,
): Promise<EgressResponse> {
  const key = `${executionId}.${encodeURIComponent(toolCallId)}`;
  const headers = isRepeatable(call.method) ? call.headers : { 'idempotency-key': key, ...call.headers };
  return egress.request({ ...call, headers, signal, maxBytes: MAX_ANSWER_BYTES });
}

/** Whether HTTP says that a second call does no more than the first. */
export function isRepeatable(method: string): boolean {
  return method !== 'POST' && method !== 'PATCH';
}
