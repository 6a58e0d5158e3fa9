import type * as z from 'zod/mini';
import type { DefinitionWarning } from '../../protocol/saved.ts';
import { RequestError } from '../errors.ts';
import type { Finding } from '../tools/kind.ts';

/** What every route may answer that writes an agent or a flow. */
export const WRITE_ERRORS = ['name_taken', 'invalid_tool', 'too_many_runtime_tools'] as const;

const DEFAULT_PAGE = 25;
const MAX_PAGE = 100;

export function limitOf(text: string | undefined): number {
  const limit = text === undefined ? DEFAULT_PAGE : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return limit;
  const problem = `is a whole number from 1 to ${MAX_PAGE}`;
  throw new RequestError('invalid_request', `The request does not fit this route: limit ${problem}.`, {
    details: [`limit: ${problem}`],
  });
}

export function datesOf({
  createdAtMs,
  updatedAtMs,
}: {
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}): { createdAt: string; updatedAt: string } {
  return { createdAt: new Date(createdAtMs).toISOString(), updatedAt: new Date(updatedAtMs).toISOString() };
}

/** The fields of a change in place of those that were there; `null` takes one away. */
export function changed<Schema extends z.ZodMiniType>(
  schema: Schema,
  before: object,
  change: object,
): z.infer<Schema> {
  const fields = Object.entries({ ...before, ...change }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return schema.parse(Object.fromEntries(fields));
}

export function validationOf(findings: readonly Finding[]): {
  validation: { warnings: DefinitionWarning[] };
} {
  return { validation: { warnings: findings.map((finding) => ({ ...finding })) } };
}
