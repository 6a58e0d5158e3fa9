/** A client token that was made while the server ran. */
export interface StoredClientToken {
  readonly id: string;
  readonly hash: string;
  /** Its first characters, to tell it by. */
  readonly label: string;
  readonly workspace: string;
  readonly surfaceId: string;
  readonly environment: 'live' | 'test';
  readonly allowedOrigins: readonly string[];
  readonly isActive: boolean;
  readonly createdAtMs: number;
}

/** An API key that was made while the server ran. */
export interface StoredApiKey {
  readonly id: string;
  readonly hash: string;
  readonly label: string;
  readonly name: string;
  readonly workspace: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly isActive: boolean;
}

export interface CredentialStore {
  /** Of all workspaces, revoked ones too. */
  clientTokens(): Promise<readonly StoredClientToken[]>;
  saveClientToken(token: StoredClientToken): Promise<void>;
  apiKeys(): Promise<readonly StoredApiKey[]>;
  saveApiKey(key: StoredApiKey): Promise<void>;
}
