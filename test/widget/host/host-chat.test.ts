import { afterEach, expect, test, vi } from 'vitest';
import type { HostChat, HostConversation } from '../../../widget/host/host-chat-api.ts';
import { type MountOptions, mount, type PagehandWidget } from '../../../widget/index.ts';
import { hosts, inside, until } from '../mount/page.ts';
import {
  API,
  answerWith,
  frames,
  HELLO,
  type Sent,
  session,
  sessionBody,
  streamed,
} from '../transport/wire.ts';

const mounted: PagehandWidget[] = [];

afterEach(() => {
  for (const widget of mounted.splice(0)) widget.destroy();
  expect(hosts()).toEqual([]);
  vi.restoreAllMocks();
});

function aWidget(options: Partial<MountOptions> = {}): { widget: PagehandWidget; asked: Sent[] } {
  const asked = answerWith({
    init: session(),
    chat: () => streamed([frames(HELLO)]),
    feedback: session(),
  });
  const widget = mount({ token: `ct_test_${crypto.randomUUID()}`, api: API, ...options });
  mounted.push(widget);
  return { widget, asked };
}

/** A chat that is there. */
async function aChat(options: Partial<MountOptions> = {}) {
  const { widget, asked } = aWidget(options);
  widget.open();
  const chat = await new Promise<HostChat>((resolve) => {
    widget.ready(resolve);
  });
  await until(() => panel().find('[role=dialog], [role=region]') !== null);
  return { widget, asked, chat };
}

function panel() {
  return inside(hosts().at(-1) ?? null);
}

function bodies(asked: readonly Sent[]): readonly Sent['body'][] {
  return asked.filter(({ path }) => path === 'chat').map(({ body }) => body);
}

/** Errors that the page is told of. */
function reports(): unknown[] {
  const heard: unknown[] = [];
  vi.spyOn(globalThis, 'reportError').mockImplementation((cause) => {
    heard.push(cause);
  });
  return heard;
}

test('whoever waits does not fetch the chat, and is called back when it is there', async () => {
  const { widget, asked } = aWidget();
  const called = vi.fn();
  widget.ready(called);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(called).not.toHaveBeenCalled();
  expect(asked).toEqual([]);
  widget.open();
  await until(() => called.mock.calls.length === 1);
  const late = vi.fn();
  widget.ready(late);
  await until(() => late.mock.calls.length === 1);
  expect(late.mock.calls[0]?.[0]).toBe(called.mock.calls[0]?.[0]);
});

test('an undone wait is not called back; what a callback returns is called once, by its undo or by destroy', async () => {
  const { widget } = aWidget();
  const [undone, byUndo, byDestroy] = [vi.fn(), vi.fn(), vi.fn()];
  widget.ready(undone)();
  const undo = widget.ready(() => byUndo);
  widget.ready(() => byDestroy);
  const there = vi.fn();
  widget.ready(there);
  widget.open();
  await until(() => there.mock.calls.length === 1);
  expect(undone).not.toHaveBeenCalled();
  undo();
  undo();
  expect(byUndo).toHaveBeenCalledTimes(1);
  widget.destroy();
  await until(() => byDestroy.mock.calls.length === 1);
  expect(byUndo).toHaveBeenCalledTimes(1);
});

test('the page opens, sends, reads and follows the conversation', async () => {
  const { chat } = await aChat();
  const seen: HostConversation[] = [];
  const stop = chat.subscribe((conversation) => seen.push(conversation));
  await chat.send('Hi');
  await until(() => seen.at(-1)?.phase === 'idle' && chat.messages().length === 2);
  expect(chat.messages()).toMatchObject([
    { role: 'user', text: 'Hi', isComplete: true },
    { role: 'assistant', text: expect.stringContaining('世界'), isComplete: true, tools: [] },
  ]);
  expect(chat.messages()).toBe(chat.messages());
  expect(seen.at(-1)?.messages).toBe(chat.messages());
  expect(Object.isFrozen(chat.messages()) && Object.isFrozen(chat.messages()[0])).toBe(true);
  expect(seen[0]).toMatchObject({ phase: 'idle', messages: [], isOpen: true });
  chat.close();
  await until(() => seen.at(-1)?.isOpen === false);
  stop();
  const { length } = seen;
  chat.toggle();
  await until(() => panel().button('Open chat').ariaExpanded === 'true');
  expect(seen).toHaveLength(length);
});

