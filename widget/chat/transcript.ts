import { MAX_MESSAGE_CHARS, MAX_MESSAGES } from '../../protocol/limits.ts';
import type { ChatMessage } from '../../protocol/message.ts';
import type { Entry } from './state.ts';

/** The thread as the wire wants it: all that was said, up to the visitor's message that is being answered. */
export function messagesUpTo(entries: readonly Entry[], lastId: string): ChatMessage[] {
  const end = entries.findIndex((entry) => entry.id === lastId) + 1;
  return entries.slice(0, end).flatMap(messageOf).slice(-MAX_MESSAGES);
}

/** Tool calls, thoughts and notices have no words of their own: the server keeps them. */
function messageOf(entry: Entry): ChatMessage[] {
  if (entry.role === 'user') return [{ id: entry.id, role: 'user', content: entry.text }];
  const texts = entry.parts.flatMap((part) =>
    part.kind === 'text' && part.role === undefined ? [part.text] : [],
  );
  // A server refuses a longer message, and with it every turn from here on.
  const content = texts.join('\n\n').slice(0, MAX_MESSAGE_CHARS);
  return content.trim() === '' ? [] : [{ id: entry.id, role: 'assistant', content }];
}
