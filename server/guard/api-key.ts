import type { ApiKeyConfig } from '../config/config.ts';
import type { Credentials } from '../credentials.ts';
import { RequestError } from '../errors.ts';
import type { RateLimits } from './rate-limits.ts';

/** The scope that starts and resumes executions. */
const DISPATCH_SCOPE = 'DISPATCH:*';

/** Finds the API key that a request presents. Rejects with `unauthorized`, `insufficient_scope` or `rate_limited`. */
export async function requireApiKey(
  presented: string | undefined,
  parts: {
    readonly credentials: Credentials;
    readonly limits: RateLimits;
    readonly address: string | undefined;
  },
): Promise<ApiKeyConfig> {
  const key = presented === undefined ? undefined : parts.credentials.apiKey(presented);
  if (key === undefined) {
    await parts.limits.wrongApiKey(parts.address);
    throw new RequestError('unauthorized', 'This route needs a secret API key.', {
      hint: hintFor(presented),
    });
  }
  if (!key.scopes.includes(DISPATCH_SCOPE)) {
    throw new RequestError(
      'insufficient_scope',
      `The API key ${key.label} lacks the scope \`${DISPATCH_SCOPE}\`.`,
      {
        hint: "Add it to the key's `scopes` in the server's configuration.",
      },
    );
  }
  await parts.limits.apiKey(key);
  return key;
}

function hintFor(presented: string | undefined): string {
  if (presented === undefined) return 'Send `Authorization: Bearer sk_…`.';
  if (presented.startsWith('ct_')) {
    return 'A client token opens `/v1/client/…` only. Servers use an API key, `sk_…`.';
  }
  return "The key is unknown. Copy one from the `apiKeys` of the server's configuration.";
}
