import { signal as createSignal, type Signal } from '@preact/signals';
import { MAX_MESSAGE_CHARS } from '../../protocol/limits.ts';
import type { InitResponse } from '../../protocol/request.ts';
import { asWidgetError, WidgetError } from '../errors.ts';
import type { Parting } from '../host/host-side.ts';
import type { Emit } from '../options.ts';
import type { ApprovalRules } from '../tools/approval.ts';
import type { PageTools } from '../tools/page-tools.ts';
import type { Transport } from '../transport/transport.ts';
import type { Chat, Reply, SendOptions } from './chat.ts';
import type { Clock } from './clock.ts';
import type { Driver } from './driver.ts';
import type { LateComposing } from './late-composing.ts';
import { goingOn, isAtRest } from './local.ts';
import type { Entry, Failure } from './state.ts';
import { createStore } from './store.ts';
import type { TurnIds } from './turn.ts';
import type { TurnRecord } from './turn-record.ts';

export interface ChatOptions {
  readonly transport: Transport;
  /** `undefined`: the page's tools are left alone. */
  readonly pageTools: PageTools | undefined;
  /** The page's own rules. The surface's come on top. */
  readonly approvalRules: Omit<ApprovalRules, 'remembered'>;
  readonly emit: Emit;
  readonly clock: Clock;
  /** A new id that begins with this prefix. */
  readonly newId: (prefix: string) => string;
  /** What stands in the composer, where it outlives this chat. Default: its own, empty. */
  readonly draft?: Signal<string>;
  /** Asked before a message goes out: what it is to say and what goes along, or why it must not. */
  readonly beforeSend?: (
    message: { readonly id: string; readonly text: string },
    signal: AbortSignal,
  ) => Promise<Parting | undefined>;
  /** What goes with the words of messages. Default: words alone. */
  readonly composing?: LateComposing;
  /** A thread to go on with. */
  readonly entries?: readonly Entry[];
  /** A turn that an earlier page left in the middle. Its answer, as far as it came, is the last of `entries`. */
  readonly kept?: TurnRecord | undefined;
  /**
   * Keeps how far the turn has come: awaited before a call begins, before its output leaves, and once when the server
   * names the execution. `undefined`: the turn is over. Default: nothing is kept.
   */
  readonly remember?: (record: TurnRecord | undefined) => Promise<void>;
}

/** A chat, and what only its owner does with it. */
export interface OwnedChat extends Omit<Chat, 'startNew' | 'forget' | 'history'> {
  /** Leaves this thread for another one. What was under way is given up. */
  become(entries: readonly Entry[]): void;
  /** Opens the session, so that the surface's copy is there before the first message. A failure shows in the thread. */
  connect(): Promise<void>;
  /** A message that another tab is about to send ends the turn. */
  overtaken(): void;
  /** The turn as it stands at this moment, with the entries of this moment. `undefined`: none is under way. */
  turnRecord(): TurnRecord | undefined;
}

/**
 * The part of a chat that is there before the visitor writes: thread, session, draft. What drives a turn is fetched
 * with the first letter, or at once for a turn that an earlier page left.
 */
