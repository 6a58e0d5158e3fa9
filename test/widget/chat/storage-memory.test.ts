import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDatabase } from '../../../widget/database.ts';
import { openSharedStorage } from '../../../widget/shared-storage.ts';

let surface = '';

beforeEach(() => {
  surface = crypto.randomUUID();
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  for (const name of copies()) {
    localStorage.removeItem(name);
    sessionStorage.removeItem(name);
  }
  await vi.waitFor(async () => expect(await openDatabase()).toBeDefined());
});

function openStorage(key = surface) {
  return openSharedStorage(key);
}

/** As on a page that has not opened it yet. */
async function closeDatabase() {
  (await openDatabase())?.dispatchEvent(new Event('versionchange'));
}

function copies(): string[] {
  return [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((name) =>
    name.includes(surface),
  );
}

test('what was written is there on the next page, and in no web storage', async () => {
  const storage = await openStorage();
  storage.write('thread', 'one');
  storage.write('session', 'cs_1');
  expect(storage.read('thread')).toBe('one');
  await storage.saved();
  const next = await openStorage();
  expect([next.read('thread'), next.read('session')]).toEqual(['one', 'cs_1']);
  expect(copies()).toEqual([]);
});

test('what was removed stays removed', async () => {
  const storage = await openStorage();
  storage.write('session', 'cs_1');
  await storage.saved();
  storage.write('session', undefined);
  await storage.saved();
  expect((await openStorage()).read('session')).toBeUndefined();
});

test('two surfaces see nothing of each other', async () => {
  const [one, other] = [await openStorage('surface'), await openStorage('surface2')];
  one.write('thread', 'one');
  await one.saved();
  await other.refresh();
  expect(other.read('thread')).toBeUndefined();
});

test('what another tab wrote comes with a refresh', async () => {
  const [one, other] = [await openStorage(), await openStorage()];
  one.write('session', 'cs_1');
  await one.saved();
  expect(other.read('session')).toBeUndefined();
  await other.refresh();
  expect(other.read('session')).toBe('cs_1');
});

test('a page that goes keeps what the database has no time for', async () => {
  const storage = await openStorage();
  storage.write('thread', 'before');
  await storage.saved();
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockReturnValue({} as IDBRequest<IDBValidKey>);
  storage.write('thread', 'the last words');
  storage.leave();
  // What stands there now is all that the page gets done.
  const left = { ...sessionStorage };
  await storage.saved();
  put.mockRestore();
  Object.assign(sessionStorage, left);
  expect((await openStorage()).read('thread')).toBe('the last words');
});

test('of two copies the later one counts, wherever it lies', async () => {
  const [one, other] = [await openStorage(), await openStorage()];
  one.write('thread', 'earlier');
  one.leave();
  const left = { ...sessionStorage };
  await one.saved();
  await other.refresh();
  other.write('thread', 'later');
  await other.saved();
  for (const [name, value] of Object.entries(left)) sessionStorage.setItem(name, value);
  expect((await openStorage()).read('thread')).toBe('later');
});

describe('where the database', () => {
  const FAILURES: [string, () => void][] = [
    [
      'throws',
      () =>
        vi.spyOn(indexedDB, 'open').mockImplementation(() => {
          throw new DOMException('denied', 'SecurityError');
        }),
    ],
    ['never answers', () => vi.spyOn(indexedDB, 'open').mockReturnValue({} as IDBOpenDBRequest)],
    ['is not there', () => vi.stubGlobal('indexedDB', undefined)],
    [
      'is full',
      () =>
        vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
          throw new DOMException('full', 'QuotaExceededError');
        }),
    ],
  ];

  test.each(FAILURES)('%s, the thread is kept all the same', async (_what, fail) => {
    await closeDatabase();
    fail();
    const storage = await openStorage();
    storage.write('thread', 'one');
    await storage.saved();
    expect((await openStorage()).read('thread')).toBe('one');
    expect(copies()).toHaveLength(1);
  });

  test.each(FAILURES)(
    '%s and the web storage is blocked too, it lasts as long as the page',
    async (_w, fail) => {
      fail();
      for (const name of ['localStorage', 'sessionStorage'] as const) {
        vi.spyOn(window, name, 'get').mockImplementation(() => {
          throw new DOMException('denied', 'SecurityError');
        });
      }
      const storage = await openStorage();
      storage.write('thread', 'one');
      await storage.saved();
      storage.leave();
      expect(storage.read('thread')).toBe('one');
    },
  );

  test('was lost for a while and is back, it takes over from the copy', async () => {
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const storage = await openStorage();
    storage.write('thread', 'one');
    await storage.saved();
    put.mockRestore();
    storage.write('thread', 'two');
    await storage.saved();
    expect(copies()).toEqual([]);
    expect((await openStorage()).read('thread')).toBe('two');
  });
});

test('what another script left in our places is not read', async () => {
  localStorage.setItem(`pagehand:${surface}:thread`, '{"name":"thread","atMs":1,"value":{}}');
  sessionStorage.setItem(`pagehand:${surface}:session`, 'cs_forged');
  const storage = await openStorage();
  expect([storage.read('thread'), storage.read('session')]).toEqual([undefined, undefined]);
});

test('tabs that open a session at once take turns, and the second sees what the first wrote', async () => {
  const [one, other] = [await openStorage(), await openStorage()];
  const open = (storage: typeof one, id: string) =>
    storage.inTurn?.(async () => {
      const earlier = storage.read('session');
      await Promise.resolve();
      if (earlier === undefined) storage.write('session', id);
      return earlier ?? id;
    });
  expect(await Promise.all([open(one, 'cs_1'), open(other, 'cs_2')])).toEqual(['cs_1', 'cs_1']);
});

test('without locks, and where the work fails, it is done once', async () => {
  vi.stubGlobal('navigator', {});
  const storage = await openStorage();
  let count = 0;
  const work = async () => {
    count += 1;
    throw new Error('refused');
  };
  await expect(storage.inTurn?.(work)).rejects.toThrow('refused');
  vi.unstubAllGlobals();
  await expect(storage.inTurn?.(work)).rejects.toThrow('refused');
  expect(count).toBe(2);
});
