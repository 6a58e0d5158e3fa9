import { type FileRequest, type FileState, UPLOAD_OFFSET_HEADER } from '../../protocol/file.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { FileRules } from '../../protocol/request.ts';
import type { FileSettings } from '../config/files.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ActiveSession } from '../sessions.ts';
import type { Store, StoredFile } from '../store/store.ts';
import { contentTypeOf, isAccepted } from './content-type.ts';
import { cleanName, fittingName } from './filename.ts';
import { piecesOf, readWhole } from './read-file.ts';
import { runScan } from './scan.ts';
import { createTurns } from './turns.ts';

/** Files that one conversation may hold, named by messages or not. */
const MAX_FILES_OF_CONVERSATION = 200;

/** The bytes that one conversation may hold, in largest files. */
const MAX_LARGEST_OF_CONVERSATION = 20;

/** Files whose contents are looked at at once in this process: each is whole in memory meanwhile. */
const LOOKS_AT_ONCE = 4;

/** Looks that may wait for their turn. */
const MAX_WAITING_LOOKS = 100;

const HOUR_MS = 60 * 60_000;

/**
 * What visitors attach. A file belongs to the conversation of the session that began it; for every other one there is
 * no such file. Rejects with `RequestError`, or with the store's own error.
 */
export interface Files {
  /** Begins a file. */
  begin(active: ActiveSession, request: FileRequest): Promise<FileState>;
  /**
   * Adds a piece. The last one again is as good as once. With the last byte the file is looked at: it is `ready`
   * then, or refused and gone.
   */
  append(active: ActiveSession, fileId: string, offset: number, bytes: Uint8Array): Promise<FileState>;
  state(active: ActiveSession, fileId: string): Promise<FileState>;
  /** Takes a file back that no message names. */
  remove(active: ActiveSession, fileId: string): Promise<void>;
  /** The bytes of a file that is ready, in pieces. */
  content(active: ActiveSession, fileId: string): Promise<FileContent>;
}

