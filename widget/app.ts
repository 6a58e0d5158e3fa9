import { computed, effect, signal } from '@preact/signals';
import { BROWSER_CLOCK } from './chat/clock.ts';
import { comingChat } from './chat/coming-chat.ts';
import { type WholeChat, withConversations } from './chat/conversations.ts';
import { createChat, type OwnedChat } from './chat/create-chat.ts';
import { DRAFT, FILES, lateComposing } from './chat/late-composing.ts';
import { canShare, joinTabs, type SharedChat } from './chat/tabs.ts';
import { type KeptThread, keepThread, keptThread } from './chat/thread-memory.ts';
import { leadingAway } from './chat/turn-memory.ts';
import type { LiveOptions } from './host/host-chat-api.ts';
import { createHostSide, filled } from './host/host-side.ts';
import { hostWhenWanted } from './host/host-when-wanted.ts';
import { openWords, type Words } from './messages.ts';
import { loadMode, modeOf } from './modes/frame.ts';
import { startWhen } from './modes/start-when.ts';
import type { Emit, PagehandWidget, ResolvedOptions } from './options.ts';
import { openSharedStorage } from './shared-storage.ts';
import {
  NO_STORAGE,
  type OwnedStorage,
  openStorage,
  readWeb,
  surfaceKey,
  webName,
  writeWeb,
} from './surface-storage.ts';
import type { OwnedPageTools } from './tools/create-page-tools.ts';
import { latePageTools } from './tools/late-page-tools.ts';
import { createTransport } from './transport/http-transport.ts';
import { isClosable } from './ui/panel.tsx';
import { createPanelSlots } from './ui/panel-slots.ts';
import { renderView, type ViewProps } from './ui/view.tsx';

/** Who waits for the whole chat, each with the end of the wait. The app makes `push` its own. */
export type Waiting = [callback: Parameters<PagehandWidget['ready']>[0], wait: AbortController][];

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
  readonly waiting: Waiting;
}

/** What the loader gets from the app's file. */
export interface AppModule {
  startApp(options: AppOptions): App | Promise<App>;
}

/** Says that the page before was left with a chat open or a turn under way. The loader reads it by this name. */
const LEFT_NAME = 'pagehand';

/**
 * Where tabs cannot agree on who writes, surfaces that keep something in this one now: a second chat of one surface
 * would write over the first.
 */
const inUse = new Set<string>();

