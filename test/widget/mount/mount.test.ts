import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type MountOptions, mount, type PagehandWidget, type WidgetEvents } from '../../../widget/index.ts';
import { API, answerWith, frames, HELLO, json, session, streamed } from '../transport/wire.ts';
import { hosts, inside, until } from './page.ts';

/** Another one for each test: what is kept of a surface outlives them. */
let token = '';
const mounted: PagehandWidget[] = [];

beforeEach(() => {
  token = `ct_test_${crypto.randomUUID()}`;
});

afterEach(async () => {
  for (const widget of mounted.splice(0)) widget.destroy();
  await Promise.resolve();
  expect(hosts()).toEqual([]);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function aChat(options: Partial<MountOptions> = {}): PagehandWidget {
  const widget = mount({ token, api: API, ...options });
  mounted.push(widget);
  return widget;
}

function panel() {
  return inside(hosts().at(-1) ?? null);
}

interface ModelContext {
  registerTool(tool: object, options?: { signal: AbortSignal }): Promise<void>;
}

test('a visitor opens the chat, asks, allows a tool of the page and reads the answer', async () => {
  const asked = answerWith({
    init: session(),
    chat: () =>
      streamed([
        frames([
          { type: 'execution_start', executionId: 'exec_1', seq: 1, kind: 'agent' },
          {
            type: 'await',
            executionId: 'exec_1',
            seq: 2,
            toolName: 'add_to_cart',
            toolCallId: 'call_1',
            origin: 'webmcp',
            parameters: { quantity: 2 },
          },
        ]),
      ]),
    resume: () => streamed([frames(HELLO.slice(1))]),
  });
  const widget = aChat();
  const outcomes: WidgetEvents['call'][] = [];
  widget.on('call', (call) => outcomes.push(call));
  const { modelContext } = document as unknown as { modelContext: ModelContext };
  const registration = new AbortController();
  await modelContext.registerTool(
    {
      name: 'add_to_cart',
      description: 'Puts mugs into the cart.',
      inputSchema: { type: 'object', properties: { quantity: { type: 'integer' } } },
      execute: ({ quantity }: { quantity: number }) => `${quantity} mugs are in the cart`,
    },
    { signal: registration.signal },
  );
  panel().button('Open chat').click();
  await until(() => panel().find('[role=dialog]') !== null);
  const sent = widget.send('Add two mugs');
  await until(() => panel().text().includes('Allow once'));
  expect(asked.map(({ path }) => path)).toEqual(['init', 'chat']);
  expect(asked[1]?.body).toMatchObject({
    clientTools: [{ name: 'add_to_cart', origin: 'webmcp' }],
    messages: [{ role: 'user', content: 'Add two mugs' }],
  });
  // A script cannot give the visitor's consent.
  panel().button('Allow once').click();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked.map(({ path }) => path)).toEqual(['init', 'chat']);
  panel().button('Stop').click();
  await sent;
  expect(outcomes).toMatchObject([{ name: 'add_to_cart', outcome: { status: 'cancelled' } }]);
  registration.abort();
});

test('a tool that the site allows runs unasked, and its receipt stands in the thread', async () => {
  const asked = answerWith({
    init: session(),
    chat: () =>
      streamed([
        frames([
          {
            type: 'await',
            executionId: 'exec_1',
            seq: 1,
            toolName: 'get_cart',
            toolCallId: 'call_1',
            origin: 'webmcp',
          },
        ]),
      ]),
    resume: () => streamed([frames(HELLO.slice(1))]),
  });
  const widget = aChat({ webmcp: { autoApprove: ['get_*'] } });
  const { modelContext } = document as unknown as { modelContext: ModelContext };
  const registration = new AbortController();
  await modelContext.registerTool(
    {
      name: 'get_cart',
      title: 'Look into the cart',
      description: 'Reads the cart.',
      annotations: { readOnlyHint: true },
      execute: () => ({ items: 2 }),
    },
    { signal: registration.signal },
  );
  await widget.send('What is in my cart?');
  await until(() => panel().text().includes('世界'));
  expect(panel().text()).toContain('Look into the cart');
  expect(asked[2]?.body).toMatchObject({
    executionId: 'exec_1',
    toolOutputs: { call_1: { content: [{ type: 'text', text: '{"items":2}' }] } },
  });
  registration.abort();
});

test('the thread is there again after a reload, in this tab and for this surface only', async () => {
  answerWith({ init: session(), chat: () => streamed([frames(HELLO)]) });
  const before = aChat();
  await before.send('Hi');
  window.dispatchEvent(new Event('pagehide'));
  before.destroy();
  const after = aChat({ open: true });
  await until(() => panel().text().includes('世界'));
  after.destroy();
  const other = aChat({ open: true, token: 'ct_test_other' });
  await until(() => panel().find('[role=dialog]') !== null);
  expect(panel().text()).not.toContain('世界');
  other.destroy();
});

test('two chats of one surface are one conversation', async () => {
  const asked = answerWith({
    init: (_, count) => json({ sessionId: `cs_${count}`, config: {} }),
    chat: () => streamed([frames(HELLO)]),
  });
  const [first, second] = [aChat(), aChat({ position: 'bottom-left' })];
  await first.send('One');
  await second.send('Two');
  const chats = asked.filter(({ path }) => path === 'chat').map(({ body }) => body);
  expect(asked.filter(({ path }) => path === 'init').at(-1)?.body.sessionId).toBe(chats[0]?.sessionId);
  expect(chats[1]).toMatchObject({
    messages: [{ content: 'One' }, { role: 'assistant' }, { content: 'Two' }],
  });
  await until(() => hosts().every((host) => inside(host).text().includes('Two')));
});

test.each<[string, () => void]>([
  [
    'throws',
    () =>
      vi.spyOn(indexedDB, 'open').mockImplementation(() => {
        throw new DOMException('denied', 'SecurityError');
      }),
  ],
  ['never answers', () => vi.spyOn(indexedDB, 'open').mockReturnValue({} as IDBOpenDBRequest)],
])('the chat opens and answers where the database %s', async (_what, fail) => {
  answerWith({ init: session(), chat: () => streamed([frames(HELLO)]) });
  fail();
  await aChat().send('Hi');
  await until(() => panel().text().includes('世界'));
});

test('an answer of two thousand words costs a handful of writes', async () => {
  const [put, setItem] = [vi.spyOn(IDBObjectStore.prototype, 'put'), vi.spyOn(Storage.prototype, 'setItem')];
  const words = Array.from({ length: 2_000 }, (_, index) => ({
    type: 'text_delta' as const,
    executionId: 'exec_1',
    seq: index + 3,
    id: 't',
    delta: `word${index} `,
  }));
  const answer = [
    { type: 'execution_start' as const, executionId: 'exec_1', seq: 1, kind: 'agent' as const },
    { type: 'text_start' as const, executionId: 'exec_1', seq: 2, id: 't' },
    ...words,
    { type: 'text_complete' as const, executionId: 'exec_1', seq: 2_003, id: 't' },
    {
      type: 'execution_complete' as const,
      executionId: 'exec_1',
      seq: 2_004,
      kind: 'agent' as const,
      success: true,
    },
  ];
  // In many pieces, as it comes from a model.
  const pieces = Array.from({ length: 200 }, (_, index) =>
    frames(answer.slice(index * 11, (index + 1) * 11)),
  );
  answerWith({ init: session(), chat: () => streamed(pieces) });
  await aChat().send('Talk');
  await until(() => panel().text().includes('word1999'));
  expect(put.mock.calls.length).toBeGreaterThan(1);
  expect(put.mock.calls.length).toBeLessThan(8);
  expect(setItem.mock.calls.length).toBeLessThan(3);
});

test('the panel is there to be written in before anything that was kept is read, and loses nothing of it', async () => {
  vi.spyOn(IDBObjectStore.prototype, 'getAll').mockReturnValue({} as IDBRequest);
  const asked = answerWith({ init: session(), chat: () => streamed([frames(HELLO)]) });
  const widget = aChat();
  let askedBefore: number | undefined;
  const seen = new MutationObserver(() => {
    if (panel().find('textarea') !== null) askedBefore ??= asked.length;
  });
  seen.observe(hosts().at(-1)?.shadowRoot ?? document, { childList: true, subtree: true });
  panel().button('Open chat').focus();
  panel().button('Open chat').click();
  await until(() => askedBefore !== undefined);
  seen.disconnect();
  expect(askedBefore).toBe(0);
  await until(() => hosts().at(-1)?.shadowRoot?.activeElement === panel().find('textarea'));
  await widget.send('Hi');
  await until(() => panel().text().includes('世界'));
  expect(asked.map(({ path }) => path)).toEqual(['init', 'chat']);
});

test('who means to chat finds the panel drawn, hidden, and nothing asked of the server', async () => {
  const asked = answerWith({ init: session() });
  aChat();
  const focused = document.activeElement;
  panel().button('Open chat').dispatchEvent(new Event('pointerenter'));
  await until(() => panel().find('textarea') !== null);
  expect(panel().find('[role=dialog]')?.checkVisibility()).toBe(false);
  expect(panel().button('Open chat').ariaExpanded).toBe('false');
  expect(document.activeElement).toBe(focused);
  expect(asked).toEqual([]);
  panel().button('Open chat').click();
  await until(() => panel().find('[role=dialog]')?.checkVisibility() === true);
  await until(() => asked.length === 1);
});

test('a chat that goes before it was drawn leaves nothing behind', async () => {
  answerWith({ init: session() });
  const widget = aChat();
  const host = hosts().at(-1) ?? null;
  panel().button('Open chat').dispatchEvent(new Event('pointerenter'));
  widget.destroy();
  await new Promise((resolve) => requestIdleCallback(resolve));
  expect(inside(host).find('textarea')).toBeNull();
});

test('a page that was left with the chat open shows it open again', async () => {
  answerWith({ init: session(), chat: () => streamed([frames(HELLO)]) });
  const before = aChat();
  await before.send('Hi');
  const flag = Object.keys(sessionStorage).find((name) => name.endsWith(':open')) ?? '';
  before.destroy();
  await until(() => sessionStorage.getItem(flag) === null);
  sessionStorage.setItem(flag, 'yes');
  sessionStorage.setItem('pagehand', 'open');
  aChat();
  await until(() => panel().text().includes('世界'));
});

test('where tabs cannot agree, a second chat of a surface keeps nothing', async () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  Reflect.deleteProperty(globalThis, 'BroadcastChannel');
  const asked = answerWith({
    init: (_, count) => json({ sessionId: `cs_${count}`, config: {} }),
    chat: () => streamed([frames(HELLO)]),
  });
  const [first, second] = [aChat(), aChat({ position: 'bottom-left' })];
  await first.send('One');
  await second.send('Two');
  const chats = asked.filter(({ path }) => path === 'chat').map(({ body }) => body);
  expect(chats[1]).toMatchObject({ messages: [{ content: 'Two' }] });
  expect(chats[1]?.sessionId).not.toBe(chats[0]?.sessionId);
});

