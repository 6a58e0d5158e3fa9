import { findContext, listenToTools } from './webmcp.ts';

export interface ChangeWatch {
  /** Calls back once a task after the tools changed. Returns the undo. */
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
    });
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