export async function startApp({ root, options, emit, onOpenChange, waiting }: AppOptions): Promise<App> {
  const { api, token, position, theme, webmcp = {} } = options;
  const { locale = document.documentElement.lang || navigator.language } = options;
  const key = surfaceKey(api, token);
  const mode = modeOf(options);
  const closable = isClosable(mode);
  const openingWords = openWords(languageTag(locale));
  // Before anything is held that would have to be let go of when it does not come.
  const modeModule = await loadMode(mode);
  writeWeb('sessionStorage', LEFT_NAME, undefined);
  const isAlone = !canShare();
  const keepsNothing = isAlone && inUse.has(key);
  if (isAlone) inUse.add(key);
  /** Of the person whom the site names, else of the browser. */
  let ownKey = key;
  const openOwn = async (): Promise<OwnedStorage> => {
    if (keepsNothing) return NO_STORAGE;
    if (options.identity === undefined) return isAlone ? openStorage(key) : openSharedStorage(key);
    const { openPersonStorage } = await import('./person.ts');
    const own = await openPersonStorage(api, token, options.identity, isAlone);
    ownKey = own.key;
    return own.storage;
  };
  const opening = openOwn();
  /** Keeps nothing until what it has was read. */
  let storage = NO_STORAGE;
  const pageTools =
    webmcp.enabled === false ? undefined : latePageTools({ timeoutMs: webmcp.timeoutMs, storageKey: key });
  const draft = signal('');
  const side = createHostSide();
  const composing = lateComposing(async () => {
    const transport = await connected;
    return { key: ownKey, storage, draft, chat, newId, emit, transport };
  });

  async function begin() {
    storage = await opening;
    draft.value ||= storage.read(DRAFT) ?? '';
    return createTransport({
      api,
      token,
      storage,
      history: options.history !== false && options.history !== 'off',
      identity: options.identity,
    });
  }

  const connected = begin();

  async function openChat(): Promise<WholeChat> {
    const transport = await connected;
    const create = ({ entries, turn }: KeptThread): OwnedChat => {
      const own = createChat({
        transport,
        pageTools,
        approvalRules: {
          requireConfirmFor: webmcp.requireConfirmFor ?? [],
          autoApprove: webmcp.autoApprove ?? [],
        },
        emit,
        clock: BROWSER_CLOCK,
        newId,
        draft,
        composing,
        entries,
        kept: turn,
        beforeSend: async (message, leave) => side.beforeSend.peek()?.(message, leave),
        remember: (record) => keep({ entries: own.conversation.peek().entries, turn: record }),
      });
      return own;
    };
    const kept = keptThread(storage);
    const shared = isAlone
      ? onItsOwn(create(kept))
      : await joinTabs({ key: ownKey, clock: BROWSER_CLOCK, create, read, keep, kept });
    return withConversations(shared, transport);
  }

  function keep(thread: KeptThread): Promise<void> {
    keepThread(storage, thread);
    return storage.saved();
  }

  async function read(): Promise<KeptThread> {
    await storage.refresh();
    return keptThread(storage);
  }

  // The panel does not wait for it.
  const opened = openChat();
  const coming = comingChat(opened, draft);
  const surface = computed(() => coming.surface.value && filled(coming.surface.value, side.variables));
  const chat = {
    ...coming,
    surface,
    async rate(rating: number, comment: string) {
      await coming.rate(rating, comment);
      emit('feedback', { rating, comment });
    },
  };

  const open = signal(false);
  const slots = createPanelSlots();
  let view: ViewProps = {
    chat,
    drawings: side.drawings,
    sources: side.sources,
    open,
    mode,
    modeModule,
    storageKey: key,
    position,
    theme,
    words: await openingWords,
    composing,
    attaches: options.attachments,
    voice: options.voice,
    slots,
    isTest: token.startsWith('ct_test_'),
  };
  if (options.label === undefined) nameLauncher(root, view.words);
  let unrender: (() => void) | undefined;
  let wasOpen = false;
  let isGone = false;
  const openName = webName(key, 'open');
  const unwatch = effect(() => {
    if (open.value === wasOpen) return;
    wasOpen = open.value;
    if (closable) writeWeb('sessionStorage', openName, wasOpen ? 'yes' : undefined);
    if (!wasOpen) writeWeb('sessionStorage', LEFT_NAME, undefined);
    if (wasOpen && chat.surface.peek() === undefined) void chat.connect();
    onOpenChange(wasOpen);
    emit(wasOpen ? 'open' : 'close', undefined);
  });
  const stopLeaving = keepOnLeave(
    chat,
    () => storage,
    pageTools,
    () => {
      // For the loader of the next page: it may not wait for the visitor there.
      if (wasOpen || chat.turnRecord() !== undefined) writeWeb('sessionStorage', LEFT_NAME, 'open');
    },
  );

  function draw() {
    if (!isGone) unrender ??= renderView(root, view);
  }

  function setOpen(value: boolean) {
    open.value = value;
    if (value) draw();
  }

  async function update({ locale, ...looks }: LiveOptions) {
    const words = locale === undefined ? view.words : await openWords(languageTag(locale));
    view = { ...view, ...looks, words };
    if (options.label === undefined) nameLauncher(root, words);
    if (unrender === undefined || isGone) return;
    unrender();
    unrender = renderView(root, view);
  }

  const stopCounting = startWhen(
    () => closable && !open.value && !['idle', 'failed'].includes(chat.conversation.value.phase),
    async () => {
      const { watchUnread } = await import('./modes/unread.ts');
      return () =>
        watchUnread({
          root,
          conversation: chat.conversation,
          open,
          words: view.words,
          onCount: (count) => emit('unread', { count }),
        });
    },
  );
  const stopNoting = startWhen(
    () => open.value && !!options.footer,
    async () => {
      const { footerNote } = await import('./ui/footer-note.tsx');
      return () => slots.add('footer', footerNote(options.footer ?? ''));
    },
  );
  const stopHosting = hostWhenWanted({
    waiting,
    opened,
    emit,
    chat,
    root,
    side,
    open,
    setOpen,
    update,
  });
  // The page before this one was left with the chat open.
  if (closable && readWeb('sessionStorage', openName) !== undefined) setOpen(true);
  // The app comes ahead of the visitor who means to chat: the click has then only to show what is drawn.
  whenIdle(draw);
  if (readWeb('sessionStorage', webName(key, FILES)) !== undefined) void composing.load();
  return {
    setOpen,
    send: chat.send,
    destroy() {
      isGone = true;
      stopCounting();
      stopNoting();
      stopHosting();
      stopLeaving();
      unwatch();
      unrender?.();
      composing.now.peek()?.destroy();
      chat.destroy();
      if (!keepsNothing) inUse.delete(key);
      writeWeb('sessionStorage', openName, undefined);
      writeWeb('sessionStorage', LEFT_NAME, undefined);
    },
  };
}

/** In the visitor's language, unless it says something else at this moment. */
function nameLauncher(root: ShadowRoot, { say }: Words): void {
  const button = root.querySelector<HTMLButtonElement>('#l');
  if (button === null) return;
  const name = say('launcher.open');
  if (button.ariaLabel === button.name) button.ariaLabel = name;
  button.name = name;
}

/** A chat that no other tab knows of. */
function onItsOwn(chat: OwnedChat): SharedChat {
  return {
    ...chat,
    thread: () => ({ entries: chat.conversation.peek().entries, turn: chat.turnRecord() }),
    async enter(prepare, entries) {
      chat.stop();
      await prepare();
      chat.become(entries);
    },
    suspend() {},
    resume: async () => {},
  };
}

/** Keeps what the page would take with it. Returns the undo, which keeps it as well. */
function keepOnLeave(
  chat: SharedChat,
  storage: () => OwnedStorage,
  pageTools: OwnedPageTools | undefined,
  onLeave: () => void,
) {
  const life = new AbortController();

  function leave() {
    onLeave();
    const thread = chat.thread();
    if (thread === undefined) return;
    const turn = thread.turn && leadingAway(thread.turn, pageTools?.leading() ?? new Set());
    keepThread(storage(), { ...thread, turn });
    storage().leave();
  }

  addEventListener(
    'pagehide',
    ({ persisted }) => {
      leave();
      if (persisted) chat.suspend();
    },
    life,
  );
  addEventListener('pageshow', ({ persisted }) => persisted && void chat.resume(), life);
  // A phone may end a tab in the background without another word.
  document.addEventListener('visibilitychange', () => document.hidden && leave(), life);
  return () => {
    leave();
    life.abort();
  };
}

/** Safari has no idle callbacks; a moment later is as good. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work, { timeout: 500 });
  else setTimeout(work, 50);
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
