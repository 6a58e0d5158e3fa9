import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContentPart } from '../../protocol/message.ts';
import type { FilesInput } from '../../server/config/files.ts';
import { createOfflineModel } from '../../server/models/offline/offline-model.ts';
import { PDF, PNG, read, visitor, withFiles } from '../support/files.ts';
import { eventsOf, refusal, type TestServer, type TestServerOptions } from '../support/server.ts';

const HOUR_MS = 60 * 60_000;

describe('a message with files', () => {
  let server: TestServer;
  let sessionId: string;
  let me: ReturnType<typeof visitor>;
  const open = async (files?: FilesInput, options?: TestServerOptions) => {
    server = await withFiles(files, options);
    ({ sessionId } = await server.init());
    me = visitor(server, sessionId);
  };
  beforeEach(() => open());
  afterEach(() => server.close());

  const upload = async (name: string, bytes: Uint8Array | string) =>
    (await read(await me.upload(name, bytes))).fileId;
  const part = (fileId: string): ContentPart => ({
    type: 'upload',
    fileId,
    filename: 'said by the page',
    mimeType: 'said/by-the-page',
  });
  let messages = 0;
  const send = (fileIds: readonly string[], text = 'Look') => {
    messages += 1;
    const content = [...fileIds.map(part), { type: 'text', text }];
    return server.chat({ sessionId, messages: [{ id: `usr_${messages}`, role: 'user', content }] });
  };
  const ask = async (fileIds: readonly string[], text?: string) => {
    const events = await eventsOf(await send(fileIds, text));
    expect(events.at(-1)).toMatchObject({ type: 'execution_complete' });
    return events.flatMap((event) => (event.type === 'text_delta' ? [event.delta] : [])).join('');
  };
  const asked = () => server.asked.at(-1)?.messages ?? [];

  test('reaches the model with their bytes, by what they are and not by what the page says', async () => {
    const notes = 'Grüße,\n世界';
    await ask([await upload('mug.png', PNG), await upload('bill.pdf', PDF), await upload('notes.md', notes)]);
    const data = (type: string, bytes: Uint8Array | string) =>
      `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
    expect(asked()).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', image: data('image/png', PNG), mimeType: 'image/png', alt: 'mug.png' },
          {
            type: 'file',
            data: data('application/pdf', PDF),
            mimeType: 'application/pdf',
            filename: 'bill.pdf',
          },
          { type: 'file', data: data('text/plain', notes), mimeType: 'text/plain', filename: 'notes.md' },
          { type: 'text', text: 'Look' },
        ],
      },
    ]);
  });

  test('is kept by reference, and comes with its files on every later turn', async () => {
    const fileId = await upload('mug.png', PNG);
    await ask([fileId]);
    const { conversationId } = await server.init({ sessionId });
    const [stored] = await server.store.messages(conversationId);
    expect(stored?.message).toEqual({
      role: 'user',
      content: [
        { type: 'upload', fileId, filename: 'mug.png', mimeType: 'image/png' },
        { type: 'text', text: 'Look' },
      ],
    });
    await ask([], 'And now?');
    expect(asked()[0]).toMatchObject({ content: [{ type: 'image' }, { type: 'text' }] });
  });

  test('keeps its files for as long as the conversation, and they can be looked at again', async () => {
    const fileId = await upload('mug.png', PNG);
    await ask([fileId]);
    expect(await refusal(await me.remove(fileId))).toBe('422 file_refused');
    server.advance(25 * HOUR_MS);
    const renewed = await server.init({ sessionId });
    const later = visitor(server, renewed.sessionId);
    expect(Buffer.from(await (await later.content(fileId)).arrayBuffer()).equals(PNG)).toBe(true);
    const { expiresAt } = await read(await later.state(fileId));
    expect(expiresAt).toMatch(/^9999-/);
  });

  test('may be of files alone, and may name one file again', async () => {
    const fileId = await upload('mug.png', PNG);
    await ask([fileId, fileId], '');
    await ask([fileId], 'Again');
    expect(asked().at(-1)).toMatchObject({ content: [{ type: 'image' }, { type: 'text', text: 'Again' }] });
  });

  test('has a long text cut, with a mark', async () => {
    const fileId = await upload('long.txt', 'é'.repeat(250_000));
    await ask([fileId]);
    const [message] = asked();
    const [file] = message?.role === 'user' ? message.content : [];
    const text = Buffer.from(
      file?.type === 'file' ? (file.data.split(',')[1] ?? '') : '',
      'base64',
    ).toString();
    expect(text).toBe(`${'é'.repeat(200_000)}\n(The rest of the file is left out: it has 500000 bytes.)`);
  });

  test('names a file that is gone instead of its bytes', async () => {
    const fileId = await upload('mug.png', PNG);
    await ask([fileId]);
    const read = server.store.file.bind(server.store);
    server.store.file = async (id) => (id === fileId ? undefined : read(id));
    await ask([], 'And now?');
    expect(asked()[0]).toMatchObject({
      content: [{ type: 'upload', filename: 'mug.png' }, { type: 'text' }],
    });
  });

  test.each([
    ['is unknown', async () => 'file_unknown', '404 file_not_found'],
    ['is not whole', () => me.begun('a.txt', 9), '404 file_not_found'],
    [
      'is another session’s',
      async () => {
        const stranger = visitor(server, (await server.init()).sessionId);
        return (await read(await stranger.upload('a.txt', 'theirs'))).fileId;
      },
      '404 file_not_found',
    ],
  ])('is refused where a file %s', async (_, make, expected) => {
    expect(await refusal(await send([await make()]))).toBe(expected);
    expect(server.asked).toEqual([]);
  });

  test('is refused where a file’s time is over, and where there are too many', async () => {
    const fileId = await upload('a.txt', 'one');
    expect(await refusal(await send(Array(5).fill(fileId)))).toBe('400 invalid_request');
    server.advance(24 * HOUR_MS);
    ({ sessionId } = await server.init({ sessionId }));
    expect(await refusal(await send([fileId]))).toBe('404 file_not_found');
    expect(server.asked).toEqual([]);
  });

  test('is refused where its files are more than a model can be given, and the older ones give way', async () => {
    const picture = (size: number) => Buffer.concat([PNG, Buffer.alloc(size - PNG.length)]);
    const large = async (size: number) => {
      const fileId = await me.begun('large.png', size);
      const bytes = picture(size);
      for (let at = 0; at < size; at += 4_000_000) {
        await read(await me.append(fileId, at, bytes.subarray(at, at + 4_000_000)));
      }
      return fileId;
    };
    const first = await large(8_000_000);
    const second = await large(8_000_000);
    expect(await refusal(await send([first, second]))).toBe('413 file_too_large');
    await ask([first]);
    await ask([second]);
    expect(asked()).toMatchObject([
      { content: [{ type: 'upload', filename: 'large.png' }, { type: 'text' }] },
      { role: 'assistant' },
      { content: [{ type: 'image' }, { type: 'text' }] },
    ]);
  });

  test('is refused where nothing can be attached, and for API keys', async () => {
    const content = [part('file_1'), { type: 'text', text: 'Hi' }];
    expect(await refusal(await server.dispatch({ messages: [{ role: 'user', content }] }))).toBe(
      '415 unsupported_file',
    );
    await server.close();
    server = await withFiles(false);
    ({ sessionId } = await server.init());
    expect(await refusal(await send(['file_1']))).toBe('415 unsupported_file');
  });

  test('the offline model says what it got, and quotes the beginning of a text', async () => {
    await server.close();
    const offline = createOfflineModel({ clock: () => new Date('2026-11-20T10:00:00Z'), wordMs: 0 });
    await open(undefined, {
      model: (request) => offline.stream(request),
    });
    const lines = ['name,price', 'Blue mug,12', '=cmd|calc', '4', '5', '6'].join('\r\n');
    expect(await ask([await upload('orders.csv', lines), await upload('mug.png', PNG)], '')).toBe(
      'I got the file “orders.csv”. It begins with:\n\n' +
        '> name,price\n>\n> Blue mug,12\n>\n> =cmd\\|calc\n>\n> 4\n>\n> 5\n\n' +
        'I got the image “mug.png”, but I am an offline model and cannot look into images.',
    );
    expect(await ask([await upload('a.pdf', PDF)], 'What does it say?')).toBe(
      'I got the file “a.pdf” (application/pdf), but I am an offline model and cannot look into it.',
    );
    expect(await ask([await upload('b.pdf', PDF)], 'Thanks')).toMatch(
      /^I got the file .+\n\nYou are welcome\.$/,
    );
  });
});
