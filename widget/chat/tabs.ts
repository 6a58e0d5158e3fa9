import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Chat } from './chat.ts';
import type { Clock } from './clock.ts';
import type { OwnedChat } from './create-chat.ts';
import { isAtRest } from './local.ts';
import { type AssistantPart, type Conversation, EMPTY_CONVERSATION, type Entry } from './state.ts';
import { openTabDoor } from './tab-door.ts';
import type { TabLine } from './tab-line.ts';
import type { Order } from './tab-messages.ts';
import { type KeptThread, withoutTurn } from './thread-memory.ts';
import { turnLock } from './turn-lock.ts';
import { inherited } from './turn-memory.ts';

/** How long other tabs wait for what this one shows, in milliseconds: a frame of its own for them would cost this page one. */
const TELL_MS = 50;

export interface TabsOptions {
  /** Of the surface. Tabs of different surfaces never hear of each other. */
  readonly key: string;
  readonly clock: Clock;
  /** A chat of this tab's own that goes on from there. All of them share one draft. */
  readonly create: (thread: KeptThread) => OwnedChat;
  /** The thread as it is kept now, whoever kept it. */
  readonly read: () => Promise<KeptThread>;
  /** Keeps this thread for whoever comes next. Resolves when it is kept. */
  readonly keep: (thread: KeptThread) => Promise<void>;
  /** As the page found it. */
  readonly kept: KeptThread;
}

/** The chat of one tab, and what its page tells it. */
export interface SharedChat extends OwnedChat {
  /** What this tab has to keep at this moment; `undefined` where all is kept, or is another tab's to keep. */
  thread(): KeptThread | undefined;
  /** Ends what is under way in any tab, does this, and then shows these entries in all of them. */
  enter(prepare: () => Promise<void>, entries: readonly Entry[]): Promise<void>;
  /** The browser puts the page aside, and may bring it back. */
  suspend(): void;
  resume(): Promise<void>;
}

/** Whether the tabs of this browser can agree on who runs a turn. */
export function canShare(): boolean {
  return 'BroadcastChannel' in globalThis && navigator.locks !== undefined;
}

/**
 * Makes the tabs of one visitor show one conversation. The tab that sends a message owns the turn: it has the lock,
 * talks to the server, runs the tools and asks about them. The others show what it shows. When it is gone, one of them
 * goes on from what was kept, as a reloaded page would. What the tabs say to each other decides about no call and runs
 * none: every script of the origin can say it.
 */
