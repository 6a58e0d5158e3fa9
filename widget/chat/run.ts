import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import { WidgetError } from '../errors.ts';
import type { Snapshot } from '../tools/page-tools.ts';
import type { EventStream, Transport } from '../transport/transport.ts';
import type { PageCalls, PendingCall } from './page-calls.ts';
import { textOf } from './reading.ts';
import type { ConversationStore } from './store.ts';
import { messagesUpTo } from './transcript.ts';

/** One turn of the visitor, from the message to the last word, over all its pauses and retries. */
export interface Turn {
  readonly userId: string;
  answerId: string;
  executionId: string | undefined;
  /** What goes out next, and again if it fails: the message, or outputs that were fetched already. */
  next: { readonly outputs: Readonly<Record<string, unknown>> | undefined };
  /** By `toolCallId`: a server may ask again for what it was told, and no call runs twice. */
  readonly answered: Map<string, { readonly call: string; readonly output: unknown }>;
  /** Leaves the turn for good. Another one for every retry. */
  controller: AbortController;
}

export interface RunOptions {
  readonly transport: Transport;
  readonly store: ConversationStore;
  readonly calls: PageCalls;
  /** The tools that this request offers. */
  readonly snapshot: (signal: AbortSignal) => Promise<Snapshot>;
  readonly onEvent: (event: StreamEvent) => void;
  /** A request goes out: what a retry would have to come back to. */
  readonly onSend: () => void;
  readonly newId: (prefix: string) => string;
}

/** What one answer of the server came to. */
interface Heard {
  /** The execution has said its last word. */
  readonly isOver: boolean;
  readonly failure: EventOf<'execution_error' | 'error'>['error'] | undefined;
  readonly calls: readonly PendingCall[];
  /** It waits for something that this side cannot give. */
  readonly isPausedElsewhere: boolean;
}

/** A server that asks this often in a row only for what it was told already will never be content. */
const MAX_REPEATS = 2;

/**
 * Runs a turn to its end: request, events, calls, outputs, next request. Resolves with the failure that the server
 * told of, if it did; rejects with `WidgetError` where a request failed, and then starts again where it stopped.
 */
export async function run(turn: Turn, options: RunOptions): Promise<Heard['failure']> {
  const { store, calls } = options;
  const { signal } = turn.controller;
  let repeats = 0;
  for (;;) {
    options.onSend();
    const offered = await options.snapshot(signal);
    const heard = await listen(await request(turn, offered, options), offered, turn, options);
    if (heard.isOver) return heard.failure;
    if (heard.calls.length === 0) {
      if (!heard.isPausedElsewhere) throw interrupted();
      store.apply({ type: 'paused_elsewhere' });
      return undefined;
    }
    repeats = heard.calls.every(({ id }) => turn.answered.has(id)) ? repeats + 1 : 0;
    if (repeats > MAX_REPEATS || turn.executionId === undefined) throw unanswerable();
    const outputs = await Promise.all(
      heard.calls.map(async (call): Promise<[string, unknown]> => {
        const output = turn.answered.get(call.id)?.output ?? (await calls.answer(call, offered, signal));
        turn.answered.set(call.id, { call: wordsOf(call), output });
        return [call.key, output];
      }),
    );
    if (signal.aborted) throw interrupted();
    turn.next = { outputs: Object.fromEntries(outputs) };
  }
}

function request(turn: Turn, offered: Snapshot, { transport, store }: RunOptions): Promise<EventStream> {
  const { executionId, answerId, userId } = turn;
  const { signal } = turn.controller;
  const toolOutputs = turn.next.outputs;
  return toolOutputs === undefined || executionId === undefined
    ? transport.chat(
        {
          messages: messagesUpTo(store.conversation.peek().entries, userId),
          assistantMessageId: answerId,
          tools: offered,
        },
        signal,
      )
    : transport.resume({ executionId, toolOutputs, tools: offered }, signal);
}

async function listen(
  stream: EventStream,
  offered: Snapshot,
  turn: Turn,
  options: RunOptions,
): Promise<Heard> {
  const { store, onEvent } = options;
  const { signal } = turn.controller;
  const calls = new Map<string, PendingCall>();
  let isPausedElsewhere = false;
  const heard = (isOver: boolean, failure?: Heard['failure']): Heard => {
    store.flush();
    return { isOver, failure, calls: [...calls.values()], isPausedElsewhere };
  };
  try {
    for await (const event of stream) {
      if (signal.aborted) throw interrupted();
      turn.executionId = textOf(event.executionId) ?? turn.executionId;
      onEvent(event);
      if (event.type === 'execution_complete') {
        store.hear(event);
        return heard(true);
      }
      if (event.type === 'execution_error' || (event.type === 'error' && event.recoverable === false)) {
        store.hear(event);
        return heard(true, event.error);
      }
      isPausedElsewhere ||= event.type === 'approval_start';
      if (event.type !== 'await') {
        store.hear(event);
        continue;
      }
      const call = pendingCall(event, offered, turn, options);
      isPausedElsewhere ||= call === undefined;
      if (call !== undefined && calls.has(call.key)) continue;
      if (call !== undefined) calls.set(call.key, call);
      store.hear(call === undefined ? event : { ...event, toolCallId: call.id });
    }
  } catch (error) {
    // The pause was told before the line broke: what was asked can be answered, and the server asks for the rest again.
    if (signal.aborted || calls.size === 0) throw error;
  }
  return heard(false);
}

function pendingCall(
  event: EventOf<'await'>,
  offered: Snapshot,
  { executionId, answered }: Turn,
  { newId }: RunOptions,
): PendingCall | undefined {
  const wireName = textOf(event.toolName);
  if (wireName === undefined) return undefined;
  const name = wireName.replace(/^webmcp:/, '');
  const isNamed = event.origin === 'webmcp' || name !== wireName;
  const wireId = textOf(event.toolCallId) ?? textOf(event.toolId);
  const words = wordsOf({ name, input: event.parameters });
  // Some servers count their calls anew at every turn: the same id for something else is another call.
  const isTaken = wireId !== undefined && (answered.get(wireId)?.call ?? words) !== words;
  const id = wireId === undefined || isTaken ? newId('call_') : wireId;
  return {
    id,
    runId: `${executionId} ${id}`,
    key: wireId ?? (isNamed ? `webmcp:${name}` : name),
    name,
    isPageCall: isNamed || (event.origin === undefined && offered.tools.has(name)),
    input: event.parameters,
  };
}

function wordsOf({ name, input }: Pick<PendingCall, 'name' | 'input'>): string {
  return JSON.stringify([name, input]);
}

function interrupted(): WidgetError {
  return new WidgetError('interrupted', 'The connection broke before the answer was complete.');
}

function unanswerable(): WidgetError {
  return new WidgetError(
    'unintelligible',
    'The chat server asks for a tool in a way that cannot be answered.',
    {
      retryable: false,
    },
  );
}
