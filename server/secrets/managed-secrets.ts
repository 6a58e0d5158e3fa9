import type { SecretKey } from '../config/secret-keys.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { SecretStore, StoredSecret } from '../store/secret-store.ts';
import { ToolError } from '../tools/tool-error.ts';
import { createLastHeld } from './last-held.ts';
import type { Scrubber } from './scrubber.ts';
import { SealError, seal, unseal } from './sealing.ts';

/** How long a value may be used after it was changed by another process, in milliseconds. */
const CACHE_MS = 3_000;

/** Time after which a rotation answers with what it has done, in milliseconds. */
const ROTATION_MS = 15_000;

/** Tries to be the next who writes a secret, when others write it too. */
const MAX_TRIES = 20;

export interface ManagedSecretsOptions {
  readonly store: SecretStore;
  /** The first one encrypts, all decrypt. None: there are no secrets. */
  readonly keys: readonly SecretKey[];
  readonly scrubber: Scrubber;
  readonly clock: () => number;
  readonly log: Log;
}

/** What came of a rotation. */
interface Rotation {
  /** Of the key that all secrets should be under now. */
  readonly keyId: string;
  readonly rotated: number;
  readonly unchanged: number;
  /** Not looked at in this time. */
  readonly left: number;
  /** Still as they were: they cannot be opened. */
  readonly failed: readonly Pick<StoredSecret, 'workspace' | 'name' | 'keyId'>[];
}

/**
 * Secrets that the server keeps, encrypted, for `{{secret:KEY}}`. A value that was opened here is looked for in all
 * that leaves the process from then on.
 */
export interface ManagedSecrets {
  /** Rejects with `ToolError` `unresolved_variable`. */
  value(workspace: string, name: string): Promise<string>;
  /** By name. All but `value` reject with `RequestError` `secrets_unavailable` where there is no key to encrypt with. */
  list(workspace: string): Promise<readonly StoredSecret[]>;
  /** Creates or replaces it. Rejects with `remote_changed` where others write it all the time. */
  save(workspace: string, name: string, value: string): Promise<StoredSecret>;
  /** `false`: there was none. */
  remove(workspace: string, name: string): Promise<boolean>;
  /** Encrypts everything under the first key, for at most 15 s. Asked again, it goes on with what is left. */
  rotate(): Promise<Rotation>;
  /** Logs which secrets cannot be opened. */
  check(): Promise<void>;
}

