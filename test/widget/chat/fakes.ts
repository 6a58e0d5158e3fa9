import { onTestFinished } from 'vitest';
import type { StreamEvent } from '../../../protocol/event.ts';
import { errorOutput, textOutput } from '../../../protocol/output.ts';
import type { Capability, InitResponse } from '../../../protocol/request.ts';
import { type ChatOptions, createChat, type OwnedChat } from '../../../widget/chat/create-chat.ts';
import type { AssistantEntry, Entry, ToolCallPart } from '../../../widget/chat/state.ts';
import type { TurnRecord } from '../../../widget/chat/turn-record.ts';
import { WidgetError } from '../../../widget/errors.ts';
import type { Emit, WidgetEvents } from '../../../widget/options.ts';
import type {
  PageCall,
  PageCallOutcome,
  PageTool,
  PageTools,
  Snapshot,
} from '../../../widget/tools/page-tools.ts';
import type {
  EventStream,
  OutgoingChat,
  OutgoingFollow,
  OutgoingResume,
  Transport,
} from '../../../widget/transport/transport.ts';

/** What the server answers to one request. */
type Scripted =
  | Error
  | readonly EventBody[]
  /** Events, and then the line breaks, or nothing comes until the chat leaves. */
  | {
      readonly events: readonly EventBody[];
      readonly after: Error | 'nothing';
      /** Nothing comes before this. */
      readonly before?: Promise<void>;
    };

export type EventBody = { readonly type: StreamEvent['type'] } & Readonly<Record<string, unknown>>;

type Request =
  | ({ readonly kind: 'chat' } & OutgoingChat)
  | ({ readonly kind: 'resume' } & OutgoingResume)
  | ({ readonly kind: 'follow' } & OutgoingFollow);

export interface World {
  readonly chat: OwnedChat;
  readonly requests: Request[];
  /** The calls that really ran in the page. */
  readonly ran: PageCall[];
  readonly heard: { [Name in keyof WidgetEvents]?: WidgetEvents[Name][] };
  /** What the server answers next. */
  readonly script: Scripted[];
  /** The executions that the server was told to end. */
  readonly cancelled: string[];
  /** What was given to be kept, in order. */
  readonly records: (TurnRecord | undefined)[];
  /** The waits that the chat asked its clock for, in milliseconds. */
  readonly pauses: number[];
  /** How often the conversation changed. */
  commits(): number;
  answer(): AssistantEntry;
  tools(): ToolCallPart[];
  /** Resolves when the phase is this. */
  phase(phase: string): Promise<void>;
  /** Lets every wait be over; for a clock that stands still. */
  passTime(): void;
  /** Draws the frames of a tab that is looked at; without it the clock stands still. */
  drawFrame(): void;
}

export interface WorldOptions {
  readonly script: readonly Scripted[];
  readonly tools?: readonly (Partial<PageTool> & { readonly name: string })[];
  readonly run?: (call: PageCall, signal: AbortSignal) => Promise<PageCallOutcome>;
  readonly check?: PageTools['check'];
  readonly rules?: ChatOptions['approvalRules'];
  readonly surface?: Partial<InitResponse['config']['webmcp']>;
  readonly builtInTools?: readonly string[];
  readonly init?: () => Promise<void>;
  readonly feedback?: () => Promise<void>;
  readonly entries?: readonly Entry[];
  readonly manualFrames?: boolean;
  /** Time passes by itself as soon as somebody waits, unless it stands still. */
  readonly manualTime?: boolean;
  readonly capabilities?: readonly Capability[];
  readonly prepare?: () => Promise<void>;
  readonly cancel?: () => Promise<void>;
  readonly kept?: TurnRecord | undefined;
  /** In the place of the script. */
  readonly server?: Pick<Transport, 'chat' | 'resume' | 'follow' | 'cancel'>;
  readonly remember?: ChatOptions['remember'];
  readonly withoutPageTools?: boolean;
}

