import { expect } from 'vitest';
import { isTerminal, type StreamEvent, SUPERSEDED_EVENT, type Superseded } from '../../protocol/event.ts';
import { messageText } from '../../protocol/message.ts';
import type { ModelMessage, ModelToolResult } from '../../server/models/model.ts';
import type { Receipt } from '../../server/store/receipt-store.ts';
import type { Execution, StoredMessage } from '../../server/store/store.ts';
import { expectEachCallAnswered, expectWellFormed, only } from '../support/dispatching.ts';
import { CONVERSATIONS, type World } from './dispatch-machine-world.ts';

/** All that the store holds of a world. */
export interface Found {
  /** In the order in which they were begun. */
  readonly executions: readonly Execution[];
  readonly logs: ReadonlyMap<string, readonly StreamEvent[]>;
  readonly messages: ReadonlyMap<string, readonly StoredMessage[]>;
}

export async function find({ store, ledger }: World): Promise<Found> {
  const ids = [...ledger.written.keys()];
  const executions = await Promise.all(ids.map((id) => store.execution(id)));
  const logs = await Promise.all(
    ids.map(async (id) => [id, await store.eventsAfter(id, 0, 100_000)] as const),
  );
  const messages = await Promise.all(
    CONVERSATIONS.map(async (id) => [id, await store.messages(id)] as const),
  );
  return {
    executions: executions.filter((execution) => execution !== undefined),
    logs: new Map(logs),
    messages: new Map(messages),
  };
}

export function logOf({ logs }: Found, executionId: string): readonly StreamEvent[] {
  return logs.get(executionId) ?? [];
}

/** The result of a call as the model reads it, or will read once the other calls of its turn are answered. */
export function resultOf(
  { executions, messages }: Found,
  conversationId: string,
  id: string,
): Pick<ModelToolResult, 'text' | 'isError'> | undefined {
  const results = (messages.get(conversationId) ?? []).flatMap(({ message }) =>
    message.role === 'tool' ? message.results : [],
  );
  const waiting = executions.find(
    (one) => one.conversationId === conversationId && one.status === 'awaiting',
  );
  return [...results, ...(waiting?.resolved ?? [])].find(({ toolCallId }) => toolCallId === id);
}

/** What is true of the store of every world in which nothing runs. */
export async function expectSound(world: World, found: Found): Promise<void> {
  expect(world.ledger.violations).toEqual([]);
  const wasHurt = world.everyProcess.some((process) => process.wasHurt);
  const receipts = await world.store.receipts.receipts({ workspace: 'default', limit: 100_000 });
  for (const execution of found.executions) {
    const log = logOf(found, execution.id);
    checkExecution(execution, log);
    checkErrors(log, wasHurt);
    checkTurns(log);
    checkSteps(execution, log);
  }
  for (const conversationId of CONVERSATIONS) {
    checkConversation(found, conversationId);
    checkResults(found, conversationId, world);
    checkReceipts(found, conversationId, receipts);
    const started = found.executions.filter((one) => one.conversationId === conversationId);
    const session = await world.store.session(conversationId);
    expect(session?.messageCount, `turns that ${conversationId} has used`).toBe(started.length);
  }
}

/** Every call that has its result has one receipt, and no other call has any. */
function checkReceipts(
  { executions, messages }: Found,
  conversationId: string,
  receipts: readonly Receipt[],
): void {
  const results = (messages.get(conversationId) ?? []).flatMap(({ message }) =>
    message.role === 'tool' ? message.results : [],
  );
  const waiting = executions.find(
    (one) => one.conversationId === conversationId && one.status === 'awaiting',
  );
  const inPause = (waiting?.resolved ?? []).filter(({ text }) => text !== '');
  const over = [...results, ...inPause].map(({ toolCallId }) => toolCallId);
  const written = receipts.filter((receipt) => receipt.conversationId === conversationId);
  expect(written.map(({ toolCallId }) => toolCallId).sort()).toEqual(over.sort());
}

