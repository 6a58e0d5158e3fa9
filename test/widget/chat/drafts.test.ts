import { signal } from '@preact/signals';
import { afterEach, expect, test } from 'vitest';
import { keepDraft } from '../../../widget/chat/drafts.ts';
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
  undo = keepDraft(
    draft,
    {
      ...storage,
      write(name, value) {
        written.push(value);
        storage.write(name, value);
      },
    },
    clock,
  );
  return { draft, written, storage, pause: () => pause() };
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
