import { within } from '@testing-library/preact';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { ToolCallPart, Wait } from '../../../widget/chat/state.ts';
import {
  aCall,
  anAnswer,
  aQuestion,
  asking,
  aText,
  drawn,
  fakeChat,
  hideAll,
  partsLoaded,
  show,
} from './fake-chat.ts';

beforeAll(partsLoaded);

afterEach(() => {
  vi.useRealTimers();
  hideAll();
});

function waiting(wait: Wait, locale = 'en') {
  const chat = fakeChat({
    phase: 'reconnecting',
    wait,
    entries: [aQuestion(), anAnswer([aText('Half an', true)])],
  });
  const { view } = show(chat, { locale });
  return { chat, view, head: view.querySelector('header p'), log: within(view).getByRole('log') };
}

test('a break says so in words, and Stop is there', async () => {
  const { chat, view, head, log } = waiting({ reason: 'reconnecting' });
  expect(head).toHaveTextContent('Reconnecting…');
  expect(log).not.toHaveTextContent('Trying again');
  expect(within(log).getByText('Half an')).toBeVisible();
  await userEvent.click(within(view).getByRole('button', { name: 'Stop' }));
  expect(chat.calls).toEqual(['stop']);
});

test('a break that lasts is told of in the thread, too', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { log } = waiting({ reason: 'reconnecting' });
  await vi.advanceTimersByTimeAsync(2_500);
  await vi.waitFor(() => expect(log).toHaveTextContent('The chat server does not answer. Trying again…'));
});

test('an attempt between two waits leaves the line where it is', async () => {
  const { chat, log } = waiting({ reason: 'busy', untilMs: Date.now() + 9_000 });
  const line = within(log).getByText(/is busy/);
  chat.conversation.value = { ...chat.conversation.value, wait: { reason: 'reconnecting' } };
  await vi.waitFor(() => expect(line).toHaveTextContent('The chat server is busy. Trying again…'));
  expect(line.isConnected).toBe(true);
});

test('without a network the thread says what happens next', () => {
  const { head, log } = waiting({ reason: 'offline' });
  expect(head).toHaveTextContent('Offline');
  expect(within(log).getByText('You are offline. The answer goes on when you are connected.')).toBeVisible();
});

test.each([
  ['too_many', 'Too many messages. Trying again in 12 s.', 'Too many messages. Trying again in 11 s.'],
  [
    'busy',
    'The chat server is busy. Trying again in 12 s.',
    'The chat server is busy. Trying again in 11 s.',
  ],
] as const)('a wait that the server asked for is counted down (%s)', async (reason, before, after) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  const { head, log } = waiting({ reason, untilMs: Date.now() + 12_000 });
  expect(head).toHaveTextContent('Waiting to try again…');
  expect(within(log).getByText(before)).toBeVisible();
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.waitFor(() => expect(within(log).getByText(after)).toBeVisible());
  await vi.advanceTimersByTimeAsync(60_000);
  await vi.waitFor(() => expect(log).toHaveTextContent('in 1 s.'));
});

test('a call that another tab asks about cannot be answered here', async () => {
  const state: ToolCallPart['state'] = { status: 'approval', canRemember: true, elsewhere: true };
  const { view } = show(fakeChat(asking(aCall(state))));
  await drawn();
  expect(within(view).queryByRole('button', { name: 'Allow once' })).toBeNull();
  expect(within(view).getByRole('group', { name: 'Add to cart' })).toHaveTextContent('in another tab');
  expect(view.querySelector('header p')).toHaveTextContent('Waiting for you in another tab');
});
