import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { mount, type PagehandWidget, type WidgetEvents } from '../../../widget/index.ts';
import { hosts, inside, until } from '../mount/page.ts';
import { API, answerWith, frames, HELLO, session, streamed } from '../transport/wire.ts';

const mounted: PagehandWidget[] = [];

beforeEach(() => {
  answerWith({ init: session(), chat: () => streamed([frames(HELLO)]), feedback: session() });
});

afterEach(() => {
  for (const widget of mounted.splice(0)) widget.destroy();
  expect(hosts()).toEqual([]);
});

function aChat(): PagehandWidget {
  const widget = mount({ token: `ct_test_${crypto.randomUUID()}`, api: API });
  mounted.push(widget);
  return widget;
}

/** What `name` told, by `on` and as a DOM event of the document. */
function hearing<Name extends keyof WidgetEvents>(widget: PagehandWidget, name: Name) {
  const heard: WidgetEvents[Name][] = [];
  const bubbled: unknown[] = [];
  const onEvent = (event: Event) => bubbled.push((event as CustomEvent).detail ?? undefined);
  widget.on(name, (detail) => heard.push(detail));
  document.addEventListener(`pagehand:${name}`, onEvent);
  onTestFinished(() => document.removeEventListener(`pagehand:${name}`, onEvent));
  return { heard, bubbled };
}

test('the page hears of what is sent, of what is answered and of each phase, by `on` and as DOM events', async () => {
  const widget = aChat();
  const messages = hearing(widget, 'message');
  const phases = hearing(widget, 'phase');
  const ready = hearing(widget, 'ready');
  await widget.send('Hi');
  await until(() => messages.heard.length === 2);
  expect(messages.heard).toMatchObject([
    { kind: 'sent', text: 'Hi' },
    { kind: 'answered', text: expect.stringContaining('世界') },
  ]);
  expect(messages.heard[0]?.id).toMatch(/^usr_/);
  expect(messages.heard[1]?.id).toMatch(/^ast_/);
  expect(messages.bubbled).toEqual(messages.heard);
  expect(phases.heard.at(-1)).toMatchObject({ phase: 'idle' });
  expect(phases.bubbled).toEqual(phases.heard);
  expect(ready.bubbled).toEqual([undefined]);
});

test('the events of a stream are told once somebody asked for them by `on`, and not before', async () => {
  const widget = aChat();
  const messages = hearing(widget, 'message');
  const bubbled: unknown[] = [];
  const onEvent = (event: Event) => bubbled.push((event as CustomEvent).detail);
  document.addEventListener('pagehand:event', onEvent);
  onTestFinished(() => document.removeEventListener('pagehand:event', onEvent));
  await widget.send('Hi');
  await until(() => messages.heard.length === 2);
  expect(bubbled).toEqual([]);

  const heard: unknown[] = [];
  widget.on('event', (event) => heard.push(event));
  await widget.send('And again?');
  await until(() => messages.heard.length === 4);
  expect(heard).toContainEqual(expect.objectContaining({ type: 'text_delta' }));
  expect(bubbled).toEqual(heard);
});

test('the events come from the chat\u2019s own element', async () => {
  const widget = aChat();
  const [host] = hosts();
  const heard: EventTarget[] = [];
  host?.addEventListener('pagehand:open', (event) => heard.push(event.target as EventTarget));
  widget.open();
  await until(() => heard.length > 0);
  expect(heard).toEqual([host]);
});

test('a vote is told once, with the answer that it is for', async () => {
  const widget = aChat();
  const votes = hearing(widget, 'vote');
  const messages = hearing(widget, 'message');
  await widget.send('Hi');
  await until(() => messages.heard.length === 2);
  const panel = inside(hosts()[0] ?? null);
  await until(
    () => panel.text().includes('世界') && panel.find('[aria-label="Good answer"]') !== null,
    1_000,
  );
  panel.button('Good answer').click();
  await until(() => votes.heard.length === 1);
  expect(votes.heard).toEqual([{ messageId: messages.heard[1]?.id, vote: 'up' }]);
});

