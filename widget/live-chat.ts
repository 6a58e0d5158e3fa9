import type { LiveOptions } from './host/host-chat-api.ts';
import { mount } from './index.ts';
import { addMounted } from './mounted-chats.ts';
import type { MountOptions, PagehandWidget, WidgetEvents } from './options.ts';

/** An event of a chat, with its name. */
export type Heard = {
  [Name in keyof WidgetEvents]: { readonly name: Name; readonly detail: WidgetEvents[Name] };
}[keyof WidgetEvents];

/** A chat that follows options, as elements and frameworks have them. */
export interface LiveChat {
  /** `undefined`: nothing is wanted, or it could not be mounted. */
  readonly widget: PagehandWidget | undefined;
  /**
   * What is wanted from now on; `undefined`: no chat. Takes effect once for all changes of a task. Theme, position and
   * locale change where the chat stands; `open` opens and closes it; any other option mounts it anew, open if it was.
   */
  set(options: MountOptions | undefined): void;
}

const EVENT_NAMES = Object.keys({
  open: true,
  close: true,
  ready: true,
  message: true,
  phase: true,
  vote: true,
  approval: true,
  conversation: true,
  unread: true,
  attachment: true,
  feedback: true,
  destroy: true,
  snapshot: true,
  event: true,
  call: true,
  error: true,
} satisfies Record<keyof WidgetEvents, true>) as (keyof WidgetEvents)[];

const LIVE: ReadonlySet<string> = new Set<keyof LiveOptions>(['theme', 'position', 'locale']);

/** `label` stands before what goes wrong, in the console. */
export function createLiveChat(label: string, hear: (heard: Heard) => void): LiveChat {
  let wanted: MountOptions | undefined;
  let mounted: { readonly widget: PagehandWidget; readonly forget: () => void } | undefined;
  /** What was mounted last, or could not be. */
  let tried: MountOptions | undefined;
  let isScheduled = false;
  let isOpen = false;
  /** The chat's code is there: what is changed now must not cost the visitor the thread. */
  let isThere = false;

  function follow() {
    isScheduled = false;
    const before = tried;
    const now = wanted;
    if (now === undefined) return end();
    const changed = before === undefined ? Object.keys(now) : changedNames(before, now);
    if (before !== undefined && changed.length === 0) return;
    tried = now;
    if (mounted === undefined || !changed.every((name) => name === 'open' || (isThere && LIVE.has(name)))) {
      return begin(now, mounted === undefined || changed.includes('open') ? now.open === true : isOpen);
    }
    if (changed.includes('open') && now.open !== undefined) {
      if (now.open) mounted.widget.open();
      else mounted.widget.close();
    }
    const live = changed.filter((name) => LIVE.has(name));
    if (live.length > 0) changeLive(mounted.widget, now, live);
  }

  function changeLive(widget: PagehandWidget, now: MountOptions, names: readonly string[]) {
    const values: LiveOptions = { ...usual(), ...defined(now) };
    const changes = Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
    const undo = widget.ready((chat) => {
      undo();
      chat.update(changes).catch(complain);
    });
  }

  function begin(options: MountOptions, open: boolean) {
    leave();
    try {
      const widget = mount({ ...defined(options), open } as MountOptions);
      for (const name of EVENT_NAMES) {
        widget.on(name, (detail) => {
          if (name === 'open' || name === 'close') isOpen = name === 'open';
          if (name === 'ready') isThere = true;
          hear({ name, detail } as Heard);
        });
      }
      mounted = { widget, forget: addMounted(options.token, widget) };
    } catch (error) {
      complain(error);
    }
  }

  function end() {
    leave();
    tried = undefined;
    isOpen = false;
  }

  function leave() {
    mounted?.forget();
    mounted?.widget.destroy();
    mounted = undefined;
    isThere = false;
  }

  function complain(error: unknown) {
    console.error(`${label}: ${error instanceof Error ? error.message : String(error)}`);
  }

  return {
    get widget() {
      return mounted?.widget;
    },
    set(options) {
      wanted = options;
      if (isScheduled) return;
      isScheduled = true;
      queueMicrotask(follow);
    },
  };
}

/** What an option that was taken away goes back to. */
function usual(): LiveOptions {
  return {
    theme: 'auto',
    position: 'bottom-right',
    locale: document.documentElement.lang || navigator.language,
  };
}

/** Frameworks write `undefined` for what was not given. */
function defined<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<Options>;
}

function changedNames(before: MountOptions, now: MountOptions): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]) as Set<keyof MountOptions>;
  return [...names].filter((name) => !isSame(before[name], now[name]));
}

/** Frameworks make a new object of the same content, and a new function, at every turn. The first function stays. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other || (typeof one === 'function' && typeof other === 'function')) return true;
  const isPlain = [one, other].every(
    (value) => typeof value === 'object' && value !== null && !(value instanceof Element),
  );
  return isPlain && JSON.stringify(one) === JSON.stringify(other);
}
