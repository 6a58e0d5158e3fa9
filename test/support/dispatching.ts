import { expect } from 'vitest';
import type { EventType, StreamEvent } from '../../protocol/event.ts';
import { StreamEvent as StreamEventSchema } from '../../protocol/event.ts';
import type { ChatMessage } from '../../protocol/message.ts';
import type { ClientTool } from '../../protocol/tool.ts';
import { createDispatcher } from '../../server/dispatch/create-dispatcher.ts';
import type {
  Answer,
  DispatchDeps,
  Dispatcher,
  ResumeExecution,
  StartRequest,
} from '../../server/dispatch/dispatcher.ts';
import type { Model } from '../../server/models/model.ts';
import type { Admission } from '../../server/policy.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { Owner, Store, StoredMessage } from '../../server/store/store.ts';
import { CONFIGURED_TOOLBOX } from './configured-toolbox.ts';

const OWNER: Owner = { kind: 'client_token', hash: 'visitor' };
const CONVERSATION = 'conv_1';

let ids = 0;

function nextId(prefix: string): string {
  ids += 1;
  return `${prefix}${ids}`;
}

/** A dispatcher on a real store in memory, with a scripted model, a clock that stands and ids that count. */
export interface Bench {
  readonly dispatcher: Dispatcher;
  readonly store: Store;
  readonly clock: { nowMs: number };
  readonly logged: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[];
  /** Another server process on the same store. */
  sibling(model: Model): Dispatcher;
  start(request?: Partial<StartRequest>): Promise<Answer>;
  /** Starts with this one text, and reads the answer to its end. */
  say(text: string, request?: Partial<StartRequest>): Promise<readonly StreamEvent[]>;
  resume(
    executionId: string,
    toolOutputs: ResumeExecution['toolOutputs'],
    more?: Partial<ResumeExecution>,
  ): Promise<Answer>;
  /** From any process on this store; default: this one. */
  follow(executionId: string, after?: number, dispatcher?: Dispatcher): Promise<Answer>;
  cancel(executionId: string, dispatcher?: Dispatcher): ReturnType<Dispatcher['cancel']>;
  messages(): Promise<readonly StoredMessage[]>;
  wholeLog(executionId: string): Promise<readonly StreamEvent[]>;
}

export async function bench(
  model: Model,
  existing?: Store,
  more: Partial<Pick<DispatchDeps, 'leaseMs' | 'maxRunning' | 'tools' | 'toolbox'>> = {},
): Promise<Bench> {
  const store = existing ?? (await openSqliteStore(':memory:'));
  const clock = { nowMs: Date.parse('2026-03-01T12:00:00Z') };
  const logged: { fields: Readonly<Record<string, unknown>>; message: string }[] = [];
  const log = {
    warn: (fields: Readonly<Record<string, unknown>>, message: string) => logged.push({ fields, message }),
    error: (fields: Readonly<Record<string, unknown>>, message: string) => logged.push({ fields, message }),
  };
  const dispatcherWith = (spoken: Model) =>
    createDispatcher({
      toolbox: CONFIGURED_TOOLBOX,
      scrubber: createScrubber([]),
      logScrubber: createScrubber([]),
      ...more,
      store,
      model: () => spoken,
      processId: nextId('proc_'),
      clock: () => clock.nowMs,
      newId: nextId,
      log,
    });
  const dispatcher = dispatcherWith(model);
  if ((await store.conversation(CONVERSATION)) === undefined) {
    await store.createConversation({
      id: CONVERSATION,
      owner: OWNER,
      surfaceId: 'store',
      createdAtMs: clock.nowMs,
    });
  }
  const start: Bench['start'] = (request = {}) => dispatcher.start({ ...DISPATCH, ...request });
  return {
    dispatcher,
    store,
    clock,
    logged,
    sibling: dispatcherWith,
    start,
    say: async (text, request = {}) => read(await start({ messages: [user(text)], ...request })),
    resume: (executionId, toolOutputs, more = {}) =>
      dispatcher.resume({
        executionId,
        owner: OWNER,
        conversationId: CONVERSATION,
        admission: undefined,
        toolOutputs,
        ...more,
      }),
    follow: (executionId, after = 0, where = dispatcher) =>
      where.follow({ executionId, owner: OWNER, conversationId: CONVERSATION, after }),
    cancel: (executionId, where = dispatcher) =>
      where.cancel({ executionId, owner: OWNER, conversationId: CONVERSATION }),
    messages: () => store.messages(CONVERSATION),
    wholeLog: (executionId) => store.eventsAfter(executionId, 0, 100_000),
  };
}

