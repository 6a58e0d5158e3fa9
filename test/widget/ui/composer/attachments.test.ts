import { within } from '@testing-library/preact';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { SendOptions } from '../../../../widget/chat/chat.ts';
import { type LateComposing, lateComposing } from '../../../../widget/chat/late-composing.ts';
import { NO_STORAGE } from '../../../../widget/surface-storage.ts';
import { createTransport } from '../../../../widget/transport/http-transport.ts';
import { type FilesServer, filesServer, REFUSED, refused } from '../../transport/files-server.ts';
import { API, answerWith, type Sent, session } from '../../transport/wire.ts';
import { drawn, fakeChat, hideAll, partsLoaded, type Shown, show } from '../fake-chat.ts';

beforeAll(partsLoaded);

let key = 0;
let composing: LateComposing | undefined;
beforeEach(() => {
  key += 1;
});
afterEach(() => {
  hideAll();
  composing?.now.peek()?.destroy();
  composing = undefined;
});

interface World extends Shown {
  readonly asked: readonly Sent[];
  readonly sent: { readonly text: string; readonly options: SendOptions }[];
  /** Events for the page. */
  readonly heard: [name: string, kind: string][];
  readonly chat: ReturnType<typeof fakeChat>;
  readonly field: HTMLTextAreaElement;
  readonly composing: LateComposing;
  files(): string[];
}

async function open(routes: FilesServer['routes']): Promise<World> {
  const asked = answerWith(routes);
  const chat = fakeChat();
  const sent: World['sent'] = [];
  const heard: World['heard'] = [];
  const transport = createTransport({ api: API, token: 'ct_test_store', storage: NO_STORAGE });
  let ids = 0;
  const late = lateComposing(async () => ({
    key: `files-${key}`,
    storage: NO_STORAGE,
    draft: chat.draft,
    newId: (prefix) => `${prefix}${++ids}`,
    transport,
    emit: (name, detail) => void heard.push([name, (detail as { kind: string }).kind]),
    chat: {
      conversation: chat.conversation,
      send: async (text, options = {}) => void sent.push({ text, options }),
    },
  }));
  composing = late;
  chat.surface.value = {
    ...chat.surface.peek(),
    ...(await transport.init(new AbortController().signal)).config,
  };
  const shown = show(chat, { composing: late });
  return {
    ...shown,
    asked,
    sent,
    heard,
    chat,
    composing: late,
    field: within(shown.view).getByRole('textbox', { name: 'Message' }),
    files: () => {
      const list = within(shown.view).queryByRole('list', { name: 'Attached files' });
      if (list === null) return [];
      return within(list)
        .getAllByRole('listitem')
        .map((item) => item.querySelector('.file-words')?.textContent ?? '');
    },
  };
}

function image(name = 'mug.png', size = 2_000): File {
  return new File([new Uint8Array(size)], name, { type: 'image/png' });
}

function handOver(target: Element, event: 'drop' | 'paste' | 'dragover', files: readonly File[]): Event {
  const data = new DataTransfer();
  for (const file of files) data.items.add(file);
  const init = { bubbles: true, cancelable: true, composed: true };
  const given =
    event === 'paste'
      ? new ClipboardEvent(event, { ...init, clipboardData: data })
      : new DragEvent(event, { ...init, dataTransfer: data });
  target.dispatchEvent(given);
  return given;
}

const see = (holds: () => void) => vi.waitFor(holds, { timeout: 8_000 });

test('a file that is dropped on the panel is uploaded and goes out by reference, its words last', async () => {
  const { view, files, sent, chat, heard } = await open(filesServer().routes);
  const panel = within(view).getByRole('dialog');
  expect(handOver(panel, 'drop', [image()]).defaultPrevented).toBe(true);
  await see(() => expect(files()).toEqual(['mug.pngPNG · 2 kB']));
  expect(heard).toEqual([
    ['attachment', 'added'],
    ['attachment', 'uploaded'],
  ]);
  chat.draft.value = 'Is this one in stock?';
  await userEvent.click(within(view).getByRole('button', { name: 'Send' }));
  expect(sent).toEqual([
    {
      text: 'Is this one in stock?',
      options: {
        attachments: [
          { id: 'file_1', name: 'mug.png', size: 2_000, mimeType: 'image/png', isUploaded: true },
        ],
        mentions: [],
      },
    },
  ]);
  await drawn();
  expect(files()).toEqual([]);
  expect(chat.draft.value).toBe('');
});

