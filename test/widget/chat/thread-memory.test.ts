import { expect, test, vi } from 'vitest';
import type { Entry } from '../../../widget/chat/state.ts';
import { keepThread, keptThread } from '../../../widget/chat/thread-memory.ts';
import type { SurfaceStorage } from '../../../widget/surface-storage.ts';
import { aWorld, COMPLETE, calls, START, says } from './fakes.ts';

function memory(): SurfaceStorage & { kept: string | undefined } {
  const storage = {
    kept: undefined as string | undefined,
    read: () => storage.kept,
    write: (_key: string, value: string | undefined) => {
      storage.kept = value;
    },
  };
  return storage;
}

test('a thread comes back after a reload, and goes on', async () => {
  const storage = memory();
  const first = aWorld({ script: [[START, ...says('Hello.'), COMPLETE]] });
  await first.chat.send('Hi');
  keepThread(storage, { entries: first.chat.conversation.value.entries, turn: undefined });
  const second = aWorld({
    script: [[START, ...says('Again.'), COMPLETE]],
    entries: keptThread(storage).entries,
  });
  expect(second.chat.conversation.value.entries).toEqual(first.chat.conversation.value.entries);
  await second.chat.send('Still there?');
  expect(second.requests[0]).toMatchObject({
    messages: [{ content: 'Hi' }, { content: 'Hello.' }, { content: 'Still there?' }],
  });
});

test('what was open when the page was left has ended, with the reason', async () => {
  const storage = memory();
  const world = aWorld({
    script: [[START, calls('add', 'call_1'), calls('pay', 'call_2')]],
    tools: [{ name: 'add', annotations: { readOnlyHint: true } }, { name: 'pay' }],
    rules: { requireConfirmFor: [], autoApprove: ['add'] },
    run: () => new Promise(() => {}),
  });
  void world.chat.send('Go');
  await world.phase('waiting');
  await vi.waitFor(() => expect(world.ran).toHaveLength(1));
  keepThread(storage, { entries: world.chat.conversation.value.entries, turn: undefined });
  const [, answer] = keptThread(storage).entries;
  expect(answer).toMatchObject({
    parts: [{ state: { status: 'unknown' } }, { state: { status: 'cancelled', reason: 'page_left' } }],
  });
});

test.each([
  ['a text that is none', { role: 'user', id: 'a', text: { a: 1 } }],
  ['an id that is none', { role: 'user', id: 5, text: 'x' }],
  ['parts that are none', { role: 'assistant', id: 'a', parts: 'x' }],
  ['a part without words', { role: 'assistant', id: 'a', parts: [{ kind: 'text', id: 't', text: 4 }] }],
  ['a call without a state', { role: 'assistant', id: 'a', parts: [{ kind: 'tool', id: 't' }] }],
  [
    'a part of a kind that every object has',
    { role: 'assistant', id: 'a', parts: [{ kind: 'constructor', id: 't' }] },
  ],
  ['a part of no kind', { role: 'assistant', id: 'a', parts: [{ kind: 'what', id: 't', text: 'x' }] }],
  ['an image of no type', { role: 'assistant', id: 'a', parts: [{ kind: 'media', id: 'm', url: 'x' }] }],
  [
    'a call without a name',
    { role: 'assistant', id: 'a', parts: [{ kind: 'tool', id: 't', state: { status: 'done' } }] },
  ],
  ['nothing', null],
])('a thread that another script wrote is no thread: %s', (_what, entry) => {
  const storage = memory();
  storage.kept = JSON.stringify({ version: 3, entries: [{ role: 'user', id: 'u', text: 'Hi' }, entry] });
  expect(keptThread(storage).entries).toEqual([]);
});

test('a thread that is too large keeps its later part', () => {
  const storage = memory();
  const entries: Entry[] = Array.from({ length: 40 }, (_, index) => ({
    role: 'user',
    id: `usr_${index}`,
    text: 'x'.repeat(30_000),
  }));
  keepThread(storage, { entries, turn: undefined });
  expect(storage.kept?.length).toBeLessThan(500_001);
  expect(keptThread(storage).entries.at(-1)?.id).toBe('usr_39');
});

test.each([
  '',
  'nonsense',
  '[]',
  '{"version":1,"entries":[]}',
  '{"version":2,"entries":7}',
  '{"version":2,"entries":[null]}',
  '{"version":2,"entries":[{"role":"assistant"}]}',
])('what is no thread is no thread: %s', (kept) => {
  expect(keptThread({ read: () => kept, write: () => {} })).toEqual({ entries: [], turn: undefined });
});
