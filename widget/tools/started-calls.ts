/** The calls of this tab that were started, kept over a reload: a call that is asked for again must not run again. */
export interface StartedCalls {
  has(toolCallId: string): boolean;
  /** False when the call was started or is being prepared already. */
  reserve(toolCallId: string): boolean;
  /** Ends the preparation. A call that did not start may be tried again. */
  release(toolCallId: string): void;
  /** From now on the call counts as run, whatever becomes of the page. */
  start(toolCallId: string): void;
}

/** Most ids kept in storage. An execution has a few calls, and only its last ones are ever asked for again. */
const MAX_KEPT = 200;

/** `key` keeps apart what has nothing to do with each other: another client token, another conversation's owner. */
export function startedCalls(key: string): StartedCalls {
  const storageKey = `pagehand:started:${key}`;
  const reserved = new Set<string>();
  const begun = new Set<string>();
  const has = (id: string) => reserved.has(id) || begun.has(id) || readIds(storageKey).includes(id);
  return {
    has,
    reserve(toolCallId) {
      if (has(toolCallId)) return false;
      reserved.add(toolCallId);
      return true;
    },
    release(toolCallId) {
      reserved.delete(toolCallId);
    },
    start(toolCallId) {
      begun.add(toolCallId);
      const ids = [...readIds(storageKey), toolCallId].slice(-MAX_KEPT);
      try {
        sessionStorage.setItem(storageKey, JSON.stringify(ids));
      } catch {
        // Storage that is blocked or full: this page still knows, the next one will not.
      }
    },
  };
}

function readIds(storageKey: string): string[] {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? '[]');
    return Array.isArray(ids) ? ids : [];
  } catch {
    // Blocked storage, or a value that somebody else wrote.
    return [];
  }
}
