import { expect } from 'vitest';
import { isTerminal, type StreamEvent } from '../../protocol/event.ts';
import { RequestError } from '../../server/errors.ts';
import { StoreError } from '../../server/store/store.ts';
import { type Found, logOf, resultOf, userTexts } from './dispatch-machine-checks.ts';
import type { Reader, Request, Visitors } from './dispatch-machine-visitors.ts';
import type { World } from './dispatch-machine-world.ts';

/** What is true of everything that the visitors of such a world were told. */
export function expectKept(visitors: Visitors, found: Found): void {
  for (const request of visitors.requests) {
    checkRequest(request);
    checkConflict(request, visitors.world);
    if (request.kind === 'start') checkStart(request, found);
    if (request.kind === 'resume') checkResume(request, found);
    if (request.kind !== 'cancel' || request.state !== 'done') continue;
    const execution = found.executions.find(({ id }) => id === request.executionId);
    expect(execution?.status).toBe(request.result);
  }
  checkKeys(visitors);
  checkReasons(visitors, found);
  for (const reader of visitors.readers)
    checkReader(reader, logOf(found, reader.executionId), visitors.world);
}

const BUSY = ['execution_conflict', 'overloaded'];
const REFUSALS: Readonly<Record<Request['kind'], readonly string[]>> = {
  start: [...BUSY, 'message_limit_reached', 'invalid_request'],
  resume: [
    ...BUSY,
    'already_resolved',
    'execution_not_awaiting',
    'unknown_tool_output',
    'ambiguous_tool_output',
    'execution_expired',
    'idempotency_key_reused',
  ],
  cancel: BUSY,
  follow: ['invalid_cursor'],
  upkeep: [],
  close: [],
};

/** Whoever asked got an answer, unless the process is gone, and a refusal has its reason. */
function checkRequest({ kind, process, state, error, after, logLength }: Request): void {
  if (process.isDead && state === 'sent') return;
  expect(state, `a ${kind} at ${process.id}`).not.toBe('sent');
  if (state === 'done') return;
  if (!(error instanceof RequestError) && !(error instanceof StoreError && kind === 'upkeep')) throw error;
  const { code } = error;
  if (code === 'store_unavailable' || code === 'unavailable')
    expect(process.wasHurt, `${kind} at ${process.id}: ${code}`).toBe(true);
  else if (code === 'shutting_down') expect(process.isClosing).toBe(true);
  else expect(REFUSALS[kind]).toContain(code);
  if (code === 'invalid_cursor') expect(after).toBeGreaterThan(logLength ?? 0);
}

/** Whoever gave up had others before it at each of its attempts. */
function checkConflict({ executionId, conversationId, error }: Request, { ledger }: World): void {
  if (!(error instanceof RequestError) || error.code !== 'execution_conflict') return;
  const where = conversationId ?? ledger.written.get(executionId ?? '')?.conversationId ?? '';
  expect(ledger.changes.get(where), `changes of ${where}`).toBeGreaterThanOrEqual(10);
}

/** What was accepted is stored. */
function checkStart({ state, names, conversationId, result }: Request, found: Found): void {
  if (state !== 'done') return;
  expect(userTexts(found.messages.get(conversationId ?? '') ?? [])).toContain(names?.at(-1));
  expect(found.executions.map(({ id }) => id)).toContain(result);
}

/** Outputs that were taken are those that the model reads, and whoever sends these is never told otherwise. */
function checkResume({ executionId, outputs = {}, state, error }: Request, found: Found): void {
  const execution = found.executions.find(({ id }) => id === executionId);
  const entries = Object.entries(outputs);
  if (execution === undefined || entries.length === 0) return;
  const areKept = entries.every(
    ([id, output]) => resultOf(found, execution.conversationId, id)?.text === output,
  );
  const what = JSON.stringify(outputs);
  if (state === 'done') expect(areKept, `taken: ${what}`).toBe(true);
  else if (areKept && error instanceof RequestError) {
    const denials = ['already_resolved', 'execution_not_awaiting', 'unknown_tool_output'];
    expect(denials, `refused, and yet they count: ${what}`).not.toContain(error.code);
  }
}

/** One key leads to one execution. */
function checkKeys({ requests }: Visitors): void {
  const byKey = new Map<string, string>();
  for (const { keyHash, state, result, kind } of requests) {
    if (keyHash === undefined || state !== 'done' || result === undefined) continue;
    expect(byKey.get(keyHash) ?? result, `${kind} under ${keyHash}`).toBe(result);
    byKey.set(keyHash, result);
  }
}

/** Nothing that was answered is answered again, and no message ends its own answer. */
function checkReasons({ world, requests }: Visitors, found: Found): void {
  const { written } = world.ledger;
  found.executions.forEach(({ id, conversationId }, index) => {
    const before = found.executions.slice(0, index).findLast((one) => one.conversationId === conversationId);
    if (written.get(id)?.newMessages === 0) expect(before?.status, `what ${id} repeats`).not.toBe('complete');
    const last = logOf(found, id).at(-1);
    if (last?.type !== 'execution_complete' || last.endedBy !== 'new_message') return;
    const asked = requests.filter((one) => one.kind === 'start' && one.conversationId === conversationId);
    const own = asked.filter(({ result }) => result === id).map(({ names }) => names?.at(-1));
    const others = asked.filter(({ names }) => !own.includes(names?.at(-1)));
    expect(others.length, `new messages that ended ${id}`).toBeGreaterThan(0);
  });
}

/** Whoever read saw the log, from where it began to where it left or the answer was over. */
function checkReader(reader: Reader, log: readonly StreamEvent[], { ledger }: World): void {
  const { process, executionId, until, after, events, state, error } = reader;
  const first = after ?? (events[0]?.seq ?? 1) - 1;
  const who = `a reader of ${executionId} at ${process.id}`;
  expect(events, who).toEqual(log.slice(first, first + events.length));
  if (until === 'answer' && events.length > 0) {
    const states = ledger.written.get(executionId)?.states ?? [];
    const beginnings = states.flatMap(({ runAfter, resolved, seq }) => [
      runAfter,
      seq,
      ...resolved.map(({ acceptedSeq }) => acceptedSeq),
    ]);
    expect([0, ...beginnings], `where ${who} began`).toContain(first);
    const pauseAt = events.findIndex(({ type }) => type === 'await');
    if (pauseAt !== -1) expect(events.slice(pauseAt).every(({ type }) => type === 'await')).toBe(true);
  }
  if (state === 'failed') {
    expect(error).toMatchObject({ code: 'store_unavailable' });
    expect(process.wasHurt, who).toBe(true);
  }
  if (process.isDead || state === 'left' || state === 'failed') return;
  expect(state, who).toBe('ended');
  const last = events.at(-1) ?? log[first - 1];
  expect(last !== undefined && (last.type === 'await' || isTerminal(last)), `${who} ended`).toBe(true);
  if (until === 'answer') expect(events.length, who).toBeGreaterThan(0);
}