test('a question for the visitor is told when it is asked and when it is decided; telling gives no way to decide', async () => {
  answerWith({
    init: session(),
    chat: () =>
      streamed([
        frames([
          {
            type: 'await',
            executionId: 'exec_1',
            seq: 1,
            toolName: 'book',
            toolCallId: 'call_1',
            origin: 'webmcp',
            parameters: {},
          },
        ]),
      ]),
    cancel: session(),
  });
  const widget = aChat();
  const approvals = hearing(widget, 'approval');
  const registration = new AbortController();
  onTestFinished(() => registration.abort());
  const { modelContext } = document as unknown as {
    modelContext: { registerTool(tool: object, options: object): Promise<void> };
  };
  await modelContext.registerTool(
    { name: 'book', title: 'Book a room', description: 'Books.', execute: () => 'booked' },
    registration,
  );
  const sent = widget.send('Book it');
  await until(() => approvals.heard.length === 1);
  expect(approvals.heard).toEqual([
    { kind: 'asked', toolCallId: 'call_1', name: 'book', title: 'Book a room' },
  ]);
  let chat: object = {};
  widget.ready((host) => {
    chat = host;
  });
  await until(() => Object.keys(chat).length > 0);
  expect(Object.keys(chat).filter((name) => /decide|approve|allow|session|token|surface/.test(name))).toEqual(
    [],
  );
  inside(hosts()[0] ?? null)
    .button('Stop')
    .click();
  await sent;
  await until(() => approvals.heard.length === 2);
  expect(approvals.heard[1]).toMatchObject({ kind: 'decided', allowed: false });
});

test('answers that come while the chat is closed are counted, until it is opened', async () => {
  let answer = () => {};
  const later = new Promise<void>((resolve) => {
    answer = resolve;
  });
  answerWith({
    init: session(),
    chat: async () => {
      await later;
      return streamed([frames(HELLO)]);
    },
  });
  const widget = aChat();
  const { heard } = hearing(widget, 'unread');
  const closed = hearing(widget, 'close');
  const sent = widget.send('Hi');
  await until(
    () =>
      inside(hosts()[0] ?? null)
        .text()
        .includes('Hi'),
    1_000,
  );
  widget.close();
  await until(() => closed.heard.length === 1);
  answer();
  await sent;
  await until(() => heard.length === 1, 1_000);
  widget.open();
  await until(() => heard.length === 2);
  expect(heard).toEqual([{ count: 1 }, { count: 0 }]);
});

test('a new conversation is told', async () => {
  const widget = aChat();
  const { heard } = hearing(widget, 'conversation');
  const messages = hearing(widget, 'message');
  await widget.send('Hi');
  await until(() => messages.heard.length === 2, 1_000);
  widget.ready((chat) => void chat.startNew());
  await until(() => heard.length === 1, 1_000);
  expect(heard).toEqual([{ kind: 'new' }]);
  expect(messages.heard).toHaveLength(2);
});

test('the last word is said before the chat leaves the page, once', () => {
  const widget = aChat();
  const { bubbled } = hearing(widget, 'destroy');
  widget.destroy();
  widget.destroy();
  expect(bubbled).toHaveLength(1);
});

test('a listener that throws hurts neither the chat nor the next listener', async () => {
  const widget = aChat();
  const reported = vi.fn((event: ErrorEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  window.addEventListener('error', reported, { capture: true });
  onTestFinished(() => window.removeEventListener('error', reported, { capture: true }));
  widget.on('message', () => {
    throw new Error('mine');
  });
  const messages = hearing(widget, 'message');
  await widget.send('Hi');
  await until(() => messages.heard.length === 2);
  expect(reported).toHaveBeenCalledTimes(2);
  expect(inside(hosts()[0] ?? null).text()).toContain('世界');
});
