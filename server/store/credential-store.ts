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
  /** Writes these fields and no others, so that nothing undoes what somebody else did. `undefined`: there is none. */
  changeClientToken(
    workspace: string,
    id: string,
    change: Partial<Pick<StoredClientToken, 'hash' | 'label' | 'allowedOrigins' | 'isActive'>>,
  ): Promise<StoredClientToken | undefined>;
  removeClientToken(workspace: string, id: string): Promise<boolean>;
  apiKeys(): Promise<readonly StoredApiKey[]>;
  saveApiKey(key: StoredApiKey): Promise<void>;
  /** `undefined`: there is none. */
  revokeApiKey(workspace: string, id: string): Promise<StoredApiKey | undefined>;
}
