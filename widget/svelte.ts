import { createLiveChat } from './live-chat.ts';
import { type ChatControls, type ChatState, chatControls, chatState, followChats } from './mounted-chats.ts';
import type { MountOptions, WidgetEvents } from './options.ts';

export type { ChatControls, ChatState } from './mounted-chats.ts';

/** The options of `mount` without `target`, and `on` with a function for each event that is wanted. */
export type PagehandOptions = Omit<MountOptions, 'target'> & {
  readonly on?: { readonly [Name in keyof WidgetEvents]?: (detail: WidgetEvents[Name]) => void };
};

/** What `use:pagehand` returns to Svelte. */
export interface PagehandAction {
  update(options: PagehandOptions): void;
  destroy(): void;
}

/**
 * `<div use:pagehand={{ token }}>`: a chat that fills the element; with another `mode` it floats, docks or fills the
 * window for as long as the element is there. A changed option takes effect at once and keeps the conversation.
 */
export function pagehand(node: Element, options: PagehandOptions): PagehandAction {
  let latest = options;
  const live = createLiveChat('use:pagehand', ({ name, detail }) => {
    (latest.on?.[name] as ((detail: unknown) => void) | undefined)?.(detail);
  });
  const set = () => {
    const { on: _, ...given } = latest;
    const isInline = given.mode === undefined || given.mode === 'inline';
    live.set({ ...given, ...(isInline && { target: node }) });
  };
  set();
  return {
    update(changed) {
      latest = changed;
      set();
    },
    destroy: () => live.set(undefined),
  };
}

/**
 * `<div {@attach chat(() => ({ token }))}>`: the same as an attachment of Svelte 5. `options` is asked once; where it
 * reads state that changes, Svelte asks again and the chat is mounted anew.
 */
export function chat(options: () => PagehandOptions): (node: Element) => () => void {
  return (node) => pagehand(node, options()).destroy;
}

/** A store of how the chat stands that was mounted last, or last for this token; and what can be done with it. */
export function pagehandStore(
  token?: string,
): { subscribe(run: (state: ChatState) => void): () => void } & ChatControls {
  return {
    ...chatControls(token),
    subscribe(run) {
      let last: ChatState | undefined;
      const tell = () => {
        const state = chatState(token);
        if (state !== last) run(state);
        last = state;
      };
      const undo = followChats(tell);
      tell();
      return undo;
    },
  };
}
