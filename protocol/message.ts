import * as z from 'zod/mini';
import { Id } from './ids.ts';
import { MAX_MESSAGE_CHARS } from './limits.ts';

const Text = z.string().check(z.maxLength(MAX_MESSAGE_CHARS));

/** A data URI or a URL. The request's body limit bounds it. */
const Resource = z.string().check(z.minLength(1));

/** One piece of a message. Attachments come first, what was typed last. */
export const ContentPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: Text }),
  z.object({
    type: z.literal('image'),
    image: Resource,
    mimeType: z.optional(z.string()),
    alt: z.optional(z.string()),
  }),
  z.object({ type: z.literal('file'), data: Resource, mimeType: z.string(), filename: z.string() }),
  /** A file that was uploaded before, for servers that announce `files`. The server knows its type and its bytes. */
  z.object({ type: z.literal('upload'), fileId: Id, filename: z.string(), mimeType: z.string() }),
  z.object({ type: z.literal('audio'), audio: Resource, mimeType: z.optional(z.string()) }),
  z.object({ type: z.literal('video'), video: Resource, mimeType: z.optional(z.string()) }),
  z.object({ type: z.literal('reasoning'), text: z.string() }),
]);
export type ContentPart = z.infer<typeof ContentPart>;

/**
 * One message as a client sends it. Clients send their whole transcript; the server takes from it what is new and
 * typed by a person, and keeps its own memory of everything else.
 */
export const ChatMessage = z.object({
  id: z.optional(Id),
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(ContentPart)]),
  displayContent: z.optional(z.string()),
});
export type ChatMessage = z.infer<typeof ChatMessage>;

/** The words of a message, without its attachments. */
export function messageText(content: ChatMessage['content']): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}
