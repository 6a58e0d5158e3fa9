import { type ReadonlySignal, signal } from '@preact/signals';
import { MAX_UPLOAD_PIECE_BYTES } from '../../protocol/limits.ts';
import type { InitResponse } from '../../protocol/request.ts';
import { asWidgetError, WidgetError } from '../errors.ts';
import type { FileTransport } from '../transport/files.ts';
import type { Clock } from './clock.ts';
import { type FileProblem, fileRulesOf, mimeTypeOf, problemOf } from './file-rules.ts';
import type { FileShelf, ShelvedFile } from './file-shelf.ts';
import type { Attachment } from './state.ts';
import { upload } from './upload.ts';

/** How a file in the composer stands. Exactly one of these. */
export type FileProgress =
  /** So many of its bytes are there. */
  | { readonly status: 'moving'; readonly bytes: number }
  /** It goes on by itself. */
  | { readonly status: 'held'; readonly bytes: number; readonly reason: 'offline' | 'busy' }
  | { readonly status: 'ready' }
  | { readonly status: 'failed'; readonly error: WidgetError };

/** A file in the composer. */
export interface WaitingFile {
  /** A name of this tab's own, the same from the first byte to the message. */
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly mimeType: string;
  /** Once the server has begun it. */
  readonly fileId: string | undefined;
  readonly progress: FileProgress;
}

/** The files of the message that is being written. */
export interface Attachments {
  readonly list: ReadonlySignal<readonly WaitingFile[]>;
  /** Of what was added last: what cannot be attached, and why. */
  readonly problems: ReadonlySignal<readonly FileProblem[]>;
  /** Checks the files against the rules and sets those out that may go. Never rejects. */
  add(files: readonly File[]): Promise<void>;
  /** Also ends what is under way, and takes it back from the server. */
  remove(key: string): void;
  retry(key: string): void;
  /** Takes the files out, for a message. Only when all of them are ready. */
  take(): readonly Attachment[];
  /** Puts the files of a message back that was not taken. */
  restore(attachments: readonly Attachment[]): void;
  /** The bytes of a file that was attached, from memory or from the server; `undefined` where neither has them. */
  bytesOf(attachment: Attachment): Promise<Blob | undefined>;
  /** The same of one that goes inside a message, as a data URI. */
  inlineData(attachmentId: string): string | undefined;
  destroy(): void;
}

export interface AttachmentsOptions {
  readonly openSession: (signal: AbortSignal) => Promise<InitResponse>;
  readonly files: FileTransport;
  readonly shelf: FileShelf;
  readonly clock: Clock;
  readonly newId: (prefix: string) => string;
  /** Told what becomes of each file. */
  readonly report: (kind: 'added' | 'uploaded' | 'failed' | 'removed', file: WaitingFile) => void;
}

/** Most bytes of sent files that stay in memory for their pictures. Data that messages need is not counted. */
const MAX_REMEMBERED_BYTES = 32 * 1024 * 1024;

