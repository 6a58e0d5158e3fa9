import { afterEach, expect, test, vi } from 'vitest';
import type { FileState } from '../../../protocol/file.ts';
import { BROWSER_CLOCK } from '../../../widget/chat/clock.ts';
import { upload } from '../../../widget/chat/upload.ts';
import { NO_STORAGE } from '../../../widget/surface-storage.ts';
import { createFiles } from '../../../widget/transport/files.ts';
import { createTransport } from '../../../widget/transport/http-transport.ts';
import { filesServer, REFUSED, refused } from './files-server.ts';
import { API, answerWith, json, type Sent } from './wire.ts';

const NEVER = new AbortController().signal;
const PIECE = 64 * 1024;

/** A clock whose waits are over at once. */
const QUICK = { ...BROWSER_CLOCK, after: (_: number, go: () => void) => BROWSER_CLOCK.after(0, go) };

afterEach(() => {
  vi.restoreAllMocks();
});

function aFile(size: number, begin = ''): Blob {
  const bytes = new Uint8Array(size).map((_, index) => index % 251);
  bytes.set(new TextEncoder().encode(begin));
  return new Blob([bytes]);
}

function send(bytes: Blob, options: { fileId?: string; signal?: AbortSignal } = {}) {
  const progress: number[] = [];
  const waits: string[] = [];
  const begun: string[] = [];
  const { wire } = createTransport({ api: API, token: 'ct_test_store', storage: NO_STORAGE });
  const done: Promise<FileState> = upload(
    { bytes, name: 'mug.png', mimeType: 'image/png', fileId: options.fileId },
    {
      transport: createFiles(wire),
      clock: QUICK,
      maxPieceBytes: PIECE,
      onBegun: (id) => begun.push(id),
      onProgress: (count) => progress.push(count),
      onWait: ({ reason }) => waits.push(reason),
    },
    options.signal ?? NEVER,
  );
  return { done, progress, waits, begun };
}

const pieces = (asked: readonly Sent[]) =>
  asked.flatMap(({ bytes, headers }) => (bytes ? [`${headers['upload-offset']}+${bytes.size}`] : []));

test('a file goes in pieces, each from where the one before ended, and arrives byte for byte', async () => {
  const server = filesServer();
  const asked = answerWith(server.routes);
  const file = aFile(150_000);
  const { done, progress, begun } = send(file);
  expect(await done).toMatchObject({ fileId: 'file_1', status: 'ready', mimeType: 'image/png' });
  expect(pieces(asked)).toEqual(['0+65536', '65536+65536', '131072+18928']);
  expect(progress).toEqual([0, 65_536, 131_072, 150_000]);
  expect(begun).toEqual(['file_1']);
  expect(server.kept.get('file_1')).toEqual(new Uint8Array(await file.arrayBuffer()));
  expect(asked.find(({ path }) => path === 'files')?.body).toEqual({
    sessionId: 'cs_1',
    filename: 'mug.png',
    size: 150_000,
    mimeType: 'image/png',
  });
});

test('after a break it asks how much is there, and brings the rest', async () => {
  const server = filesServer();
  const asked = answerWith(server.routes);
  const { fetch } = window;
  let count = 0;
  window.fetch = async (...given) => {
    const answer = await fetch(...given);
    // The piece arrived; its answer did not.
    if ((given[1]?.method ?? '') === 'PATCH' && ++count === 2) throw new TypeError('Failed to fetch');
    return answer;
  };
  const { done, waits } = send(aFile(150_000));
  await done;
  expect(pieces(asked)).toEqual(['0+65536', '65536+65536', '131072+18928']);
  expect(waits).toContain('reconnecting');
  expect(server.kept.get('file_1')?.length).toBe(150_000);
});

test('a server that is busy is asked again, and one that refuses is not', async () => {
  const server = filesServer();
  const asked = answerWith(server.routes);
  server.troubles.push(() => json({ error: 'Busy.' }, 503));
  await send(aFile(1_000)).done;
  expect(asked.filter(({ method }) => method === 'PATCH')).toHaveLength(2);
  server.troubles.push(() => refused(422, 'file_refused'));
  await expect(send(aFile(1_000)).done).rejects.toMatchObject({ code: 'file_refused', retryable: false });
  expect(asked.filter(({ method }) => method === 'PATCH')).toHaveLength(3);
});

test('a piece that another tab brought first is no failure', async () => {
  const server = filesServer();
  answerWith(server.routes);
  server.troubles.push(() => {
    server.kept.set('file_1', new Uint8Array(500));
    return refused(409, 'invalid_offset');
  });
  expect((await send(aFile(1_000)).done).status).toBe('ready');
});

test('an upload that an earlier page began goes on from its byte', async () => {
  const server = filesServer();
  const asked = answerWith(server.routes);
  const stopped = new AbortController();
  const file = aFile(150_000);
  const answer = server.routes['files/file_1'];
  let piece = 0;
  server.routes['files/file_1'] = (sent, count) => {
    if (sent.method === 'PATCH') piece += 1;
    return piece === 2 ? new Promise(() => {}) : (answer?.(sent, count) as Promise<Response>);
  };
  const first = send(file, { signal: stopped.signal });
  await vi.waitFor(() => expect(first.progress).toContain(65_536), { timeout: 5_000 });
  await vi.waitFor(() => expect(pieces(asked)).toHaveLength(2), { timeout: 5_000 });
  stopped.abort();
  await expect(first.done).rejects.toMatchObject({ code: 'interrupted' });
  const there = server.kept.get('file_1')?.length ?? 0;
  asked.length = 0;
  piece = 3;
  await send(file, { fileId: 'file_1' }).done;
  expect(pieces(asked)[0]?.split('+')[0]).toBe(String(there));
  expect(server.kept.get('file_1')).toEqual(new Uint8Array(await file.arrayBuffer()));
});

test('what the server no longer has is brought anew, once', async () => {
  const server = filesServer();
  const asked = answerWith(server.routes);
  expect((await send(aFile(1_000), { fileId: 'file_5' }).done).fileId).toBe('file_1');
  expect(asked.filter(({ path }) => path === 'files')).toHaveLength(1);
});

test('what the bytes turn out to be may be refused', async () => {
  answerWith(filesServer().routes);
  await expect(send(aFile(1_000, REFUSED)).done).rejects.toMatchObject({ code: 'unsupported_file' });
});

test('offline it waits for the network, however long that takes', async () => {
  const server = filesServer();
  answerWith(server.routes);
  const onLine = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
  server.troubles.push(() => {
    throw new TypeError('Failed to fetch');
  });
  const { done, waits } = send(aFile(1_000));
  await vi.waitFor(() => expect(waits).toEqual(['offline']), { timeout: 5_000 });
  onLine.mockReturnValue(true);
  window.dispatchEvent(new Event('online'));
  expect((await done).status).toBe('ready');
});

test('an answer that no file server gives is said to be none', async () => {
  answerWith({ ...filesServer().routes, files: () => json({ id: 1 }) });
  await expect(send(aFile(10)).done).rejects.toMatchObject({ code: 'unintelligible' });
});
