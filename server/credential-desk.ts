import { ID_PREFIX } from '../protocol/ids.ts';
import { hashCredential, labelOf, randomSecret } from './credentials.ts';
import type { CredentialStore, StoredApiKey, StoredClientToken } from './store/credential-store.ts';

const DAY_MS = 24 * 60 * 60_000;

/** What was just made, with its value. It is kept hashed: nobody is told the value again. */
export interface Issued<Stored> {
  readonly value: string;
  readonly stored: Stored;
}

interface NewApiKey {
  readonly workspace: string;
  /** What people call it. */
  readonly name: string;
  /** As `isScope` knows them. */
  readonly scopes: readonly string[];
  /** Default: `live`, for `sk_live_…`. */
  readonly environment?: 'live' | 'test' | undefined;
  /** Default: it does not expire. */
  readonly expiresInDays?: number | undefined;
  /** It expires then at the latest, in milliseconds since 1970. */
  readonly expiresBeforeMs?: number | undefined;
}

type NewClientToken = Pick<StoredClientToken, 'workspace' | 'surfaceId' | 'allowedOrigins' | 'environment'>;

/**
 * Makes, lists and takes back API keys and client tokens in a database, whether or not a server runs on it. Running
 * servers learn of it within five seconds. Everything stands within a workspace; `undefined` and `false` mean that
 * there is no such thing in it. Rejects with `StoreError`.
 */
export interface CredentialDesk {
  issueApiKey(wanted: NewApiKey): Promise<Issued<StoredApiKey>>;
  /** In the order in which they were made; revoked ones too. */
  apiKeys(workspace: string): Promise<readonly StoredApiKey[]>;
  /** For good. */
  revokeApiKey(workspace: string, id: string): Promise<StoredApiKey | undefined>;
  issueClientToken(wanted: NewClientToken): Promise<Issued<StoredClientToken>>;
  clientTokens(workspace: string): Promise<readonly StoredClientToken[]>;
  changeClientToken(
    workspace: string,
    id: string,
    change: Partial<Pick<StoredClientToken, 'allowedOrigins' | 'isActive'>>,
  ): Promise<StoredClientToken | undefined>;
  /** Gives it another value. Sessions that were opened with the one before end. */
  regenerateClientToken(workspace: string, id: string): Promise<Issued<StoredClientToken> | undefined>;
  removeClientToken(workspace: string, id: string): Promise<boolean>;
}

export interface CredentialDeskOptions {
  readonly store: CredentialStore;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

export function createCredentialDesk({ store, clock, newId }: CredentialDeskOptions): CredentialDesk {
  return {
    async issueApiKey({ workspace, name, scopes, environment = 'live', expiresInDays, expiresBeforeMs }) {
      const value = `sk_${environment}_${randomSecret()}`;
      const nowMs = clock();
      const ends = [
        ...(expiresInDays === undefined ? [] : [nowMs + expiresInDays * DAY_MS]),
        ...(expiresBeforeMs === undefined ? [] : [expiresBeforeMs]),
      ];
      const stored: StoredApiKey = {
        id: newId(ID_PREFIX.apiKeyRecord),
        hash: hashCredential(value),
        label: labelOf(value),
        name,
        workspace,
        scopes: [...new Set(scopes)],
        createdAtMs: nowMs,
        expiresAtMs: ends.length === 0 ? null : Math.min(...ends),
        isActive: true,
      };
      await store.saveApiKey(stored);
      return { value, stored };
    },

    apiKeys: async (workspace) => within(workspace, await store.apiKeys()),

    revokeApiKey: (workspace, id) => store.revokeApiKey(workspace, id),

    async issueClientToken(wanted) {
      const { value, ...credential } = tokenValue(wanted.environment);
      const stored: StoredClientToken = {
        ...wanted,
        ...credential,
        id: newId(ID_PREFIX.clientTokenRecord),
        isActive: true,
        createdAtMs: clock(),
      };
      await store.saveClientToken(stored);
      return { value, stored };
    },

    clientTokens: async (workspace) => within(workspace, await store.clientTokens()),

    changeClientToken: (workspace, id, change) => store.changeClientToken(workspace, id, change),

    async regenerateClientToken(workspace, id) {
      const token = within(workspace, await store.clientTokens()).find((other) => other.id === id);
      if (token === undefined) return undefined;
      const { value, ...credential } = tokenValue(token.environment);
      const stored = await store.changeClientToken(workspace, id, credential);
      return stored && { value, stored };
    },

    removeClientToken: (workspace, id) => store.removeClientToken(workspace, id),
  };
}

function tokenValue(environment: 'live' | 'test') {
  const value = `ct_${environment}_${randomSecret()}`;
  return { value, hash: hashCredential(value), label: labelOf(value) };
}

function within<Stored extends { readonly workspace: string }>(
  workspace: string,
  all: readonly Stored[],
): Stored[] {
  return all.filter((stored) => stored.workspace === workspace);
}
