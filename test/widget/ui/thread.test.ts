import { within } from '@testing-library/preact';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { AssistantPart, Entry } from '../../../widget/chat/state.ts';
import {
  aCall,
  anAnswer,
  aQuestion,
  aText,
  drawn,
  type FakeChat,
  fakeChat,
  hideAll,
  partsLoaded,
  show,
} from './fake-chat.ts';

afterEach(hideAll);

beforeAll(partsLoaded);

function showEntries(...entries: Entry[]) {
  const chat = fakeChat({ entries });
  const { view, root } = show(chat);
  return { chat, view, root, log: within(view).getByRole('log', { name: 'Conversation' }) };
}

function answering(chat: FakeChat, parts: readonly AssistantPart[]): void {
  chat.conversation.value = {
    ...chat.conversation.value,
    phase: 'answering',
    entries: [aQuestion(), anAnswer(parts)],
  };
}

test('an empty thread welcomes and suggests; a suggestion is sent as it stands', async () => {
  const { chat, log } = showEntries();
  expect(within(log).getByText('Welcome to the shop.')).toBeVisible();
  await userEvent.click(within(log).getByRole('button', { name: 'Where is my order?' }));
  expect(chat.sent).toEqual(['Where is my order?']);
  chat.conversation.value = { ...chat.conversation.value, entries: [aQuestion()] };
  await drawn();
  expect(within(log).queryByRole('button', { name: 'Show me mugs' })).toBeNull();
});

test('what the visitor wrote is shown as written, never as Markdown', () => {
  const { log } = showEntries(aQuestion('**a** <b>\n  [x](https://x.test)'));
  expect(log.querySelector('.visitor p')?.textContent).toBe('**a** <b>\n  [x](https://x.test)');
  expect(log.querySelectorAll('strong, a, b')).toHaveLength(0);
});

test('an answer is drawn in the order of its parts, each as what it is', () => {
  const { log } = showEntries(
    aQuestion(),
    anAnswer([
      { kind: 'reasoning', id: 'r', text: 'They want mugs.', streaming: false },
      aText('**Here**'),
      aCall({ status: 'done', result: 'ok', durationMs: 300 }),
      aText('Done.', false, 't2'),
      { kind: 'notice', id: 'n', notice: 'length' },
    ]),
  );
  const seen = [...(log.querySelector('.answer:not(:first-child)')?.children ?? [])].map(
    (node) => node.tagName,
  );
  expect(seen).toEqual(['SPAN', 'DETAILS', 'DIV', 'DIV', 'DIV', 'P', 'DIV']);
  expect(within(log).getByText('Here').tagName).toBe('STRONG');
  expect(log.querySelector('details')?.open).toBe(false);
  expect(within(log).getByText(/^Cut short: the answer reached/)).toBeVisible();
});

test("the server's own sentence about a failure is no Markdown", () => {
  const { log } = showEntries(anAnswer([{ ...aText('It *broke*.'), role: 'error' }]));
  expect(within(log).getByText('It *broke*.')).toBeVisible();
});

test('a delta redraws one part and touches nothing else in the thread', async () => {
  // On a phone the panel becomes a sheet a moment after it was drawn.
  await page.viewport(900, 800);
  const chat = fakeChat();
  const { view } = show(chat);
  const call = aCall({ status: 'done', result: 'ok', durationMs: 300 });
  const first = aText('The first text.\n\nIts second paragraph.');
  answering(chat, [first, call, aText('And', true, 't2')]);
  await drawn();
  const growing = [...view.querySelectorAll('.md')].at(-1) as Element;
  const touched: Node[] = [];
  const observer = new MutationObserver((records) => touched.push(...records.map((record) => record.target)));
  observer.observe(view, { attributes: true, childList: true, characterData: true, subtree: true });
  for (const text of ['And then', 'And then **more', 'And then **more**\n\nA last one']) {
    answering(chat, [first, call, aText(text, true, 't2')]);
    await drawn();
  }
  observer.disconnect();
  expect(touched.length).toBeGreaterThan(0);
  expect(touched.filter((node) => !growing.contains(node))).toEqual([]);
});

