/** A secret as it lies in the database. */
export interface StoredSecret {
  readonly workspace: string;
  /** `[A-Z0-9_]+`. */
  readonly name: string;
  /** Of the key that it is encrypted with. */
  readonly keyId: string;
  /** Base64 of nonce, ciphertext and tag. */
  readonly sealed: string;
  /** 1, 2, 3 …; a part of what is authenticated. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface SecretStore {
  secret(workspace: string, name: string): Promise<StoredSecret | undefined>;
  /** By name. Without `workspace`: of all, for a rotation. */
  secrets(workspace?: string): Promise<readonly StoredSecret[]>;
  /** Writes version 1 where there is none, else only over the version before. `false`: others were faster. Durable. */
  saveSecret(secret: StoredSecret): Promise<boolean>;
  removeSecret(workspace: string, name: string): Promise<boolean>;
}