test('the page puts a text into the message field, and the focus', async () => {
  const { chat } = await aChat();
  chat.setDraft('A question');
  chat.focus();
  const field = () => panel().find('textarea') as HTMLTextAreaElement | null;
  await until(() => field()?.value === 'A question');
  expect(hosts()[0]?.shadowRoot?.activeElement).toBe(field());
});

test('options change without losing the thread, the draft or the running page', async () => {
  const { chat, widget } = await aChat({ position: 'bottom-right', theme: 'light' });
  await chat.send('Hi');
  await until(() => panel().text().includes('世界'));
  chat.setDraft('half a sent');
  const [host] = hosts();
  await chat.update({ theme: 'dark', position: 'top-left', locale: 'ar' });
  expect(hosts()[0]).toBe(host);
  expect(panel().find('.ph')).toMatchObject({ dir: 'rtl', dataset: { theme: 'dark' } });
  expect(panel().text()).toContain('世界');
  await until(() => (panel().find('textarea') as HTMLTextAreaElement).value === 'half a sent');
  widget.close();
  await until(() => host?.shadowRoot?.querySelector<HTMLElement>('.panel')?.hidden === true);
  const box = host?.shadowRoot?.querySelector('#l')?.getBoundingClientRect();
  expect([box?.left, box?.top]).toEqual([20, 20]);
});

test.each([
  [{ theme: 'blue' }, '"theme" must be'],
  [{ locale: 'no_tag!' }, 'no_tag!'],
  [{ token: 'ct_test_other' }, '"token" cannot change'],
])('an update of %j is refused in a sentence, and changes nothing', async (changes, sentence) => {
  const { chat } = await aChat({ theme: 'light' });
  await expect(chat.update(changes as object)).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(sentence),
  });
  expect(panel().find('.ph')?.dataset.theme).toBe('light');
});

test('context, variables and metadata of the page go with each message, as they are then', async () => {
  const { chat, asked } = await aChat();
  let page = '/cart';
  const undo = chat.addContext('page', async () => ({ path: page }));
  chat.addContext('nothing', () => undefined);
  chat.setVariables({ plan: 'pro', seats: 3, gone: 'x' });
  chat.setVariables({ gone: undefined });
  chat.use({ beforeSend: ({ text }) => ({ metadata: { length: text.length } }) });
  await chat.send('One');
  expect(bodies(asked)[0]).toMatchObject({
    context: { page: { path: '/cart' } },
    inputs: { plan: 'pro', seats: 3 },
    metadata: { length: 3 },
  });
  expect(bodies(asked)[0]?.context).toEqual({ page: { path: '/cart' } });
  expect(bodies(asked)[0]?.inputs).toEqual({ plan: 'pro', seats: 3 });
  page = '/checkout';
  await chat.send('Two');
  expect(bodies(asked)[1]?.context).toEqual({ page: { path: '/checkout' } });
  undo();
  await chat.send('Three');
  expect(bodies(asked)[2]).not.toHaveProperty('context');
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no'))],
  ['gives what JSON cannot say', () => 1n],
  ['gives far too much', () => 'x'.repeat(40_000)],
  ['never answers', () => new Promise(() => {})],
])('a provider that %s is left out and reported, and the message goes', async (_, provider) => {
  const heard = reports();
  const { chat, asked } = await aChat();
  chat.addContext('bad', provider);
  chat.addContext('good', () => 1);
  await chat.send('One');
  expect(bodies(asked)[0]?.context).toEqual({ good: 1 });
  expect(heard).toHaveLength(1);
});