describe('a failure', () => {
  const failure = { message: 'The connection broke off.', hint: 'Check your network.', retryable: true };

  test('is an alert that says what happened and how to go on', async () => {
    const chat = fakeChat({ phase: 'failed', entries: [aQuestion()], failure });
    const alert = within(show(chat).view).getByRole('alert');
    expect(alert).toHaveTextContent('The connection broke off. Check your network.');
    await userEvent.click(within(alert).getByRole('button', { name: 'Retry' }));
    expect(chat.calls).toEqual(['retry']);
  });

  test('that says nothing of the message says that it is kept', () => {
    const chat = fakeChat({ phase: 'failed', failure: { ...failure, hint: undefined } });
    expect(within(show(chat).view).getByRole('alert')).toHaveTextContent(
      'The connection broke off. Your message is kept.',
    );
  });

  test('of a known code is said in words for visitors, with what to press and when', async () => {
    await partsLoaded();
    const operators = { message: 'The process got SIGTERM.', hint: 'Check OPENAI_API_KEY.', retryable: true };
    const restarting = { ...operators, code: 'shutting_down', advice: 'wait', waitMs: 300_000 } as const;
    const chat = fakeChat({ phase: 'failed', failure: restarting });
    const alert = within(show(chat).view).getByRole('alert');
    expect(alert).toHaveTextContent(
      /^The chat server is restarting. Your message is kept. Press Retry in 5 minutes. ?Retry$/,
    );
    const tried = within(show(chat, { isTest: true }).view).getByRole('alert');
    expect(tried).toHaveTextContent('The process got SIGTERM. Check OPENAI_API_KEY.');
  });

  test('hands the focus on to the thread when it goes', async () => {
    const chat = fakeChat({ phase: 'failed', entries: [aQuestion()], failure });
    const { view, root } = show(chat);
    within(view).getByRole('button', { name: 'Retry' }).focus();
    await userEvent.keyboard('{Enter}');
    chat.conversation.value = { ...chat.conversation.value, phase: 'thinking', failure: undefined };
    await drawn();
    expect(within(view).queryByRole('alert')).toBeNull();
    expect(root.activeElement).toBe(within(view).getByRole('log'));
  });

  test('whose words have no end wraps them', () => {
    const endless = { ...failure, message: `https://example.com/${'path'.repeat(60)}` };
    const { view } = show(fakeChat({ phase: 'failed', failure: endless }));
    const log = within(view).getByRole('log');
    expect(log.scrollWidth).toBe(log.clientWidth);
  });

  test('that cannot be retried offers no Retry', () => {
    const chat = fakeChat({ phase: 'failed', failure: { ...failure, retryable: false } });
    expect(within(show(chat).view).queryByRole('button', { name: 'Retry' })).toBeNull();
  });
});

