import { MAX_CONVERSATION_CHARS, MAX_MESSAGE_CHARS } from '../../protocol/limits.ts';
import { type ChatMessage, type ContentPart, messageText } from '../../protocol/message.ts';
import { RequestError } from '../errors.ts';
import type { ModelMessage, ModelToolCall } from '../models/model.ts';
import type { NewMessage, StoredMessage } from '../store/store.ts';

/** What a transcript asks of the server. */
export type Plan =
  /** Something new was said. */
  | {
      readonly kind: 'new';
      readonly messages: readonly NewMessage[];
      /** They take the place of the messages from this position on. */
      readonly replacesFrom?: number;
    }
  /** The last message again. `isAnswered`: there is an answer, which the client may not have seen. */
  | { readonly kind: 'again'; readonly isAnswered: boolean };

/**
 * Compares what a client sends with what the server remembers. The server owns the conversation: of the transcript it
 * takes the user messages at its end, back to one that it knows by id or to an assistant message, and those before
 * them that never arrived. What a client says that the assistant or the system said is never taken over.
 * Throws `RequestError` `invalid_request` for a transcript that asks for nothing, `message_limit_reached` for a
 * conversation that has no room left.
 */
export function planStart(stored: readonly StoredMessage[], sent: readonly ChatMessage[]): Plan {
  const known = new Set(stored.map(({ clientId }) => clientId));
  const lastStored = lastUserMessage(stored);
  const isAnswered = endsWithAnswer(stored);
  const trailing = trailingUserMessages(sent, known);
  const [first] = trailing;
  // Without ids only the words can tell a message that comes again.
  const isAgain =
    !isAnswered && first !== undefined && first.id === undefined && lastStored !== undefined
      ? messageText(first.content) === textOf(lastStored.message)
      : false;
  const fresh = (isAgain ? trailing.slice(1) : trailing).filter((message) => !isBlank(message));
  if (fresh.length > 0) {
    const messages = [...missedMessages(stored, sent, fresh), ...fresh].map(toNewMessage);
    requireRoom([...currentMessages(stored), ...messages]);
    return { kind: 'new', messages };
  }
  if (isAgain) return { kind: 'again', isAnswered: false };
  const last = sent.map(({ role }) => role).lastIndexOf('user');
  const isLastKnown = lastStored?.clientId != null && sent[last]?.id === lastStored.clientId;
  const endsWithIt = sent.slice(last + 1).every(({ role }) => role === 'system');
  if (isLastKnown && (!isAnswered || endsWithIt)) return { kind: 'again', isAnswered };
  throw nothingNew();
}

/**
 * The last message of a transcript in place of one that the server remembers, and of all that followed that. The same
 * request again is told by the id of its message. Throws as `planStart`, and `message_not_found`.
 */
export function planReplacement(
  stored: readonly StoredMessage[],
  sent: readonly ChatMessage[],
  replacesId: string,
): Plan {
  const message = sent.findLast(({ role }) => role !== 'system');
  if (message?.role !== 'user' || message.id === undefined || isBlank(message)) throw nothingToReplaceWith();
  if (stored.some(({ clientId }) => clientId === message.id)) return planStart(stored, sent);
  const replaced = stored.find(
    ({ clientId, message: { role }, isReplaced }) =>
      clientId === replacesId && role === 'user' && isReplaced !== true,
  );
  if (replaced === undefined) throw messageNotFound();
  const messages = [toNewMessage(message)];
  requireRoom([
    ...currentMessages(stored).filter(({ position }) => position < replaced.position),
    ...messages,
  ]);
  return { kind: 'new', messages, replacesFrom: replaced.position };
}

/** A transcript that asks for nothing. */
export function nothingNew(): RequestError {
  return new RequestError('invalid_request', 'There is no new user message in `messages`.', {
    hint: 'End the list with a message of role `user` that has text or an attachment, under an id of its own.',
  });
}

/** What no other message took the place of. */
export function currentMessages(stored: readonly StoredMessage[]): readonly StoredMessage[] {
  return stored.filter(({ isReplaced }) => isReplaced !== true);
}

/** Where its next message will stand. */
export function positionAfter(stored: readonly StoredMessage[]): number {
  return (stored.at(-1)?.position ?? -1) + 1;
}

/** Behind what a person said last, without what was tried to answer it. */
export function positionAfterLastUser(stored: readonly StoredMessage[]): number {
  return (lastUserMessage(stored)?.position ?? -1) + 1;
}

/** The calls that the conversation ends with, in their order. Empty when it does not end with calls. */
export function openCalls(stored: readonly StoredMessage[]): readonly ModelToolCall[] {
  const last = stored.at(-1)?.message;
  return last?.role === 'assistant' ? last.toolCalls : [];
}

