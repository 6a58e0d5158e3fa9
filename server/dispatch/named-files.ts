import { MAX_CONVERSATION_CHARS } from '../../protocol/limits.ts';
import type { ContentPart } from '../../protocol/message.ts';
import type { FileSettings } from '../config/files.ts';
import { RequestError } from '../errors.ts';
import type { NewMessage, Store, StoredFile } from '../store/store.ts';
import type { AttachmentFacts } from './attachments.ts';
import { base64Chars, charsOfFile } from './attachments.ts';

export interface NamedFiles {
  /** The messages with what the server knows of their files, in place of what the client says. */
  readonly messages: readonly NewMessage[];
  /** Each once. */
  readonly files: readonly string[];
}

/**
 * Checks the files that new messages name. Throws `file_not_found` for what is not there, not whole or not of this
 * conversation, `unsupported_file` where nothing can be attached, `invalid_request` for too many, and
 * `file_too_large` for more than a model can be given at once.
 */
export async function nameFiles(
  messages: readonly NewMessage[],
  settings: Pick<FileSettings, 'maxBytes' | 'maxPerMessage'> | null,
  { conversationId, nowMs, store }: { conversationId: string; nowMs: number; store: Pick<Store, 'file'> },
): Promise<NamedFiles> {
  const found = new Map<string, StoredFile & AttachmentFacts>();
  for (const id of messages.flatMap(fileIdsOf)) {
    if (settings === null) throw nothingTaken();
    const file = await store.file(id);
    if (file?.conversationId !== conversationId || isOver(file, nowMs)) throw notThere();
    const { mimeType } = file;
    if (mimeType === null) throw notWhole(file);
    found.set(id, { ...file, mimeType });
  }
  if (settings !== null) for (const message of messages) requireFit(fileIdsOf(message), found, settings);
  return {
    messages: messages.map((message) => withFacts(message, found)),
    files: [...found.keys()],
  };
}

function fileIdsOf({ message }: NewMessage): readonly string[] {
  if (message.role !== 'user') return [];
  return message.content.flatMap((part) => (part.type === 'upload' ? [part.fileId] : []));
}

function withFacts(entry: NewMessage, found: ReadonlyMap<string, AttachmentFacts>): NewMessage {
  const { message } = entry;
  if (message.role !== 'user') return entry;
  const content = message.content.map((part): ContentPart => {
    const file = part.type === 'upload' ? found.get(part.fileId) : undefined;
    return part.type === 'upload' && file !== undefined
      ? { type: 'upload', fileId: part.fileId, filename: file.filename, mimeType: file.mimeType }
      : part;
  });
  return { ...entry, message: { ...message, content } };
}

function requireFit(
  ids: readonly string[],
  found: ReadonlyMap<string, AttachmentFacts>,
  { maxPerMessage, maxBytes }: Pick<FileSettings, 'maxBytes' | 'maxPerMessage'>,
): void {
  if (ids.length > maxPerMessage) {
    throw new RequestError('invalid_request', `The message has ${ids.length} files.`, {
      hint: `Attach at most ${maxPerMessage} to one message.`,
    });
  }
  const chars = ids.reduce((sum, id) => sum + charsOfFile(found.get(id)), 0);
  if (chars <= Math.max(MAX_CONVERSATION_CHARS, base64Chars(maxBytes))) return;
  throw new RequestError(
    'file_too_large',
    'The files of this message are together too large to be read at once.',
    {
      hint: 'Send them in several messages, or smaller ones.',
    },
  );
}

function isOver({ expiresAtMs }: StoredFile, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}

function nothingTaken(): RequestError {
  return new RequestError('unsupported_file', 'Nothing can be attached in this chat.', {
    hint: 'Send the message without the file.',
  });
}

function notThere(): RequestError {
  return new RequestError('file_not_found', 'A file of this message is not there.', {
    hint: 'Attach it again: a file that no message names is removed after a while.',
  });
}

function notWhole({ received, size }: StoredFile): RequestError {
  return new RequestError(
    'file_not_found',
    `A file of this message is not ready: ${received} of its ${size} bytes are there.`,
    { hint: 'Wait until it is `ready`, and send the message then.' },
  );
}