test('what is dragged over the panel shows where it may fall', async () => {
  const { view } = await open(filesServer().routes);
  const panel = within(view).getByRole('dialog');
  handOver(panel, 'dragover', [image()]);
  await see(() => expect(within(view).getByText('Drop files here to attach them')).toBeTruthy());
  panel.dispatchEvent(new DragEvent('dragleave', { bubbles: true, relatedTarget: document.body }));
  await see(() => expect(within(view).queryByText('Drop files here to attach them')).toBeNull());
});

test('a pasted file is attached, and pasted words are words', async () => {
  const { field, files } = await open(filesServer().routes);
  handOver(field, 'paste', [image('shot.png')]);
  await see(() => expect(files()[0]).toContain('shot.png'));
  const words = new DataTransfer();
  words.setData('text/plain', 'words');
  const pasted = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: words });
  field.dispatchEvent(pasted);
  expect(pasted.defaultPrevented).toBe(false);
});

test('the button asks for files of the kinds that are taken', async () => {
  const { view, files } = await open(filesServer().routes);
  const asked = vi.spyOn(HTMLInputElement.prototype, 'click').mockImplementation(function (
    this: HTMLInputElement,
  ) {
    expect(this.accept).toBe('image/*,application/pdf');
    const chosen = new DataTransfer();
    chosen.items.add(image('chosen.png'));
    this.files = chosen.files;
    this.dispatchEvent(new Event('change'));
  });
  await userEvent.click(within(view).getByRole('button', { name: 'Attach files' }));
  await see(() => expect(files()[0]).toContain('chosen.png'));
  asked.mockRestore();
});

test('what cannot be attached is said before anything is sent', async () => {
  const { view, files, asked } = await open(filesServer().routes);
  const panel = within(view).getByRole('dialog');
  handOver(panel, 'drop', [
    new File(['x'], 'run.exe', { type: 'application/x-msdownload' }),
    new File([], 'nothing.png', { type: 'image/png' }),
    image('huge.png', 10_000_001),
  ]);
  await see(() =>
    expect([...within(view).getByRole('alert').children].map(({ textContent }) => textContent)).toEqual([
      '“run.exe” was not attached. What can be attached: images and PDF.',
      '“nothing.png” is empty, so it was not attached.',
      '“huge.png” was not attached: files may be up to 9.5 MB large.',
    ]),
  );
  expect(files()).toEqual([]);
  expect(asked.filter(({ path }) => path === 'files')).toEqual([]);
});

test('more files than a message takes are named', async () => {
  const { view, files } = await open(filesServer().routes);
  handOver(
    within(view).getByRole('dialog'),
    'drop',
    ['a', 'b', 'c', 'd'].map((name) => image(`${name}.png`)),
  );
  await see(() => expect(files()).toHaveLength(3));
  expect(within(view).getByRole('alert').textContent).toBe(
    '“d.png” was not attached: up to 3 files go with a message.',
  );
});

test('a message waits for its files, can be taken back, and goes by itself when they are there', async () => {
  const server = filesServer();
  let go = () => {};
  server.troubles.push(
    () =>
      new Promise((resolve) => {
        go = () => resolve(refused(409, 'invalid_offset'));
      }),
  );
  const { view, sent, chat, files } = await open(server.routes);
  handOver(within(view).getByRole('dialog'), 'drop', [image()]);
  await see(() => expect(files()).toHaveLength(1));
  chat.draft.value = 'Look';
  await drawn();
  const sendButton = within(view).getByRole('button', { name: 'Send' });
  await userEvent.click(sendButton);
  await see(() => expect(within(view).getByText('Goes out as soon as every file is there.')).toBeTruthy());
  await userEvent.click(within(view).getByRole('button', { name: 'Not yet' }));
  expect(within(view).queryByText('Goes out as soon as every file is there.')).toBeNull();
  await userEvent.click(sendButton);
  expect(sent).toEqual([]);
  go();
  await see(() => expect(sent).toMatchObject([{ text: 'Look' }]));
});

