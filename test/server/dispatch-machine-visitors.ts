import type { StreamEvent } from '../../protocol/event.ts';
import type { Answer } from '../../server/dispatch/dispatcher.ts';
import type { FlowToRun } from '../../server/dispatch/flow-run.ts';
import type { Admission } from '../../server/policy.ts';
import type { Execution } from '../../server/store/store.ts';
import { admission, agent, only, pageTool, user } from '../support/dispatching.ts';
import { type Process, serverTools } from './dispatch-machine-process.ts';
import { OWNER, SESSION_EXPIRES_MS, type World } from './dispatch-machine-world.ts';

const PAGE: Admission = admission(
  pageTool('search', { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] }),
  pageTool('cart'),
);

/** What was asked of a process, and what became of it. */
export interface Request {
  readonly kind: 'start' | 'resume' | 'cancel' | 'follow' | 'upkeep' | 'close';
  readonly process: Process;
  readonly conversationId?: string;
  readonly executionId?: string;
  /** Of a start: its messages; it asks for an answer to the last. */
  readonly names?: readonly string[];
  readonly keyHash?: string | undefined;
  /** Of a resume: by call. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Of a follower: where it begins, and how long the log was when it asked. */
  readonly after?: number;
  readonly logLength?: number;
  state: 'sent' | 'done' | 'failed';
  /** The execution whose answer it got; of a cancel: how that ended. */
  result?: string | undefined;
  error?: unknown;
}

/** Somebody who reads an answer. */
export interface Reader {
  readonly process: Process;
  readonly executionId: string;
  readonly until: 'answer' | 'follow';
  /** Where it begins; an answer only says so with its first event. */
  readonly after: number | undefined;
  readonly events: StreamEvent[];
  state: 'reading' | 'ended' | 'left' | 'failed';
  error?: unknown;
}

export interface Saying {
  readonly hasKey: boolean;
  /** With all that was said before, and not alone. */
  readonly isWhole: boolean;
  /** Without an id: only its key tells that it comes again. */
  readonly isNameless: boolean;
  /** Steps of the flow that answers. 0: an agent does. */
  readonly steps: number;
}

export interface Resume {
  /** Which of the execution's calls, as bits. 0: all. */
  readonly mask: number;
  /** Other numbers are other outputs for the same calls. */
  readonly variant: number;
  /** Also calls that are not pending any more. */
  readonly alsoOld: boolean;
  readonly withUnknown: boolean;
  readonly byName: boolean;
  readonly hasKey: boolean;
}

interface Said extends Pick<Saying, 'steps'> {
  readonly name: string;
  readonly isNameless: boolean;
  readonly keyHash: string | undefined;
}

/** With a prompt in every other step. */
function flowOf(count: number, instructions: string, maxToolCalls: number): FlowToRun | undefined {
  if (count === 0) return undefined;
  const steps = Array.from({ length: count }, (_, index) => ({
    name: `step_${index + 1}`,
    model: 'scripted',
    instructions,
    userPrompt: index % 2 === 0 ? null : `After {{step_${index}}}`,
    tools: { maxToolCalls },
    outputVariable: `step_${index + 1}`,
    responseFormat: 'text' as const,
    isShown: index !== 1,
  }));
  return { id: 'flow_1', name: 'Steps', steps, inputs: {} };
}

/** Those who send requests to a world's processes and read the answers. Nobody waits for what becomes of a request. */
export class Visitors {
  readonly world: World;
  readonly requests: Request[] = [];
  readonly readers: Reader[] = [];
  /** By conversation. */
  private readonly said = new Map<string, readonly Said[]>();

  constructor(world: World) {
    this.world = world;
  }

  say(process: Process, conversationId: string, { hasKey, isWhole, isNameless, steps }: Saying): void {
    const name = this.world.newId('usr_');
    const keyHash = hasKey || isNameless ? `key of ${name}` : undefined;
    const message = { name, isNameless, keyHash, steps };
    const said = [...(this.said.get(conversationId) ?? []), message];
    this.said.set(conversationId, said);
    const named = said.filter((one) => !one.isNameless);
    this.start(process, conversationId, isWhole && !isNameless ? named : [message], keyHash);
  }

  /** The same message once more. `back`: not the last one, but one so far before it. */
  sayAgain(process: Process, conversationId: string, back: number): void {
    const said = this.said.get(conversationId) ?? [];
    const message = said[said.length - 1 - (back % Math.max(1, said.length))];
    if (message !== undefined) this.start(process, conversationId, [message], message.keyHash);
  }

  async resume(process: Process, executionId: string, how: Resume): Promise<void> {
    const execution = await this.world.store.execution(executionId);
    if (execution === undefined) return;
    const { outputs, toolOutputs } = outputsOf(execution, await this.log(executionId), how);
    // One key for each set of calls: other outputs under it are another body.
    const keyHash = how.hasKey ? `key of ${executionId} ${Object.keys(outputs).join()}` : undefined;
    const requestHash = JSON.stringify(toolOutputs);
    const sent = process.dispatcher.resume({
      executionId,
      owner: OWNER,
      conversationId: execution.conversationId,
      toolOutputs,
      admission: undefined,
      ...(keyHash === undefined ? {} : { idempotency: { keyHash, requestHash } }),
    });
    const byId = how.byName || how.withUnknown ? {} : { outputs };
    this.track({ kind: 'resume', process, executionId, keyHash, ...byId, state: 'sent' }, sent, (answer) =>
      this.read(process, answer, 'answer'),
    );
  }