describe('a finished answer', () => {
  test('can be copied as it was written', async () => {
    const written: string[] = [];
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockImplementation(async (text) => {
      written.push(text);
    });
    const { log } = showEntries(
      aQuestion(),
      anAnswer([aText('**a**'), aCall({ status: 'declined' }), aText('b', false, 't2')]),
    );
    await userEvent.click(within(log).getByRole('button', { name: 'Copy answer' }));
    await drawn();
    write.mockRestore();
    expect(written).toEqual(['**a**\n\nb']);
    expect(within(log).getByText('Copied')).toBeVisible();
  });

  test('can be voted on, and says how it was', async () => {
    const { chat, log } = showEntries(aQuestion(), { ...anAnswer([aText('a')]), vote: 'up' });
    const vote = (name: string) => within(log).getByRole('button', { name });
    expect([vote('Good answer').ariaPressed, vote('Bad answer').ariaPressed]).toEqual(['true', 'false']);
    await userEvent.click(vote('Bad answer'));
    expect(chat.votes).toEqual([['a1', 'down']]);
  });

  test('that is still being written, or holds no words, has neither', async () => {
    const { chat, log } = showEntries(aQuestion(), anAnswer([aCall({ status: 'declined' })]));
    expect(within(log).queryByRole('button', { name: 'Copy answer' })).toBeNull();
    answering(chat, [aText('a', true)]);
    await drawn();
    expect(within(log).queryByRole('button', { name: 'Copy answer' })).toBeNull();
  });

  test('keeps its buttons within reach of the keyboard', async () => {
    const { log } = showEntries(
      aQuestion(),
      anAnswer([aText('a')]),
      aQuestion('b', 'u2'),
      anAnswer([aText('b')], 'a2'),
    );
    const [first] = within(log).getAllByRole('button', { name: 'Copy answer' });
    expect(getComputedStyle(first as Element).opacity).toBe('0');
    first?.focus();
    await vi.waitFor(() => expect(getComputedStyle(first as Element).opacity).toBe('1'));
  });
});

describe('scrolling', () => {
  const long = (n: number) => aText(`${'A line.\n\n'.repeat(n)}`, true);
  const atEnd = (log: HTMLElement) => log.scrollHeight - log.scrollTop - log.clientHeight < 2;

  async function start() {
    const chat = fakeChat();
    const { view } = show(chat);
    const log = within(view).getByRole('log');
    answering(chat, [long(30)]);
    await drawn();
    await drawn();
    const jump = () => within(view).queryByRole('button', { name: /Jump to latest/ });
    return { chat, log, jump };
  }

  async function scrollTo(log: HTMLElement, top: number): Promise<void> {
    const scrolled = new Promise((resolve) => log.addEventListener('scroll', resolve, { once: true }));
    log.scrollTop = top;
    await scrolled;
    await drawn();
  }

  test('follows a reader who is at the end', async () => {
    const { chat, log, jump } = await start();
    expect(atEnd(log)).toBe(true);
    answering(chat, [long(60)]);
    await drawn();
    await drawn();
    expect(atEnd(log)).toBe(true);
    expect(jump()).toBeNull();
  });

  test('follows through growth that comes between a scroll and its event', async () => {
    const { chat, log, jump } = await start();
    for (let n = 31; n < 60; n += 1) {
      answering(chat, [long(n)]);
      await new Promise((resolve) => setTimeout(resolve));
    }
    await drawn();
    await drawn();
    expect(atEnd(log)).toBe(true);
    expect(jump()).toBeNull();
  });

  test('leaves a reader alone who goes back a little while the answer grows', async () => {
    const { chat, log } = await start();
    await scrollTo(log, log.scrollTop - 10);
    const before = log.scrollTop;
    answering(chat, [long(60)]);
    await drawn();
    await drawn();
    expect(log.scrollTop).toBe(before);
  });

  test('leaves a reader alone who went back, and offers the way to what is new', async () => {
    const { chat, log, jump } = await start();
    await scrollTo(log, 100);
    expect(jump()).toHaveAccessibleName('Jump to latest');
    answering(chat, [long(60)]);
    await drawn();
    await drawn();
    expect(log.scrollTop).toBe(100);
    expect(jump()).toHaveAccessibleName('New below. Jump to latest');
    await userEvent.click(jump() as HTMLElement);
    await drawn();
    expect(atEnd(log)).toBe(true);
    expect(jump()).toBeNull();
  });

  test('goes to the end for what the visitor sends', async () => {
    const { chat, log } = await start();
    await scrollTo(log, 100);
    const { entries } = chat.conversation.value;
    chat.conversation.value = { ...chat.conversation.value, entries: [...entries, aQuestion('again', 'u2')] };
    await drawn();
    await drawn();
    expect(atEnd(log)).toBe(true);
  });
});
