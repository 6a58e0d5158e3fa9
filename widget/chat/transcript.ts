import { MAX_MESSAGE_CHARS, MAX_MESSAGES } from '../../protocol/limits.ts';
import type { ChatMessage, ContentPart } from '../../protocol/message.ts';
import type { MessageExtras } from '../transport/transport.ts';
import { attachmentsIn } from './file-rules.ts';
import { fieldsOf, listOf } from './reading.ts';
import type { Attachment, Entry, UserEntry } from './state.ts';

/** Most characters of attachments in one request. What it has no room for is said by its name. */
const MAX_INLINE_CHARS = 6 * 1024 * 1024;

/** The thread as the wire wants it: all that was said, up to the visitor's message that is being answered. */
export function messagesUpTo(
  entries: readonly Entry[],
  lastId: string,
  inlineData: (attachmentId: string) => string | undefined,
): ChatMessage[] {
  const end = entries.findIndex((entry) => entry.id === lastId) + 1;
  let room = MAX_INLINE_CHARS;

  function partOf({ id, name, mimeType, isUploaded }: Attachment): ContentPart {
    if (isUploaded) return { type: 'upload', fileId: id, filename: name, mimeType };
    const data = inlineData(id);
    // A part that says nothing would hide from the model that there was something.
    if (data === undefined || data.length > room) return { type: 'text', text: `[${name}]` };
    room -= data.length;
    return mimeType.startsWith('image/')
      ? { type: 'image', image: data, mimeType, alt: name }
      : { type: 'file', data, mimeType, filename: name };
  }

  function questionOf({ id, text, attachments }: UserEntry): ChatMessage {
    const files = attachmentsIn(attachments).map(partOf);
    const words: ContentPart[] = text === '' ? [] : [{ type: 'text', text }];
    return { id, role: 'user', content: files.length === 0 ? text : [...files, ...words] };
  }

  // From the last one back: what was attached just now has the first claim to the room.
  return entries
    .slice(0, end)
    .reverse()
    .flatMap((entry) => (entry.role === 'user' ? [questionOf(entry)] : answerOf(entry)))
    .slice(0, MAX_MESSAGES)
    .reverse();
}

/** Tool calls, thoughts and notices have no words of their own: the server keeps them. */
function answerOf({ id, parts }: Extract<Entry, { role: 'assistant' }>): ChatMessage[] {
  const texts = parts.flatMap((part) => (part.kind === 'text' && part.role === undefined ? [part.text] : []));
  // A server refuses a longer message, and with it every turn from here on.
  const content = texts.join('\n\n').slice(0, MAX_MESSAGE_CHARS);
  return content.trim() === '' ? [] : [{ id, role: 'assistant', content }];
}

/** What the page sends along, and with it what the message names. */
export function withMentions(
  extras: MessageExtras,
  entries: readonly Entry[],
  messageId: string,
): MessageExtras {
  const entry = entries.find(({ id }) => id === messageId);
  const mentions = entry?.role === 'user' ? listOf(entry.mentions) : [];
  if (mentions.length === 0) return extras;
  const named = mentions.map((mention) => {
    const { id, ...rest } = fieldsOf(mention);
    return [String(id), rest] as const;
  });
  return { ...extras, context: { ...extras.context, mentions: Object.fromEntries(named) } };
}
