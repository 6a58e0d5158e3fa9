import type { SurfaceStorage } from '../surface-storage.ts';
import { closed } from './answer.ts';
import { fieldsOf } from './reading.ts';
import type { Entry } from './state.ts';

const THREAD_KEY = 'thread';

/** Another shape of entry is another version; a thread of another version is not read. */
const VERSION = 1;

/** Largest thread that is kept, in characters of JSON. Browsers give a site about five million. */
const MAX_KEPT_CHARS = 500_000;

/** Keeps the thread for the next page of this tab; of one too large, its later half. */
export function keepThread(storage: SurfaceStorage, entries: readonly Entry[]): void {
  const kept = JSON.stringify({ version: VERSION, entries });
  if (kept.length <= MAX_KEPT_CHARS) storage.write(THREAD_KEY, entries.length === 0 ? undefined : kept);
  else if (entries.length > 1) keepThread(storage, entries.slice(Math.ceil(entries.length / 2)));
}

/** The thread as the last page of this tab left it. What was still open then has ended with that page. */
export function keptThread(storage: SurfaceStorage): readonly Entry[] {
  try {
    const { version, entries } = fieldsOf(JSON.parse(storage.read(THREAD_KEY) ?? 'null'));
    if (version !== VERSION || !Array.isArray(entries) || !entries.every(isEntry)) return [];
    return entries.map((entry) =>
      entry.role === 'user'
        ? entry
        : { ...entry, parts: closed(entry.parts, 'The page was left before this ended.') },
    );
  } catch {
    // Another script of the page wrote here; a thread that cannot be read is no thread.
    return [];
  }
}

/** Whether this can be shown and sent. What tool calls carry is read with care wherever it is read. */
function isEntry(value: unknown): value is Entry {
  const { id, role, text, parts } = fieldsOf(value);
  if (typeof id !== 'string') return false;
  if (role === 'user') return typeof text === 'string';
  return (
    Array.isArray(parts) &&
    parts.every((part) => typeof fieldsOf(part).id === 'string' && isPart(fieldsOf(part)))
  );
}

function isPart({ kind, text, state }: Record<string, unknown>): boolean {
  return kind === 'tool'
    ? typeof fieldsOf(state).status === 'string'
    : kind === 'notice' || typeof text === 'string';
}