const DISPATCH: StartRequest = {
  owner: OWNER,
  workspace: 'default',
  surfaceId: 'store',
  conversationId: CONVERSATION,
  agent: {
    id: 'store',
    name: 'Store',
    model: 'scripted',
    instructions: 'Be brief.',
    maxToolCalls: 10,
    pauseMinutes: 90,
    tools: [],
    uses: {},
  },
  messages: [{ role: 'user', content: 'Hello' }],
  assistantMessageId: null,
  admission: { origin: null, admitted: [], refused: [] },
};

export function agent(maxToolCalls: number): StartRequest['agent'] {
  return { ...DISPATCH.agent, maxToolCalls };
}

export function user(content: ChatMessage['content'], id?: string): ChatMessage {
  return { role: 'user', content, ...(id === undefined ? {} : { id }) };
}

export function pageTool(name: string, parametersSchema?: ClientTool['parametersSchema']): ClientTool {
  return {
    name,
    description: `Does ${name}.`,
    origin: 'webmcp',
    pageOrigin: 'https://store.example.com',
    ...(parametersSchema === undefined ? {} : { parametersSchema }),
  };
}

export function admission(...tools: readonly ClientTool[]): Admission {
  return {
    origin: 'https://store.example.com',
    admitted: tools.map((tool) => ({ tool, notes: [] })),
    refused: [],
  };
}

/** Reads an answer to its end and checks what is true of every answer. */
export async function read(answer: Answer): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of answer.events) events.push(event);
  expectWellFormed(events);
  return events;
}

/** Gapless, of one execution, on the wire's schema, blocks closed and never nested, awaits last. */
export function expectWellFormed(events: readonly StreamEvent[]): void {
  const first = events[0]?.seq ?? 1;
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => first + index));
  expect(new Set(events.map(({ executionId }) => executionId)).size).toBeLessThanOrEqual(1);
  for (const event of events) expect(StreamEventSchema.safeParse(event).error).toBeUndefined();
  let open: string | undefined;
  for (const event of events) {
    if (event.type === 'text_start' || event.type === 'reasoning_start') {
      expect(open).toBeUndefined();
      open = event.id;
    } else if (event.type === 'text_complete' || event.type === 'reasoning_complete') {
      expect(event.id).toBe(open);
      open = undefined;
    } else if (event.type === 'text_delta' || event.type === 'reasoning_delta') {
      expect(event.id).toBe(open);
    } else {
      expect(open).toBeUndefined();
    }
  }
  expect(open).toBeUndefined();
}

/** The types in order, with deltas of one block as one. */
export function types(events: readonly StreamEvent[]): readonly EventType[] {
  return events
    .map(({ type }) => type)
    .filter((type, index, all) => !type.endsWith('_delta') || all[index - 1] !== type);
}

export function only<Type extends EventType>(
  events: readonly StreamEvent[],
  type: Type,
): readonly Extract<StreamEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<StreamEvent, { type: Type }> => event.type === type);
}

/** All text of an answer, without what is marked as an error. */
export function spoken(events: readonly StreamEvent[]): string {
  const errors = new Set(
    only(events, 'text_start')
      .filter(({ role }) => role === 'error')
      .map(({ id }) => id),
  );
  return only(events, 'text_delta')
    .filter(({ id }) => !errors.has(id))
    .map(({ delta }) => delta)
    .join('');
}

export function shownError(events: readonly StreamEvent[]): string {
  const errors = new Set(
    only(events, 'text_start')
      .filter(({ role }) => role === 'error')
      .map(({ id }) => id),
  );
  return only(events, 'text_delta')
    .filter(({ id }) => errors.has(id))
    .map(({ delta }) => delta)
    .join('');
}

/** True of every conversation at rest: each call has exactly one result, right after its message and in its order. */
export function expectEachCallAnswered(stored: readonly StoredMessage[]): void {
  stored.forEach(({ message }, index) => {
    if (message.role === 'assistant' && message.toolCalls.length > 0) {
      const next = stored[index + 1]?.message;
      const ids = next?.role === 'tool' ? next.results.map(({ toolCallId }) => toolCallId) : [];
      expect(ids).toEqual(message.toolCalls.map(({ toolCallId }) => toolCallId));
    }
    if (message.role === 'tool') {
      const before = stored[index - 1]?.message;
      expect(before?.role === 'assistant' && before.toolCalls.length).toBe(message.results.length);
    }
  });
  const ids = stored.flatMap(({ message }) =>
    message.role === 'assistant' ? message.toolCalls.map(({ toolCallId }) => toolCallId) : [],
  );
  expect(new Set(ids).size).toBe(ids.length);
}