export function createAttachments(options: AttachmentsOptions): Attachments {
  const { shelf, newId, report } = options;
  const list = signal<readonly WaitingFile[]>([]);
  const problems = signal<readonly FileProblem[]>([]);
  const life = new AbortController();
  const underWay = new Map<string, AbortController>();
  /** By key, and by `fileId` once there is one. */
  const bytes = new Map<string, Blob>();
  const data = new Map<string, string>();
  /** No server was there to ask what may be attached. */
  const unchecked = new Set<string>();

  function change(key: string, next: Partial<WaitingFile>) {
    list.value = list.peek().map((file) => (file.key === key ? { ...file, ...next } : file));
    keep();
    const file = fileOf(key);
    const status = next.progress?.status;
    if (file === undefined) return;
    if (status === 'ready' && file.fileId !== undefined) report('uploaded', file);
    if (status === 'failed') report('failed', file);
  }

  function keep() {
    shelf.keep(list.peek().map(shelved));
  }

  async function add(files: readonly File[]) {
    if (life.signal.aborted || files.length === 0) return;
    let answer: InitResponse;
    try {
      answer = await options.openSession(life.signal);
    } catch (cause) {
      if (life.signal.aborted) return;
      // What stands in the way stands on the files: there they can be tried again.
      const added = show(files, (file) => waiting(file, { status: 'failed', error: asWidgetError(cause) }));
      for (const { key } of added) unchecked.add(key);
      return;
    }
    const rules = fileRulesOf(answer);
    const isInline = !canUpload(answer);
    const found: FileProblem[] = [];
    const good: File[] = [];
    for (const file of files) {
      const attached = [...list.peek(), ...good];
      const problem = problemOf(file, rules, {
        count: attached.length,
        bytes: attached.reduce((sum, { size }) => sum + size, 0),
        isInline,
      });
      if (problem === undefined) good.push(file);
      else found.push(problem);
    }
    problems.value = found;
    for (const { key } of show(good, (file) => waiting(file, { status: 'moving', bytes: 0 }))) {
      void setOut(key);
    }
  }

  function show(files: readonly File[], draw: (file: File) => WaitingFile): readonly WaitingFile[] {
    const added = files.map(draw);
    for (const [at, { key }] of added.entries()) {
      const file = files[at];
      if (file === undefined) continue;
      remember(key, file);
      void shelf.put(key, file);
    }
    list.value = [...list.peek(), ...added];
    keep();
    for (const file of added) {
      report('added', file);
      if (file.progress.status === 'failed') report('failed', file);
    }
    return added;
  }

  function waiting(file: File, progress: FileProgress): WaitingFile {
    const { name, size } = file;
    return { key: newId('att_'), name, size, mimeType: mimeTypeOf(file), fileId: undefined, progress };
  }

  /** Brings a file to where the message can name it. */
  async function setOut(key: string) {
    const file = fileOf(key);
    if (file === undefined) return;
    const mine = new AbortController();
    underWay.get(key)?.abort();
    underWay.set(key, mine);
    const signal = mine.signal;
    change(key, { progress: { status: 'moving', bytes: 0 } });
    try {
      const content = bytes.get(key) ?? (await shelf.get(key));
      if (content === undefined) throw lost();
      bytes.set(key, content);
      if (!canUpload(await options.openSession(signal))) {
        data.set(key, await dataUri(content, file.mimeType));
        if (!signal.aborted) change(key, { fileId: undefined, progress: { status: 'ready' } });
        return;
      }
      const { name, mimeType, fileId } = file;
      const state = await upload(
        { bytes: content, name, mimeType, fileId },
        {
          transport: options.files,
          clock: options.clock,
          maxPieceBytes: MAX_UPLOAD_PIECE_BYTES,
          onBegun: (begun) => !signal.aborted && change(key, { fileId: begun }),
          onProgress: (sent) =>
            !signal.aborted && change(key, { progress: { status: 'moving', bytes: sent } }),
          onWait: ({ reason }) => !signal.aborted && change(key, { progress: held(fileOf(key), reason) }),
        },
        signal,
      );
      if (signal.aborted) return;
      bytes.set(state.fileId, content);
      // What the server made of the bytes, not what their name said.
      change(key, { mimeType: state.mimeType ?? mimeType, progress: { status: 'ready' } });
      shelf.drop(key);
    } catch (cause) {
      if (!signal.aborted) change(key, { progress: { status: 'failed', error: asWidgetError(cause) } });
    } finally {
      if (underWay.get(key) === mine) underWay.delete(key);
    }
  }

  function fileOf(key: string): WaitingFile | undefined {
    return list.peek().find((file) => file.key === key);
  }

  function drop(key: string) {
    underWay.get(key)?.abort();
    underWay.delete(key);
    list.value = list.peek().filter((file) => file.key !== key);
    shelf.drop(key);
    keep();
  }

  function remember(key: string, content: Blob) {
    let total = [...bytes.values()].reduce((sum, { size }) => sum + size, content.size);
    const needed = new Set(list.peek().flatMap(({ key: own, fileId }) => [own, fileId]));
    for (const [old, { size }] of bytes) {
      if (total <= MAX_REMEMBERED_BYTES) break;
      if (!needed.has(old) && bytes.delete(old)) total -= size;
    }
    bytes.set(key, content);
  }

  function restoreShelf() {
    list.value = shelf.list().map(({ isReady, ...file }) => ({
      ...file,
      progress: isReady && file.fileId !== undefined ? { status: 'ready' } : { status: 'moving', bytes: 0 },
    }));
    for (const { key, progress } of list.peek()) if (progress.status !== 'ready') void setOut(key);
  }

  restoreShelf();
  return {
    list,
    problems,
    add,
    remove(key) {
      const file = fileOf(key);
      if (file === undefined) return;
      const { fileId } = file;
      drop(key);
      problems.value = [];
      report('removed', file);
      // In vain is no matter: the server removes what no message names.
      if (fileId !== undefined) {
        options.files.remove(fileId).catch(() => {});
      }
    },
    retry(key) {
      const content = bytes.get(key);
      if (!unchecked.delete(key) || !(content instanceof File)) return void setOut(key);
      drop(key);
      void add([content]);
    },
    take() {
      const taken = list.peek().map(attachmentOf);
      for (const { key } of list.peek()) drop(key);
      problems.value = [];
      return taken;
    },
    restore(attachments) {
      const files = attachments.map(
        ({ id, name, size, mimeType, isUploaded }): WaitingFile => ({
          key: id,
          name,
          size,
          mimeType,
          fileId: isUploaded ? id : undefined,
          progress: { status: 'ready' },
        }),
      );
      list.value = [...list.peek(), ...files];
      keep();
    },
    async bytesOf({ id, isUploaded }) {
      const known = bytes.get(id);
      if (known !== undefined || !isUploaded) return known;
      try {
        const content = await options.files.content(id, life.signal);
        remember(id, content);
        return content;
      } catch {
        // A picture that cannot be had is a name without one.
        return undefined;
      }
    },
    inlineData: (id) => data.get(id),
    destroy() {
      life.abort();
      for (const one of underWay.values()) one.abort();
    },
  };
}

function canUpload({ capabilities }: InitResponse): boolean {
  return capabilities?.includes('files') === true;
}

function held(file: WaitingFile | undefined, reason: string): FileProgress {
  const progress = file?.progress;
  const bytes = progress !== undefined && 'bytes' in progress ? progress.bytes : 0;
  return { status: 'held', bytes, reason: reason === 'offline' ? 'offline' : 'busy' };
}

function shelved({ progress, ...file }: WaitingFile): ShelvedFile {
  return { ...file, isReady: progress.status === 'ready' };
}

function attachmentOf({ key, name, size, mimeType, fileId }: WaitingFile): Attachment {
  return { id: fileId ?? key, name, size, mimeType, isUploaded: fileId !== undefined };
}

function lost(): WidgetError {
  return new WidgetError('file_not_found', 'This file is no longer here.', { retryable: false });
}

function dataUri(content: Blob, mimeType: string): Promise<string> {
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () =>
      reject(
        new WidgetError('file_not_found', 'This file cannot be read.', {
          retryable: false,
          cause: reader.error,
        }),
      );
    reader.readAsDataURL(content.slice(0, content.size, mimeType));
  });
}
