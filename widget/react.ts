import {
  createElement,
  type HTMLAttributes,
  type ReactElement,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react';
import { createLiveChat, type Heard, type LiveChat } from './live-chat.ts';
import {
  type ChatControls,
  type ChatState,
  chatControls,
  chatState,
  followChats,
  NO_CHAT,
} from './mounted-chats.ts';
import type { MountOptions, WidgetEvents } from './options.ts';

export type { ChatControls, ChatState } from './mounted-chats.ts';

/** `onOpen`, `onMessage`, …: one for each event of a chat, with its detail. */
export type PagehandEventProps = {
  readonly [Name in keyof WidgetEvents as `on${Capitalize<Name>}`]?:
    | ((detail: WidgetEvents[Name]) => void)
    | undefined;
};

/** The options of `mount`, where `target` is `inline`. */
export type PagehandProps = {
  readonly [Name in keyof Omit<MountOptions, 'target'>]: MountOptions[Name] | undefined;
} & {
  readonly token: string;
} & PagehandEventProps;

/**
 * A chat that floats, docks or fills the window, as long as it is rendered. A changed prop takes effect at once and
 * keeps the conversation. Renders nothing, on a server too.
 */
export function Pagehand(props: PagehandProps): null {
  useLiveChat(props, undefined);
  return null;
}

/** A chat that fills its own `<div>`, whose size is the page's to give. `div` has its attributes. */
export function PagehandInline({
  div,
  ...props
}: PagehandProps & { readonly div?: HTMLAttributes<HTMLDivElement> }): ReactElement {
  const target = useRef<HTMLDivElement>(null);
  useLiveChat(props, target);
  return createElement('div', { ...div, ref: target });
}

/** How the chat stands that was mounted last, or last for this token; and what can be done with it. */
export function usePagehand(token?: string): ChatState & ChatControls {
  const state = useSyncExternalStore(
    followChats,
    () => chatState(token),
    () => NO_CHAT,
  );
  const controls = useMemo(() => chatControls(token), [token]);
  return useMemo(() => ({ ...state, ...controls }), [state, controls]);
}

function useLiveChat(props: PagehandProps, target: { readonly current: Element | null } | undefined): void {
  const latest = useRef(props);
  const live = useRef<LiveChat | undefined>(undefined);
  useEffect(() => {
    latest.current = props;
    live.current?.set(optionsOf(props, target?.current));
  });
  useEffect(() => {
    const chat = createLiveChat('<Pagehand>', (heard) => tell(latest.current, heard));
    live.current = chat;
    chat.set(optionsOf(latest.current, target?.current));
    // Strict mode unmounts at once and mounts again: both are over before a chat is made.
    return () => {
      chat.set(undefined);
      live.current = undefined;
    };
  }, [target]);
}

function tell(props: PagehandProps, { name, detail }: Heard): void {
  const prop = `on${name[0]?.toUpperCase()}${name.slice(1)}` as keyof PagehandEventProps;
  (props[prop] as ((detail: unknown) => void) | undefined)?.(detail);
}

function optionsOf(props: PagehandProps, target: Element | null | undefined): MountOptions {
  const options = Object.entries(props).filter(([name]) => !/^on[A-Z]/.test(name));
  return { ...Object.fromEntries(options), ...(target && { target }) } as unknown as MountOptions;
}
