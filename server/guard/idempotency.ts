import { createHash } from 'node:crypto';
import { IDEMPOTENCY_LIFETIME_MS, MAX_IDEMPOTENCY_KEY_CHARS } from '../../protocol/limits.ts';
import type { IdempotencyKey } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
import type { Owner } from '../store/store.ts';

const HOURS = IDEMPOTENCY_LIFETIME_MS / 3_600_000;
const LENGTH = `1 to ${MAX_IDEMPOTENCY_KEY_CHARS} printable ASCII characters`;

export const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  description:
    `${LENGTH}, chosen anew for each thing to do. The same request under the same key does it once: for ${HOURS} ` +
    'hours a repetition gets the events of the first. Another body under it is refused (`idempotency_key_reused`).',
};

/** For what does no more when it is done twice. */
export const NEEDLESS_IDEMPOTENCY_KEY = {
  name: IDEMPOTENCY_KEY.name,
  description: `${LENGTH}. Accepted and not needed: a repetition answers like the first, whatever its key.`,
};

/** Whose key it is, and for what: the same key of somebody else, or on another route, is another key. */
export interface KeyScope {
  readonly owner: Owner;
  /** Of browsers: they share a client token. */
  readonly conversationId: string | null;
  readonly route: string;
}

/** The key of a request as the dispatcher takes it: hashed, beside the hash of the body. Throws `invalid_request`. */
export function idempotencyOf(
  presented: string | undefined,
  { owner, conversationId, route }: KeyScope,
  body: object,
): { readonly idempotency?: IdempotencyKey } {
  if (presented === undefined) return {};
  checkIdempotencyKey(presented);
  const scope = [owner.kind, owner.hash, conversationId, route, presented];
  // A session may be renewed between two tries of one request.
  const meant = { ...body, sessionId: undefined };
  return { idempotency: { keyHash: hash(scope), requestHash: hash(meant) } };
}

export function checkIdempotencyKey(presented: string | undefined): void {
  if (presented === undefined) return;
  if (presented.length <= MAX_IDEMPOTENCY_KEY_CHARS && /^[ -~]+$/.test(presented)) return;
  throw new RequestError('invalid_request', 'The `Idempotency-Key` is none.', {
    hint: `Send ${LENGTH}, such as a random UUID.`,
    details: [`Idempotency-Key: not ${LENGTH}`],
  });
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, inOrder)).digest('hex');
}

/** The order of an object's keys says nothing. */
function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
