import { MAX_CONVERSATION_CHARS } from '../../protocol/limits.ts';
import type { ContentPart } from '../../protocol/message.ts';
import { piecesOf, readWhole } from '../files/read-file.ts';
import { ModelError, type ModelMessage } from '../models/model.ts';
import type { Store, StoredFile } from '../store/store.ts';
import { lengthOf } from './history.ts';

/** Longest text of a file that a model is given, in characters. The rest is left out with a mark. */
const MAX_FILE_TEXT_CHARS = 200_000;

/** What the attachments of all requests to models may take up at once in this process, in characters. */
const ROOM_CHARS = 256 * 1024 * 1024;

/** Longest wait for that room, in milliseconds. */
const WAIT_MS = 60_000;

type Upload = Extract<ContentPart, { type: 'upload' }>;

export type AttachmentFacts = Pick<StoredFile, 'filename' | 'size'> & { readonly mimeType: string };

/** Messages whose files stand in them as data, until they are given back. */
interface Attached {
  readonly messages: readonly ModelMessage[];
  giveBack(): void;
}

/**
 * Puts the bytes of files where messages name them. What is gone stays a name, and so does what the conversation has
 * no room for any more: the files of the last message come first, then the newest.
 */
export interface Attachments {
  /** Rejects with `ModelError` where there is no room in time, and with the reason of the signal. */
  attach(messages: readonly ModelMessage[], signal: AbortSignal): Promise<Attached>;
}

/** One for each process: all that it attaches shares the room, in characters. */
export function createAttachments(
  store: Pick<Store, 'file' | 'filePiece'>,
  roomChars = ROOM_CHARS,
): Attachments {
  const room = new Room(roomChars);
  return {
    async attach(messages, signal) {
      const chosen = await chooseFiles(messages, store);
      if (chosen.size === 0) return { messages, giveBack: () => undefined };
      const chars = [...chosen.values()].reduce((sum, file) => sum + charsOfFile(file), 0);
      const giveBack = await room.take(chars, signal);
      try {
        const parts = new Map<string, ContentPart>();
        for (const file of chosen.values()) {
          signal.throwIfAborted();
          const part = await readPart(file, store);
          if (part !== undefined) parts.set(file.id, part);
        }
        return { messages: messages.map((message) => withParts(message, parts)), giveBack };
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}

export function base64Chars(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** What a file takes up in a request to a model. */
export function charsOfFile(file: AttachmentFacts | undefined): number {
  if (file === undefined) return 0;
  return isText(file.mimeType) ? Math.min(file.size, MAX_FILE_TEXT_CHARS) : base64Chars(file.size);
}

type ReadyFile = StoredFile & AttachmentFacts;

async function chooseFiles(
  messages: readonly ModelMessage[],
  store: Pick<Store, 'file'>,
): Promise<ReadonlyMap<string, ReadyFile>> {
  const chosen = new Map<string, ReadyFile>();
  const last = messages.findLast(({ role }) => role === 'user');
  let chars = messages.reduce((sum, message) => sum + lengthOf(message), 0);
  for (const message of [...messages].reverse()) {
    for (const { fileId } of uploadsOf(message)) {
      if (chosen.has(fileId)) continue;
      const file = await store.file(fileId);
      if (file === undefined || file.mimeType === null) continue;
      const ready = { ...file, mimeType: file.mimeType };
      const size = charsOfFile(ready);
      if (message !== last && chars + size > MAX_CONVERSATION_CHARS) continue;
      chars += size;
      chosen.set(fileId, ready);
    }
  }
  return chosen;
}

function uploadsOf(message: ModelMessage): readonly Upload[] {
  if (message.role !== 'user') return [];
  return message.content.filter((part) => part.type === 'upload');
}

function withParts(message: ModelMessage, parts: ReadonlyMap<string, ContentPart>): ModelMessage {
  if (uploadsOf(message).length === 0 || message.role !== 'user') return message;
  return {
    ...message,
    content: message.content.map((part) =>
      part.type === 'upload' ? (parts.get(part.fileId) ?? part) : part,
    ),
  };
}

async function readPart(file: ReadyFile, store: Pick<Store, 'filePiece'>): Promise<ContentPart | undefined> {
  const { mimeType, filename } = file;
  if (isText(mimeType)) {
    const text = await readText(file, store);
    const data = `data:text/plain;base64,${Buffer.from(text).toString('base64')}`;
    return { type: 'file', data, mimeType: 'text/plain', filename };
  }
  const bytes = await readWhole(store, file);
  if (bytes === undefined) return undefined;
  const data = `data:${mimeType};base64,${bytes.toString('base64')}`;
  return mimeType.startsWith('image/')
    ? { type: 'image', image: data, mimeType, alt: filename }
    : { type: 'file', data, mimeType, filename };
}

/** Its beginning, with a mark where there is more. */
async function readText(file: ReadyFile, store: Pick<Store, 'filePiece'>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of piecesOf(store, file)) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_FILE_TEXT_CHARS) {
      const start = text.slice(0, MAX_FILE_TEXT_CHARS).replace(/[\ud800-\udbff]$/, '');
      return `${start}\n(The rest of the file is left out: it has ${file.size} bytes.)`;
    }
  }
  return text;
}

/** What a model reads as words. Drawings are words, too: no provider takes them for pictures. */
function isText(mimeType: string): boolean {
  return mimeType.startsWith('text/') || /^(?:application\/(?:json|xml)|image\/svg\+xml)$/.test(mimeType);
}

interface Waiting {
  readonly amount: number;
  go(): void;
}

/** Lets in whoever fits, in their order. What is larger than the whole room is let in alone. */
class Room {
  readonly #size: number;
  readonly #waiting: Waiting[] = [];
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  async take(wanted: number, signal: AbortSignal): Promise<() => void> {
    const amount = Math.min(wanted, this.#size);
    if (this.#waiting.length > 0 || this.#taken + amount > this.#size) await this.#wait(amount, signal);
    else this.#taken += amount;
    let isTaken = true;
    return () => {
      if (isTaken) this.#taken -= amount;
      isTaken = false;
      this.#letIn();
    };
  }

  async #wait(amount: number, signal: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(WAIT_MS);
    const stop = AbortSignal.any([signal, timeout]);
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { amount, go: resolve };
      const leave = () => {
        const at = this.#waiting.indexOf(waiting);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        reject(signal.aborted ? signal.reason : tooMuchAtOnce());
        // It may have stood before others that fit.
        this.#letIn();
      };
      if (stop.aborted) reject(signal.reason);
      else {
        this.#waiting.push(waiting);
        stop.addEventListener('abort', leave, { once: true });
      }
    });
  }

  #letIn(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#taken + next.amount > this.#size) return;
      this.#waiting.shift();
      this.#taken += next.amount;
      next.go();
    }
  }
}

function tooMuchAtOnce(): ModelError {
  return new ModelError('model_unavailable', 'The server is reading too many files at once.', {
    hint: 'Send the message again in a minute.',
  });
}
