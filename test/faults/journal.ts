import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What a server process did to the store or to the world, written down by itself as it did it. */
export type Entry =
  /** A write that succeeded. `boundary` names it; an append keeps the version that it was made under. */
  | {
      readonly did: 'create' | 'commit' | 'claim' | 'append';
      readonly by: string;
      readonly execution: string;
      readonly version: number;
      readonly boundary: string;
    }
  /** A server tool acted. */
  | {
      readonly did: 'act';
      readonly by: string;
      readonly tool: string;
      readonly key: string;
      readonly callId: string;
    }
  /** The model was asked with a history that no provider would take. */
  | { readonly did: 'protest'; readonly by: string; readonly tag: string; readonly problem: string };

export interface Journal {
  write(entry: Entry): void;
}

/** One line an entry; many processes may write to one file. */
export function openJournal(path: string): Journal & { close(): void } {
  const file = openSync(path, 'a');
  return {
    write: (entry) => void writeSync(file, `${JSON.stringify(entry)}\n`),
    close: () => closeSync(file),
  };
}

/** What was written since `from`, in bytes, and where to go on. */
export function readJournal(
  path: string,
  from: number,
): { readonly entries: readonly Entry[]; readonly end: number } {
  const bytes = readFileSync(path);
  const entries = bytes
    .subarray(from)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
  return { entries, end: bytes.length };
}
