import { answerOf, inTime, KEPT, openDatabase } from '../database.ts';
import { readWeb, webName, writeWeb } from '../surface-storage.ts';
import { FILES } from './late-composing.ts';
import { fieldsOf } from './reading.ts';

/** A file that waits in the composer, as the next page of this tab finds it. */
export interface ShelvedFile {
  /** A name of this tab's own. */
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly mimeType: string;
  readonly fileId: string | undefined;
  readonly isReady: boolean;
}

/** What waits in a composer, for the next page of the same tab: the list there, the bytes in the database. */
export interface FileShelf {
  list(): readonly ShelvedFile[];
  keep(files: readonly ShelvedFile[]): void;
  /** Never rejects: without a database the files last as long as the page. */
  put(key: string, bytes: Blob): Promise<void>;
  get(key: string): Promise<Blob | undefined>;
  drop(key: string): void;
}

/** Bytes that nobody came back for, in milliseconds. */
const LIFETIME_MS = 24 * 60 * 60_000;

export function openFileShelf(surface: string): FileShelf {
  const listName = webName(surface, FILES);
  const nameOf = (key: string) => `file:${surface}:${key}`;

  async function store(mode: IDBTransactionMode): Promise<IDBObjectStore | undefined> {
    try {
      return (await openDatabase())?.transaction(KEPT, mode).objectStore(KEPT);
    } catch {
      return undefined;
    }
  }

  /** A tab that was closed for good leaves its bytes behind. */
  async function sweep() {
    const files = await store('readwrite');
    if (files === undefined) return;
    const range = IDBKeyRange.bound('file:', 'file;');
    const request = files.openCursor(range);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) return;
      if (Date.now() - Number(fieldsOf(cursor.value).atMs) > LIFETIME_MS) cursor.delete();
      cursor.continue();
    };
  }

  void sweep();
  return {
    list() {
      try {
        const files: unknown = JSON.parse(readWeb('sessionStorage', listName) ?? '[]');
        return Array.isArray(files) ? files.filter(isShelved) : [];
      } catch {
        // Another script of the page wrote here.
        return [];
      }
    },
    keep(files) {
      writeWeb('sessionStorage', listName, files.length === 0 ? undefined : JSON.stringify(files));
    },
    async put(key, bytes) {
      try {
        const files = await store('readwrite');
        if (files !== undefined) {
          await inTime(answerOf(files.put({ atMs: Date.now(), bytes }, nameOf(key))));
        }
      } catch {
        // Full, or a browser that keeps no files.
      }
    },
    async get(key) {
      try {
        const files = await store('readonly');
        const { bytes } = fieldsOf(files && (await inTime(answerOf(files.get(nameOf(key))))));
        return bytes instanceof Blob ? bytes : undefined;
      } catch {
        return undefined;
      }
    },
    drop(key) {
      void store('readwrite').then((files) => files?.delete(nameOf(key)));
    },
  };
}

function isShelved(value: unknown): value is ShelvedFile {
  const { key, name, size, mimeType, fileId, isReady } = fieldsOf(value);
  return (
    [key, name, mimeType].every((field) => typeof field === 'string') &&
    typeof size === 'number' &&
    (fileId === undefined || typeof fileId === 'string') &&
    typeof isReady === 'boolean'
  );
}
