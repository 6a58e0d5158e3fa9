import { WidgetError } from './errors.ts';
import type { HostChat, HostConversation } from './host/host-chat-api.ts';
import type { PagehandWidget } from './options.ts';

/** How a mounted chat stands. */
export interface ChatState extends HostConversation {
  /** `undefined`: none is mounted. */
  readonly widget: PagehandWidget | undefined;
  /** All that a page can do with it. `undefined` until the visitor, or the page, opens it. */
  readonly chat: HostChat | undefined;
}

/** What frameworks do with whichever chat is mounted. */
export interface ChatControls {
  open(): void;
  close(): void;
  toggle(): void;
  /** Opens the chat and sends a message as the visitor. Rejects where no chat is mounted. */
  send(text: string): Promise<void>;
}

export const NO_CHAT: ChatState = Object.freeze({
  widget: undefined,
  chat: undefined,
  phase: 'idle',
  messages: Object.freeze([]),
  isOpen: false,
});

interface Mounted {
  readonly token: string;
  readonly widget: PagehandWidget;
  state: ChatState;
  stop: (() => void) | undefined;
}

const mounted = new Set<Mounted>();
const listeners = new Set<() => void>();

/** Returns the undo. */
export function addMounted(token: string, widget: PagehandWidget): () => void {
  const one: Mounted = { token, widget, state: Object.freeze({ ...NO_CHAT, widget }), stop: undefined };
  mounted.add(one);
  follow();
  tell();
  return () => {
    one.stop?.();
    mounted.delete(one);
    tell();
  };
}

/** Calls back with each change of any chat. Returns the undo. */
export function followChats(listener: () => void): () => void {
  // Its own, so that one listener given twice is taken away one by one.
  const mine = () => listener();
  listeners.add(mine);
  follow();
  return () => void listeners.delete(mine);
}

/** Of the chat that was mounted last, or last for this token. The same object as long as nothing changed. */
export function chatState(token?: string): ChatState {
  const fitting = [...mounted].filter((one) => token === undefined || one.token === token);
  return fitting.at(-1)?.state ?? NO_CHAT;
}

export function chatControls(token?: string): ChatControls {
  return Object.freeze({
    open: () => chatState(token).widget?.open(),
    close: () => chatState(token).widget?.close(),
    toggle: () => chatState(token).widget?.toggle(),
    async send(text: string) {
      const { widget } = chatState(token);
      if (widget === undefined) {
        throw new WidgetError('invalid_option', 'No chat is mounted that could send this.', {
          retryable: false,
        });
      }
      await widget.send(text);
    },
  });
}

/** Only somebody who listens makes the chats tell. */
function follow() {
  if (listeners.size === 0) return;
  for (const one of mounted) {
    one.stop ??= one.widget.ready((chat) =>
      chat.subscribe((conversation) => {
        one.state = Object.freeze({ widget: one.widget, chat, ...conversation });
        tell();
      }),
    );
  }
}

function tell() {
  for (const listener of [...listeners]) listener();
}
