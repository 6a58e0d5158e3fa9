import axe from 'axe-core';
import { afterEach, expect, test, vi } from 'vitest';
import type { HostChat, RenderedPart } from '../../../widget/host/host-chat-api.ts';
import { mount, type PagehandWidget } from '../../../widget/index.ts';
import { hosts, inside, until } from '../mount/page.ts';
import { API, answerWith, frames, HELLO, session, streamed } from '../transport/wire.ts';

const mounted: PagehandWidget[] = [];

afterEach(() => {
  for (const widget of mounted.splice(0)) widget.destroy();
  expect(hosts()).toEqual([]);
  vi.restoreAllMocks();
});

const SEARCH = [
  { type: 'execution_start', executionId: 'exec_1', seq: 1, kind: 'agent' },
  {
    type: 'tool_start',
    executionId: 'exec_1',
    seq: 2,
    toolCallId: 'call_1',
    toolName: 'search',
    parameters: { query: 'mugs' },
  },
  {
    type: 'tool_complete',
    executionId: 'exec_1',
    seq: 3,
    toolCallId: 'call_1',
    toolName: 'search',
    success: true,
    result: '3 mugs',
  },
  { type: 'execution_complete', executionId: 'exec_1', seq: 4, kind: 'agent', success: true },
] as Parameters<typeof frames>[0];

async function aChat(
  answer: Parameters<typeof frames>[0] = HELLO,
  deliver: (events: Parameters<typeof frames>[0]) => Response = (events) => streamed([frames(events)]),
): Promise<HostChat> {
  answerWith({ init: session(), chat: () => deliver(answer) });
  const widget = mount({ token: `ct_test_${crypto.randomUUID()}`, api: API, open: true });
  mounted.push(widget);
  return new Promise((resolve) => {
    widget.ready(resolve);
  });
}

function panel() {
  return inside(hosts().at(-1) ?? null);
}

function drawnByPage(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-pagehand-part]')];
}

/** Text as it is on the screen, slots filled. */
function shownText(): string {
  const slots = [...(hosts()[0]?.shadowRoot?.querySelectorAll('slot') ?? [])];
  return slots.flatMap((slot) => slot.assignedElements().map((element) => element.textContent)).join('|');
}

/** Each event at a time of its own. */
function slowly(events: Parameters<typeof frames>[0]): Response {
  const rest = [...events];
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const event = rest.shift();
      if (event === undefined) controller.close();
      else controller.enqueue(encoder.encode(frames([event])));
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

test('a page draws its tool\u2019s result with its own elements and its own style sheets', async () => {
  const style = document.createElement('style');
  style.textContent = '.mugs { color: rgb(1, 2, 3); }';
  document.head.append(style);
  const chat = await aChat(SEARCH);
  const parts: RenderedPart[] = [];
  chat.setRenderer('tool:search', (part, element) => {
    parts.push(part);
    element.className = 'mugs';
    element.textContent = part.kind === 'tool' ? `Found: ${part.result}` : '';
  });
  await chat.send('Find mugs');
  await until(() => shownText() === 'Found: 3 mugs', 1_000);
  expect(parts.at(-1)).toEqual({
    kind: 'tool',
    id: 'call_1',
    name: 'search',
    title: 'Search',
    status: 'done',
    input: { query: 'mugs' },
    result: '3 mugs',
  });
  expect(Object.isFrozen(parts.at(-1))).toBe(true);
  const [element] = drawnByPage();
  expect(getComputedStyle(element ?? document.body).color).toBe('rgb(1, 2, 3)');
  expect(element?.checkVisibility()).toBe(true);
  expect(panel().find('.tool')).toBeNull();
  const { violations } = await axe.run({ include: [['[data-pagehand]']] } as never, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'],
  });
  expect(violations.map(({ id }) => id)).toEqual([]);
  style.remove();
});