/** A chat whose network, page, clock and ids are made up. */
export function aWorld(options: WorldOptions): World {
  const requests: Request[] = [];
  const ran: PageCall[] = [];
  const heard: World['heard'] = {};
  const script: Scripted[] = [...options.script];
  const timers = new Set<() => void>();
  const frames = new Set<() => void>();
  const cancelled: string[] = [];
  const records: World['records'] = [];
  const pauses: number[] = [];
  let nowMs = 1_000;
  let ids = (options.entries ?? []).length * 100;
  let commits = 0;

  const emit: Emit = (name, detail) => {
    const list: unknown[] = heard[name] ?? [];
    list.push(detail);
    Object.assign(heard, { [name]: list });
  };

  async function answerTo(request: Request, signal: AbortSignal): Promise<EventStream> {
    requests.push(request);
    await Promise.resolve();
    const scripted = script.shift();
    if (scripted === undefined) throw new Error('The script has no answer for this request.');
    if (scripted instanceof Error) throw scripted;
    if ('events' in scripted) {
      await scripted.before;
      return play(scripted, signal);
    }
    return play({ events: scripted, after: undefined }, signal);
  }

  const transport: Transport = {
    history: () => Promise.reject(new WidgetError('not_found', 'There is no history here.')),
    conversationId: () => undefined,
    enter: async () => {},
    forgetVisitor: async () => {},
    async init() {
      await options.init?.();
      return initAnswer(options.surface, options.capabilities ?? [], options.builtInTools);
    },
    prepare: async () => {
      await options.prepare?.();
    },
    chat: (request, signal) => answerTo({ kind: 'chat', ...request }, signal),
    follow: (request, signal) => answerTo({ kind: 'follow', ...request }, signal),
    async cancel(executionId) {
      cancelled.push(executionId);
      await options.cancel?.();
    },
    resume: (request, signal) => answerTo({ kind: 'resume', ...request }, signal),
    feedback: () => options.feedback?.() ?? Promise.resolve(),
    reset() {},
    ...options.server,
  };

  const pageTools: PageTools = {
    implementation: () => 'pagehand',
    snapshot: async () => aSnapshot(options.tools ?? []),
    check:
      options.check ??
      (async (call, offered) => {
        const tool = offered.tools.get(call.name);
        if (tool !== undefined) return { tool };
        return { status: 'refused', reason: 'not_offered', output: errorOutput(`No tool ${call.name}.`) };
      }),
    async run(call, _offered, signal) {
      ran.push(call);
      return options.run === undefined ? done(`${call.name} ran`) : options.run(call, signal);
    },
    onChange: () => () => {},
  };

  const chat = createChat({
    transport,
    pageTools: options.withoutPageTools === true ? undefined : pageTools,
    approvalRules: options.rules ?? { requireConfirmFor: [], autoApprove: [] },
    emit,
    clock: {
      now: () => nowMs,
      after(delayMs, callback) {
        pauses.push(delayMs);
        const timer = () => {
          if (!timers.delete(timer)) return;
          nowMs += delayMs;
          callback();
        };
        timers.add(timer);
        if (options.manualTime !== true) queueMicrotask(timer);
        return () => timers.delete(timer);
      },
      nextFrame(callback) {
        frames.add(callback);
        if (options.manualFrames !== true) queueMicrotask(() => frames.delete(callback) && callback());
        return () => frames.delete(callback);
      },
    },
    newId: (prefix) => `${prefix}${++ids}`,
    ...(options.entries === undefined ? {} : { entries: options.entries }),
    kept: options.kept,
    async remember(record) {
      records.push(record);
      await options.remember?.(record);
    },
  });
  chat.conversation.subscribe(() => {
    commits += 1;
  });

  return {
    chat,
    requests,
    ran,
    heard,
    script,
    cancelled,
    records,
    pauses,
    commits: () => commits,
    answer() {
      const last = chat.conversation.value.entries.at(-1);
      if (last?.role !== 'assistant') throw new Error('There is no answer yet.');
      return last;
    },
    tools: () =>
      chat.conversation.value.entries.flatMap((entry) =>
        entry.role === 'assistant' ? entry.parts.filter((part) => part.kind === 'tool') : [],
      ),
    phase: (phase) =>
      new Promise((resolve) => {
        const stop = chat.conversation.subscribe((conversation) => {
          if (conversation.phase !== phase) return;
          queueMicrotask(() => {
            stop();
            resolve();
          });
        });
      }),
    passTime() {
      for (const timer of [...timers]) timer();
    },
    drawFrame() {
      for (const callback of [...frames]) {
        frames.delete(callback);
        callback();
      }
    },
  };
}

