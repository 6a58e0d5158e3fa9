import { effect } from '@preact/signals';
import type { Waiting } from '../app.ts';
import { WidgetError } from '../errors.ts';
import type { Emit } from '../options.ts';
import type { HostChatOptions } from './host-chat.ts';

interface HostWhenWantedOptions extends HostChatOptions {
  /** Resolves when the thread that was kept is there. */
  readonly opened: Promise<unknown>;
  readonly waiting: Waiting;
  readonly emit: Emit;
}

/**
 * Serves the page: with the whole chat as soon as somebody waits for it, with events as soon as there is something to
 * tell. Both are fetched then. Returns the undo.
 */
export function hostWhenWanted(options: HostWhenWantedOptions): () => void {
  const { waiting, emit, opened, chat } = options;
  const { conversation } = chat;
  const life = new AbortController();
  const { signal } = life;
  let atStart = conversation.peek();
  let isWatched = false;

  async function serve() {
    await opened;
    if (signal.aborted || waiting.length === 0) return;
    try {
      const { serveWaiting } = await import('./host-chat.ts');
      serveWaiting(options, signal);
    } catch (cause) {
      emit('error', new WidgetError('not_loaded', 'A part of the chat did not load.', { cause }));
      addEventListener('online', serve, { once: true, signal });
    }
  }

  waiting.push = (...more) => {
    void serve();
    return Array.prototype.push.apply(waiting, more);
  };
  const unwatch = effect(() => {
    const now = conversation.value;
    // What was kept is no news.
    if (atStart.entries.length === 0 && now.phase === 'idle') atStart = now;
    if (isWatched || now === atStart) return;
    isWatched = true;
    import('./watch-chat.ts').then(
      ({ watchChat }) => {
        if (!signal.aborted) signal.addEventListener('abort', watchChat(conversation, atStart, emit));
      },
      () => {
        isWatched = false;
      },
    );
  });
  signal.addEventListener('abort', unwatch);
  void opened.then(() => signal.aborted || emit('ready', undefined));
  void serve();
  return () => life.abort();
}
