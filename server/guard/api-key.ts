import { allows } from '../../protocol/credentials.ts';
import type { ApiKeyConfig } from '../config/config.ts';
import type { Credentials } from '../credentials.ts';
import { RequestError } from '../errors.ts';
import { bearerOf, type Call, type KeyRoute } from '../routes/route.ts';
import type { RateLimits } from './rate-limits.ts';

/** Where an API key may stand instead of `Authorization`. */
const KEY_HEADER = 'x-api-key';

/**
 * Finds the API key that a request presents, for what the route does. Rejects with `invalid_request` where two stand in
 * it, `unauthorized`, `insufficient_scope` or `rate_limited`.
 */
export async function requireApiKey(
  route: Pick<KeyRoute, 'method' | 'scope' | 'access'>,
  call: Call,
  parts: { readonly credentials: Credentials; readonly limits: RateLimits },
): Promise<ApiKeyConfig> {
  const presented = presentedKey(call);
  const key = presented === undefined ? undefined : await parts.credentials.apiKey(presented);
  if (key === undefined) {
    await parts.limits.wrongApiKey(call.address);
    throw new RequestError('unauthorized', 'This route needs a secret API key.', {
      hint: hintFor(presented),
    });
  }
  requireScope(key, scopeOf(route));
  await parts.limits.apiKey(key);
  return key;
}

/** Throws `insufficient_scope`. */
export function requireScope(key: ApiKeyConfig, scope: string): void {
  if (allows(key.scopes, scope)) return;
  throw new RequestError('insufficient_scope', `The API key ${key.label} lacks the scope \`${scope}\`.`, {
    hint: `Use a key with \`${scope}\` or \`${scope.replace(/:.*/, ':*')}\` among its \`scopes\`.`,
  });
}

/** What a key must be allowed to use the route. */
export function scopeOf({
  method,
  scope = 'DISPATCH',
  access = method === 'GET' ? 'READ' : undefined,
}: Pick<KeyRoute, 'method' | 'scope' | 'access'>): string {
  return `${scope}:${access ?? 'WRITE'}`;
}

function presentedKey(call: Call): string | undefined {
  const own = call.header(KEY_HEADER)?.trim();
  if (own === undefined || own === '') return bearerOf(call);
  if (call.header('authorization') === undefined) return own;
  throw new RequestError('invalid_request', 'The request has both `Authorization` and `X-API-Key`.', {
    hint: 'Send the key in one of them.',
  });
}

function hintFor(presented: string | undefined): string {
  if (presented === undefined) return 'Send `Authorization: Bearer sk_…` or `X-API-Key: sk_…`.';
  if (presented.startsWith('ct_')) {
    return 'A client token opens `/v1/client/…` only. Servers use an API key, `sk_…`.';
  }
  return 'The key is unknown, revoked or expired. Use another one, of the configuration or from `pagehand keys`.';
}