test('a hook rewrites the message before it is sent, in the thread too', async () => {
  const { chat, asked } = await aChat();
  chat.use({ beforeSend: ({ text }) => ({ text: text.replace(/\d{4}/, '••••') }) });
  chat.use({ beforeSend: async ({ text }) => ({ text: `${text}!` }) });
  await chat.send('My number is 1234');
  expect(bodies(asked)[0]).toMatchObject({ messages: [{ role: 'user', content: 'My number is ••••!' }] });
  await until(() => panel().text().includes('My number is ••••!'));
  expect(panel().text()).not.toContain('1234');
});

test('a hook refuses with a sentence that the visitor reads, and the message stands in its field again', async () => {
  const { chat, asked, widget } = await aChat();
  const codes: string[] = [];
  widget.on('error', ({ code }) => codes.push(code));
  const undo = chat.use({ beforeSend: () => ({ refuse: 'Please leave card numbers out.' }) });
  await chat.send('4111 1111');
  await until(() => panel().text().includes('Please leave card numbers out.'));
  expect((panel().find('textarea') as HTMLTextAreaElement).value).toBe('4111 1111');
  expect(chat.messages()).toEqual([]);
  expect(bodies(asked)).toEqual([]);
  expect(codes).toEqual(['refused_by_page']);
  undo();
  await chat.send('4111 1111');
  expect(bodies(asked)).toHaveLength(1);
});

test('a hook that throws is the page\u2019s to see, and the message goes as it was', async () => {
  const heard = reports();
  const { chat, asked } = await aChat();
  chat.use({
    beforeSend: () => {
      throw new Error('mine');
    },
    afterReceive: () => {
      throw new Error('mine, too');
    },
  });
  await chat.send('Hi');
  expect(bodies(asked)[0]).toMatchObject({ messages: [{ content: 'Hi' }] });
  await until(() => heard.length === 2);
  expect(heard).toMatchObject([{ message: 'mine' }, { message: 'mine, too' }]);
});

test('a stopped message is not sent by a hook that answers late', async () => {
  const { chat, asked } = await aChat();
  let answer = () => {};
  let signal: AbortSignal | undefined;
  chat.use({
    beforeSend: (_, life) =>
      new Promise((resolve) => {
        signal = life;
        answer = () => resolve({ text: 'late' });
      }),
  });
  const sent = chat.send('Hi');
  await until(() => signal !== undefined);
  chat.stop();
  await sent;
  expect(signal?.aborted).toBe(true);
  answer();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(bodies(asked)).toEqual([]);
});

test('each complete answer is told to the hooks', async () => {
  const { chat } = await aChat();
  const answers: string[] = [];
  chat.use({ afterReceive: ({ text }) => answers.push(text) });
  await chat.send('Hi');
  await until(() => answers.length === 1);
  expect(answers[0]).toContain('世界');
});

test('the surface\u2019s copy takes in the page\u2019s variables, and its own word where there is none', async () => {
  const { config } = sessionBody() as { config: object };
  answerWith({
    init: session({
      config: { ...config, welcomeMessage: 'Hello {{name|there}}', suggestions: ['Where is {{order}}?'] },
    }),
  });
  const widget = mount({ token: `ct_test_${crypto.randomUUID()}`, api: API, open: true });
  mounted.push(widget);
  await until(() => panel().text().includes('Hello there'));
  widget.ready((chat) => chat.setVariables({ name: 'Ada', order: 'order 7' }));
  await until(() => panel().text().includes('Hello Ada'));
  expect(panel().text()).toContain('Where is order 7?');
});

test('all that a page set is gone with the chat', async () => {
  const { chat, widget, asked } = await aChat();
  const removed = vi.fn();
  let drawn = 0;
  chat.setRenderer('message', () => {
    drawn += 1;
    return removed;
  });
  const seen = vi.fn();
  chat.subscribe(seen);
  chat.use({ beforeSend: () => ({ text: 'changed' }) });
  await chat.send('Hi');
  await until(() => document.querySelector('[data-pagehand-part]') !== null);
  widget.destroy();
  await until(() => removed.mock.calls.length === drawn);
  expect(document.querySelector('[data-pagehand-part]')).toBeNull();
  const { length } = asked;
  const calls = seen.mock.calls.length;
  await chat.send('More');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toHaveLength(length);
  expect(seen).toHaveBeenCalledTimes(calls);
});
