import { effect, type Signal, untracked } from '@preact/signals';
import type { Waiting } from '../app.ts';
import type { Chat } from '../chat/chat.ts';
import type { Conversation } from '../chat/state.ts';
import { addSource } from './add-source.ts';
import { createBeforeSend } from './before-send.ts';
import { createDrawings } from './drawings.tsx';
import type { HostChat, HostConversation, LiveOptions } from './host-chat-api.ts';
import type { HostSide } from './host-side.ts';
import { createLauncherPlace, liveOptions } from './live-options.ts';
import { createSnapshots } from './snapshot.ts';

export interface HostChatOptions {
  readonly waiting: Waiting;
  readonly chat: Chat;
  readonly root: ShadowRoot;
  readonly side: HostSide;
  /** Whether the panel is shown; inline always. */
  readonly open: Signal<boolean>;
  readonly setOpen: (open: boolean) => void;
  readonly update: (options: LiveOptions) => Promise<void>;
}

const chats = new WeakMap<HostChatOptions, HostChat>();

/** Calls back everybody who waits. `life` ends with the chat. */
export function serveWaiting(options: HostChatOptions, life: AbortSignal): void {
  if (life.aborted) return;
  const chat = chats.get(options) ?? createHostChat(options, life);
  chats.set(options, chat);
  for (const [callback, wait] of options.waiting.splice(0)) {
    if (wait.signal.aborted) continue;
    try {
      let undo = callback(chat);
      const over = () => {
        undo?.();
        undo = undefined;
      };
      for (const signal of [life, wait.signal]) signal.addEventListener('abort', over);
    } catch (cause) {
      reportError(cause);
    }
  }
}

function createHostChat(
  { chat, root, side, open, setOpen, update }: HostChatOptions,
  life: AbortSignal,
): HostChat {
  const { conversation, draft } = chat;
  const beforeSend = createBeforeSend(side.variables);
  const drawings = createDrawings(root.host);
  const placeLauncher = createLauncherPlace(root);
  const snapshotOf = createSnapshots();
  side.beforeSend.value = beforeSend.ask;

  function whole(now: Conversation): HostConversation {
    return Object.freeze({ phase: now.phase, messages: snapshotOf(now), isOpen: open.value });
  }

  /** The undo of the page, and ours when the chat goes. */
  function untilOver(undo: () => void): () => void {
    life.addEventListener('abort', undo);
    return () => {
      life.removeEventListener('abort', undo);
      undo();
    };
  }

  const on: HostChat['on'] = (name, listener) => {
    const hear = ({ detail }: CustomEventInit) => listener(detail);
    root.host.addEventListener(`pagehand:${name}`, hear);
    return untilOver(() => root.host.removeEventListener(`pagehand:${name}`, hear));
  };
  on('message', ({ kind, id }) => {
    const answer =
      kind === 'answered' && snapshotOf(conversation.peek()).find((message) => message.id === id);
    if (!answer) return;
    for (const { afterReceive } of beforeSend.hooks()) {
      try {
        afterReceive?.(answer);
      } catch (cause) {
        reportError(cause);
      }
    }
  });

  return Object.freeze<HostChat>({
    on,
    open: () => setOpen(true),
    close: () => setOpen(false),
    toggle: () => setOpen(!open.peek()),
    send: (text) => chat.send(text),
    stop: () => chat.stop(),
    retry: () => chat.retry(),
    startNew: () => chat.startNew(),
    forget: () => chat.forget(),
    setDraft(text) {
      draft.value = text;
      chat.prepare();
    },
    focus() {
      setOpen(true);
      root.querySelector<HTMLElement>('.composer :is(textarea, [contenteditable])')?.focus();
    },
    messages: () => snapshotOf(conversation.peek()),
    subscribe(listener) {
      return untilOver(
        effect(() => {
          const now = whole(conversation.value);
          untracked(() => {
            try {
              listener(now);
            } catch (cause) {
              reportError(cause);
            }
          });
        }),
      );
    },
    async update(changes) {
      const known = liveOptions(changes);
      if (known.position !== undefined) placeLauncher(known.position);
      await update(known);
    },
    addContext: (name, provider) => untilOver(beforeSend.addContext(name, provider)),
    setVariables(variables) {
      side.variables.value = { ...side.variables.peek(), ...variables };
    },
    use: (hooks) => untilOver(beforeSend.use(hooks)),
    addCommands: (source) => untilOver(addSource(side.sources, source)),
    setRenderer(what, renderer, options) {
      side.drawings.value = drawings;
      return untilOver(drawings.setRenderer(what, renderer, options));
    },
  });
}