export interface FileContent {
  readonly filename: string;
  readonly mimeType: string;
  readonly size: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

export interface FilesOptions {
  readonly store: Store;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly log: Log;
}

export function createFiles({ store, clock, newId, log }: FilesOptions): Files {
  const look = createTurns(LOOKS_AT_ONCE, MAX_WAITING_LOOKS);

  const own = async ({ session, surface }: ActiveSession, fileId: string): Promise<StoredFile> => {
    const file = await store.file(fileId);
    const isTheirs = file?.conversationId === session.conversationId && file.surfaceId === surface.id;
    // What nobody named in time is gone, even where the upkeep has not come by yet.
    if (!isTheirs || isOver(file, clock())) throw noSuchFile();
    return file;
  };

  const surfaceFull = (surfaceId: string) => {
    log.warn({ surfaceId }, 'The files of a surface have reached `maxStoredBytes`');
    return noRoom();
  };

  /** A file that had room when it began may find none any more: others were faster. */
  const requireRoom = async (surfaceId: string, bytes: number, { maxStoredBytes }: FileSettings) => {
    if ((await store.surfaceFileBytes(surfaceId)) + bytes > maxStoredBytes) throw surfaceFull(surfaceId);
  };

  /** What is looked at here now: one that comes again meanwhile waits for the same look. */
  const looking = new Map<string, Promise<StoredFile>>();
  const finishOnce = (file: StoredFile, settings: FileSettings): Promise<StoredFile> => {
    const running = looking.get(file.id);
    if (running !== undefined) return running;
    const begun = look(() => finish(file, settings)).finally(() => looking.delete(file.id));
    looking.set(file.id, begun);
    return begun;
  };

  /** Looks at a file whose bytes are all there. */
  const finish = async (file: StoredFile, settings: FileSettings): Promise<StoredFile> => {
    const bytes = await readWhole(store, file);
    if (bytes === undefined) throw noSuchFile();
    const facts = await judge(file, bytes, settings).catch(async (refusal: unknown) => {
      if (refusal instanceof RequestError) await store.removeFile(file.id);
      throw refusal;
    });
    await store.finishFile(file.id, facts);
    const finished = await store.file(file.id);
    if (finished === undefined) throw noSuchFile();
    return finished;
  };

  const judge = async (file: StoredFile, bytes: Uint8Array, { accept, scan }: FileSettings) => {
    const type = await contentTypeOf(bytes, file.filename);
    if (type === undefined || !isAccepted(type.mimeType, accept)) throw unsupported(type?.mimeType, accept);
    const { mimeType } = type;
    const filename = fittingName(file.filename, type.endings);
    if (scan !== null) {
      await runScan(scan, { filename, mimeType, bytes }, (err) =>
        log.error({ err, fileId: file.id, mimeType, size: file.size }, 'The scan of a file failed'),
      );
    }
    return { filename, mimeType };
  };

  return {
    async begin({ session, surface }, { filename, size }) {
      const settings = requireFiles(surface.files);
      if (size > settings.maxBytes) throw tooLarge(size, settings.maxBytes);
      const nowMs = clock();
      const file: StoredFile = {
        id: newId(ID_PREFIX.file),
        conversationId: session.conversationId,
        surfaceId: surface.id,
        filename: cleanName(filename),
        size,
        received: 0,
        mimeType: null,
        createdAtMs: nowMs,
        expiresAtMs: nowMs + settings.keepHours * HOUR_MS,
      };
      const result = await store.createFile(file, {
        conversationFiles: MAX_FILES_OF_CONVERSATION,
        conversationBytes: MAX_LARGEST_OF_CONVERSATION * settings.maxBytes,
        surfaceBytes: settings.maxStoredBytes,
      });
      if (result === 'conversation_full') throw conversationFull();
      if (result === 'surface_full') throw surfaceFull(surface.id);
      return stateOf(file);
    },

    async append(active, fileId, offset, bytes) {
      const settings = requireFiles(active.surface.files);
      const file = await own(active, fileId);
      if (offset + bytes.byteLength > file.size) throw beyondSize(file);
      const isNext = offset === file.received && bytes.byteLength > 0;
      if (isNext) await requireRoom(active.surface.id, bytes.byteLength, settings);
      const isAdded = isNext && (await store.appendPiece(fileId, offset, bytes));
      const now = isAdded ? { ...file, received: offset + bytes.byteLength } : await own(active, fileId);
      if (!isAdded && !(await isThere(store, now, offset, bytes))) throw wrongOffset(now);
      if (now.mimeType !== null || now.received < now.size) return stateOf(now);
      return stateOf(await finishOnce(now, settings));
    },

    state: async (active, fileId) => stateOf(await own(active, fileId)),

    async remove(active, fileId) {
      const file = await own(active, fileId);
      if (file.expiresAtMs === null || !(await store.removeFile(fileId))) throw inUse();
    },

    async content(active, fileId) {
      const file = await own(active, fileId);
      if (file.mimeType === null) throw noSuchFile();
      const { filename, mimeType, size } = file;
      return { filename, mimeType, size, pieces: piecesOf(store, file) };
    },
  };
}

/** What `init` tells of it; nothing where nothing can be attached. */
export function fileRulesOf(settings: FileSettings | null): FileRules | undefined {
  if (settings === null) return undefined;
  const { maxBytes, maxPerMessage, accept } = settings;
  return { maxBytes, maxPerMessage, accept: [...accept] };
}

function isOver({ expiresAtMs }: StoredFile, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}

/** Whether a piece that comes again is the last that went in, or brings nothing to its end. */
async function isThere(
  store: Store,
  { id, received }: StoredFile,
  offset: number,
  bytes: Uint8Array,
): Promise<boolean> {
  if (offset + bytes.byteLength !== received) return false;
  if (bytes.byteLength === 0) return true;
  const stored = await store.filePiece(id, offset);
  return stored !== undefined && Buffer.from(bytes).equals(stored);
}

function stateOf(file: StoredFile): FileState {
  return {
    fileId: file.id,
    filename: file.filename,
    size: file.size,
    offset: file.received,
    status: file.mimeType === null ? 'uploading' : 'ready',
    mimeType: file.mimeType,
    expiresAt: new Date(file.expiresAtMs ?? LATEST_MS).toISOString(),
  };
}

/** For what stays as long as its conversation. */
const LATEST_MS = Date.parse('9999-12-31T23:59:59Z');

function requireFiles(settings: FileSettings | null): FileSettings {
  if (settings !== null) return settings;
  throw new RequestError('unsupported_file', 'Nothing can be attached in this chat.', {
    hint: 'Send the message without the file.',
  });
}

/** The same answer for a file of somebody else and for one that never was. */
function noSuchFile(): RequestError {
  return new RequestError('file_not_found', 'There is no such file in this conversation.', {
    hint: 'Attach it again: a file that no message names is removed after a while.',
  });
}

function tooLarge(size: number, maxBytes: number): RequestError {
  return new RequestError(
    'file_too_large',
    `The file has ${readable(size)}, and at most ${readable(maxBytes)} can be attached.`,
    { hint: 'Attach a smaller one.' },
  );
}

function beyondSize({ size, received }: StoredFile): RequestError {
  return new RequestError('file_too_large', `The piece goes beyond the ${size} bytes that were announced.`, {
    hint: 'Begin the file anew with its real size.',
    headers: { [UPLOAD_OFFSET_HEADER]: String(received) },
  });
}

function wrongOffset({ received }: StoredFile): RequestError {
  return new RequestError('invalid_offset', `The file goes on at byte ${received}.`, {
    hint: `Send what follows, with \`${UPLOAD_OFFSET_HEADER}: ${received}\`.`,
    details: [`${UPLOAD_OFFSET_HEADER}: ${received}`],
    headers: { [UPLOAD_OFFSET_HEADER]: String(received) },
  });
}

function unsupported(mimeType: string | undefined, accept: readonly string[]): RequestError {
  const what =
    mimeType === undefined
      ? 'The file is of a type that is not known'
      : `The file is ${mimeType} by its content`;
  return new RequestError('unsupported_file', `${what}, and that cannot be attached here.`, {
    hint: `Attach one of these: ${accept.join(', ')}.`,
  });
}

function conversationFull(): RequestError {
  return new RequestError('file_refused', 'This conversation holds as many files as it can.', {
    hint: 'Remove files that are not sent yet, or start a new conversation.',
  });
}

function noRoom(): RequestError {
  return new RequestError('overloaded', 'The server has no room for more files.', {
    hint: 'Send the message without the file, or try again later.',
    retryAfterMs: HOUR_MS,
  });
}

function inUse(): RequestError {
  return new RequestError('file_refused', 'A message names the file, so it stays with its conversation.', {
    hint: 'Nothing is to be done.',
  });
}

function readable(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** step;
  return `${amount.toLocaleString('en', { maximumFractionDigits: 1 })} ${units[step]}`;
}
