import { signal as createSignal } from '@preact/signals';
import { MAX_MESSAGE_CHARS } from '../../protocol/limits.ts';
import type { InitResponse } from '../../protocol/request.ts';
import { WidgetError } from '../errors.ts';
import type { Emit } from '../options.ts';
import type { ApprovalRules } from '../tools/approval.ts';
import type { PageTools, Snapshot } from '../tools/page-tools.ts';
import type { Transport } from '../transport/transport.ts';
import type { Chat } from './chat.ts';
import type { Clock } from './clock.ts';
import { createPageCalls } from './page-calls.ts';
import { failureOf } from './reduce.ts';
import { run, type Turn } from './run.ts';
import type { Entry } from './state.ts';
import { createStore } from './store.ts';

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
  /** A thread to go on with. */
  readonly entries?: readonly Entry[];
}

/** A chat, and what only its owner does with it. */
export interface OwnedChat extends Chat {
  /** Opens the session, so that the surface's copy is there before the first message. A failure shows in the thread. */
  connect(): Promise<void>;
}

const NO_TOOLS: Snapshot = { tools: new Map(), clientTools: [], fingerprint: '', refused: [] };

export function createChat(options: ChatOptions): OwnedChat {
  const { transport, pageTools, approvalRules, emit, clock, newId } = options;
  const store = createStore(clock, options.entries ?? []);
  const surface = createSignal<InitResponse['config'] | undefined>(undefined);
  const draft = createSignal('');
  const life = new AbortController();
  /** Runs, or failed and can be tried again. */
  let turn: Turn | undefined;
  /** The answer as it stood when the failed request went out. */
  let sentAnswer: Entry | undefined;

  const calls = createPageCalls({
    pageTools,
    rules: () => joinedRules(approvalRules, surface.peek()?.webmcp),
    apply: (event) => store.apply(event),
    report: (call) => emit('call', call),
    clock,
  });

  async function openSurface(signal: AbortSignal) {
    const { config } = await transport.init(signal);
    if (!signal.aborted) surface.value = config;
    return config;
  }

  async function snapshot(signal: AbortSignal): Promise<Snapshot> {
    const { webmcp } = await openSurface(signal);
    if (pageTools === undefined || !webmcp.enabled) return NO_TOOLS;
    const tools = await pageTools.snapshot();
    emit('snapshot', { snapshot: tools, implementation: pageTools.implementation() });
    return tools;
  }

  function fail(cause: unknown) {
    const error = cause instanceof WidgetError ? cause : brokenBy(cause);
    const { code, message, hint, retryable } = error;
    store.apply({ type: 'failed', failure: { code, message, hint, retryable } });
    emit('error', error);
  }

  async function start(mine: Turn): Promise<void> {
    const { signal } = mine.controller;
    try {
      const error = await run(mine, {
        transport,
        store,
        calls,
        snapshot,
        newId,
        onEvent: (event) => emit('event', event),
        onSend: () => {
          sentAnswer = store.conversation.peek().entries.find((entry) => entry.id === mine.answerId);
        },
      });
      if (signal.aborted) return;
      if (error === undefined) {
        turn = undefined;
        return;
      }
      // The execution is over: its outputs have nowhere to go, and the message starts another one.
      mine.next = { outputs: undefined };
      const { code, message, ...rest } = failureOf(error);
      emit('error', new WidgetError((code ?? 'internal') as WidgetError['code'], message, rest));
    } catch (cause) {
      if (!signal.aborted) fail(cause);
    }
  }

  function stop() {
    if (!isBusy()) return;
    turn?.controller.abort();
    turn = undefined;
    store.apply({ type: 'stopped' });
  }

  function isBusy(): boolean {
    const { phase } = store.conversation.peek();
    return phase !== 'idle' && phase !== 'failed';
  }

  async function connect() {
    try {
      await openSurface(life.signal);
    } catch (cause) {
      if (!life.signal.aborted && turn === undefined) fail(cause);
    }
  }

  return {
    conversation: store.conversation,
    surface,
    draft,
    connect,
    stop,
    async send(text) {
      if (text.trim() === '' || life.signal.aborted) return;
      stop();
      if (text.length > MAX_MESSAGE_CHARS) {
        // Kept out of the thread: it would be refused with every later message, too.
        turn = undefined;
        if (draft.peek() === '') draft.value = text;
        fail(tooLong(text.length));
        return;
      }
      const id = newId('usr_');
      const answerId = newId('ast_');
      store.apply({ type: 'sent', id, text, answerId });
      turn = {
        userId: id,
        answerId,
        executionId: undefined,
        next: { outputs: undefined },
        answered: new Map(),
        controller: new AbortController(),
      };
      await start(turn);
    },
    async retry() {
      const { phase, entries } = store.conversation.peek();
      if (phase !== 'failed') return;
      if (turn === undefined) {
        store.apply({ type: 'paused_elsewhere' });
        await connect();
        return;
      }
      const failed = turn.answerId;
      turn.controller = new AbortController();
      const isResume = turn.next.outputs !== undefined;
      // Receipts stay: a new attempt answers below them.
      const kept = isResume ? sentAnswer : entries.find((entry) => entry.id === failed && hasReceipt(entry));
      if (!isResume) {
        turn.answerId = newId('ast_');
        turn.answered.clear();
      }
      store.apply({
        type: 'retried',
        entries: entries.flatMap((entry) =>
          entry.id !== failed ? [entry] : kept === undefined ? [] : [kept],
        ),
        answerId: turn.answerId,
      });
      await start(turn);
    },
    decide: calls.decide,
    vote(entryId, vote) {
      const entry = store.conversation.peek().entries.find(({ id }) => id === entryId);
      if (entry?.role !== 'assistant' || entry.vote === vote) return;
      store.apply({ type: 'voted', id: entryId, vote });
      transport
        .feedback({ type: vote === 'up' ? 'upvote' : 'downvote', messageId: entryId })
        .catch((cause: unknown) => {
          if (life.signal.aborted) return;
          store.apply({ type: 'voted', id: entryId, vote: entry.vote });
          emit('error', cause instanceof WidgetError ? cause : brokenBy(cause));
        });
    },
    destroy() {
      life.abort();
      turn?.controller.abort();
      store.destroy();
    },
  };
}

function hasReceipt(entry: Entry): boolean {
  return entry.role === 'assistant' && entry.parts.some((part) => part.kind === 'tool');
}

function joinedRules(
  page: ChatOptions['approvalRules'],
  surface: ChatOptions['approvalRules'] | undefined,
): ChatOptions['approvalRules'] {
  return {
    requireConfirmFor: [...page.requireConfirmFor, ...(surface?.requireConfirmFor ?? [])],
    autoApprove: [...page.autoApprove, ...(surface?.autoApprove ?? [])],
  };
}

function brokenBy(cause: unknown): WidgetError {
  return new WidgetError('internal', 'The chat met a problem of its own.', { cause });
}

function tooLong(length: number): WidgetError {
  return new WidgetError(
    'invalid_request',
    `This message has ${length} characters; ${MAX_MESSAGE_CHARS} can be sent.`,
    { hint: 'It stands in the message field again: shorten it, or send it in parts.', retryable: false },
  );
}
