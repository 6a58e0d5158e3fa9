import { within } from '@testing-library/preact';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Entry } from '../../../widget/chat/state.ts';
import { anAnswer, aQuestion, aText, drawn, fakeChat, hideAll, partsLoaded, show } from './fake-chat.ts';

afterEach(hideAll);

beforeAll(partsLoaded);

function aThread(count: number, name = ''): Entry[] {
  return Array.from({ length: count }, (_, i) =>
    i % 2 === 0
      ? aQuestion(`Question ${name}${i}.`, `u${name}${i}`)
      : anAnswer([aText(`Answer **${name}${i}**, at some length.\n\n- one\n- two`)], `a${name}${i}`),
  );
}

function showThread(entries: Entry[]) {
  const chat = fakeChat({ entries });
  const shown = show(chat);
  const log = within(shown.view).getByRole('log', { name: 'Conversation' });
  const isDrawn = (text: string) =>
    [...log.querySelectorAll('strong')].some(({ textContent }) => textContent === text);
  return { chat, log, isDrawn, ...shown };
}

test('of a long thread the newest is drawn at once, and all of it can be read in its order', async () => {
  const { log, isDrawn } = showThread(aThread(200));
  await drawn();
  expect(isDrawn('199')).toBe(true);
  expect(isDrawn('1')).toBe(false);
  const numbers = [...(log.textContent ?? '').matchAll(/(?:Question |Answer \**)(\d+)/g)].map(([, n]) =>
    Number(n),
  );
  expect(numbers).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(log.scrollTop + log.clientHeight).toBeGreaterThan(log.scrollHeight - 3);
});

test('who scrolls back finds older entries drawn, where they were and as they are meant', async () => {
  const { log, isDrawn } = showThread(aThread(200));
  await drawn();
  log.scrollTop = 0;
  await vi.waitFor(() => expect(isDrawn('1')).toBe(true), 8_000);
  expect(log.textContent).not.toContain('**1**');
  expect(isDrawn('101')).toBe(false);
});

test('what is looked at stays in its place while older entries are drawn above it', async () => {
  const { log, isDrawn } = showThread(aThread(200));
  await drawn();
  log.scrollTop -= 900;
  const { top, bottom } = log.getBoundingClientRect();
  const looked = [...log.querySelectorAll<HTMLElement>('.answer')].find((entry) => {
    const box = entry.getBoundingClientRect();
    return box.top > top + 40 && box.bottom < bottom;
  });
  const place = () => (looked?.getBoundingClientRect().top ?? Number.NaN) - log.getBoundingClientRect().top;
  const before = place();
  await vi.waitFor(() => expect(isDrawn('183')).toBe(true), 8_000);
  await drawn();
  expect(looked?.isConnected).toBe(true);
  expect(Math.abs(place() - before)).toBeLessThan(3);
});

test('older entries that are drawn are nothing new below; what comes at the end is', async () => {
  const { chat, log, view, isDrawn } = showThread(aThread(100));
  await drawn();
  log.scrollTop = 0;
  await vi.waitFor(() => expect(isDrawn('1')).toBe(true), 8_000);
  const jump = await within(view).findByRole('button', { name: /latest/ });
  expect(jump.textContent).not.toMatch(/new/i);
  chat.conversation.value = {
    ...chat.conversation.value,
    entries: [...chat.conversation.value.entries, anAnswer([aText('More.')], 'more')],
  };
  await vi.waitFor(() => expect(jump.textContent).toMatch(/new/i), 8_000);
});

test('what the browser finds in an old entry is drawn', async () => {
  const { log, isDrawn } = showThread(aThread(200));
  await drawn();
  const old = [...log.querySelectorAll('p')].find(({ textContent }) => textContent?.includes('Question 40.'));
  // As the browser does with what it finds on the page.
  old?.scrollIntoView();
  await vi.waitFor(() => expect(isDrawn('41')).toBe(true), 8_000);
  expect(isDrawn('1')).toBe(false);
});

test('entries that were drawn stay drawn as the thread grows, and lose no node', async () => {
  const entries = aThread(10);
  const { chat, log } = showThread(entries);
  await drawn();
  const nodes = [...log.querySelectorAll('.entry')];
  expect(nodes.length).toBeGreaterThan(9);
  for (let count = 12; count <= 60; count += 2) {
    chat.conversation.value = {
      ...chat.conversation.value,
      entries: [...entries, ...aThread(60).slice(10, count)],
    };
    await drawn();
  }
  for (const node of nodes) expect(node.isConnected).toBe(true);
  expect(log.querySelectorAll('strong')).toHaveLength(30);
});

test('another thread is shown from its own end', async () => {
  const { chat, log, isDrawn } = showThread(aThread(200));
  await drawn();
  chat.conversation.value = { ...chat.conversation.value, entries: aThread(120, 'b') };
  await drawn();
  expect(isDrawn('b119')).toBe(true);
  expect(isDrawn('b1')).toBe(false);
  expect(log.textContent).not.toContain('Question 0.');
});
