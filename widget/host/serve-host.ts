import type { Conversation } from '../chat/state.ts';
import type { HostOptions } from './host-when-wanted.ts';
import { watchChat } from './watch-chat.ts';

const watched = new WeakSet<HostOptions>();

/** Tells what became of the conversation since `start`, from now on; and serves everybody who waits for the whole chat. */
export async function serveHost(options: HostOptions, start: Conversation, life: AbortSignal): Promise<void> {
  if (life.aborted) return;
  if (!watched.has(options)) {
    watched.add(options);
    const { chat, emit } = options;
    life.addEventListener('abort', watchChat(chat.conversation, start, emit));
  }
  if (options.waiting.length === 0) return;
  const { serveWaiting } = await import('./host-chat.ts');
  serveWaiting(options, life);
}
