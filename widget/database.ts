/** What the chat keeps of every surface, by `surface:name`. */
export const KEPT = 'kept';
/** The calls that were started, by `surface call`. */
export const STARTED = 'started';

/** Longest wait, in milliseconds. Browsers that forbid the database throw, fail, or never answer. */
const LIMIT_MS = 1_000;

let database: IDBDatabase | undefined;
let opening: Promise<unknown> | undefined;
/** It did not come in time once. Nobody waits for it again; whoever finds it there uses it. */
let isLate = false;

/** The chat's database of this origin; `undefined` where there is none that answers in time. Never rejects. */
export async function openDatabase(): Promise<IDBDatabase | undefined> {
  if (database !== undefined) return database;
  opening ??= open().catch(() => {
    // Forbidden today, perhaps not tomorrow: asking again costs nothing.
  });
  if (!isLate) await inTime(opening);
  opening = undefined;
  isLate ||= database === undefined;
  return database;
}

async function open(): Promise<void> {
  const request = indexedDB.open('pagehand', 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(KEPT);
    request.result.createObjectStore(STARTED);
  };
  const opened = await answerOf(request);
  const forget = () => {
    if (database === opened) database = undefined;
  };
  opened.onclose = forget;
  opened.onversionchange = () => {
    opened.close();
    forget();
  };
  database = opened;
  isLate = false;
}

/** What a request came to. Rejects with its error. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves when all of a transaction is kept. Rejects when none of it is. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

/** `undefined` when it takes too long. */
export function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
