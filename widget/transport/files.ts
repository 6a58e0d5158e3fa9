import type { FileRequest, FileState } from '../../protocol/file.ts';
import { UPLOAD_OFFSET_HEADER } from '../../protocol/limits.ts';
import { fieldsOf, unintelligible } from './failure.ts';
import type { Outgoing, Wire } from './wire.ts';

/** The files that the visitor attaches, on the way to the server and back. Rejects with `WidgetError` only. */
export interface FileTransport {
  begin(file: Omit<FileRequest, 'sessionId'>, signal: AbortSignal): Promise<FileState>;
  /** How far it has come. */
  state(fileId: string, signal: AbortSignal): Promise<FileState>;
  /** Brings the piece that begins at this byte. */
  put(fileId: string, offset: number, piece: Blob, signal: AbortSignal): Promise<FileState>;
  content(fileId: string, signal: AbortSignal): Promise<Blob>;
  /** Takes back a file that no message names. */
  remove(fileId: string): Promise<void>;
}

export function createFiles({ base, fetchWhole, withinSession }: Wire): FileTransport {
  function ask<T>(
    outgoing: (sessionId: string) => Outgoing,
    signal: AbortSignal,
    read: (answer: Response) => Promise<T>,
  ): Promise<T> {
    return withinSession(signal, (sessionId) => fetchWhole(outgoing(sessionId), signal, read));
  }

  async function askState(outgoing: (sessionId: string) => Outgoing, signal: AbortSignal) {
    const state = readState(await ask(outgoing, signal, (answer) => answer.text()));
    if (state === undefined) throw unintelligible(base);
    return state;
  }

  return {
    begin: (file, signal) =>
      askState((sessionId) => ({ path: 'files', body: { sessionId, ...file } }), signal),
    state: (fileId, signal) =>
      askState((bearer) => ({ path: `files/${encodeURIComponent(fileId)}`, bearer }), signal),
    put: (fileId, offset, bytes, signal) =>
      askState(
        (sessionId) => ({
          path: pathOf(fileId, sessionId),
          method: 'PATCH',
          bytes,
          headers: { 'content-type': 'application/octet-stream', [UPLOAD_OFFSET_HEADER]: String(offset) },
        }),
        signal,
      ),
    content: (fileId, signal) =>
      ask(
        (bearer) => ({ path: `files/${encodeURIComponent(fileId)}/content`, bearer }),
        signal,
        (answer) => answer.blob(),
      ),
    async remove(fileId) {
      const { signal } = new AbortController();
      await ask(
        (sessionId) => ({ path: pathOf(fileId, sessionId), method: 'DELETE', keepalive: true }),
        signal,
        (answer) => answer.text(),
      );
    },
  };
}

function pathOf(fileId: string, sessionId: string): string {
  return `files/${encodeURIComponent(fileId)}?sessionId=${encodeURIComponent(sessionId)}`;
}

function readState(json: string): FileState | undefined {
  const { fileId, filename, size, offset, status, mimeType, expiresAt } = fieldsOf(json);
  if (typeof fileId !== 'string' || fileId === '' || !Number.isSafeInteger(offset)) return undefined;
  if (status !== 'uploading' && status !== 'ready') return undefined;
  return {
    fileId,
    filename: String(filename),
    size: Number(size),
    offset: Number(offset),
    status,
    mimeType: typeof mimeType === 'string' ? mimeType : null,
    expiresAt: String(expiresAt ?? ''),
  };
}
