import { answerOf, committed, inTime, KEPT, openDatabase } from './database.ts';
import {
  type OwnedStorage,
  readWeb,
  type WebStorage,
  webName,
  webNames,
  writeWeb,
} from './surface-storage.ts';

/** A value, and when it was written: of two copies the later one counts. No value: it was removed then. */
interface Kept {
  readonly name: string;
  readonly atMs: number;
  readonly value: string | undefined;
}

/** Longest wait for another tab that opens a session, in milliseconds. */
const LONGEST_TURN_MS = 5_000;

/**
 * A surface's storage for all tabs of a visitor: the database, else `localStorage`, else the tab's own storage, else
 * this page's memory. All is read once, here; what other tabs write later comes with `refresh`.
 */
export async function openSharedStorage(key: string): Promise<OwnedStorage> {
  const known = new Map<string, Kept>();
  /** By name, until it is kept. */
  const unsaved = new Map<string, Kept>();
  let saving: Promise<void> | undefined;
  let database = await openDatabase();

  async function refresh() {
    const copies = [...((await inTime(readAll(database, key))) ?? []), ...readCopies(key)];
    for (const kept of copies) {
      if (kept.atMs > (known.get(kept.name)?.atMs ?? 0)) known.set(kept.name, kept);
    }
  }

  async function saveAll() {
    while (unsaved.size > 0) {
      const batch = [...unsaved.values()];
      // Not opened again while one is there: as the page goes, there is no time for it.
      database ??= await openDatabase();
      if ((await inTime(putAll(database, key, batch))) === true)
        for (const kept of batch) dropCopies(key, kept);
      else {
        database = undefined;
        for (const kept of batch) copy('localStorage', key, kept) || copy('sessionStorage', key, kept);
      }
      for (const kept of batch) if (unsaved.get(kept.name) === kept) unsaved.delete(kept.name);
    }
    saving = undefined;
  }

  function saved(): Promise<void> {
    return saving ?? Promise.resolve();
  }

  await refresh();
  return {
    read: (name) => known.get(name)?.value,
    write(name, value) {
      const atMs = Math.max(Date.now(), (known.get(name)?.atMs ?? 0) + 1);
      const kept = { name, atMs, value };
      known.set(name, kept);
      unsaved.set(name, kept);
      // At the end of the task: what is written together is kept together.
      saving ??= Promise.resolve().then(saveAll);
    },
    saved,
    refresh,
    leave() {
      for (const kept of unsaved.values()) copy('sessionStorage', key, kept);
    },
    inTurn: (work) =>
      inTurn(`pagehand:session:${key}`, async () => {
        await refresh();
        const result = await work();
        await saved();
        return result;
      }),
  };
}

/** Under the lock of this name; without it where there are no locks, or where its holder takes too long. */
async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator;
  let running: Promise<T> | undefined;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), LONGEST_TURN_MS);
  try {
    await locks.request(name, { signal: patience.signal }, () => {
      clearTimeout(timer);
      running = work();
      return running;
    });
  } catch {
    // What the work itself rejects with comes below; a lock that cannot be had stops nobody.
  }
  return running ?? work();
}

async function readAll(database: IDBDatabase | undefined, key: string): Promise<readonly Kept[]> {
  if (database === undefined) return [];
  try {
    const range = IDBKeyRange.bound(`${key}:`, `${key};`);
    const found: unknown[] = await answerOf(database.transaction(KEPT).objectStore(KEPT).getAll(range));
    return found.filter(isKept);
  } catch {
    // Closed, or broken: then the copies are all there is.
    return [];
  }
}

/** Whether all of it is kept. Begins at once: a page that goes still gets it done most of the time. */
async function putAll(
  database: IDBDatabase | undefined,
  key: string,
  batch: readonly Kept[],
): Promise<boolean> {
  try {
    const transaction = database?.transaction(KEPT, 'readwrite');
    if (transaction === undefined) return false;
    for (const kept of batch) transaction.objectStore(KEPT).put(kept, `${key}:${kept.name}`);
    await committed(transaction);
    return true;
  } catch {
    return false;
  }
}

function copy(storage: WebStorage, key: string, { name, atMs, value }: Kept): boolean {
  return writeWeb(storage, webName(key, name), JSON.stringify({ name, atMs, value }));
}

function dropCopies(key: string, { name }: Kept): void {
  writeWeb('sessionStorage', webName(key, name), undefined);
  writeWeb('localStorage', webName(key, name), undefined);
}

function readCopies(key: string): Kept[] {
  return (['sessionStorage', 'localStorage'] as const).flatMap((storage) =>
    webNames(storage, key).flatMap((name) => parsed(readWeb(storage, name))),
  );
}

function parsed(text: string | undefined): Kept[] {
  try {
    return [JSON.parse(text ?? 'null')].filter(isKept);
  } catch {
    return [];
  }
}

/** Other scripts of the origin write here, too. */
function isKept(found: unknown): found is Kept {
  const { name, atMs, value } = (found ?? {}) as Partial<Record<keyof Kept, unknown>>;
  const isValue = value === undefined || typeof value === 'string';
  return isValue && typeof name === 'string' && typeof atMs === 'number';
}