export function createManagedSecrets(options: ManagedSecretsOptions): ManagedSecrets {
  const { store, keys, scrubber, clock, log } = options;
  const opened = new Map<string, { readonly value: string; readonly untilMs: number }>();
  const lastHeld = createLastHeld(scrubber);
  const cacheKey = (workspace: string, name: string) => `${workspace}|${name}`;

  const open = (secret: StoredSecret): string => {
    const value = unseal(secret, keys);
    lastHeld.add(value);
    return value;
  };

  const report = ({ workspace, name, keyId }: StoredSecret, error: unknown) => {
    if (!(error instanceof SealError)) throw error;
    log.error({ workspace, secret: name, keyId, reason: error.message }, 'A secret cannot be decrypted');
  };

  const write = async (before: StoredSecret | undefined, place: NewPlace, value: string) => {
    const key = firstOf(keys);
    const nowMs = clock();
    const next = { ...place, version: (before?.version ?? 0) + 1, keyId: key.id };
    const secret: StoredSecret = {
      ...next,
      sealed: seal(value, key, next),
      createdAtMs: before?.createdAtMs ?? nowMs,
      updatedAtMs: place.updatedAtMs ?? nowMs,
    };
    return (await store.saveSecret(secret)) ? secret : undefined;
  };

  const rotateOne = async (listed: StoredSecret): Promise<'rotated' | 'unchanged'> => {
    let secret: StoredSecret | undefined = listed;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (secret === undefined || secret.keyId === firstOf(keys).id) return 'unchanged';
      const { workspace, name, updatedAtMs } = secret;
      const place = { workspace, name, updatedAtMs };
      if ((await write(secret, place, open(secret))) !== undefined) return 'rotated';
      secret = await store.secret(workspace, name);
    }
    throw tooBusy(listed.name);
  };

  return {
    async value(workspace, name) {
      const cached = opened.get(cacheKey(workspace, name));
      if (cached !== undefined && cached.untilMs > clock()) return cached.value;
      opened.delete(cacheKey(workspace, name));
      const secret = keys.length === 0 ? undefined : await store.secret(workspace, name);
      if (secret === undefined) throw unresolved(name, keys.length > 0);
      try {
        const value = open(secret);
        remember(opened, cacheKey(workspace, name), { value, untilMs: clock() + CACHE_MS }, clock());
        return value;
      } catch (error) {
        report(secret, error);
        throw new ToolError(
          'unresolved_variable',
          `The secret ${name} cannot be decrypted on this server. Its operator finds the reason in the log.`,
        );
      }
    },

    async list(workspace) {
      firstOf(keys);
      return await store.secrets(workspace);
    },

    async save(workspace, name, value) {
      firstOf(keys);
      lastHeld.add(value);
      opened.delete(cacheKey(workspace, name));
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const saved = await write(await store.secret(workspace, name), { workspace, name }, value);
        opened.delete(cacheKey(workspace, name));
        if (saved !== undefined) return saved;
      }
      throw tooBusy(name);
    },

    async remove(workspace, name) {
      firstOf(keys);
      const isRemoved = await store.removeSecret(workspace, name);
      opened.delete(cacheKey(workspace, name));
      return isRemoved;
    },

    async rotate() {
      const keyId = firstOf(keys).id;
      const all = await store.secrets();
      const due = all.filter((secret) => secret.keyId !== keyId);
      const counts = { rotated: 0, unchanged: all.length - due.length };
      const failed: StoredSecret[] = [];
      const deadline = clock() + ROTATION_MS;
      for (const [done, secret] of due.entries()) {
        if (clock() > deadline) return { keyId, ...counts, left: due.length - done, failed };
        try {
          counts[await rotateOne(secret)] += 1;
        } catch (error) {
          report(secret, error);
          failed.push(secret);
        }
      }
      return { keyId, ...counts, left: 0, failed };
    },

    async check() {
      const secrets = await store.secrets();
      if (secrets.length > 0 && keys.length === 0) {
        log.warn(
          { secrets: secrets.length },
          'Secrets are kept that nothing can decrypt: PAGEHAND_SECRET_KEYS is not set',
        );
        return;
      }
      for (const secret of secrets) {
        try {
          unseal(secret, keys);
        } catch (error) {
          report(secret, error);
        }
      }
    },
  };
}

type NewPlace = Pick<StoredSecret, 'workspace' | 'name'> & { readonly updatedAtMs?: number };

/** What is over is let go of with the next one that comes, so that no value stays for long. */
function remember<Entry extends { readonly untilMs: number }>(
  entries: Map<string, Entry>,
  key: string,
  entry: Entry,
  nowMs: number,
): void {
  for (const [other, { untilMs }] of entries) if (untilMs <= nowMs) entries.delete(other);
  entries.set(key, entry);
}

function firstOf(keys: readonly SecretKey[]): SecretKey {
  const [first] = keys;
  if (first !== undefined) return first;
  throw new RequestError(
    'secrets_unavailable',
    'This server keeps no secrets: it has no key to encrypt them with.',
    {
      hint: 'Set PAGEHAND_SECRET_KEYS to `main:` and what `openssl rand -base64 32` prints, and start the server again.',
    },
  );
}

function unresolved(name: string, hasKeys: boolean): ToolError {
  const sentence = hasKeys
    ? `There is no secret ${name}. Save it with \`POST /v1/secrets\`.`
    : `The server keeps no secrets, so that ${name} stands for nothing: PAGEHAND_SECRET_KEYS is not set.`;
  return new ToolError('unresolved_variable', sentence);
}

function tooBusy(name: string): RequestError {
  return new RequestError('remote_changed', `Others write the secret ${name} all the time.`, {
    hint: 'Try again.',
  });
}