async function* play(
  { events, after }: { readonly events: readonly EventBody[]; readonly after: Error | 'nothing' | undefined },
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  let seq = 0;
  for (const event of events) {
    seq += 1;
    yield { executionId: 'exec_1', seq, ...event } as unknown as StreamEvent;
  }
  if (after instanceof Error) throw after;
  if (after === 'nothing') {
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('left')));
    });
  }
}

export function aTool(tool: Partial<PageTool> & { readonly name: string }): PageTool {
  return {
    title: '',
    description: `Does ${tool.name}.`,
    parametersSchema: undefined,
    annotations: {},
    pageOrigin: 'https://shop.example.com',
    fingerprint: `f:${tool.name}`,
    ...tool,
  };
}

function aSnapshot(tools: WorldOptions['tools'] & {}): Snapshot {
  const full = tools.map(aTool);
  return {
    tools: new Map(full.map((tool) => [tool.name, tool])),
    clientTools: full.map(({ name, description }) => ({ name, description, origin: 'webmcp' })),
    fingerprint: `${full.length}:${full.map(({ name }) => name).join()}`,
    refused: [],
  };
}

export function done(text: string): PageCallOutcome {
  return { status: 'done', output: textOutput(text), durationMs: 5 };
}

function initAnswer(
  webmcp: WorldOptions['surface'],
  capabilities: readonly Capability[],
  builtInTools: readonly string[] = [],
): InitResponse {
  return {
    sessionId: 'cs_1',
    expiresAt: '2030-01-01T00:00:00Z',
    flow: { id: 'f', name: 'Store', description: null },
    conversationId: 'conv_1',
    capabilities: [...capabilities],
    config: {
      title: 'Store',
      welcomeMessage: null,
      placeholder: null,
      suggestions: [],
      theme: null,
      builtInTools: [...builtInTools],
      webmcp: { enabled: true, requireConfirmFor: [], autoApprove: [], ...webmcp },
    },
  };
}

export const START: EventBody = { type: 'execution_start', kind: 'agent' };
export const COMPLETE: EventBody = { type: 'execution_complete', kind: 'agent', success: true };

export function says(text: string, id = 'text_1'): EventBody[] {
  return [
    { type: 'text_start', id },
    { type: 'text_delta', id, delta: text },
    { type: 'text_complete', id },
  ];
}

/** Events with their places in one execution's log. */
export function log(...events: readonly EventBody[]): EventBody[] {
  return events.map((event, index) => ({ seq: index + 1, ...event }));
}

export function broken(): WidgetError {
  return new WidgetError('interrupted', 'The connection broke.');
}

/** The browser's own word for whether there is a network. Restored after the test. */
export function network(isOnline: boolean): void {
  Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => isOnline });
  onTestFinished(() => {
    Reflect.deleteProperty(navigator, 'onLine');
  });
  if (isOnline) window.dispatchEvent(new Event('online'));
}

export function calls(name: string, toolCallId: string, parameters: unknown = {}): EventBody {
  return { type: 'await', toolName: name, toolCallId, origin: 'webmcp', parameters };
}
