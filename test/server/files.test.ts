import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FilesInput } from '../../server/config/files.ts';
import { GIF, PDF, PNG, read, visitor, withFiles, ZIP } from '../support/files.ts';
import { OTHER_ORIGIN, OTHER_TOKEN, refusal, STORE_ORIGIN, type TestServer } from '../support/server.ts';

describe('files of visitors', () => {
  let server: TestServer;
  let me: ReturnType<typeof visitor>;
  beforeEach(async () => {
    server = await withFiles(undefined);
    me = visitor(server, (await server.init()).sessionId);
  });
  afterEach(() => server.close());

  test('what can be attached is announced', async () => {
    const { capabilities, config } = await server.init();
    expect(capabilities).toContain('files');
    expect(config.files).toEqual({
      maxBytes: 10 * 1024 * 1024,
      maxPerMessage: 4,
      accept: expect.arrayContaining(['image/png', 'application/pdf', 'text/csv']),
    });
  });

  test('a file is begun, brought in pieces, and is ready with its last byte', async () => {
    const begun = await read(await me.begin('mug.png', PNG.length, { mimeType: 'image/png' }));
    expect(begun).toEqual({
      fileId: expect.stringMatching(/^file_/),
      filename: 'mug.png',
      size: PNG.length,
      offset: 0,
      status: 'uploading',
      mimeType: null,
      expiresAt: '2026-11-21T10:00:00.000Z',
    });
    const { fileId } = begun;
    expect(await read(await me.append(fileId, 0, PNG.subarray(0, 20)))).toMatchObject({ offset: 20 });
    expect(await read(await me.state(fileId))).toMatchObject({ offset: 20, status: 'uploading' });
    const done = await read(await me.append(fileId, 20, PNG.subarray(20)));
    expect(done).toEqual({ ...begun, offset: PNG.length, status: 'ready', mimeType: 'image/png' });
    expect(await read(await me.state(fileId))).toEqual(done);
  });

  test('after a break the rest is brought from where it stands, and a piece that comes again does no harm', async () => {
    const fileId = await me.begun('a.txt', 9);
    for (let time = 0; time < 3; time += 1) {
      expect(await read(await me.append(fileId, 0, 'one'))).toMatchObject({ offset: 3 });
    }
    const wrong = await me.append(fileId, 4, 'xx');
    expect(wrong.headers.get('upload-offset')).toBe('3');
    expect(await wrong.json()).toMatchObject({
      code: 'invalid_offset',
      details: ['Upload-Offset: 3'],
      hint: expect.stringContaining('3'),
    });
    expect(wrong.status).toBe(409);
    expect(await refusal(await me.append(fileId, 0, 'two'))).toBe('409 invalid_offset');
    expect(await refusal(await me.append(fileId, 0, 'on'))).toBe('409 invalid_offset');
    expect(await refusal(await me.append(fileId, 0, 'one two'))).toBe('409 invalid_offset');
    expect(await read(await me.append(fileId, 3, ' two!!'))).toMatchObject({ status: 'ready' });
    expect(await read(await me.append(fileId, 3, ' two!!'))).toMatchObject({ status: 'ready' });
  });

  test('two that bring the same piece at once bring it once', async () => {
    const fileId = await me.begun('a.txt', 6);
    const answers = await Promise.all([me.append(fileId, 0, 'one'), me.append(fileId, 0, 'one')]);
    for (const answer of answers) expect(await read(answer)).toMatchObject({ offset: 3 });
  });

  test('a file whose last answer and look were lost is looked at when its end comes again', async () => {
    const fileId = await me.begun('a.txt', 3);
    await server.store.appendPiece(fileId, 0, new TextEncoder().encode('one'));
    expect(await read(await me.state(fileId))).toMatchObject({ offset: 3, status: 'uploading' });
    expect(await read(await me.append(fileId, 3, ''))).toMatchObject({ status: 'ready' });
  });

  test.each([
    ['a picture', 'mug.png', PNG, 'image/png', 'mug.png'],
    ['a GIF', 'a.gif', GIF, 'image/gif', 'a.gif'],
    ['a document', 'bill.PDF', PDF, 'application/pdf', 'bill.PDF'],
    ['a document that calls itself a picture', 'photo.png', PDF, 'application/pdf', 'photo.png.pdf'],
    ['a picture that calls itself a program', 'a.exe', PNG, 'image/png', 'a.exe.png'],
    ['text', 'notes.txt', 'Grüße, 世界\r\n\tok', 'text/plain', 'notes.txt'],
    ['a log', 'server.log', '\u001b[31m12:00 ok', 'text/plain', 'server.log'],
    ['Markdown', 'README.md', '<h1 align="center">Mug</h1>\n\n# Hi', 'text/markdown', 'README.md'],
    ['a table', 'orders.csv', 'a;b\n1;2', 'text/csv', 'orders.csv'],
    ['JSON', 'a.json', '{"a": [1]}', 'application/json', 'a.json'],
    ['JSON that is none', 'a.json', '{"a": [1', 'text/plain', 'a.json'],
    ['a program that is read as text', 'run.bat', 'echo hello', 'text/plain', 'run.bat.txt'],
    ['text that calls itself a page', 'page.html', 'no tags', 'text/plain', 'page.html.txt'],
    ['text that calls itself a picture', 'a.png', 'no picture', 'text/plain', 'a.png'],
  ])('%s is taken for what it is', async (_, name, bytes, mimeType, filename) => {
    expect(await read(await me.upload(name, bytes))).toMatchObject({ status: 'ready', mimeType, filename });
  });

  test.each([
    ['an archive', 'a.zip', ZIP],
    ['an archive that calls itself text', 'a.txt', ZIP],
    ['a page', 'a.txt', '<!DOCTYPE html><script>alert(1)</script>'],
    ['a page behind white space and comments', 'a.txt', '\n\t <!-- hello --> \n<ScRiPt>alert(1)</script>'],
    ['a page behind a byte order mark', 'a.txt', '\ufeff<html>'],
    ['a page that calls itself Markdown', 'a.md', '<script>alert(1)</script>'],
    ['a drawing', 'a.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['a drawing that calls itself text', 'a.txt', '<?xml version="1.0"?>\n<!-- x -->\n<svg/>'],
    ['a page with a document inside', 'a.pdf', `<html><script>alert(1)</script>\n${PDF}`],
    ['a program', 'a.txt', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)])],
    ['bytes that are nothing', 'a.txt', Buffer.from([0xff, 0xfe, 0x00, 0x01, 0x80])],
    ['text with a NUL', 'a.txt', 'a\0b'],
    ['text in Latin-1', 'a.txt', Buffer.from('Gr\xfc\xdfe', 'latin1')],
  ])('%s is refused and kept nowhere', async (_, name, bytes) => {
    const size = Buffer.from(bytes).byteLength;
    const fileId = await me.begun(name, size);
    const response = await me.append(fileId, 0, bytes);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({
      code: 'unsupported_file',
      message: expect.stringMatching(/^The file is .+ cannot be attached here\.$/),
      hint: expect.stringContaining('application/pdf'),
    });
    expect(await server.store.file(fileId)).toBeUndefined();
  });

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\bill.txt', 'bill.txt'],
    ['..', 'file'],
    ['a\u0000b\n.txt', 'ab.txt'],
    ['gpj.\u202etxt', 'gpj.txt'],
    ['con.txt', 'file-con.txt'],
    ['a<b>:"c|?*.txt', 'a_b___c___.txt'],
    ['.htaccess', 'htaccess'],
    ['  . . ', 'file'],
    ['42.zip/42.zip/a.txt', 'a.txt'],
    [`${'x'.repeat(250)}.txt`, `${'x'.repeat(116)}.txt`],
    ['\ud800half.txt', 'half.txt'],
  ])('the name %j becomes %j', async (name, expected) => {
    expect(await read(await me.begin(name, 1))).toMatchObject({ filename: expected });
  });

  test.each([
    ['no name', { filename: undefined }],
    ['an empty name', { filename: '' }],
    ['a name of 256 characters', { filename: 'x'.repeat(256) }],
    ['no bytes', { size: 0 }],
    ['fewer than no bytes', { size: -1 }],
    ['half a byte', { size: 1.5 }],
    ['a size in words', { size: '1' }],
  ])('%s is no beginning', async (_, fields) => {
    expect(await refusal(await me.begin('a.txt', 1, fields))).toBe('400 invalid_request');
  });

  test('what is too large is refused before its bytes are sent, and what turns out to be larger when it does', async () => {
    const response = await me.begin('a.txt', 10 * 1024 * 1024 + 1);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      code: 'file_too_large',
      message: expect.stringContaining('10 MB'),
    });
    const fileId = await me.begun('a.txt', 3);
    expect(await refusal(await me.append(fileId, 0, 'four'))).toBe('413 file_too_large');
    expect(await read(await me.append(fileId, 0, 'one'))).toMatchObject({ status: 'ready' });
  });

  test('a file is nobody else’s', async () => {
    const { fileId } = await read(await me.upload('a.txt', 'mine'));
    const half = await me.begun('b.txt', 9);
    const stranger = visitor(server, (await server.init()).sessionId);
    const other = await server.init({ token: OTHER_TOKEN }, OTHER_ORIGIN);
    const elsewhere = visitor(server, other.sessionId, OTHER_ORIGIN);
    for (const they of [stranger, elsewhere]) {
      expect(await refusal(await they.state(fileId))).toBe('404 file_not_found');
      expect(await refusal(await they.content(fileId))).toBe('404 file_not_found');
      expect(await refusal(await they.remove(fileId))).toBe('404 file_not_found');
      expect(await refusal(await they.append(half, 0, 'x'))).toBe('404 file_not_found');
    }
    expect(await refusal(await me.state('file_unknown'))).toBe('404 file_not_found');
    expect(await refusal(await me.content(fileId, 'cs_unknown'))).toBe('401 session_expired');
    expect(await read(await me.state(fileId))).toMatchObject({ status: 'ready' });
  });

  test('the bytes come back as something to be saved, for the session alone', async () => {
    const { fileId } = await read(await me.upload('Grüße “1”.png', PNG));
    const response = await me.content(fileId);
    expect(Buffer.from(await response.arrayBuffer()).equals(PNG)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(PNG.length),
      'content-disposition': "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%E2%80%9C1%E2%80%9D.png",
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      'access-control-allow-origin': STORE_ORIGIN,
    });
    const path = `/v1/client/files/${fileId}/content`;
    expect(await refusal(await server.request(path, { headers: { origin: STORE_ORIGIN } }))).toBe(
      '401 unauthorized',
    );
    const half = await me.begun('b.txt', 9);
    expect(await refusal(await me.content(half))).toBe('404 file_not_found');
  });

  test('many pieces come back in their order', async () => {
    const text = Array.from({ length: 40 }, (_, index) => `line ${index}\n`);
    const fileId = await me.begun('a.txt', text.join('').length);
    let offset = 0;
    for (const line of text) ({ offset } = await read(await me.append(fileId, offset, line)));
    expect(await (await me.content(fileId)).text()).toBe(text.join(''));
  });

  test('what is taken back is gone, and so is what no message names in time', async () => {
    const { fileId } = await read(await me.upload('a.txt', 'one'));
    expect(await (await me.remove(fileId)).json()).toEqual({ deleted: true });
    expect(await refusal(await me.remove(fileId))).toBe('404 file_not_found');
    const { sessionId } = await server.init();
    const late = await read(await visitor(server, sessionId).upload('b.txt', 'two'));
    server.advance(24 * 60 * 60_000);
    const renewed = await server.init({ sessionId });
    expect(await refusal(await visitor(server, renewed.sessionId).state(late.fileId))).toBe(
      '404 file_not_found',
    );
  });

  test('a renewed session has its files', async () => {
    const { sessionId } = await server.init();
    const { fileId } = await read(await visitor(server, sessionId).upload('a.txt', 'one'));
    server.advance(61 * 60_000);
    expect(await refusal(await visitor(server, sessionId).state(fileId))).toBe('401 session_expired');
    const renewed = await server.init({ sessionId });
    expect(await read(await visitor(server, renewed.sessionId).state(fileId))).toMatchObject({ offset: 3 });
  });

  test('too many files in a minute are too many', async () => {
    for (let count = 0; count < 30; count += 1) await me.begun('a.txt', 1);
    const response = await me.begin('a.txt', 1);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await refusal(response)).toBe('429 rate_limited');
  });

  test('one conversation fills no disk', async () => {
    const max = 10 * 1024 * 1024;
    for (let count = 0; count < 20; count += 1) await me.begun('a.txt', max);
    expect(await refusal(await me.begin('a.txt', 1))).toBe('422 file_refused');
    const stranger = visitor(server, (await server.init()).sessionId);
    expect((await stranger.begin('a.txt', 1)).status).toBe(200);
  });

  describe('hostile pieces', () => {
    test.each([
      ['no offset', undefined],
      ['an offset that is none', 'x'],
      ['a negative offset', '-1'],
      ['an offset beyond all numbers', '9'.repeat(400)],
    ])('%s', async (_, offset) => {
      const fileId = await me.begun('a.txt', 3);
      expect(await refusal(await me.append(fileId, offset, 'one'))).toBe('400 invalid_request');
    });

    test('a piece over its limit, with and without a length', async () => {
      const fileId = await me.begun('a.txt', 9 * 1024 * 1024);
      const chunk = new Uint8Array(1024 * 1024);
      const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(chunk) });
      const send = (body: BodyInit, headers: Record<string, string> = {}) =>
        server.request(`/v1/client/files/${fileId}?sessionId=${encodeURIComponent(sessionOf())}`, {
          method: 'PATCH',
          headers: { origin: STORE_ORIGIN, 'upload-offset': '0', ...headers },
          body,
          duplex: 'half',
        } as RequestInit);
      const sessionOf = () => mySession;
      expect(await refusal(await send(endless))).toBe('413 body_too_large');
      expect(await refusal(await send('x', { 'content-length': '99999999' }))).toBe('413 body_too_large');
      expect(await refusal(await send('x', { 'content-encoding': 'gzip' }))).toBe(
        '415 unsupported_media_type',
      );
      const broken = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error('the socket is gone')),
      });
      expect(await refusal(await send(broken))).toBe('400 invalid_request');
      expect(await read(await me.state(fileId))).toMatchObject({ offset: 0 });
      expect(server.logged()).not.toContain('"level":50');
    });

    test('a piece for nobody’s file is not taken in', async () => {
      let isAsked = false;
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            isAsked = true;
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      const response = await server.request(`/v1/client/files/file_x?sessionId=${mySession}`, {
        method: 'PATCH',
        headers: { origin: STORE_ORIGIN, 'upload-offset': '0' },
        body,
        duplex: 'half',
      } as RequestInit);
      expect(await refusal(response)).toBe('404 file_not_found');
      expect(isAsked).toBe(false);
    });

    test.each(["file_'OR'1'='1", '../init', 'file_\ud800', 'x'.repeat(201), '%00'])(
      'the id %j is an id like any other',
      async (fileId) => {
        const response = await me.state(fileId.replace('\ud800', '\ufffd'));
        expect([400, 404]).toContain(response.status);
      },
    );

    let mySession: string;
    beforeEach(async () => {
      mySession = (await server.init()).sessionId;
      me = visitor(server, mySession);
    });
  });
});

