import { effect, signal } from '@preact/signals';
import { BROWSER_CLOCK } from './chat/clock.ts';
import { createChat } from './chat/create-chat.ts';
import { keepThread, keptThread } from './chat/thread-memory.ts';
import type { Emit, ResolvedOptions } from './options.ts';
import { NO_STORAGE, openStorage, surfaceKey } from './surface-storage.ts';
import { createPageTools } from './tools/create-page-tools.ts';
import { createTransport } from './transport/http-transport.ts';
import { renderView } from './ui/view.tsx';

/** The running chat behind one shell. */
export interface App {
  setOpen(open: boolean): void;
  send(text: string): Promise<void>;
  destroy(): void;
}

export interface AppOptions {
  readonly root: ShadowRoot;
  readonly options: ResolvedOptions;
  readonly emit: Emit;
  readonly onOpenChange: (open: boolean) => void;
}

/** What the loader gets from the app's file. */
export interface AppModule {
  startApp(options: AppOptions): App;
}

/** Surfaces that keep something in this tab now. A second chat of one surface would write over the first. */
const inUse = new Set<string>();

export function startApp({ root, options, emit, onOpenChange }: AppOptions): App {
  const { api, token, target, position, theme, locale, webmcp = {} } = options;
  const key = surfaceKey(api, token);
  const isFirst = !inUse.has(key);
  if (isFirst) inUse.add(key);
  const storage = isFirst ? openStorage(key) : NO_STORAGE;

  const chat = createChat({
    transport: createTransport({ api, token, storage }),
    pageTools:
      webmcp.enabled === false
        ? undefined
        : createPageTools({ timeoutMs: webmcp.timeoutMs, storageKey: key }),
    approvalRules: {
      requireConfirmFor: webmcp.requireConfirmFor ?? [],
      autoApprove: webmcp.autoApprove ?? [],
    },
    emit,
    clock: BROWSER_CLOCK,
    newId,
    entries: keptThread(storage).entries,
  });

  const open = signal(false);
  const view = {
    chat,
    open,
    layout: target === undefined ? 'floating' : 'inline',
    position,
    theme,
    locale: languageTag(locale),
  } as const;
  let unrender: (() => void) | undefined;
  let wasOpen = false;
  const unwatch = effect(() => {
    if (open.value === wasOpen) return;
    wasOpen = open.value;
    if (wasOpen && chat.surface.peek() === undefined) void chat.connect();
    onOpenChange(wasOpen);
  });

  const keep = () => keepThread(storage, { entries: chat.conversation.peek().entries, turn: undefined });
  const life = new AbortController();
  addEventListener('pagehide', keep, life);
  // A phone may end a tab in the background without another word.
  document.addEventListener('visibilitychange', keep, life);

  return {
    setOpen(value) {
      open.value = value;
      // Not before it is wanted: the app may have come ahead of the visitor.
      if (value) unrender ??= renderView(root, view);
    },
    send: chat.send,
    destroy() {
      keep();
      life.abort();
      unwatch();
      unrender?.();
      chat.destroy();
      if (isFirst) inUse.delete(key);
    },
  };
}

/** Pages write `en_US` and worse; who formats by it would throw. */
function languageTag(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0] ?? 'en';
  } catch {
    console.error(`Pagehand: "${locale}" is no language tag like en or pt-BR; the chat uses en.`);
    return 'en';
  }
}

/** Unguessable, and in the order of time. `randomUUID` is missing outside secure contexts. */
function newId(prefix: string): string {
  const random = crypto.getRandomValues(new Uint32Array(3));
  return `${prefix}${Date.now().toString(36)}_${[...random].map((part) => part.toString(36)).join('')}`;
}