test('the visitor\u2019s messages and the answers are the page\u2019s to draw, too; undoing gives them back', async () => {
  const chat = await aChat();
  const removed = vi.fn();
  let drawn = 0;
  const undos = [
    chat.setRenderer('message', ({ id }, element) => {
      drawn += 1;
      element.textContent = `message ${id.slice(0, 4)}`;
      return removed;
    }),
    chat.setRenderer('answer', (part, element) => {
      element.textContent = part.kind === 'answer' && part.isComplete ? 'my answer' : '…';
    }),
  ];
  await chat.send('Hi');
  await until(() => shownText() === 'message usr_|my answer', 1_000);
  // What the live region reads aloud are the answer's own words all the same.
  const thread = hosts()[0]?.shadowRoot?.querySelector('[role=log]');
  expect(thread?.textContent).not.toContain('世界');
  for (const undo of undos) undo();
  await until(() => panel().text().includes('世界') && panel().text().includes('Hi'));
  expect(drawnByPage()).toEqual([]);
  expect(removed).toHaveBeenCalledTimes(drawn);
});

test('a renderer with `update` keeps its element while the answer grows', async () => {
  const chat = await aChat(HELLO, slowly);
  const elements = new Set<Element>();
  let updates = 0;
  const remove = vi.fn();
  chat.setRenderer('answer', (first, element) => {
    const update = (part: RenderedPart) => {
      updates += 1;
      element.textContent = part.kind === 'answer' ? part.text : '';
    };
    elements.add(element);
    update(first);
    return {
      update,
      remove,
    };
  });
  await chat.send('Hi');
  await until(() => shownText().includes('世界'), 1_000);
  expect(elements.size).toBe(1);
  expect(updates).toBeGreaterThan(1);
  expect(remove).not.toHaveBeenCalled();
});

test('inside the chat the element stands in its tree, where the page\u2019s style sheets do not reach', async () => {
  const chat = await aChat();
  chat.setRenderer(
    'message',
    (_, element) => {
      element.textContent = 'drawn inside';
    },
    { styledBy: 'chat' },
  );
  await chat.send('Hi');
  await until(() => panel().text().includes('drawn inside'), 1_000);
  expect(drawnByPage()).toEqual([]);
});

test('a renderer that throws gives way to what the chat draws itself, and is reported', async () => {
  const heard: unknown[] = [];
  vi.spyOn(globalThis, 'reportError').mockImplementation((cause) => {
    heard.push(cause);
  });
  const chat = await aChat(SEARCH);
  chat.setRenderer('tool:search', () => {
    throw new Error('mine');
  });
  await chat.send('Find mugs');
  await until(() => panel().find('.tool') !== null, 1_000);
  expect(heard).toMatchObject([{ message: 'mine' }]);
  expect(drawnByPage()).toEqual([]);
});

test('a question for the visitor\u2019s consent is never the page\u2019s to draw', async () => {
  const chat = await aChat([
    {
      type: 'await',
      executionId: 'exec_1',
      seq: 1,
      toolName: 'book',
      toolCallId: 'call_1',
      origin: 'webmcp',
      parameters: {},
    },
  ] as Parameters<typeof frames>[0]);
  const registration = new AbortController();
  const { modelContext } = document as unknown as {
    modelContext: { registerTool(tool: object, options: object): Promise<void> };
  };
  await modelContext.registerTool(
    { name: 'book', description: 'Books.', execute: () => 'booked' },
    registration,
  );
  const statuses: string[] = [];
  chat.setRenderer('tool:book', (part) => {
    if (part.kind === 'tool') statuses.push(part.status);
  });
  const sent = chat.send('Book it');
  await until(() => panel().text().includes('Allow once'), 1_000);
  expect(statuses).toEqual([]);
  chat.stop();
  await sent;
  await until(() => statuses.length > 0);
  expect(statuses).not.toContain('approval');
  registration.abort();
});

test('the newest renderer counts, and undoing it gives way to the one before', async () => {
  const chat = await aChat();
  const write = (text: string) => (_: RenderedPart, element: HTMLElement) => {
    element.textContent = text;
  };
  chat.setRenderer('message', write('first'));
  const undo = chat.setRenderer('message', write('second'));
  await chat.send('Hi');
  await until(() => shownText() === 'second', 1_000);
  undo();
  await until(() => shownText() === 'first');
});
