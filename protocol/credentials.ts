import * as z from 'zod/mini';
import { Id } from './ids.ts';
import { MAX_SECRET_CHARS } from './limits.ts';

/** What an API key may be allowed to do something with. */
export const SCOPE_RESOURCES = [
  'DISPATCH',
  'TOOLS',
  'AGENTS',
  'FLOWS',
  'SECRETS',
  'TOKENS',
  'KEYS',
  'RECEIPTS',
  'METRICS',
] as const;
export type ScopeResource = (typeof SCOPE_RESOURCES)[number];

/** `READ` asks and changes nothing. */
export type ScopeAction = 'READ' | 'WRITE';

/** `*`, or a resource with `:READ`, `:WRITE`, or `:*` for both. */
export function isScope(scope: string): boolean {
  return scope === '*' || parsed(scope) !== undefined;
}

/** Whether these scopes allow an action, or all of another scope. */
export function allows(scopes: readonly string[], wanted: string): boolean {
  if (scopes.includes('*')) return true;
  const parts = parsed(wanted);
  if (parts === undefined) return false;
  const { resource, actions } = parts;
  return actions.every(
    (action) => scopes.includes(`${resource}:*`) || scopes.includes(`${resource}:${action}`),
  );
}

const ACTIONS: Readonly<Record<string, readonly ScopeAction[]>> = {
  '*': ['READ', 'WRITE'],
  READ: ['READ'],
  WRITE: ['WRITE'],
};

function parsed(
  scope: string,
): { readonly resource: string; readonly actions: readonly ScopeAction[] } | undefined {
  const [, resource = '', action = ''] = /^([A-Z]+):(\*|READ|WRITE)$/.exec(scope) ?? [];
  const actions = ACTIONS[action];
  return actions !== undefined && SCOPE_RESOURCES.some((known) => known === resource)
    ? { resource, actions }
    : undefined;
}

const SecretName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9_]{1,100}$/, 'write 1 to 100 letters, digits or "_"'));

/** `POST /v1/secrets`: creates it, or replaces its value. */
export const SaveSecretRequest = z.object({
  /** Of `{{secret:NAME}}`. Kept in upper case. */
  name: SecretName,
  value: z.string().check(z.minLength(1), z.maxLength(MAX_SECRET_CHARS)),
});

/** `DELETE /v1/secrets/{name}`. */
export const SecretRequest = z.object({ name: SecretName });

/** A secret without its value, which nobody is told. */
export const SecretSummary = z.object({
  name: z.string(),
  /** Counts every writing, rotations too. */
  version: z.number(),
  /** Of the key that it is encrypted with. */
  keyId: z.string(),
  createdAt: z.string(),
  /** When its value was last set. */
  updatedAt: z.string(),
});
export type SecretSummary = z.infer<typeof SecretSummary>;

/** What to know about a secret that was saved all the same. */
export const SavedSecret = z.object({ ...SecretSummary.shape, warnings: z.optional(z.array(z.string())) });
export type SavedSecret = z.infer<typeof SavedSecret>;

export const SecretsResponse = z.object({ secrets: z.array(SecretSummary) });
export type SecretsResponse = z.infer<typeof SecretsResponse>;

/** `POST /v1/secrets/rotate`: encrypts everything under the first of `PAGEHAND_SECRET_KEYS`. */
export const RotateSecretsResponse = z.object({
  keyId: z.string(),
  rotated: z.number(),
  /** Under that key before. */
  unchanged: z.number(),
  /** For which there was no time: ask again. */
  left: z.number(),
  /** That cannot be decrypted, of all workspaces. They stay as they are. */
  failed: z.number(),
  /** Those of them in the workspace of the API key. */
  failedNames: z.array(z.string()),
});
export type RotateSecretsResponse = z.infer<typeof RotateSecretsResponse>;

export const Deleted = z.object({ deleted: z.literal(true) });
export type Deleted = z.infer<typeof Deleted>;

const Environment = z.enum(['live', 'test']);
const Origins = z.array(z.string().check(z.maxLength(300))).check(z.minLength(1), z.maxLength(100));

/** `POST /v1/client-tokens` */
export const CreateClientTokenRequest = z.object({
  /** Of the server's configuration. */
  surfaceId: z.string(),
  /** Of the pages that may use it: exact, lower-case, without a path. */
  allowedOrigins: Origins,
  /** Default: `live`, for `ct_live_…`. */
  environment: z.optional(Environment),
});

/** `DELETE /v1/client-tokens/{id}` and its like. */
export const CredentialRequest = z.object({ id: Id });

/** `PATCH /v1/client-tokens/{id}`: what is left out stays. */
export const ChangeClientTokenRequest = z.object({
  id: Id,
  allowedOrigins: z.optional(Origins),
  /** Off: it opens nothing, and its sessions end. */
  isActive: z.optional(z.boolean()),
});

/** A client token that was made while the server ran, without its value. */
export const ClientTokenSummary = z.object({
  id: z.string(),
  /** Its first characters. */
  label: z.string(),
  surfaceId: z.string(),
  environment: Environment,
  allowedOrigins: z.array(z.string()),
  isActive: z.boolean(),
  createdAt: z.string(),
});
export type ClientTokenSummary = z.infer<typeof ClientTokenSummary>;

export const ClientTokensResponse = z.object({ clientTokens: z.array(ClientTokenSummary) });
export type ClientTokensResponse = z.infer<typeof ClientTokensResponse>;

/** A client token with its value, which is told this once. */
export const IssuedClientToken = z.object({ ...ClientTokenSummary.shape, token: z.string() });
export type IssuedClientToken = z.infer<typeof IssuedClientToken>;

/** `POST /v1/api-keys` */
export const CreateApiKeyRequest = z.object({
  /** What people call it. */
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  /** Each of them one that the asking key has itself. */
  scopes: z.array(z.string().check(z.maxLength(40))).check(z.minLength(1), z.maxLength(30)),
  /** Default: `live`, for `sk_live_…`. */
  environment: z.optional(Environment),
  /** Default: as long as the key that asks. */
  expiresInDays: z.optional(z.int().check(z.gte(1), z.lte(3_650))),
});

/** An API key that was made while the server ran, without its value. */
export const ApiKeySummary = z.object({
  id: z.string(),
  /** Its first characters. */
  label: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  /** Off: it was revoked. */
  isActive: z.boolean(),
  createdAt: z.string(),
  /** `null`: it does not expire. */
  expiresAt: z.nullable(z.string()),
});
export type ApiKeySummary = z.infer<typeof ApiKeySummary>;

export const ApiKeysResponse = z.object({ apiKeys: z.array(ApiKeySummary) });
export type ApiKeysResponse = z.infer<typeof ApiKeysResponse>;

/** An API key with its value, which is told this once. */
export const IssuedApiKey = z.object({ ...ApiKeySummary.shape, key: z.string() });
export type IssuedApiKey = z.infer<typeof IssuedApiKey>;
