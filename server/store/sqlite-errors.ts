import { StoreError } from './store.ts';

/** Longest wait for another process's write, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5_000;

export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

/** What went wrong, in our words: which of our codes, what happened to which file, and what mends it. */
export function storeError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const kind = code.split('_').slice(0, 2).join('_');
  if (kind === 'SQLITE_CONSTRAINT') {
    return new StoreError('conflict', `What was to be stored contradicts what is stored (${code}).`, {
      cause: error,
    });
  }
  const sentence = SENTENCES[kind] ?? 'failed. The cause is in the error below.';
  return new StoreError('unavailable', `The database ${path} ${sentence} (${code})`, { cause: error });
}

const SENTENCES: Readonly<Record<string, string>> = {
  SQLITE_BUSY: `was locked by another process for more than ${BUSY_TIMEOUT_MS / 1000} s. Stop that process, or wait for it.`,
  SQLITE_LOCKED: 'was locked by another connection. Try again.',
  SQLITE_NOTADB:
    'is not a SQLite database. Set PAGEHAND_DB to another file, or restore this one from a backup.',
  SQLITE_CORRUPT: 'is damaged. Restore it from a backup, or set PAGEHAND_DB to another file.',
  SQLITE_READONLY: 'cannot be written to. Give this process the right to write the file and its directory.',
  SQLITE_FULL: 'does not fit on the disk any more. Make room; nothing that was acknowledged is lost.',
  SQLITE_IOERR: 'could not be read or written: the disk reported an error.',
  SQLITE_CANTOPEN:
    'could not be opened. Set PAGEHAND_DB to a file in a directory that this process may write to.',
  SQLITE_PERM: 'may not be opened by this process. Give it the right to read and write the file.',
};

/** The code of an error of SQLite or Node. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'no code';
}
