import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { MAX_MESSAGE_CHARS } from '../../protocol/limits.ts';
import type { Emit } from '../options.ts';
import type { OwnedStorage } from '../surface-storage.ts';
import { createFiles } from '../transport/files.ts';
import type { Transport } from '../transport/transport.ts';
import type { Wire } from '../transport/wire.ts';
import { type Attachments, createAttachments } from './attachments.ts';
import type { Chat, SendOptions } from './chat.ts';
import { BROWSER_CLOCK } from './clock.ts';
import { keepDraft } from './drafts.ts';
import { fileRulesOf } from './file-rules.ts';
import { openFileShelf } from './file-shelf.ts';
import type { Mention } from './state.ts';

/** The message that is being written, with all that goes with its words. */
export interface Composing {
  readonly attachments: Attachments;
  /** What was chosen from the site's own. Of these the message carries those that its words still name. */
  readonly mentions: Signal<readonly Mention[]>;
  /** `held`: it goes out as soon as every file is ready. `blocked`: one of them failed, and it stays. */
  readonly sending: ReadonlySignal<'held' | 'blocked' | undefined>;
  /** Without files it asks for them. */
  attach(files?: readonly File[]): void;
  send(): void;
  /** A message that is held stays. */
  stay(): void;
  /** Takes back what went with a message that was not taken. */
  restore(sending: SendOptions): void;
  destroy(): void;
}

export interface ComposingOptions {
  /** Of the surface. */
  readonly key: string;
  readonly storage: OwnedStorage;
  readonly draft: Signal<string>;
  readonly chat: Pick<Chat, 'send' | 'conversation'>;
  readonly transport: Pick<Transport, 'init'> & {
    readonly wire: Wire;
    readonly conversationId?: () => string | undefined;
  };
  readonly newId: (prefix: string) => string;
  readonly emit: Emit;
}

export function createComposing(options: ComposingOptions): Composing {
  const { draft, transport, chat, newId } = options;
  const attachments = createAttachments({
    openSession: transport.init,
    files: createFiles(transport.wire),
    shelf: openFileShelf(options.key),
    clock: BROWSER_CLOCK,
    newId,
    report: (kind, { name, mimeType, size }) =>
      options.emit('attachment', { kind, name, mediaType: mimeType, bytes: size }),
  });
  const mentions = signal<readonly Mention[]>([]);
  const sending = signal<'held' | 'blocked' | undefined>(undefined);
  const picker = document.createElement('input');
  const life = new AbortController();
  const stopKeeping = keepDraft({
    draft,
    storage: options.storage,
    clock: BROWSER_CLOCK,
    conversation: chat.conversation,
    conversationId: () => transport.conversationId?.(),
  });

  function send() {
    const files = attachments.list.peek();
    const text = draft.peek().trim();
    if (text === '' && files.length === 0) return;
    if (files.some(({ progress }) => progress.status === 'failed')) {
      sending.value = 'blocked';
    } else if (text.length > MAX_MESSAGE_CHARS) {
      // What is too long is said while it is written.
    } else if (files.some(({ progress }) => progress.status !== 'ready')) {
      sending.value = 'held';
    } else {
      sending.value = undefined;
      draft.value = '';
      const named = mentions.peek().filter(({ name }) => text.includes(`@${name}`));
      mentions.value = [];
      void chat.send(text, { attachments: attachments.take(), mentions: named });
    }
  }

  /** Resolves when some were chosen; not at all when none were, because not every browser tells. */
  async function pick(): Promise<readonly File[]> {
    const { accept } = fileRulesOf(await transport.init(life.signal));
    return new Promise((resolve) => {
      // Held here: a browser may forget a field that stands nowhere.
      picker.type = 'file';
      picker.multiple = true;
      picker.accept = accept.join();
      picker.value = '';
      picker.onchange = () => resolve([...(picker.files ?? [])]);
      picker.click();
    });
  }

  const unwatch = effect(() => {
    const files = attachments.list.value;
    const state = sending.peek();
    const isStuck = files.some(({ progress }) => progress.status === 'failed');
    if (state === 'blocked' && !isStuck) sending.value = undefined;
    // Without the files it was not meant to go.
    if (state === 'held') files.length === 0 ? stay() : send();
  });

  function stay() {
    sending.value = undefined;
  }

  return {
    attachments,
    mentions,
    sending,
    attach(files) {
      if (files === undefined) {
        pick().then(attachments.add, () => {
          // Without a server nobody knows what may be attached; the thread says that there is none.
        });
      } else void attachments.add(files);
    },
    send,
    stay,
    restore({ attachments: files = [], mentions: named = [] }) {
      attachments.restore(files);
      mentions.value = [...mentions.peek(), ...named];
    },
    destroy() {
      life.abort();
      unwatch();
      stopKeeping();
      attachments.destroy();
    },
  };
}
