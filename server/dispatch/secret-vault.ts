import { createScrubber } from '../secrets/create-scrubber.ts';
import type { Scrubber } from '../secrets/scrubber.ts';
import type { Execution } from '../store/store.ts';
import type { DeskDeps } from './dispatcher.ts';
import { isOpen } from './execution.ts';

/** The secrets of dispatches. In memory only: in no store, event or log, and gone with this process. */
export interface SecretVault {
  /** Adds to what an execution has. A key that is there gets the new value. */
  keep(executionId: string, secrets: Readonly<Record<string, string>>): void;
  secret(executionId: string, key: string): string | undefined;
  /** Takes this execution's own secrets out of values. Of those of others it knows nothing, and changes nothing. */
  scrubber(executionId: string): Pick<Scrubber, 'scrub' | 'scrubValue'>;
  /** Forgets those of an execution that has ended; of one that waits, once it has waited too long. */
  note(execution: Pick<Execution, 'id' | 'status' | 'pauseEndsAtMs'>): void;
  drop(executionId: string): void;
  /** Forgets what nobody can ask for any more. Others may have ended it. */
  sweep(nowMs: number): void;
}

/** How long they are kept out of the log after their execution: what it started may still fail, in milliseconds. */
const LAST_WORDS_MS = 60_000;

interface Kept {
  readonly secrets: Map<string, string>;
  /** Of those that were replaced, too: a tool may still tell one. */
  readonly own: Scrubber;
  readonly release: (() => void)[];
  untilMs: number;
}

/** `logged` keeps them out of the log as long as they are here. */
export function createSecretVault(logged: Pick<Scrubber, 'hold'>): SecretVault {
  const all = new Map<string, Kept>();
  const drop = (executionId: string) => {
    const kept = all.get(executionId);
    if (kept === undefined) return;
    all.delete(executionId);
    setTimeout(() => {
      for (const release of kept.release) release();
    }, LAST_WORDS_MS).unref();
  };
  return {
    drop,
    keep(executionId, secrets) {
      const entries = Object.entries(secrets);
      if (entries.length === 0) return;
      const kept: Kept = all.get(executionId) ?? {
        secrets: new Map(),
        own: createScrubber([]),
        release: [],
        untilMs: Infinity,
      };
      for (const [key, value] of entries) kept.secrets.set(key, value);
      kept.own.hold(Object.values(secrets));
      kept.release.push(logged.hold(Object.values(secrets)));
      all.set(executionId, kept);
    },
    secret: (executionId, key) => all.get(executionId)?.secrets.get(key),
    scrubber: (executionId) => all.get(executionId)?.own ?? NOTHING_TO_SCRUB,
    note(execution) {
      const kept = all.get(execution.id);
      if (kept === undefined) return;
      if (!isOpen(execution)) drop(execution.id);
      else kept.untilMs = execution.pauseEndsAtMs ?? Infinity;
    },
    sweep(nowMs) {
      for (const [executionId, { untilMs }] of all) if (untilMs < nowMs) drop(executionId);
    },
  };
}

/** Takes out what neither a reader of an execution nor its model may see: the server's secrets and its own. */
export function scrubberOf(
  executionId: string,
  { scrubber, vault }: Pick<DeskDeps, 'scrubber' | 'vault'>,
): Pick<Scrubber, 'scrub' | 'scrubValue'> {
  const own = vault.scrubber(executionId);
  return {
    scrub: (text) => own.scrub(scrubber.scrub(text)),
    scrubValue: (value) => own.scrubValue(scrubber.scrubValue(value)),
  };
}

const NOTHING_TO_SCRUB: Pick<Scrubber, 'scrub' | 'scrubValue'> = {
  scrub: (text) => text,
  scrubValue: (value) => value,
};