/** Every `toolCallId` that the conversation has seen. */
export function callIds(stored: readonly StoredMessage[]): Set<string> {
  return new Set(
    stored.flatMap(({ message }) =>
      message.role === 'assistant' ? message.toolCalls.map(({ toolCallId }) => toolCallId) : [],
    ),
  );
}

function trailingUserMessages(
  sent: readonly ChatMessage[],
  known: ReadonlySet<string | null>,
): readonly ChatMessage[] {
  const trailing: ChatMessage[] = [];
  const seen = new Set(known);
  for (const message of [...sent].reverse()) {
    if (message.role === 'system') continue;
    if (message.role === 'assistant') break;
    if (message.id !== undefined && known.has(message.id)) break;
    if (message.id !== undefined && seen.has(message.id)) continue;
    if (message.id !== undefined) seen.add(message.id);
    trailing.unshift(message);
  }
  return trailing;
}

/**
 * What was typed after the last known message and never arrived: widgets put an apology of their own behind it and go
 * on. Plain text of a fitting size alone, or a message that was refused for good would be refused with every later one.
 */
function missedMessages(
  stored: readonly StoredMessage[],
  sent: readonly ChatMessage[],
  fresh: readonly ChatMessage[],
): readonly ChatMessage[] {
  const known = new Set(stored.map(({ clientId }) => clientId));
  const lastKnown = sent.findLastIndex(
    ({ role, id }) => role === 'user' && id !== undefined && known.has(id),
  );
  if (lastKnown === -1) return [];
  // Widgets retell the answers to questions of the model as messages; they came as outputs of these calls.
  const retold = [...callIds(stored)].map((id) => `ask-user-a-${id}-`);
  const missed = sent
    .slice(lastKnown + 1)
    .filter(
      ({ role, id, content }) =>
        role === 'user' &&
        id !== undefined &&
        !fresh.some((message) => message.id === id) &&
        !retold.some((prefix) => id.startsWith(prefix)) &&
        typeof content === 'string' &&
        content.trim() !== '' &&
        content.length <= MAX_MESSAGE_CHARS,
    );
  return [...new Map(missed.map((message) => [message.id, message])).values()];
}

function toNewMessage({ id, content, displayContent }: ChatMessage): NewMessage {
  const text = messageText(content);
  if (text.length > MAX_MESSAGE_CHARS) {
    throw new RequestError('invalid_request', `The message has ${text.length} characters.`, {
      hint: `Send at most ${MAX_MESSAGE_CHARS}.`,
    });
  }
  return {
    clientId: id ?? null,
    message: { role: 'user', content: partsOf(content) },
    ...(displayContent === undefined ? {} : { display: displayContent.slice(0, MAX_MESSAGE_CHARS) }),
  };
}

function nothingToReplaceWith(): RequestError {
  return new RequestError('invalid_request', 'There is no message to take the place of the earlier one.', {
    hint: 'End `messages` with the new user message, under an id of its own and with text or an attachment.',
  });
}

function messageNotFound(): RequestError {
  return new RequestError('message_not_found', 'The message that was to be replaced is not there.', {
    hint: 'Name a user message of this conversation in `replacesMessageId`. Another tab may have replaced it already: read the conversation again.',
  });
}

function requireRoom(messages: readonly { readonly message: ModelMessage }[]): void {
  const chars = messages.reduce((sum, { message }) => sum + lengthOf(message), 0);
  if (chars <= MAX_CONVERSATION_CHARS) return;
  const words = `This chat would hold more than ${MAX_CONVERSATION_CHARS} characters, attachments included.`;
  throw new RequestError('message_limit_reached', words, { hint: `${words} Start a new chat to go on.` });
}

/** In characters, of all that stands in it. */
export function lengthOf(message: ModelMessage): number {
  const pieces: readonly object[] =
    message.role === 'user'
      ? [...message.content, { pageContext: message.pageContext }]
      : message.role === 'tool'
        ? message.results
        : [
            { text: message.text },
            ...message.toolCalls.map(({ input }) => ({ input: JSON.stringify(input) })),
          ];
  return pieces
    .flatMap((piece): unknown[] => Object.values(piece))
    .reduce((sum: number, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
}

function partsOf(content: ChatMessage['content']): readonly ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  // Reasoning is a model's. From a client it would put words in its mouth.
  return content.filter((part) => part.type !== 'reasoning' && !(part.type === 'text' && part.text === ''));
}

function isBlank({ content }: ChatMessage): boolean {
  return partsOf(content).every((part) => part.type === 'text' && part.text.trim() === '');
}

function lastUserMessage(stored: readonly StoredMessage[]): StoredMessage | undefined {
  return [...stored].reverse().find(({ message }) => message.role === 'user');
}

function textOf(message: ModelMessage): string | undefined {
  return message.role === 'user' ? messageText([...message.content]) : undefined;
}

function endsWithAnswer(stored: readonly StoredMessage[]): boolean {
  const last = stored.at(-1)?.message;
  return last?.role === 'assistant' && last.toolCalls.length === 0;
}
