import {
  type App,
  type ComputedRef,
  computed,
  defineComponent,
  h,
  onBeforeUnmount,
  onMounted,
  onScopeDispose,
  type PropType,
  shallowRef,
  watch,
} from 'vue';
import { createLiveChat, type Heard } from './live-chat.ts';
import { type ChatControls, type ChatState, chatControls, chatState, followChats } from './mounted-chats.ts';
import type { MountOptions, WidgetEvents } from './options.ts';

export type { ChatControls, ChatState } from './mounted-chats.ts';

const PROPS = {
  token: { type: String, required: true },
  api: String,
  mode: String as PropType<NonNullable<MountOptions['mode']>>,
  position: String as PropType<NonNullable<MountOptions['position']>>,
  theme: [String, Object] as PropType<NonNullable<MountOptions['theme']>>,
  locale: String,
  teaser: String,
  footer: String,
  label: String,
  history: { type: [Boolean, String] as PropType<boolean | 'off'>, default: undefined },
  identity: [String, Object, Function] as PropType<NonNullable<MountOptions['identity']>>,
  attachments: { type: [Boolean, String] as PropType<boolean | 'on' | 'off'>, default: undefined },
  voice: { type: [Boolean, String] as PropType<boolean | 'on' | 'off'>, default: undefined },
  webmcp: Object as PropType<NonNullable<MountOptions['webmcp']>>,
  /** With `v-model:open` it says how the chat stands, too. */
  open: { type: Boolean, default: undefined },
  /** Fills its own `<div>`, whose size is the page's to give. */
  inline: Boolean,
} as const satisfies Record<keyof Omit<MountOptions, 'target'> | 'inline', unknown>;

type Emits = { [Name in keyof WidgetEvents]: (detail: WidgetEvents[Name]) => true } & {
  'update:open': (open: boolean) => true;
};

const heard = () => true as const;

const EMITS: Emits = {
  open: heard,
  close: heard,
  ready: heard,
  message: heard,
  phase: heard,
  vote: heard,
  approval: heard,
  conversation: heard,
  unread: heard,
  attachment: heard,
  feedback: heard,
  destroy: heard,
  snapshot: heard,
  event: heard,
  call: heard,
  error: heard,
  'update:open': heard,
};

/**
 * A chat as long as it is rendered. Props are the options of `mount`; a changed one takes effect at once and keeps the
 * conversation. Emits the chat's events. Renders nothing, with `inline` a `<div>` that the chat fills; the same on a
 * server.
 */
export const Pagehand = defineComponent({
  name: 'Pagehand',
  props: PROPS,
  emits: EMITS,
  setup(props, { emit }) {
    const target = shallowRef<HTMLElement | null>(null);
    const tell = emit as (name: string, detail: unknown) => void;
    const live = createLiveChat('<Pagehand>', ({ name, detail }: Heard) => {
      tell(name, detail);
      if (name === 'open' || name === 'close') tell('update:open', name === 'open');
    });
    const options = (): MountOptions => {
      const { inline, ...given } = props;
      return { ...given, ...(inline && target.value !== null && { target: target.value }) } as MountOptions;
    };
    onMounted(() => {
      live.set(options());
      watch(options, (now) => live.set(now), { deep: true, flush: 'post' });
    });
    onBeforeUnmount(() => live.set(undefined));
    return () => (props.inline ? h('div', { ref: target }) : null);
  },
});

/** `<Pagehand>` for every template of the app. */
export const PagehandPlugin = {
  install(app: App): void {
    app.component('Pagehand', Pagehand);
  },
};

/** How the chat stands that was mounted last, or last for this token; and what can be done with it. */
export function usePagehand(token?: string): { readonly state: ComputedRef<ChatState> } & ChatControls {
  const current = shallowRef(chatState(token));
  // On a server nothing is mounted, and nobody would end it.
  if (typeof document !== 'undefined') {
    onScopeDispose(
      followChats(() => {
        current.value = chatState(token);
      }),
    );
  }
  return { state: computed(() => current.value), ...chatControls(token) };
}
