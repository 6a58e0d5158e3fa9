import { signal } from '@preact/signals';
import { within } from '@testing-library/preact';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { COMING } from '../../../widget/chat/coming-chat.ts';
import type { Conversation } from '../../../widget/chat/state.ts';
import {
  ASKING,
  aCall,
  anAnswer,
  aQuestion,
  aText,
  drawn,
  fakeChat,
  hideAll,
  partsLoaded,
  show,
} from './fake-chat.ts';

beforeAll(partsLoaded);
afterEach(hideAll);

async function listen(conversation: Partial<Conversation> = {}) {
  const entries = [aQuestion('old', 'u0'), anAnswer([aText('old')], 'a0')];
  const chat = fakeChat({ entries, ...conversation });
  const { view } = show(chat);
  const region = view.querySelector<HTMLElement>(':scope > [role=status]');
  if (region === null) throw new Error('Nothing announces.');
  const spoken: string[] = [];
  const observer = new MutationObserver(() => spoken.push(region.textContent ?? ''));
  observer.observe(region, { childList: true, characterData: true, subtree: true });
  await drawn();
  const next = async (change: Partial<Conversation>) => {
    chat.conversation.value = { ...chat.conversation.value, ...change };
    await drawn();
  };
  return { region, spoken, next };
}

test('a turn is told in a few sentences, never word by word', async () => {
  const { spoken, next, region } = await listen();
  expect(region.getAttribute('aria-live')).toBe('polite');
  const text = (words: string) => [aQuestion(), anAnswer([aText(words, true)])];
  await next({ phase: 'thinking', entries: [aQuestion()] });
  await next({ phase: 'answering', entries: text('I') });
  await next({ phase: 'answering', entries: text('I will') });
  await next({ phase: 'waiting', entries: [aQuestion(), anAnswer([aCall(ASKING)])] });
  await next({
    phase: 'acting',
    entries: [aQuestion(), anAnswer([aCall({ status: 'running', startedAtMs: 0 })])],
  });
  const done = aCall({ status: 'done', result: 'ok', durationMs: 1 });
  await next({ phase: 'thinking', entries: [aQuestion(), anAnswer([done])] });
  await next({ phase: 'answering', entries: [aQuestion(), anAnswer([done, aText('Done', true)])] });
  await next({ phase: 'idle', entries: [aQuestion(), anAnswer([done, aText('Done')])] });
  expect(spoken).toEqual([
    'Add to cart waits for your decision.',
    'Add to cart: done.',
    'Done The answer is complete.',
  ]);
});

test('an answer is told as it comes, by whole sentences, without its marks and its code, and each once', async () => {
  const { spoken, next } = await listen();
  const whole =
    '## Two mugs\n\nThey are **blue**, 0.3 l each. Shall I [order](https://shop.test) one? The code:\n\n```js\nlet a = 1. \nlet b;\n```\n\nThat is all';
  await next({ phase: 'thinking', entries: [aQuestion()] });
  for (let end = 1; end <= whole.length; end += 7) {
    await next({ phase: 'answering', entries: [aQuestion(), anAnswer([aText(whole.slice(0, end), true)])] });
    if (end === 50) await vi.waitFor(() => expect(spoken).toHaveLength(1), { timeout: 5_000 });
  }
  await next({ phase: 'idle', entries: [aQuestion(), anAnswer([aText(whole)])] });
  expect(spoken[0]).toBe('Two mugs. They are blue, 0.3 l each.');
  expect(spoken.join(' ')).toBe(
    'Two mugs. They are blue, 0.3 l each. Shall I order one? The code: That is all The answer is complete.',
  );
  for (const words of spoken.slice(0, -1)) expect(words).toMatch(/[.:?]$/);
});

test('of a closed chat only that there is an answer', async () => {
  const chat = fakeChat({ entries: [] });
  const { view } = show(chat, { open: signal(false) });
  await drawn();
  chat.conversation.value = { ...chat.conversation.value, phase: 'answering', entries: [aQuestion()] };
  await drawn();
  const entries = [aQuestion(), anAnswer([aText('Blue.')])];
  chat.conversation.value = { ...chat.conversation.value, phase: 'idle', entries };
  await drawn();
  expect(view.querySelector(':scope > [role=status]')?.textContent).toBe('The answer is complete.');
});