test('what goes wrong stands in the thread, and the page hears of it', async () => {
  answerWith({
    init: () =>
      json({ error: 'x', code: 'origin_not_allowed', message: 'This page is not on the list.' }, 403),
  });
  const widget = aChat();
  const codes: string[] = [];
  widget.on('error', ({ code }) => codes.push(code));
  await widget.send('Hi');
  await until(() => panel().text().includes('This page is not on the list.'));
  expect(codes).toContain('origin_not_allowed');
});

test.each([
  [{ token: 'sk_live_x' }, '"token" must match'],
  [{ api: 'chat.example.com' }, '"api" must match'],
  [{ position: 'middle' }, '"position" must match'],
  [{ theme: 'blue' }, '"theme" must be auto, light, dark, or an object'],
  [{ theme: '{"tokens":' }, '"theme" must be'],
  [{ theme: { scheme: 'sepia' } }, '"theme.scheme" must be'],
  [{ mode: 'sideways' }, '"mode" must be'],
  [{ mode: 'inline' }, '"mode" inline needs a "target"'],
  [{ mode: 'docked', target: document.documentElement }, '"target" goes with "mode" inline alone'],
  [{ locale: 'd e' }, 'd e'],
  [{ target: '#nowhere' }, '"target" must be in this page'],
  [{ target: '#' }, 'selector'],
  [{ webmcp: { timeoutMs: 0 } }, '"webmcp.timeoutMs" must be above 0'],
])('mount refuses %j with the name of the option', (options, sentence) => {
  try {
    aChat(options as Partial<MountOptions>);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ name: 'WidgetError', code: 'invalid_option', retryable: false });
    expect((error as Error).message).toContain(sentence);
    expect((error as Error).message).not.toContain('sk_live_x');
  }
});

