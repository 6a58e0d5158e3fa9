import { signal } from '@preact/signals';
import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { Attachments, FileProgress, WaitingFile } from '../../../../widget/chat/attachments.ts';
import type { Composing } from '../../../../widget/chat/composing.ts';
import type { LateComposing } from '../../../../widget/chat/late-composing.ts';
import type { Attachment } from '../../../../widget/chat/state.ts';
import { WidgetError } from '../../../../widget/errors.ts';
import type { ViewProps } from '../../../../widget/ui/view.tsx';
import { type FakeChat, fakeChat, hideAll, partsLoaded, type Shown, show } from '../fake-chat.ts';

beforeEach(() => page.viewport(900, 800));
beforeAll(partsLoaded);
afterEach(hideAll);

function file(key: string, progress: FileProgress): WaitingFile {
  return { key, name: `${key}.png`, size: 2_000_000, mimeType: 'image/png', fileId: undefined, progress };
}

/** Files in every state that there is. */
function everything(sending: 'held' | 'blocked'): LateComposing {
  const attachments: Pick<Attachments, 'list' | 'problems' | 'bytesOf'> = {
    list: signal([
      file('moving', { status: 'moving', bytes: 500_000 }),
      file('held', { status: 'held', bytes: 500_000, reason: 'offline' }),
      file('ready', { status: 'ready' }),
      file('failed', { status: 'failed', error: new WidgetError('unreachable', 'No server.') }),
    ]),
    problems: signal([{ reason: 'too_many', name: 'fifth.png', limit: 4 }]),
    bytesOf: async () => undefined,
  };
  const composing = { attachments, mentions: signal([]), sending: signal(sending), send: () => {} };
  const now = composing as unknown as Composing;
  return { now: signal(now), load: async () => now };
}

const SENT: Attachment = {
  id: 'f1',
  name: 'mug.pdf',
  size: 40_000,
  mimeType: 'application/pdf',
  isUploaded: true,
};

async function violations(props: Partial<ViewProps>, chat: FakeChat, act?: (shown: Shown) => Promise<void>) {
  const shown = show(chat, props);
  await act?.(shown);
  await Promise.all(shown.view.getAnimations({ subtree: true }).map((animation) => animation.finished));
  const { violations: found } = await axe.run(shown.root.host as HTMLElement, {
    resultTypes: ['violations'],
  });
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

function filesChat(): FakeChat {
  const chat = fakeChat({ entries: [{ role: 'user', id: 'u1', text: '', attachments: [SENT] }] });
  const config = chat.surface.peek();
  if (config !== undefined) {
    chat.surface.value = { ...config, files: { maxBytes: 1e7, maxPerMessage: 4, accept: ['image/*'] } };
  }
  return chat;
}

describe.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', (theme) => {
  test.each(['held', 'blocked'] as const)('with files, while the message is %s', async (sending) => {
    const chat = filesChat();
    chat.draft.value = 'a'.repeat(32_100);
    expect(await violations({ theme, composing: everything(sending) }, chat)).toEqual([]);
  });

  test('with suggestions', async () => {
    const sources = signal([
      {
        trigger: '/' as const,
        name: 'Commands',
        search: () => [{ id: '1', label: 'help', detail: 'What I can do' }],
      },
    ]);
    const found = await violations({ theme, sources }, fakeChat(), async ({ view }) => {
      await userEvent.click(view.querySelector('textarea') as HTMLElement);
      await userEvent.keyboard('/');
      await vi.waitFor(() => expect(view.querySelector('[role=option]')).not.toBeNull(), { timeout: 8_000 });
    });
    expect(found).toEqual([]);
  });

  test('with a microphone', async () => {
    vi.stubGlobal(
      'SpeechRecognition',
      class extends EventTarget {
        start() {}
        abort() {}
      },
    );
    const found = await violations({ theme, voice: true }, fakeChat(), async ({ view }) => {
      await userEvent.click(view.querySelector('[aria-label=Dictate]') as HTMLElement);
      await vi.waitFor(() => expect(view.querySelector('.listening')).not.toBeNull(), { timeout: 8_000 });
    });
    vi.unstubAllGlobals();
    expect(found).toEqual([]);
  });
});
