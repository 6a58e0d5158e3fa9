import { answerOf, committed, inTime, openDatabase, STARTED } from '../database.ts';
import { readWeb, writeWeb } from '../surface-storage.ts';

/**
 * The calls that were started, in whatever tab of this origin, kept over reloads: a call that is asked for again must
 * not run again.
 */
export interface StartedCalls {
  has(toolCallId: string): Promise<boolean>;
  /** False when the call is being prepared in this page already. */
  reserve(toolCallId: string): boolean;
  /** Ends the preparation. A call that did not start may be tried again. */
  release(toolCallId: string): void;
  /**
   * Resolves when the call counts as run, whatever becomes of the page; only then may it begin. False when it was
   * started before, here or in another tab.
   */
  start(toolCallId: string): Promise<boolean>;
}

/** How long a call is remembered, in milliseconds: longer than any server waits for an output. */
const KEPT_FOR_MS = 7 * 24 * 60 * 60_000;

/** Most ids kept where there is no database. An execution has a few calls, and only its last are ever asked for again. */
const MAX_LISTED = 200;

/** `key` keeps apart what has nothing to do with each other: another client token, another conversation's owner. */
export function startedCalls(key: string): StartedCalls {
  const reserved = new Set<string>();
  const begun = new Set<string>();
  const list = listOf(`pagehand:started:${key}`);
  let isSwept = false;

  return {
    async has(toolCallId) {
      if (begun.has(toolCallId) || list.read().includes(toolCallId)) return true;
      return (await inTime(isClaimed(`${key} ${toolCallId}`))) === true;
    },
    reserve(toolCallId) {
      if (reserved.has(toolCallId)) return false;
      reserved.add(toolCallId);
      return true;
    },
    release(toolCallId) {
      reserved.delete(toolCallId);
    },
    async start(toolCallId) {
      if (begun.has(toolCallId) || list.read().includes(toolCallId)) return false;
      begun.add(toolCallId);
      const claimed = await inTime(claim(`${key} ${toolCallId}`));
      if (claimed === undefined) list.add(toolCallId);
      else if (!isSwept) void sweep();
      isSwept = true;
      return claimed ?? true;
    },
  };
}

/** Whether this claim was the first. `undefined` where there is no database that says. */
async function claim(id: string): Promise<boolean | undefined> {
  let request: IDBRequest<IDBValidKey> | undefined;
  try {
    // To the disk, and not only on its way there: the tool may take the whole browser down.
    const transaction = (await openDatabase())?.transaction(STARTED, 'readwrite', { durability: 'strict' });
    if (transaction === undefined) return undefined;
    // `add`, because of two tabs that come at once one fails.
    request = transaction.objectStore(STARTED).add(Date.now(), id);
    await committed(transaction);
    return true;
  } catch {
    return request?.readyState === 'done' && request.error?.name === 'ConstraintError' ? false : undefined;
  }
}

async function isClaimed(id: string): Promise<boolean> {
  try {
    const store = (await openDatabase())?.transaction(STARTED).objectStore(STARTED);
    return store !== undefined && (await answerOf(store.getKey(id))) !== undefined;
  } catch {
    return false;
  }
}

async function sweep(): Promise<void> {
  try {
    const store = (await openDatabase())?.transaction(STARTED, 'readwrite').objectStore(STARTED);
    const request = store?.openCursor();
    if (request === undefined) return;
    const oldest = Date.now() - KEPT_FOR_MS;
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) return;
      if (!(cursor.value > oldest)) cursor.delete();
      cursor.continue();
    };
  } catch {
    // What is not swept today is swept another day.
  }
}

/** The next best place: other tabs see it a moment later, and where only the tab's own storage is open, not at all. */
function listOf(name: string) {
  const read = (): readonly unknown[] =>
    (['localStorage', 'sessionStorage'] as const).flatMap((storage) => parsed(readWeb(storage, name)));
  return {
    read,
    add(toolCallId: string) {
      const text = JSON.stringify([...read(), toolCallId].slice(-MAX_LISTED));
      // Blocked both, or full: this page still knows, the next one will not.
      writeWeb('localStorage', name, text) || writeWeb('sessionStorage', name, text);
    },
  };
}

function parsed(text: string | undefined): unknown[] {
  try {
    const ids: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(ids) ? ids : [];
  } catch {
    // Somebody else wrote here.
    return [];
  }
}