test('a file that the server refuses stands there with the reason, and holds the message', async () => {
  const { view, files, sent } = await open(filesServer().routes);
  handOver(within(view).getByRole('dialog'), 'drop', [
    new File([`${REFUSED} program`], 'mug.png', { type: 'image/png' }),
  ]);
  await see(() =>
    expect(files()).toEqual(['mug.pngWhat is in this file is of a kind that cannot be attached.']),
  );
  expect(within(view).queryByRole('button', { name: 'Try mug.png again' })).toBeNull();
  await userEvent.click(within(view).getByRole('button', { name: 'Send' }));
  await see(() => expect(within(view).getByText(/One of the files did not arrive/)).toBeTruthy());
  expect(sent).toEqual([]);
  await userEvent.click(within(view).getByRole('button', { name: 'Remove mug.png' }));
  await drawn();
  expect(files()).toEqual([]);
  expect(within(view).queryByText(/One of the files did not arrive/)).toBeNull();
});

test('a file that is removed leaves the server, too, and the focus goes on in the field', async () => {
  const { view, files, asked, root, field } = await open(filesServer().routes);
  handOver(within(view).getByRole('dialog'), 'drop', [image()]);
  await see(() => expect(files()[0]).toContain('PNG'));
  await userEvent.click(within(view).getByRole('button', { name: 'Remove mug.png' }));
  await see(() => expect(asked.at(-1)).toMatchObject({ method: 'DELETE', path: 'files/file_1' }));
  expect(root.activeElement).toBe(field);
});

test('what waits is there again on the next page of the tab, and goes on where it was', async () => {
  const server = filesServer();
  server.troubles.push(() => new Promise(() => {}));
  const first = await open(server.routes);
  handOver(within(first.view).getByRole('dialog'), 'drop', [image('a.png'), image('b.png')]);
  await see(() => expect(first.files().filter((file) => file.includes('PNG'))).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 200));
  hideAll();
  first.composing.now.peek()?.destroy();
  const second = await open(server.routes);
  void second.composing.load();
  await see(() => expect(second.files()).toEqual(['a.pngPNG · 2 kB', 'b.pngPNG · 2 kB']));
  expect(second.asked.filter(({ path }) => path === 'files')).toEqual([]);
});

test('a message that was not taken gives its files back', async () => {
  const { view, files, sent, composing: late } = await open(filesServer().routes);
  handOver(within(view).getByRole('dialog'), 'drop', [image()]);
  await see(() => expect(files()[0]).toContain('PNG'));
  await userEvent.click(within(view).getByRole('button', { name: 'Send' }));
  expect(sent).toHaveLength(1);
  late.now.peek()?.restore(sent[0]?.options ?? {});
  await see(() => expect(files()).toEqual(['mug.pngPNG · 2 kB']));
  await userEvent.click(within(view).getByRole('button', { name: 'Send' }));
  expect(sent[1]?.options.attachments).toEqual(sent[0]?.options.attachments);
});

test('servers without uploads get files inside of the message, up to four megabytes together', async () => {
  const { view, files, sent, asked, composing: late } = await open({ init: session() });
  handOver(within(view).getByRole('dialog'), 'drop', [
    new File(['words'], 'notes.txt', { type: 'text/plain' }),
    image('big.png', 4 * 1024 * 1024),
  ]);
  await see(() => expect(files()).toEqual(['notes.txtTXT · 5 bytes']));
  expect(within(view).getByRole('alert').textContent).toContain(
    'all files of a message may have 4 MB together',
  );
  await userEvent.click(within(view).getByRole('button', { name: 'Send' }));
  const [attachment] = sent[0]?.options.attachments ?? [];
  expect(attachment).toMatchObject({ name: 'notes.txt', isUploaded: false });
  expect(late.now.peek()?.attachments.inlineData(attachment?.id ?? '')).toBe(
    'data:text/plain;base64,d29yZHM=',
  );
  expect(asked.filter(({ path }) => path !== 'init')).toEqual([]);
});

test('a server that does not take files shows no button, and leaves what is dropped alone', async () => {
  const { view } = await open(filesServer(null).routes);
  expect(within(view).queryByRole('button', { name: 'Attach files' })).toBeNull();
  expect(handOver(within(view).getByRole('dialog'), 'drop', [image()]).defaultPrevented).toBe(false);
});