function checkExecution(execution: Execution, log: readonly StreamEvent[]): void {
  const { id, status, pending } = execution;
  expectWellFormed(log);
  expect(log[0]).toMatchObject({ type: 'execution_start', seq: 1, executionId: id });
  expect(execution.seq).toBe(log.length);
  expect(only(log, 'execution_start')).toHaveLength(1);
  expect(log.filter(isTerminal)).toHaveLength(status === 'awaiting' ? 0 : 1);
  expect(endOf(log.at(-1)), `${id} is ${status}`).toBe(status);
  if (status !== 'awaiting') return;
  const awaits = only(log.slice(-pending.length), 'await').map(({ toolCallId }) => toolCallId);
  expect(awaits).toEqual(pending.map(({ toolCallId }) => toolCallId));
}

function endOf(last: StreamEvent | undefined): string {
  if (last?.type === 'await') return 'awaiting';
  if (last?.type === 'execution_error') return last.code === 'execution_expired' ? 'expired' : 'failed';
  if (last?.type !== 'execution_complete') return `over with ${last?.type}`;
  if (last.success) return 'complete';
  return last.endedBy === 'cancel' ? 'cancelled' : 'failed';
}

/** The models fail only as planned, the store only where it was hurt, and nothing else does. */
function checkErrors(log: readonly StreamEvent[], wasHurt: boolean): void {
  for (const { code, error } of only(log, 'execution_error')) {
    const known = ['execution_expired', 'model_failed', ...(wasHurt ? ['store_unavailable'] : [])];
    if (code !== 'internal') expect(known).toContain(code);
    else expect(error).toMatchObject({ message: expect.stringMatching(/stopped several times/) });
  }
}

/**
 * Each turn is begun once and ends or pauses; one that was taken over begins again under its number. Each call of the
 * server's own ends once. No two things have one id.
 */
function checkTurns(log: readonly StreamEvent[]): void {
  let open: string | undefined;
  let iteration = 0;
  const ids: string[] = [];
  const ends = new Map<string, number>();
  for (const event of log) {
    if (event.type === 'turn_start') {
      expect(open, 'the turn that is still open').toBeUndefined();
      expect([iteration, iteration + 1]).toContain(event.iteration);
      iteration = event.iteration ?? 0;
      open = event.id;
      ids.push(event.id);
    } else if (event.type === 'turn_complete') {
      expect(event.id).toBe(open);
      open = undefined;
    } else if (event.type === 'await') open = undefined;
    else if (event.type === 'text_start' || event.type === 'reasoning_start') ids.push(event.id);
    else if (event.type === 'tool_start') ends.set(event.toolCallId, ends.get(event.toolCallId) ?? 0);
    else if (event.type === 'tool_complete')
      ends.set(event.toolCallId, (ends.get(event.toolCallId) ?? Number.NaN) + 1);
  }
  expect(open, 'the turn that is open at the end').toBeUndefined();
  expect([...ends.values()].filter((times) => times !== 1)).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
}

/** Each step of a flow begins and ends once, one after another; the last one with the flow. */
function checkSteps({ flow, status }: Execution, log: readonly StreamEvent[]): void {
  const marks = log.flatMap((event) =>
    event.type === 'step_start' || event.type === 'step_complete' ? [event] : [],
  );
  const isOpen = status === 'awaiting' ? 1 : 0;
  expect(marks).toHaveLength(flow === null ? 0 : 2 * (flow.at + 1) - isOpen);
  for (const [index, mark] of marks.entries()) {
    expect(mark.type).toBe(index % 2 === 0 ? 'step_start' : 'step_complete');
    if (mark.type !== 'step_complete') continue;
    expect(mark.stepId).toBe(marks[index - 1]?.stepId);
    expect(mark.success).toBe(index < marks.length - 1 || status === 'complete');
  }
  if (flow !== null && status === 'complete') expect(flow.at).toBe(flow.steps.length - 1);
}