describe('files as the operator wants them', () => {
  let server: TestServer | undefined;
  afterEach(async () => {
    vi.useRealTimers();
    await server?.close();
    server = undefined;
  });
  const visit = async (files: FilesInput | false) => {
    server = await withFiles(files);
    return { server, me: visitor(server, (await server.init()).sessionId) };
  };

  test('switched off, nothing is announced and nothing is taken', async () => {
    const off = await visit(false);
    const { capabilities, config } = await off.server.init();
    expect(capabilities).not.toContain('files');
    expect(config).not.toHaveProperty('files');
    expect(await refusal(await off.me.begin('a.txt', 1))).toBe('415 unsupported_file');
  });

  test('only what a surface takes is taken, and what browsers run only by its own name', async () => {
    const images = await visit({ accept: ['image/*'], maxBytes: 1_000, maxPerMessage: 1 });
    expect((await images.server.init()).config.files).toEqual({
      accept: ['image/*'],
      maxBytes: 1_000,
      maxPerMessage: 1,
    });
    expect(await read(await images.me.upload('a.png', PNG))).toMatchObject({ status: 'ready' });
    expect(await refusal(await images.me.upload('a.txt', 'text'))).toBe('415 unsupported_file');
    expect(await refusal(await images.me.upload('a.svg', '<svg/>'))).toBe('415 unsupported_file');
    await images.server.close();
    const drawings = await visit({ accept: ['image/svg+xml', 'text/html'] });
    expect(await read(await drawings.me.upload('a.svg', '<svg/>'))).toMatchObject({
      mimeType: 'image/svg+xml',
    });
    const page = await read(await drawings.me.upload('a.html', '<!doctype html>'));
    expect(page).toMatchObject({ mimeType: 'text/html', filename: 'a.html' });
    const content = await drawings.me.content(page.fileId);
    expect(content.headers.get('content-disposition')).toContain('attachment');
    expect(content.headers.get('content-security-policy')).toContain('sandbox');
  });

  test('all files of a surface together have an end', async () => {
    const full = await visit({ maxStoredBytes: 1024 * 1024, maxBytes: 1024 * 1024 });
    await full.me.upload('a.txt', 'a'.repeat(1024 * 1024 - 1));
    const stranger = visitor(full.server, (await full.server.init()).sessionId);
    expect(await refusal(await stranger.begin('a.txt', 2))).toBe('503 overloaded');
    expect((await stranger.begin('a.txt', 1)).status).toBe(200);
  });

  test('who announces files and brings none keeps nobody out, and who brings them all finds the end', async () => {
    const { server: running, me: greedy } = await visit({
      maxStoredBytes: 1024 * 1024,
      maxBytes: 1024 * 1024,
    });
    const [first = '', second = ''] = await Promise.all(
      ['a.txt', 'b.txt', 'c.txt'].map((name) => greedy.begun(name, 1024 * 1024)),
    );
    const stranger = visitor(running, (await running.init()).sessionId);
    expect(await read(await stranger.upload('a.txt', 'mine'))).toMatchObject({ status: 'ready' });
    const half = 'a'.repeat(512 * 1024);
    expect((await greedy.append(first, 0, half)).status).toBe(200);
    expect(await refusal(await greedy.append(second, 0, half))).toBe('503 overloaded');
    expect(await read(await greedy.state(second))).toMatchObject({ offset: 0 });
  });

  test('a text that says it is JSON takes no more than itself to be looked at', async () => {
    const { me: sender } = await visit({});
    const deep = '['.repeat(4 * 1024 * 1024);
    const fileId = await sender.begun('deep.json', 2 * deep.length);
    await sender.append(fileId, 0, deep);
    const before = process.resourceUsage().maxRSS;
    expect(await read(await sender.append(fileId, deep.length, deep))).toMatchObject({
      status: 'ready',
      mimeType: 'text/plain',
    });
    // In kilobytes. Read as JSON, each bracket takes some fifty bytes.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(200_000);
    const long = `[${'"x",'.repeat(100_000)}"x"]`;
    expect(await read(await sender.upload('long.json', long))).toMatchObject({
      mimeType: 'application/json',
    });
  });

  test('a scan sees what came, and lets it pass', async () => {
    const seen: unknown[] = [];
    const { me } = await visit({
      scan: async ({ filename, mimeType, bytes, signal }) => {
        seen.push({ filename, mimeType, text: Buffer.from(bytes).toString(), aborted: signal.aborted });
        return 'pass';
      },
    });
    expect(await read(await me.upload('a.csv', 'a;b'))).toMatchObject({ status: 'ready' });
    expect(seen).toEqual([{ filename: 'a.csv', mimeType: 'text/csv', text: 'a;b', aborted: false }]);
  });

  test('a scan refuses in its own words', async () => {
    const { me, server: running } = await visit({ scan: async () => ({ refuse: 'It holds a virus.' }) });
    const fileId = await me.begun('a.txt', 3);
    const response = await me.append(fileId, 0, 'bad');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'file_refused', error: 'It holds a virus.' });
    expect(await running.store.file(fileId)).toBeUndefined();
  });

  test.each([
    ['throws', () => Promise.reject(new Error('no connection to the scanner'))],
    [
      'throws at once',
      () => {
        throw new Error('no connection to the scanner');
      },
    ],
    ['answers nonsense', () => Promise.resolve(true as unknown as 'pass')],
  ])('a scan that %s refuses, and the log has no contents', async (_, scan) => {
    const { me, server: running } = await visit({ scan });
    const response = await me.upload('canary-name.txt', 'canary');
    expect(await refusal(response)).toBe('422 file_refused');
    expect(running.logged()).toContain('The scan of a file failed');
    expect(running.logged()).not.toContain('canary');
  });

  test('a file whose end comes again while it is scanned is scanned once', async () => {
    let scans = 0;
    let pass: () => void = () => undefined;
    const passed = new Promise<void>((done) => {
      pass = done;
    });
    const { me } = await visit({
      scan: async () => {
        scans += 1;
        await passed;
        return 'pass';
      },
    });
    const fileId = await me.begun('a.txt', 3);
    const first = me.append(fileId, 0, 'one');
    await vi.waitFor(() => expect(scans).toBe(1), 10_000);
    const again = me.append(fileId, 0, 'one');
    expect(await read(await me.state(fileId))).toMatchObject({ offset: 3, status: 'uploading' });
    pass();
    for (const answer of [first, again]) expect(await read(await answer)).toMatchObject({ status: 'ready' });
    expect(scans).toBe(1);
  });

  test('looks beyond what is looked at at once wait, and not for ever', async () => {
    let scans = 0;
    const { me, server: running } = await visit({
      scan: () => {
        scans += 1;
        return new Promise(() => undefined);
      },
    });
    const fileIds = await Promise.all(Array.from({ length: 5 }, () => me.begun('a.txt', 3)));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const answers = fileIds.map((fileId) => me.append(fileId, 0, 'one'));
    const isStored = async () =>
      (await Promise.all(fileIds.map((id) => running.store.file(id)))).every((file) => file?.received === 3);
    while (scans < 4 || !(await isStored())) await new Promise((done) => setImmediate(done));
    await new Promise((done) => setImmediate(done));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await refusal(await Promise.race(answers))).toBe('503 overloaded');
    await vi.advanceTimersByTimeAsync(10_000);
    const refusals = await Promise.all(answers.map(async (answer) => (await answer).status));
    expect(refusals.sort()).toEqual([422, 422, 422, 422, 503]);
  });

  test('a scan that hangs is ended and refuses', async () => {
    let aborted = false;
    let isScanning = false;
    const { me } = await visit({
      scan: ({ signal }) => {
        isScanning = true;
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return new Promise(() => undefined);
      },
    });
    const fileId = await me.begun('a.txt', 3);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const response = me.append(fileId, 0, 'bad');
    while (!isScanning) await new Promise((done) => setImmediate(done));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await refusal(await response)).toBe('422 file_refused');
    expect(aborted).toBe(true);
  });
});