export function createChat(options: ChatOptions): OwnedChat {
  const { transport, emit, newId, kept } = options;
  const store = createStore(kept ? goingOn(options.entries ?? [], kept) : { entries: options.entries ?? [] });
  const surface = createSignal<InitResponse['config'] | undefined>(undefined);
  const capabilities = createSignal<readonly string[]>([]);
  const draft = options.draft ?? createSignal('');
  const life = new AbortController();
  let driver: Driver | undefined;
  let loading: Promise<Driver> | undefined;
  /** Waits for the driver, which then knows all about it. */
  let first: { readonly ids: TurnIds; readonly kept: TurnRecord | undefined } | undefined;

  async function openSession(signal: AbortSignal): Promise<InitResponse> {
    const answer = await transport.init(signal);
    if (!signal.aborted) {
      surface.value = answer.config;
      capabilities.value = answer.capabilities ?? [];
    }
    return answer;
  }

  function fail(cause: unknown, saying: Pick<Failure, 'says' | 'advice'> = {}) {
    const error = asWidgetError(cause);
    const { code, message, hint, retryable } = error;
    const isLine = code === 'unreachable' || code === 'not_loaded';
    store.apply({
      type: 'failed',
      failure: {
        code,
        message,
        hint,
        retryable,
        ...(isLine && { advice: 'connection' }),
        ...(code === 'unreachable' && !navigator.onLine && { says: 'offline' }),
        ...saying,
      },
    });
    emit('error', error);
  }

  function load(): Promise<Driver> {
    loading ??= Promise.all([
      import('./driver.ts'),
      transport.prepare(),
      options.pageTools?.prepare?.(),
    ]).then(
      ([{ createDriver }]) => {
        driver = createDriver({ ...options, store, surface, draft, openSession });
        return driver;
      },
      (cause: unknown) => {
        loading = undefined;
        throw new WidgetError('not_loaded', 'A part of the chat did not load.', { cause });
      },
    );
    return loading;
  }

  async function begin(ids: TurnIds, record?: TurnRecord) {
    const mine = { ids, kept: record };
    first = mine;
    try {
      const loaded = await load();
      // Stopped, overtaken or destroyed while it was on its way.
      if (first !== mine || life.signal.aborted) return;
      first = undefined;
      await (record === undefined ? loaded.start(ids) : loaded.goOn(record));
    } catch (cause) {
      if (first !== mine || life.signal.aborted) return;
      if (navigator.onLine) fail(cause);
      else waitForNetwork(() => first === mine && void begin(ids, record));
    }
  }

  function waitForNetwork(goOn: () => void) {
    store.apply({ type: 'held', wait: { reason: 'offline' } });
    addEventListener('online', goOn, { once: true, signal: life.signal });
  }

  function end(isOvertaken: boolean) {
    if (isAtRest(store.conversation.peek())) return;
    first = undefined;
    store.apply({ type: 'stopped', isOvertaken });
    driver?.stop(isOvertaken);
  }

  /** Makes room for another message. The one before it ends with its arrival. */
  function overtake() {
    first = undefined;
    driver?.stop(true);
    driver?.forget();
  }

  /** Whether it can be sent. One that cannot be stays out of the thread: it would be refused with every later one, too. */
  function isFit(text: string, sending: SendOptions): boolean {
    if ((text.trim() === '' && !sending.attachments?.length) || life.signal.aborted) return false;
    if (text.length <= MAX_MESSAGE_CHARS) return true;
    end(false);
    driver?.forget();
    first = undefined;
    if (draft.peek() === '') draft.value = text;
    void options.composing?.load().then(({ restore }) => restore(sending));
    fail(tooLong(text.length), { says: 'message_too_long', advice: 'rewrite' });
    return false;
  }

  async function secondThoughts() {
    const { createSecondThoughts } = await import('./second-thoughts.ts');
    return createSecondThoughts({
      ...options,
      store,
      capabilities,
      draft,
      isFit,
      begin,
      overtake() {
        end(true);
        overtake();
      },
    });
  }

  async function connect() {
    try {
      await openSession(life.signal);
    } catch (cause) {
      const isIdle = isAtRest(store.conversation.peek()) && first === undefined && driver?.hasTurn() !== true;
      if (!life.signal.aborted && isIdle) fail(cause);
    }
  }

  if (kept !== undefined) void begin(kept, kept);

  return {
    conversation: store.conversation,
    surface,
    capabilities,
    draft,
    edit: async (...given) => (await secondThoughts()).edit(...given),
    regenerate: async (id) => (await secondThoughts()).regenerate(id),
    connect,
    stop: () => end(false),
    overtaken: () => end(true),
    become(entries) {
      end(false);
      driver?.leave();
      store.apply({ type: 'entered', entries });
    },
    prepare() {
      load().catch(() => {
        // Sending tries again, and says so if it fails.
      });
    },
    async send(text, sending = {}) {
      if (!isFit(text, sending)) return;
      overtake();
      const ids = { userId: newId('usr_'), answerId: newId('ast_') };
      store.apply({ type: 'sent', id: ids.userId, text, sending, answerId: ids.answerId });
      await begin(ids);
    },
    async retry() {
      const { phase } = store.conversation.peek();
      if (phase !== 'failed') return;
      if (first !== undefined) {
        store.apply({ type: 'again' });
        await begin(first.ids, first.kept);
      } else if (driver?.hasTurn()) {
        await driver.retry();
      } else {
        store.apply({ type: 'rested' });
        await connect();
      }
    },
    decide: (id, decision) => driver?.decide(id, decision),
    reply: (id, replies: readonly Reply[]) => driver?.reply(id, replies),
    copied(entryId) {
      // That a copy was made is nobody's problem if it cannot be told.
      transport.feedback({ type: 'copy', messageId: entryId }).catch(() => {});
    },
    rate: async (...given) => (await secondThoughts()).rate(...given),
    vote(entryId, vote, comment = '') {
      const entry = store.conversation.peek().entries.find(({ id }) => id === entryId);
      if (entry?.role !== 'assistant' || (entry.vote === vote && comment === '')) return;
      store.apply({ type: 'voted', id: entryId, vote });
      transport
        .feedback({
          type: vote === 'up' ? 'upvote' : 'downvote',
          messageId: entryId,
          ...(comment !== '' && { comment }),
        })
        .catch((cause: unknown) => {
          if (life.signal.aborted) return;
          store.apply({ type: 'voted', id: entryId, vote: entry.vote });
          emit('error', asWidgetError(cause));
        });
    },
    turnRecord: () => (first === undefined ? driver?.turnRecord() : recordOf(first)),
    destroy() {
      life.abort();
      driver?.destroy();
    },
  };
}

/** A message that nothing has been done about yet. */
function recordOf({ ids, kept }: { ids: TurnIds; kept: TurnRecord | undefined }): TurnRecord {
  return kept ?? { ...ids, executionId: undefined, seq: 0, calls: [], offered: [] };
}

function tooLong(length: number): WidgetError {
  return new WidgetError(
    'invalid_request',
    `This message has ${length} characters; ${MAX_MESSAGE_CHARS} can be sent.`,
    { retryable: false },
  );
}
