import { createHash, randomBytes } from 'node:crypto';
import type { ApiKeyConfig, ClientTokenConfig, Config, Surface } from './config/config.ts';
import { createTokenBuckets } from './guard/token-buckets.ts';
import type { CredentialStore, StoredApiKey, StoredClientToken } from './store/credential-store.ts';

/** A client token and the surface that it opens. */
export interface TokenGrant {
  readonly surface: Surface;
  readonly token: ClientTokenConfig;
}

/**
 * Finds what a credential opens: those of the configuration, and those that were made while the server ran, as they
 * stood at the last reading. What is not found is read anew, once a second in the mean. Looked up by SHA-256, so the
 * time that it takes says nothing about the value. Rejects with `StoreError` where such a reading fails.
 */
export interface Credentials {
  /** Of any token that there is, active or not. */
  clientToken(token: string): Promise<TokenGrant | undefined>;
  clientTokenByHash(hash: string): Promise<TokenGrant | undefined>;
  /** `undefined` for one that was revoked or has expired, too. */
  apiKey(key: string): Promise<ApiKeyConfig | undefined>;
  /** Whether some active client token allows this origin. All that a preflight can be asked. */
  knowsOrigin(origin: string): Promise<boolean>;
  /** Reads what was made while the server ran, here and elsewhere. */
  refresh(): Promise<void>;
}

export interface CredentialsOptions {
  readonly config: Config;
  readonly store: Pick<CredentialStore, 'clientTokens' | 'apiKeys'>;
  readonly clock: () => number;
}

/** Readings in a minute for something that is not found. Whoever guesses must not cost more. */
const MISSES_PER_MINUTE = 60;

export function createCredentials({ config, store, clock }: CredentialsOptions): Credentials {
  const configured = configuredIn(config);
  let all = configured;
  const misses = createTokenBuckets(clock);
  let reading: Promise<void> | undefined;

  const read = async () => {
    const [tokens, keys] = await Promise.all([store.clientTokens(), store.apiKeys()]);
    all = withStored(configured, config.surfaces, tokens, keys);
  };
  const readOnce = () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const find = async <Found>(look: (known: Known) => Found | undefined): Promise<Found | undefined> => {
    const found = look(all);
    if (found !== undefined) return found;
    if (reading === undefined && misses.take('miss', MISSES_PER_MINUTE) > 0) return undefined;
    await readOnce();
    return look(all);
  };

  return {
    clientToken: (token) => find(({ tokens }) => tokens.get(hashCredential(token))),
    clientTokenByHash: (hash) => find(({ tokens }) => tokens.get(hash)),
    async apiKey(value) {
      const hash = hashCredential(value);
      const key = await find(({ keys }) => keys.get(hash));
      return key?.expiresAtMs === undefined || key.expiresAtMs > clock() ? key : undefined;
    },
    knowsOrigin: async (origin) =>
      (await find(({ origins }) => (origins.has(origin) ? true : undefined))) === true,
    async refresh() {
      // One that is under way may have begun before what the caller knows of.
      await reading?.catch(() => undefined);
      await readOnce();
    },
  };
}

/** SHA-256 in hexadecimal. Credentials carry 256 random bits or are the operator's choice for tests, so no salt is due. */
export function hashCredential(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/** 32 random bytes as text that is safe in URLs and headers. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The prefix and two characters: enough to tell a few credentials apart, too little to use one. */
const SHOWN_CHARS = 'ct_test_'.length + 2;

/** What a credential is called where it must not be shown. */
export function labelOf(value: string): string {
  return `${value.slice(0, SHOWN_CHARS)}…`;
}

interface Known {
  readonly tokens: ReadonlyMap<string, TokenGrant>;
  readonly keys: ReadonlyMap<string, ApiKeyConfig>;
  readonly origins: ReadonlySet<string>;
}

function configuredIn({ surfaces, apiKeys }: Config): Known {
  const grants = surfaces.flatMap((surface) =>
    surface.clientTokens.map((token): TokenGrant => ({ surface, token })),
  );
  return known(grants, apiKeys);
}

/** The configuration comes last: nothing that is stored takes its place. Tokens of surfaces that are gone open nothing. */
function withStored(
  configured: Known,
  surfaces: readonly Surface[],
  tokens: readonly StoredClientToken[],
  keys: readonly StoredApiKey[],
): Known {
  const grants = tokens.flatMap(({ surfaceId, workspace, ...token }): readonly TokenGrant[] => {
    const surface = surfaces.find(({ id }) => id === surfaceId);
    return surface === undefined || surface.workspace !== workspace ? [] : [{ surface, token }];
  });
  const active = keys.filter(({ isActive }) => isActive);
  return known(
    [...grants, ...configured.tokens.values()],
    [...active.map(storedKey), ...configured.keys.values()],
  );
}

function storedKey({ hash, label, scopes, workspace, expiresAtMs }: StoredApiKey): ApiKeyConfig {
  return { hash, label, scopes, workspace, ...(expiresAtMs === null ? {} : { expiresAtMs }) };
}

function known(grants: readonly TokenGrant[], keys: readonly ApiKeyConfig[]): Known {
  const active = grants.filter(({ token }) => token.isActive);
  return {
    tokens: new Map(grants.map((grant) => [grant.token.hash, grant])),
    keys: new Map(keys.map((key) => [key.hash, key])),
    origins: new Set(active.flatMap(({ token }) => token.allowedOrigins)),
  };
}
