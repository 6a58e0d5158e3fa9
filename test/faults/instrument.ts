import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamEvent } from '../../protocol/event.ts';
import type { Answer, Dispatcher } from '../../server/dispatch/dispatcher.ts';
import type { Model, ModelMessage, ModelRequest } from '../../server/models/model.ts';
import type { Commit, Store } from '../../server/store/store.ts';
import type { ServerTool } from '../../server/tools/tool.ts';
import type { Entry, Journal } from './journal.ts';
import { callKey, readRequest, resultOf, turnsOf, wordsOf } from './script.ts';
import type { Steps } from './steps.ts';

/** Time between two words when nothing else is said, in milliseconds: an answer is written in several groups. */
const WORD_MS = 9;

/** How long a server tool takes after it has acted, in milliseconds. */
const ACT_MS = 15;

interface Instruments {
  readonly steps: Steps;
  readonly journal: Journal;
  readonly processId: string;
}

/** The same store, whose writes are steps that the journal knows of. */
export function instrumentStore(store: Store, { steps, journal, processId }: Instruments): Store {
  const around = async <Result>(
    step: string,
    write: () => Promise<Result>,
    entries: (result: Result) => readonly Entry[],
  ): Promise<Result> => {
    await steps.reach(step, 'before');
    const result = await write();
    for (const entry of entries(result)) journal.write(entry);
    await steps.reach(step, 'after');
    return result;
  };
  const entry = (
    did: 'create' | 'commit' | 'claim' | 'append',
    id: string,
    version: number,
    boundary: string,
  ) => ({ did, by: processId, execution: id, version, boundary }) as const;
  const own: Partial<Store> = {
    definitions: {
      ...store.definitions,
      insertDefinition: (definition) =>
        around(
          'define',
          () => store.definitions.insertDefinition(definition),
          () => [],
        ),
      updateDefinition: (definition) =>
        around(
          'define',
          () => store.definitions.updateDefinition(definition),
          () => [],
        ),
    },
    createExecution: (commit) =>
      around(
        'create',
        () => store.createExecution(commit),
        (result) =>
          result === 'created'
            ? [entry('create', commit.execution.id, commit.execution.version, boundaryOf(commit))]
            : [],
      ),
    commit: (commit) => {
      const boundary = boundaryOf(commit);
      return around(
        `commit(${boundary})`,
        () => store.commit(commit),
        (isStored) =>
          isStored ? [entry('commit', commit.execution.id, commit.execution.version, boundary)] : [],
      );
    },
    appendEvents: (appends) =>
      around(
        'append',
        () => store.appendEvents(appends),
        (movedOn) =>
          appends
            .filter(({ executionId }) => !movedOn.has(executionId))
            .map(({ executionId, version }) => entry('append', executionId, version, 'append')),
      ),
    claim: (execution, lease, evenIfHeld) =>
      around(
        'claim',
        () => store.claim(execution, lease, evenIfHeld),
        (claimed) =>
          claimed === undefined
            ? []
            : [entry('claim', claimed.id, claimed.version, evenIfHeld ? 'force' : 'lapsed')],
      ),
  };
  return new Proxy(store, {
    get(target, name) {
      const replaced = own[name as keyof Store];
      if (replaced !== undefined) return replaced;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** What a commit stands for in a turn. */
function boundaryOf({ execution, events }: Commit): string {
  if (execution.status === 'awaiting') return 'pause';
  if (execution.status !== 'running') return 'end';
  if (events.some(({ type }) => type === 'turn_start')) return 'turn';
  if (events.some(({ type }) => type === 'tool_complete')) return 'result';
  return execution.started.length > 0 ? 'effect' : 'other';
}

/** The same dispatcher, each of whose frames is a step. */
export function instrumentDispatcher(dispatcher: Dispatcher, steps: Steps): Dispatcher {
  const slow = async (answer: Promise<Answer>): Promise<Answer> => {
    const settled = await answer;
    return { ...settled, events: frames(settled.events, steps) };
  };
  return {
    start: (request) => slow(dispatcher.start(request)),
    resume: (request) => slow(dispatcher.resume(request)),
    approve: (request) => slow(dispatcher.approve(request)),
    continue: (request) => slow(dispatcher.continue(request)),
    follow: (request) => slow(dispatcher.follow(request)),
    cancel: (request) => dispatcher.cancel(request),
    deleteConversation: (conversationId) => dispatcher.deleteConversation(conversationId),
    renewLeases: () => dispatcher.renewLeases(),
    takeOver: () => dispatcher.takeOver(),
    expireOverdue: () => dispatcher.expireOverdue(),
    close: (deadlineMs) => dispatcher.close(deadlineMs),
  };
}

function frames(events: AsyncIterable<StreamEvent>, steps: Steps): AsyncIterable<StreamEvent> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = events[Symbol.asyncIterator]();
      let last: string | undefined;
      return {
        async next() {
          if (last !== undefined) await steps.reach(last, 'after');
          const result = await iterator.next();
          if (result.done === true) return result;
          last = `frame(${result.value.type})`;
          await steps.reach(last, 'before');
          return result;
        },
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}

/** A model that says and calls what the script has for the last thing that the visitor typed. */
export function scriptedModel({ steps, journal, processId }: Instruments, wordMs = WORD_MS): Model {
  return {
    id: 'scripted',
    async *stream(request) {
      const problem = problemOf(request.messages);
      const { tag, index, turn } = place(request);
      if (problem !== undefined) journal.write({ did: 'protest', by: processId, tag, problem });
      await steps.reach('model', 'before');
      for (const delta of wordsOf(tag, index, turn)) {
        await sleep(wordMs);
        request.signal.throwIfAborted();
        yield { type: 'text', delta };
      }
      for (const [callIndex, name] of turn.calls.entries()) {
        const tool = request.tools.find(({ bareName }) => bareName === name);
        const toolCallId = `call_${Math.random().toString(36).slice(2)}`;
        const input = { key: callKey(tag, index, callIndex) };
        yield { type: 'tool_call', call: { toolCallId, name: tool?.name ?? name, input } };
      }
      await steps.reach('model', 'after');
      yield { type: 'finish', reason: turn.calls.length > 0 ? 'tool_calls' : 'end_turn' };
    },
  };
}

function place({ messages }: ModelRequest) {
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  const message = messages[lastUser];
  const text =
    message?.role === 'user'
      ? message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
      : '';
  const wanted = readRequest(text);
  if (wanted === undefined) throw new Error(`The script has nothing for "${text}".`);
  // Only the last turn makes no calls: an answer without any was broken off.
  const index = messages
    .slice(lastUser)
    .filter((one) => one.role === 'assistant' && one.toolCalls.length > 0).length;
  const turn = turnsOf(wanted.scenario)[index];
  if (turn === undefined) throw new Error(`"${text}" was answered, and the model is asked again.`);
  return { tag: wanted.tag, index, turn };
}

/** Why a provider would refuse this history: a call without a result, a result without a call, an odd order. */
function problemOf(messages: readonly ModelMessage[]): string | undefined {
  let open: readonly string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      const answered = message.results.map(({ toolCallId }) => toolCallId);
      if ([...answered].sort().join() !== [...open].sort().join())
        return `calls ${open.join()} have the results ${answered.join()}`;
      open = [];
    } else {
      if (open.length > 0)
        return `calls ${open.join()} have no results before the next ${message.role} message`;
      if (message.role === 'assistant') open = message.toolCalls.map(({ toolCallId }) => toolCallId);
    }
  }
  return open.length > 0 ? `calls ${open.join()} have no results` : undefined;
}

/** `charge` acts on the world and must not act twice; `rate` only looks something up. */
export function scriptedTools({ steps, journal, processId }: Instruments): readonly ServerTool[] {
  return (['charge', 'rate'] as const).map((name) => ({
    name,
    description: `Has the server ${name}.`,
    parametersSchema: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] },
    idempotent: name === 'rate',
    timeoutMs: 5_000,
    async run({ key }, { toolCallId }) {
      await steps.reach(`act(${name})`, 'before');
      journal.write({ did: 'act', by: processId, tool: name, key: String(key), callId: toolCallId });
      await sleep(ACT_MS);
      await steps.reach(`act(${name})`, 'after');
      return resultOf(name, String(key));
    },
  }));
}
