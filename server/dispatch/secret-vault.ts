/** The secrets of dispatches. In memory only: in no store, event or log, and gone with this process. */
export interface SecretVault {
  /** Adds to what an execution has. A key that is there gets the new value. */
  keep(executionId: string, secrets: Readonly<Record<string, string>>): void;
  secret(executionId: string, key: string): string | undefined;
  /** Forgets all of an execution. */
  drop(executionId: string): void;
}

export function createSecretVault(): SecretVault {
  const kept = new Map<string, Map<string, string>>();
  return {
    keep(executionId, secrets) {
      const entries = Object.entries(secrets);
      if (entries.length > 0) kept.set(executionId, new Map([...(kept.get(executionId) ?? []), ...entries]));
    },
    secret: (executionId, key) => kept.get(executionId)?.get(key),
    drop: (executionId) => void kept.delete(executionId),
  };
}