export async function joinTabs(options: TabsOptions): Promise<SharedChat> {
  const { key, clock, create, read, keep } = options;
  let own = create(withoutTurn(options.kept));
  const source = signal(own);
  const surface = signal(own.surface.peek());
  const capabilities = signal(own.capabilities.peek());
  const elsewhere = signal(EMPTY_CONVERSATION);
  const shown = signal<ReadonlySignal<Conversation>>(own.conversation);
  let line: TabLine | undefined;
  /** The turn is another tab's; ends the wait for it. */
  let waiting: AbortController | undefined;
  let taking: Promise<void> | undefined;
  /** A turn is about to begin: that nothing runs is no reason to let it go. */
  let acting = 0;
  /** Another tab went on since this tab's own chat was made. */
  let isStale = false;
  let untell: (() => void) | undefined;

  const lock = turnLock(key, clock, () => {
    own.destroy();
    follow(own.conversation.peek());
  });

  function tell() {
    untell?.();
    untell = undefined;
    line?.tell(own.conversation.peek(), !lock.isMine());
  }

  /** Shows what another tab runs, and waits for its end. */
  function follow(conversation: Conversation) {
    isStale = true;
    show(conversation);
    if (waiting === undefined) void inherit();
  }

  function show(conversation: Conversation) {
    elsewhere.value = asSeenElsewhere(conversation);
    shown.value = elsewhere;
  }

  function onPicture(conversation: Conversation | undefined, isOver: boolean) {
    // The lock knows better than whoever says so.
    if (lock.isMine()) return;
    isStale = true;
    if (taking !== undefined) return;
    if (isOver) unfollow();
    if (conversation === undefined) return isOver ? void refresh() : undefined;
    if (isOver) show(conversation);
    else follow(conversation);
  }

  /** Makes this tab's own chat one of today. */
  async function refresh() {
    if (!isStale) return;
    const thread = withoutTurn(await read());
    if (isStale && waiting === undefined) replace(thread);
  }

  function onOrder(order: Order) {
    if (!lock.isMine()) return;
    if (order.type === 'vote') own.vote(order.id, order.vote);
    else if (order.type === 'retry') void own.retry();
    else if (isAtRest(own.conversation.peek())) letGo();
    else if (order.isOvertaken) own.overtaken();
    else own.stop();
  }

  async function inherit() {
    const mine = new AbortController();
    waiting = mine;
    if (!(await lock.inherit(() => elsewhere.peek(), mine.signal))) return;
    waiting = undefined;
    const thread = await read();
    replace({ ...thread, turn: thread.turn && inherited(thread.turn) });
  }

  function unfollow() {
    waiting?.abort();
    waiting = undefined;
  }

  function replace(thread: KeptThread) {
    own.destroy();
    isStale = false;
    own = create(thread);
    shown.value = own.conversation;
    source.value = own;
    if (lock.isMine()) tell();
  }

  /** To the tab whose turn it is, if it is another's. */
  function toOwner(order: Order): boolean {
    if (waiting !== undefined) line?.order(order);
    return waiting !== undefined;
  }

  /** Does something of a turn, after making the turn this tab's. What another tab has under way ends first. */
  async function act(work: () => Promise<void>) {
    let working: Promise<void> | undefined;
    acting += 1;
    try {
      if (!lock.isMine()) {
        taking ??= takeOver().finally(() => {
          taking = undefined;
        });
        await taking;
      }
      working = work();
    } finally {
      acting -= 1;
    }
    if (isSettled(own.conversation.peek())) void settle();
    await working;
  }

  async function takeOver() {
    toOwner({ type: 'stop', isOvertaken: true });
    unfollow();
    await lock.take();
    await refresh();
    shown.value = own.conversation;
  }

  /** After the turn: all is kept before another tab can have it. */
  async function settle() {
    await keepOwn();
    if (lock.isMine() && acting === 0 && isSettled(own.conversation.peek())) letGo();
  }

  function letGo() {
    lock.release();
    tell();
  }

  function keepOwn(): Promise<void> {
    return keep({ entries: own.conversation.peek().entries, turn: own.turnRecord() });
  }

  async function start(thread: KeptThread) {
    line = openTabDoor({
      key,
      onAsk: () => (lock.isMine() ? own.conversation.peek() : undefined),
      onPicture,
      onOrder,
    });
    if (thread.turn === undefined) return;
    if (await lock.takeIfFree()) replace(thread);
    else if (waiting === undefined) {
      const { answerId } = thread.turn;
      follow({ ...EMPTY_CONVERSATION, phase: 'thinking', entries: thread.entries, answerId });
    }
  }

  function suspend() {
    unfollow();
    untell?.();
    line?.close();
    own.destroy();
    lock.release();
  }

  async function voteHere(...given: Parameters<Chat['vote']>) {
    await refresh();
    own.vote(...given);
    await keepOwn();
    tell();
  }

  const unwatch = effect(() => {
    const now = source.value.conversation.value;
    surface.value = source.value.surface.value ?? surface.peek();
    if (source.value.capabilities.value.length > 0) capabilities.value = source.value.capabilities.value;
    // What happens outside of a turn, such as a server that cannot be reached, concerns no other tab.
    if (!lock.isMine()) return;
    untell ??= clock.after(TELL_MS, tell);
    if (isSettled(now)) void settle();
  });
  await start(options.kept);

  return {
    conversation: computed(() => shown.value.value),
    surface,
    capabilities,
    draft: own.draft,
    connect: () => own.connect(),
    prepare: () => own.prepare(),
    async send(text, sending) {
      if (text.trim() !== '' || sending?.attachments?.length) await act(() => own.send(text, sending));
    },
    async edit(id, text) {
      // Nothing is taken from another tab for words that only go back to where they are written.
      if (!capabilities.peek().includes('edit')) await own.edit(id, text);
      else if (text.trim() !== '') await act(() => own.edit(id, text));
    },
    async regenerate(id) {
      if (capabilities.peek().includes('edit')) await act(() => own.regenerate(id));
    },
    overtaken: () => own.overtaken(),
    become: (entries) => own.become(entries),
    enter: (prepare, entries) =>
      act(async () => {
        own.stop();
        await prepare();
        own.become(entries);
        void settle();
      }),
    stop() {
      if (!toOwner({ type: 'stop' })) own.stop();
    },
    async retry() {
      if (!toOwner({ type: 'retry' })) await act(() => own.retry());
    },
    decide(toolCallId, decision) {
      if (waiting === undefined) own.decide(toolCallId, decision);
    },
    reply(toolCallId, replies) {
      if (waiting === undefined) own.reply(toolCallId, replies);
    },
    vote(id, vote, comment) {
      if (!toOwner({ type: 'vote', id, vote, ...(comment && { comment }) })) void voteHere(id, vote, comment);
    },
    copied: (id) => own.copied(id),
    async rate(rating, comment) {
      await refresh();
      await own.rate(rating, comment);
      await keepOwn();
      tell();
    },
    turnRecord: () => own.turnRecord(),
    thread: () =>
      lock.isMine() ? { entries: own.conversation.peek().entries, turn: own.turnRecord() } : undefined,
    suspend,
    async resume() {
      const thread = await read();
      replace(withoutTurn(thread));
      await start(thread);
    },
    destroy() {
      unwatch();
      suspend();
    },
  };
}

/** Nothing runs, and nothing waits for *Retry*. */
function isSettled({ phase, failure }: Conversation): boolean {
  return phase === 'idle' || (phase === 'failed' && failure?.retryable !== true);
}

/** A call that another tab asks about is decided there: any script could send word of a decision. */
function asSeenElsewhere(conversation: Conversation): Conversation {
  const seen = (part: AssistantPart): AssistantPart =>
    part.kind === 'tool' && (part.state.status === 'approval' || part.state.status === 'asking')
      ? { ...part, state: { ...part.state, elsewhere: true } }
      : part;
  return {
    ...conversation,
    entries: conversation.entries.map((entry) =>
      entry.role === 'user' || !entry.parts.some((part) => seen(part) !== part)
        ? entry
        : { ...entry, parts: entry.parts.map(seen) },
    ),
  };
}
