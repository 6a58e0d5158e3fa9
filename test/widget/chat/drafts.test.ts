import { signal } from '@preact/signals';
import { afterEach, expect, test } from 'vitest';
import { keepDraft } from '../../../widget/chat/drafts.ts';
import { type Conversation, EMPTY_CONVERSATION } from '../../../widget/chat/state.ts';
import { openSharedStorage } from '../../../widget/shared-storage.ts';

let undo = () => {};
afterEach(() => undo());

async function write() {
  const storage = await openSharedStorage(crypto.randomUUID());
  const written: (string | undefined)[] = [];
  const draft = signal('');
  let pause = () => {};
  const clock = {
    now: () => Date.now(),
    nextFrame: () => () => {},
    after: (_: number, callback: () => void) => {
      pause = callback;
      return () => {
        pause = () => {};
      };
    },
  };
  const conversation = signal<Conversation>(EMPTY_CONVERSATION);
  let id: string | undefined;
  undo = keepDraft({
    draft,
    storage: {
      ...storage,
      write(name, value) {
        if (name === 'draft') written.push(value);
        storage.write(name, value);
      },
    },
    clock,
    conversation,
    conversationId: () => id,
  });
  const go = (to: string | undefined, ...ids: string[]) => {
    id = to;
    const entries = ids.map((entryId) => ({ role: 'user' as const, id: entryId, text: 'Hi' }));
    conversation.value = { ...conversation.peek(), entries };
  };
  return { draft, written, storage, go, pause: () => pause() };
}

test('a draft is kept in a pause of the writer, and not with each key', async () => {
  const { draft, written, pause } = await write();
  for (const text of ['t', 'tw', 'two']) draft.value = text;
  expect(written).toEqual([]);
  pause();
  expect(written).toEqual(['two']);
});

test('what was sent is kept no longer, at once', async () => {
  const { draft, written, pause } = await write();
  draft.value = 'two';
  pause();
  draft.value = '';
  expect(written).toEqual(['two', undefined]);
});

test('a page that is left keeps what it has', async () => {
  const { draft, storage } = await write();
  draft.value = 'two mugs';
  window.dispatchEvent(new PageTransitionEvent('pagehide'));
  expect(storage.read('draft')).toBe('two mugs');
});

test('each conversation has a draft of its own', async () => {
  const { draft, go } = await write();
  go('c1', 'u1');
  draft.value = 'for the first';
  go('c1', 'u1', 'u2');
  expect(draft.value).toBe('for the first');
  go('c2', 'u9');
  expect(draft.value).toBe('');
  draft.value = 'for the second';
  go('c1', 'u1', 'u2');
  expect(draft.value).toBe('for the first');
  go('c2', 'u9');
  expect(draft.value).toBe('for the second');
});

test('a new conversation begins empty, and keeps its draft when the server names it', async () => {
  const { draft, go } = await write();
  go('c1', 'u1');
  draft.value = 'for the first';
  go(undefined);
  expect(draft.value).toBe('');
  draft.value = 'for the new one';
  go('c2');
  go('c2', 'u5');
  expect(draft.value).toBe('for the new one');
});
