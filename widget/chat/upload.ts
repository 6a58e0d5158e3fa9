import type { FileState } from '../../protocol/file.ts';
import { asWidgetError, WidgetError } from '../errors.ts';
import type { FileTransport } from '../transport/files.ts';
import type { Clock } from './clock.ts';
import { createPatience } from './patience.ts';
import type { Wait } from './state.ts';

export interface Upload {
  readonly bytes: Blob;
  readonly name: string;
  readonly mimeType: string;
  /** Of an upload that an earlier page began. */
  readonly fileId: string | undefined;
}

export interface UploadOptions {
  readonly transport: FileTransport;
  readonly clock: Clock;
  /** Largest piece that the server takes, in bytes. */
  readonly maxPieceBytes: number;
  readonly onBegun: (fileId: string) => void;
  readonly onProgress: (bytes: number) => void;
  /** It waits, and goes on by itself. */
  readonly onWait: (wait: Wait) => void;
}

/** Small enough for a slow line to show that it moves; it grows with a fast one. */
const FIRST_PIECE_BYTES = 256 * 1024;
const SMALLEST_PIECE_BYTES = 64 * 1024;

/** A piece that took longer than this, in milliseconds, is followed by a smaller one. */
const SLOW_MS = 5_000;
const FAST_MS = 1_000;

/**
 * Brings a file to the server, over every break that mends by itself. Resolves when the server has looked at all of it
 * and takes it; rejects with a `WidgetError`.
 */
export async function upload(
  { bytes, name, mimeType, ...earlier }: Upload,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<FileState> {
  const { transport, clock, onProgress } = options;
  const patience = createPatience(clock, options.onWait);
  let { fileId } = earlier;
  let mayBeginAnew = true;
  let pieceBytes = Math.min(FIRST_PIECE_BYTES, options.maxPieceBytes);

  async function begin(): Promise<FileState> {
    const state = await transport.begin({ filename: name, size: bytes.size, mimeType }, signal);
    fileId = state.fileId;
    options.onBegun(fileId);
    return state;
  }

  async function putNext({ fileId: id, offset }: FileState): Promise<FileState> {
    const startedAtMs = clock.now();
    const state = await transport.put(id, offset, bytes.slice(offset, offset + pieceBytes), signal);
    const tookMs = clock.now() - startedAtMs;
    if (tookMs < FAST_MS) pieceBytes = Math.min(pieceBytes * 2, options.maxPieceBytes);
    if (tookMs > SLOW_MS) pieceBytes = Math.max(pieceBytes / 2, SMALLEST_PIECE_BYTES);
    if (state.offset <= offset && state.status !== 'ready') {
      throw new WidgetError('unintelligible', 'The chat server does not take this file.');
    }
    patience.progress();
    return state;
  }

  for (;;) {
    try {
      let state = fileId === undefined ? await begin() : await transport.state(fileId, signal);
      for (;;) {
        onProgress(state.offset);
        if (state.status === 'ready') return state;
        state = await putNext(state);
      }
    } catch (cause) {
      const error = asWidgetError(cause);
      if (signal.aborted) throw error;
      if (mayBeginAnew && fileId !== undefined && isGone(error)) {
        // The server kept it as long as it said; the file is still here.
        mayBeginAnew = false;
        fileId = undefined;
        continue;
      }
      if (!mayGoOn(error) || !(await patience.wait(error, signal))) throw error;
      if (signal.aborted) throw error;
    }
  }
}

function isGone({ code }: WidgetError): boolean {
  return code === 'file_not_found' || code === 'not_found';
}

/** Pieces may come from two tabs at once: the server says how far they came together. */
function mayGoOn({ code, retryable }: WidgetError): boolean {
  return code === 'invalid_offset' || (retryable && code !== 'unintelligible');
}