/** In order, each call answered, each message there once, and each turn's words as the visitor has them on the screen. */
function checkConversation(found: Found, conversationId: string): void {
  const stored = found.messages.get(conversationId) ?? [];
  const executions = found.executions.filter((one) => one.conversationId === conversationId);
  const isWaiting = executions.some(({ status }) => status === 'awaiting');
  expectEachCallAnswered(isWaiting ? stored.slice(0, -1) : stored);
  const roles = stored.map(({ message }) => roleOf(message)).join('');
  // A flow answers with each of its steps.
  expect(roles).toMatch(isWaiting ? /^(u+(ct|a)*)*u+(ct|a)*c$/ : /^(u+(ct|a)*)*$/);
  const asked = userTexts(stored);
  expect(new Set(asked).size, 'user messages, each once').toBe(asked.length);
  const said = stored.flatMap(({ message }) => (message.role === 'assistant' ? [wordsOf(message.text)] : []));
  for (const { id } of executions) checkWords(logOf(found, id), said);
}

export function userTexts(stored: readonly StoredMessage[]): readonly string[] {
  return stored.flatMap(({ message }) =>
    message.role === 'user' ? [messageText([...message.content])] : [],
  );
}

function roleOf(message: ModelMessage): string {
  if (message.role !== 'assistant') return message.role === 'user' ? 'u' : 't';
  return message.toolCalls.length > 0 ? 'c' : 'a';
}

/** `said`: the words of each of the assistant's messages. */
function checkWords(log: readonly StreamEvent[], said: readonly (readonly string[])[]): void {
  const shown = shownWords(log);
  // From its first word on, none left out and none twice.
  for (const words of shown)
    expect(words).toEqual(words.map((_, index) => `${askOf(words[0] ?? '')}.${index}`));
  const asks = new Set(only(log, 'text_delta').flatMap(({ delta }) => wordsOf(delta).map(askOf)));
  const kept = said.filter(([first]) => first !== undefined && asks.has(askOf(first)));
  // What was said when it failed stands on the screen, and no model has to believe it.
  if (only(log, 'execution_error').length > 0) expect([shown, shown.slice(0, -1)]).toContainEqual(kept);
  else expect(kept).toEqual(shown);
}

/** The words of each number of turn that are left once what was taken back is gone. Silent turns are left out. */
function shownWords(log: readonly StreamEvent[]): readonly (readonly string[])[] {
  const gone = new Set(
    only(log, 'custom')
      .filter(({ name }) => name === SUPERSEDED_EVENT)
      .flatMap(({ value }) => (value as Superseded).blockIds),
  );
  const turns = new Map<number, string[]>();
  let iteration = 0;
  for (const event of log) {
    if (event.type === 'turn_start') iteration = event.iteration ?? 0;
    if (event.type !== 'text_delta' || gone.has(event.id)) continue;
    turns.set(iteration, [...(turns.get(iteration) ?? []), ...wordsOf(event.delta)]);
  }
  return [...turns.values()].filter((words) => words.length > 0);
}

function wordsOf(text: string): readonly string[] {
  return text.match(/w\d+\.\d+/g) ?? [];
}

function askOf(word: string): string {
  return word.slice(0, word.indexOf('.'));
}

/** What is dangerous twice ran once at most, and whatever ran and was lost is said to be unknown. */
function checkResults(found: Found, conversationId: string, { toolRuns }: World): void {
  for (const [key, { name, results }] of toolRuns) {
    const [where, toolCallId = ''] = key.split(' ');
    if (where !== conversationId) continue;
    if (name === 'charge') expect(results, `runs of ${key}`).toHaveLength(1);
    const { text = '' } = resultOf(found, conversationId, toolCallId) ?? {};
    if (!results.includes(text)) expect(text, `outcome of ${key}`).toMatch(/unknown/);
  }
  for (const { id } of found.executions.filter((one) => one.conversationId === conversationId)) {
    for (const { toolCallId, success, result, error } of only(logOf(found, id), 'tool_complete')) {
      const read = resultOf(found, conversationId, toolCallId);
      expect({ text: success ? result : error, isError: !success }, `${toolCallId} as shown`).toEqual({
        text: read?.text,
        isError: read?.isError,
      });
      const hasRun =
        toolRuns.get(`${conversationId} ${toolCallId}`)?.results.includes(String(result)) ?? false;
      if (success) expect(hasRun, `${toolCallId} gave what it gave`).toBe(true);
    }
  }
}