  cancel(process: Process, executionId: string): void {
    const sent = process.dispatcher.cancel({ executionId, owner: OWNER, conversationId: null });
    this.track({ kind: 'cancel', process, executionId, state: 'sent' }, sent, (status) => status);
  }

  async follow(process: Process, executionId: string, where: number, leaveAfter: number): Promise<void> {
    const logLength = (await this.log(executionId)).length;
    const after = where % (logLength + 2);
    const sent = process.dispatcher.follow({ executionId, owner: OWNER, conversationId: null, after });
    this.track({ kind: 'follow', process, executionId, after, logLength, state: 'sent' }, sent, (answer) =>
      this.read(process, answer, 'follow', after, leaveAfter),
    );
  }

  upkeep(process: Process, work: 'renewLeases' | 'takeOver' | 'expireOverdue'): void {
    this.track({ kind: 'upkeep', process, state: 'sent' }, process.dispatcher[work](), () => undefined);
  }

  close(process: Process, deadlineMs: number): void {
    process.isClosing = true;
    this.track({ kind: 'close', process, state: 'sent' }, process.dispatcher.close(deadlineMs), () => {
      process.isDead = true;
      return undefined;
    });
  }

  private start(
    process: Process,
    conversationId: string,
    said: readonly Said[],
    keyHash: string | undefined,
  ): void {
    const { world } = this;
    const { maxToolCalls, limit } = world.setup;
    const names = said.map(({ name }) => name);
    const sent = process.dispatcher.start({
      owner: OWNER,
      workspace: 'default',
      surfaceId: 'store',
      conversationId,
      // The model is to know where it speaks.
      agent: {
        ...agent(maxToolCalls),
        instructions: conversationId,
        tools: serverTools(world, process),
      },
      flow: flowOf(said.at(-1)?.steps ?? 0, conversationId, maxToolCalls),
      messages: said.map(({ name, isNameless }) => user(name, isNameless ? undefined : name)),
      assistantMessageId: `ast_${names.at(-1)}`,
      admission: PAGE,
      count: { sessionIdHash: conversationId, limit, expiresAtMs: SESSION_EXPIRES_MS },
      ...(keyHash === undefined ? {} : { idempotency: { keyHash, requestHash: names.at(-1) ?? '' } }),
    });
    this.track({ kind: 'start', process, conversationId, names, keyHash, state: 'sent' }, sent, (answer) =>
      this.read(process, answer, 'answer'),
    );
  }

  private log(executionId: string): Promise<readonly StreamEvent[]> {
    return this.world.store.eventsAfter(executionId, 0, 100_000);
  }

  private track<T>(request: Request, sent: Promise<T>, done: (value: T) => string | undefined): void {
    this.requests.push(request);
    sent.then(
      (value) => {
        request.result = done(value);
        request.state = 'done';
      },
      (error: unknown) => {
        request.error = error;
        request.state = 'failed';
      },
    );
  }

  private read(
    process: Process,
    { executionId, events }: Answer,
    until: Reader['until'],
    after?: number,
    leaveAfter = Number.POSITIVE_INFINITY,
  ): string {
    const reader: Reader = { process, executionId, until, after, events: [], state: 'reading' };
    this.readers.push(reader);
    const reading = async () => {
      for await (const event of events) {
        reader.events.push(event);
        if (reader.events.length >= leaveAfter) return 'left';
        await this.world.turn(process);
      }
      return 'ended';
    };
    reading().then(
      (state) => {
        reader.state = state;
      },
      (error: unknown) => {
        reader.error = error;
        reader.state = 'failed';
      },
    );
    return executionId;
  }
}

/** What a resume brings: for its calls, by id, and as it is sent. */
function outputsOf(
  { pending }: Execution,
  log: readonly StreamEvent[],
  { alsoOld, mask, variant, byName, withUnknown }: Resume,
): { readonly outputs: Record<string, string>; readonly toolOutputs: Record<string, string> } {
  const awaited = new Map(
    only(log, 'await').map(({ toolCallId = '', toolName = '' }) => [toolCallId, toolName]),
  );
  // While calls of the server's own run, those of the client are stored already and nobody has heard of them.
  const waiting = pending.map(({ toolCallId }) => toolCallId).filter((id) => awaited.has(id));
  const ids = (alsoOld || waiting.length === 0 ? [...awaited.keys()] : waiting).filter(
    (_, index) => mask === 0 || ((mask >> (index % 3)) & 1) === 1,
  );
  const outputs = Object.fromEntries(ids.map((id) => [id, `out ${id} ${variant}`]));
  const named = Object.fromEntries(ids.map((id) => [awaited.get(id) ?? id, `out ${id} ${variant}`]));
  const unknown = withUnknown || ids.length === 0 ? { nobody: 'knows' } : {};
  return { outputs, toolOutputs: { ...(byName ? named : outputs), ...unknown } };
}
