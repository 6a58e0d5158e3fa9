import { effect } from '@preact/signals';
import type { Emit } from '../options.ts';
import type { HostChatOptions } from './host-chat.ts';

export interface HostOptions extends HostChatOptions {
  /** Resolves when the thread that was kept is there. */
  readonly opened: Promise<unknown>;
  readonly emit: Emit;
}

/**
 * Serves the page: with the whole chat when somebody waits for it, with events when there is something to tell. What
 * does it is fetched then. Returns the undo.
 */
export function hostWhenWanted(options: HostOptions): () => void {
  const { waiting, emit, opened, chat } = options;
  const life = new AbortController();
  let start = chat.conversation.peek();
  let isServed = false;

  async function serve() {
    isServed = true;
    try {
      await opened;
      const { serveHost } = await import('./serve-host.ts');
      await serveHost(options, start, life.signal);
    } catch (cause) {
      // The next word, and the next who waits, try again.
      isServed = false;
      reportError(cause);
    }
  }

  waiting.push = (...more) => {
    void serve();
    return waiting.unshift(...more);
  };
  if (waiting[0]) void serve();
  const unwatch = effect(() => {
    const now = chat.conversation.value;
    // What was kept is no news.
    if (start.entries.length === 0 && now.phase === 'idle') start = now;
    if (now !== start && !isServed) void serve();
  });
  void opened.then(() => life.signal.aborted || emit('ready', undefined));
  return () => {
    unwatch();
    life.abort();
  };
}
