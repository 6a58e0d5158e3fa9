import { createHash, randomBytes } from 'node:crypto';
import type { ApiKeyConfig, ClientTokenConfig, Config, Surface } from './config/config.ts';

/** A client token and the surface that it opens. */
export interface TokenGrant {
  readonly surface: Surface;
  readonly token: ClientTokenConfig;
}

/** Finds what a credential opens. Looked up by SHA-256, so the time that it takes says nothing about the value. */
export interface Credentials {
  /** Of any token that is configured, active or not. */
  clientToken(token: string): TokenGrant | undefined;
  clientTokenByHash(hash: string): TokenGrant | undefined;
  apiKey(key: string): ApiKeyConfig | undefined;
  /** Whether some active client token allows this origin. All that a preflight can be asked. */
  knowsOrigin(origin: string): boolean;
}

export function createCredentials(config: Config): Credentials {
  const grants = config.surfaces.flatMap((surface) =>
    surface.clientTokens.map((token): TokenGrant => ({ surface, token })),
  );
  const tokens = new Map(grants.map((grant) => [grant.token.hash, grant]));
  const apiKeys = new Map(config.apiKeys.map((key) => [key.hash, key]));
  const origins = new Set(
    grants.filter(({ token }) => token.isActive).flatMap(({ token }) => token.allowedOrigins),
  );
  return {
    clientToken: (token) => tokens.get(hashCredential(token)),
    clientTokenByHash: (hash) => tokens.get(hash),
    apiKey: (key) => apiKeys.get(hashCredential(key)),
    knowsOrigin: (origin) => origins.has(origin),
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