test('a chat that is destroyed leaves no element, listener, timer, request or global behind', async () => {
  const asked = answerWith({
    init: session(),
    chat: (_, count) =>
      count === 1 ? streamed([frames(HELLO)]) : streamed([frames(HELLO.slice(0, 3))], 'hangs'),
  });
  // What the first chat of a page leaves on purpose: the page's modelContext.
  const first = aChat();
  await first.send('Hi');
  first.destroy();
  await Promise.resolve();
  token = `ct_test_${crypto.randomUUID()}`;
  const traces = follow();
  const widget = aChat();
  const sending = widget.send('Hi');
  await until(() => panel().find('[role=dialog]') !== null && panel().text().includes('世界'));
  expect(traces.open()).not.toEqual([]);
  widget.destroy();
  await sending;
  await Promise.resolve();
  expect(asked.at(-1)?.signal.aborted).toBe(true);
  // A frame may be under way; what waits longer than that is left behind.
  await until(() => traces.open().length === 0, 50);
  traces.stop();
}, 20_000);

/** Follows what is hung onto the page from now on: listeners, timers, frames, globals, elements. */
function follow(): { open(): string[]; stop(): void } {
  const listeners = new Map<string, number>();
  const timers = new Set<string>();
  const globals = new Set(Object.getOwnPropertyNames(window));
  const elements = document.querySelectorAll('*').length;
  const targets: EventTarget[] = [window, document, document.documentElement, document.body];
  if (window.visualViewport) targets.push(window.visualViewport);
  const spies = targets.flatMap((target) => {
    const name = target.constructor.name;
    const add = target.addEventListener.bind(target);
    const note = (type: string, by: number) => {
      const key = `${name} ${type}`;
      const count = (listeners.get(key) ?? 0) + by;
      if (count === 0) listeners.delete(key);
      else listeners.set(key, count);
    };
    return [
      vi.spyOn(target, 'addEventListener').mockImplementation((type, listener, options) => {
        note(type, 1);
        const signal = typeof options === 'object' ? options.signal : undefined;
        signal?.addEventListener('abort', () => note(type, -1));
        add(type, listener, options);
      }),
      vi.spyOn(target, 'removeEventListener').mockImplementation((type) => note(type, -1)),
    ];
  });
  const { setTimeout: wait, clearTimeout: clear } = window;
  const timerSpies = [
    vi.spyOn(window, 'setTimeout').mockImplementation(((callback: () => void, ms?: number) => {
      const id = wait(() => {
        timers.delete(`timer ${id}`);
        callback();
      }, ms);
      // The waiting of this test itself is no trace.
      if (ms !== 10) timers.add(`timer ${id}`);
      return id;
    }) as typeof setTimeout),
    vi.spyOn(window, 'clearTimeout').mockImplementation((id) => {
      timers.delete(`timer ${id}`);
      clear(id);
    }),
  ];
  return {
    open: () => [
      ...listeners.keys(),
      ...timers,
      ...Object.getOwnPropertyNames(window).filter((name) => !globals.has(name)),
      ...(document.querySelectorAll('*').length > elements ? ['elements'] : []),
    ],
    stop() {
      for (const spy of [...spies, ...timerSpies]) spy.mockRestore();
    },
  };
}