test('the same sentence twice is spoken twice', async () => {
  const { spoken, next } = await listen();
  for (const id of ['u1', 'u2']) {
    await next({ phase: 'answering', entries: [aQuestion('a', id)] });
    await next({ phase: 'idle' });
  }
  expect(spoken.map((words) => words.trim())).toEqual(['The answer is complete.', 'The answer is complete.']);
  expect(new Set(spoken).size).toBe(2);
});

test('a break is told once, with what it waits for, and an answer that was stopped is not complete', async () => {
  const { spoken, next } = await listen();
  const entries = [aQuestion(), anAnswer([aText('Half', true)])];
  await next({ phase: 'answering', entries });
  await next({ phase: 'reconnecting', wait: { reason: 'reconnecting' } });
  await next({ phase: 'reconnecting', wait: { reason: 'reconnecting' } });
  await next({ phase: 'reconnecting', wait: { reason: 'offline' } });
  const stopped = anAnswer([aText('Half'), { kind: 'notice', id: 'n', notice: 'stopped' }]);
  await next({ phase: 'idle', wait: undefined, entries: [aQuestion(), stopped] });
  expect(spoken).toEqual([
    'Reconnecting…',
    'You are offline. The answer goes on when you are connected.',
    'Half You stopped this answer.',
  ]);
});

test('a wait that the server asks for is told once: not each second, and not with each attempt', async () => {
  const { spoken, next } = await listen();
  const entries = [aQuestion()];
  for (const seconds of [30, 20, 10]) {
    const wait = { reason: 'too_many', untilMs: Date.now() + seconds * 1000 } as const;
    await next({ phase: 'reconnecting', entries, wait });
    await next({ phase: 'reconnecting', wait: { reason: 'reconnecting' } });
  }
  await next({ phase: 'answering', wait: undefined, entries: [aQuestion(), anAnswer([aText('Hi')])] });
  await next({ phase: 'idle' });
  expect(spoken).toEqual(['Too many messages. Trying again in 30 s.', 'Hi The answer is complete.']);
});

test('a turn that a reload goes on with is told of when it has something to say', async () => {
  const wait = { reason: 'reconnecting' } as const;
  const entries = [aQuestion(), anAnswer([aText('Half', true)])];
  const { spoken, next } = await listen({ phase: 'reconnecting', wait, entries });
  await next({ phase: 'answering', wait: undefined });
  await next({ phase: 'idle' });
  expect(spoken).toEqual(['The answer is complete.']);
});

test('a thread that was kept and comes a moment later is no news; what happens in it then is', async () => {
  const chat = fakeChat();
  chat.conversation.value = COMING;
  const { view } = show(chat);
  await drawn();
  const done = aCall({ status: 'done', result: 'ok', durationMs: 1 });
  const wait = { reason: 'reconnecting' } as const;
  chat.conversation.value = {
    ...COMING,
    phase: 'reconnecting',
    wait,
    entries: [aQuestion(), anAnswer([done])],
  };
  await drawn();
  const region = view.querySelector(':scope > [role=status]');
  expect(region?.textContent).toBe('');
  chat.conversation.value = { ...chat.conversation.value, phase: 'idle', wait: undefined };
  await drawn();
  expect(region?.textContent).toBe('The answer is complete.');
});

test('a call that was stopped while it ran is not told to have never run', async () => {
  const { spoken, next } = await listen();
  const state = { status: 'cancelled', reason: 'stopped' } as const;
  await next({ phase: 'acting', entries: [aQuestion(), anAnswer([aCall(state)])] });
  expect(spoken).toEqual(['Add to cart: stopped.']);
});

test('who decides in another tab is sent there', async () => {
  const { spoken, next } = await listen();
  const state = { ...ASKING, elsewhere: true };
  await next({ phase: 'waiting', entries: [aQuestion(), anAnswer([aCall(state)])] });
  expect(spoken).toEqual(['Add to cart waits for your decision in another tab.']);
});

test('a call that ends without an answer is told as well', async () => {
  const { spoken, next } = await listen();
  await next({
    phase: 'acting',
    entries: [aQuestion(), anAnswer([aCall({ status: 'refused', reason: 'changed' })])],
  });
  expect(spoken).toEqual(['Add to cart: not run.']);
});

test('it speaks while the panel is closed, too', () => {
  const { view } = show(fakeChat(), { open: signal(false) });
  const region = view.querySelector(':scope > [role=status]') as Element;
  expect(region.checkVisibility({ checkVisibilityCSS: true })).toBe(true);
});

test('the thread itself is not read aloud as it grows', () => {
  expect(within(show(fakeChat()).view).getByRole('log').getAttribute('aria-live')).toBe('off');
});
