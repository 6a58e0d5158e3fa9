import { findContext, listenToTools } from './webmcp.ts';

/** Implementations tell of each tool in a task of its own; pages register many at once. In milliseconds. */
const GATHERING_MS = 50;

export interface ChangeWatch {
  /** Calls back once, a moment after the tools changed. Returns the undo. */
  listen(listener: () => void): () => void;
  /** Moves on to the implementation that is there now. */
  follow(): void;
}

/** Follows the changes of whichever implementation is there, while anybody listens. */
export function watchChanges(): ChangeWatch {
  const listeners = new Set<() => void>();
  let host: object | undefined;
  let leave: (() => void) | undefined;
  let pending = false;

  const announce = () => {
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      for (const listener of listeners) listener();
    }, GATHERING_MS);
  };

  const follow = () => {
    const found = listeners.size > 0 ? findContext() : undefined;
    if (found?.host === host) return;
    leave?.();
    host = found?.host;
    leave = found && listenToTools(found, announce);
  };

  return {
    listen(listener) {
      listeners.add(listener);
      follow();
      return () => {
        listeners.delete(listener);
        follow();
      };
    },
    follow,
  };
}
