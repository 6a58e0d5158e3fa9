import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  answerOpenCalls,
  closeApprovals,
  countCalls,
  decide,
  end,
  forgetTexts,
  isExhausted,
  isOpen,
  isOverdue,
  newExecution,
  openApprovals,
  openTurn,
  pause,
  reopenTurn,
  replaceTools,
  requestApprovals,
  resolveCalls,
  resolveStarted,
  resultsOf,
  startCalls,
  waitingApprovals,
} from '../../server/dispatch/execution.ts';
import type {
  Approval,
  Execution,
  PendingCall,
  ResolvedCall,
  StartedCall,
} from '../../server/store/store.ts';
import { admission, agent, user } from '../support/dispatching.ts';

const PAUSE_MS = 90 * 60_000;

/** What must be true of the execution, told by what was done to it. */
interface Expected {
  status: Execution['status'];
  iteration: number;
  turnId: string | null;
  /** Calls of the open turn, in order, and the text of each one's result once it has one. */
  calls: readonly string[];
  results: ReadonlyMap<string, string>;
  started: ReadonlySet<string>;
  pending: ReadonlySet<string>;
  /** Calls that wait for a person, and those that one has let run and that have not begun. */
  undecided: ReadonlySet<string>;
  approved: ReadonlySet<string>;
  used: number;
  runAfter: number;
  takeovers: number;
  expiresAtMs: number | null;
}

interface Real {
  execution: Execution;
  nowMs: number;
  calls: number;
  turns: number;
}

const REQUEST = {
  owner: { kind: 'client_token', hash: 'visitor' },
  workspace: 'default',
  surfaceId: 'store',
  conversationId: 'conv_1',
  agent: agent(4),
  messages: [user('go')],
  assistantMessageId: 'ast_1',
  admission: admission(),
} as const;

/** One way on. Where the expected state does not allow it, it has to throw and to change nothing. */
class Way implements fc.Command<Expected, Real> {
  private readonly name: string;
  private readonly isLegal: (expected: Expected) => boolean;
  private readonly take: (real: Real, expected: Expected) => Execution;
  private readonly expectNext: (expected: Expected, real: Real) => void;

  constructor(
    name: string,
    isLegal: (expected: Expected) => boolean,
    take: (real: Real, expected: Expected) => Execution,
    expectNext: (expected: Expected, real: Real) => void,
  ) {
    this.name = name;
    this.isLegal = isLegal;
    this.take = take;
    this.expectNext = expectNext;
  }

  check(): boolean {
    return true;
  }

  run(expected: Expected, real: Real): void {
    const before = frozen(real.execution);
    const copy = structuredClone(before);
    if (this.isLegal(expected)) {
      real.execution = this.take(real, expected);
      this.expectNext(expected, real);
    } else expect(() => this.take(real, expected), `${this.name} of ${before.status}`).toThrow();
    expect(before).toEqual(copy);
    check(real.execution, expected, real.nowMs);
  }

  toString(): string {
    return this.name;
  }
}

function check(execution: Execution, expected: Expected, nowMs: number): void {
  const { status, iteration, turnId, runAfter, takeovers, expiresAtMs, toolCallsUsed: used } = execution;
  expect({ status, iteration, turnId, runAfter, takeovers, expiresAtMs, used }).toEqual({
    status: expected.status,
    iteration: expected.iteration,
    turnId: expected.turnId,
    runAfter: expected.runAfter,
    takeovers: expected.takeovers,
    expiresAtMs: expected.expiresAtMs,
    used: expected.used,
  });
  expect(isOpen(execution)).toBe(status === 'running' || status === 'awaiting');
  expect(isOverdue(execution, nowMs)).toBe(expiresAtMs !== null && expiresAtMs <= nowMs);
  expect(isExhausted(execution)).toBe(used > execution.maxToolCalls);
  const silent = execution.resolved.map((call) => ({ ...call, text: '' }));
  const nameless = execution.approvals.map((approval) => ({ ...approval, parameters: {} }));
  expect(forgetTexts(execution)).toEqual({ ...execution, resolved: silent, approvals: nameless });
  if (isOver(status)) expect(execution.resolved).toEqual(silent);
  checkCalls(execution, expected);
}

/** Each call of the turn waits, runs or has its result, and is in one of these places alone. */
function checkCalls(
  execution: Execution,
  { status, calls, started, pending, undecided, approved, results }: Expected,
): void {
  expect(idsOf(execution.started)).toEqual(calls.filter((id) => started.has(id)));
  expect(idsOf(execution.pending)).toEqual(calls.filter((id) => pending.has(id)));
  const resolved = idsOf(execution.resolved);
  expect(new Set(resolved).size).toBe(resolved.length);
  const waiting = idsOf(waitingApprovals(execution));
  expect(waiting).toEqual(calls.filter((id) => undecided.has(id) || approved.has(id)));
  expect(idsOf(openApprovals(execution))).toEqual(calls.filter((id) => undecided.has(id)));
  const places = [...idsOf(execution.started), ...idsOf(execution.pending), ...waiting, ...resolved];
  expect(places.filter((id) => calls.includes(id)).sort()).toEqual([...calls].sort());
  const asked = calls.map((toolCallId) => ({ toolCallId, name: 'tool', input: {} }));
  if (results.size < calls.length) expect(() => resultsOf(execution, asked)).toThrow(/has no result/);
  else {
    const texts = calls.map((id) => (isOver(status) ? '' : results.get(id)));
    expect(resultsOf(execution, asked).map(({ text }) => text)).toEqual(texts);
  }
}

const nothingOpen = ({ pending, started, undecided, approved }: Expected) =>
  pending.size + started.size + undecided.size + approved.size === 0;
const runs = ({ status }: Expected) => status === 'running';
const waits = ({ status }: Expected) => status === 'awaiting';

const open = fc.constant(
  new Way(
    'openTurn',
    (expected) => runs(expected) && nothingOpen(expected),
    (real) => openTurn(real.execution, `turn_${++real.turns}`),
    (expected, real) => {
      expected.iteration += 1;
      expected.turnId = `turn_${real.turns}`;
      expected.calls = [];
      expected.results = new Map();
      expected.takeovers = 0;
      expect(real.execution.resolved.every(({ text }) => text === '')).toBe(true);
    },
  ),
);

const reopen = fc.constant(
  new Way(
    'reopenTurn',
    (expected) => runs(expected) && nothingOpen(expected),
    (real) => reopenTurn(real.execution, `turn_${++real.turns}`),
    (expected, real) => {
      expected.turnId = `turn_${real.turns}`;
    },
  ),
);

/** What a model asks for in one turn: calls of the server, of the client, and refused ones. */
const some = fc.nat({ max: 2 });
const start = fc.tuple(some, some, some, some).map(
  ([ofServer, ofClient, ofPerson, refused]) =>
    new Way(
      `startCalls(${ofServer}, ${ofClient}, ${ofPerson}, ${refused})`,
      (expected) => runs(expected) && nothingOpen(expected),
      (real) => {
        const ids = newIds(real, ofServer + ofClient + ofPerson + refused);
        const counted = countCalls(real.execution, ids.length);
        const answered = ids.slice(ofServer + ofClient + ofPerson).map((id) => result(id, counted));
        const calling = startCalls(
          resolveStarted(counted, answered),
          ids.slice(0, ofServer).map(startedCall),
          ids.slice(ofServer, ofServer + ofClient).map(pendingCall),
        );
        const asked = ids.slice(ofServer + ofClient, ofServer + ofClient + ofPerson);
        return requestApprovals(calling, asked.map(approval));
      },
      (expected, real) => {
        const ids = lastIds(real, ofServer + ofClient + ofPerson + refused);
        expected.calls = [...expected.calls, ...ids];
        expected.used += ids.length;
        expected.started = new Set(ids.slice(0, ofServer));
        expected.pending = new Set(ids.slice(ofServer, ofServer + ofClient));
        expected.undecided = new Set(ids.slice(ofServer + ofClient, ofServer + ofClient + ofPerson));
        expected.results = withResults(expected, ids.slice(ofServer + ofClient + ofPerson));
      },
    ),
);

/** `which`: bits of the calls that are done. */
const settle = fc.nat({ max: 3 }).map(
  (which) =>
    new Way(
      `resolveStarted(${which})`,
      runs,
      (real) =>
        resolveStarted(
          real.execution,
          picked(idsOf(real.execution.started), which).map((id) => result(id, real.execution)),
        ),
      (expected) => {
        const done = picked([...expected.started], which);
        expected.results = withResults(expected, done);
        expected.started = new Set([...expected.started].filter((id) => !done.includes(id)));
      },
    ),
);

/** For what waits already, or for calls of the client alone. Their approval is never asked for twice. */
const stop = fc.nat({ max: 2 }).map(
  (ofClient) =>
    new Way(
      `pause(${ofClient})`,
      ({ status, started, pending, undecided }) =>
        status === 'running' && started.size === 0 && pending.size + undecided.size + ofClient > 0,
      (real, expected) => {
        const waiting = real.execution.pending;
        const calls = waiting.length > 0 ? waiting : newIds(real, ofClient).map(pendingCall);
        const counted =
          waiting.length > 0 || !runs(expected) ? real.execution : countCalls(real.execution, ofClient);
        return pause(counted, calls, [], real.nowMs);
      },
      (expected, real) => {
        if (expected.pending.size === 0) {
          const ids = lastIds(real, ofClient);
          expected.calls = [...expected.calls, ...ids];
          expected.used += ids.length;
          expected.pending = new Set(ids);
        }
        expected.status = 'awaiting';
        expected.takeovers = 0;
        expected.expiresAtMs = real.nowMs + PAUSE_MS;
      },
    ),
);

const resume = fc.nat({ max: 7 }).map(
  (which) =>
    new Way(
      `resolveCalls(${which})`,
      waits,
      (real) =>
        resolveCalls(
          real.execution,
          picked(idsOf(real.execution.pending), which).map((id) => result(id, real.execution)),
        ),
      (expected, real) => {
        const done = picked([...expected.pending], which);
        expected.results = withResults(expected, done);
        expected.pending = new Set([...expected.pending].filter((id) => !done.includes(id)));
        goOn(expected, real);
      },
    ),
);

const judge = fc.tuple(fc.constantFrom('approved', 'denied', 'timeout'), fc.nat({ max: 1 })).map(
  ([decision, at]) =>
    new Way(
      `decide(${decision}, ${at})`,
      (expected) => waits(expected) && expected.undecided.size > at,
      (real) =>
        decide(real.execution, openApprovals(real.execution)[at]?.approvalId ?? 'appr_none', {
          decision: decision as 'approved',
          by: 'sk_test',
          reason: null,
          decidedAt: '',
          acceptedSeq: real.execution.seq,
        }),
      (expected, real) => {
        const id = [...expected.undecided][at] ?? '';
        expected.undecided = new Set([...expected.undecided].filter((one) => one !== id));
        if (decision === 'approved') expected.approved = new Set([...expected.approved, id]);
        else {
          const text = real.execution.resolved.find(({ toolCallId }) => toolCallId === id)?.text ?? '';
          expect(text).toMatch(/was not made/);
          expected.results = new Map([...expected.results, [id, text]]);
        }
        goOn(expected, real);
      },
    ),
);

const giveUp = fc.constant(
  new Way(
    'answerOpenCalls',
    () => true,
    (real, { status }) => {
      const answered = closeApprovals(answerOpenCalls(real.execution, 'ours'), {
        decision: 'denied',
        by: 'policy',
        reason: null,
        decidedAt: '',
      });
      if (isOver(status)) expect(answered).toEqual(real.execution);
      // A pause without calls is none: only what ends it may follow.
      return status === 'awaiting' ? end(answered, 'cancelled') : answered;
    },
    (expected) => {
      const { pending, started, undecided, approved } = expected;
      const open = [...pending, ...started, ...undecided, ...approved];
      expected.results = new Map([...expected.results, ...open.map((id) => [id, 'ours'] as const)]);
      expected.pending = new Set();
      expected.started = new Set();
      expected.undecided = new Set();
      expected.approved = new Set();
      if (expected.status === 'awaiting') finish(expected, 'cancelled');
    },
  ),
);

const stopForGood = fc.constantFrom('complete', 'failed', 'cancelled', 'expired').map(
  (status) =>
    new Way(
      `end(${status})`,
      (expected) => !isOver(expected.status) && nothingOpen(expected),
      (real) => end(real.execution, status as 'complete'),
      (expected) => finish(expected, status as 'complete'),
    ),
);

const exchange = fc.constant(
  new Way(
    'replaceTools',
    ({ status }) => !isOver(status),
    (real) => replaceTools(real.execution, []),
    () => undefined,
  ),
);

/** What the log does to each state that it writes. */
const write = fc.nat({ max: 5 }).map(
  (events) =>
    new Way(
      `written(${events})`,
      () => true,
      ({ execution }) => ({ ...execution, version: execution.version + 1, seq: execution.seq + events }),
      () => undefined,
    ),
);

const takeOver = fc.constant(
  new Way(
    'takeOver',
    () => true,
    ({ execution }) => ({ ...execution, takeovers: execution.takeovers + 1 }),
    (expected) => {
      expected.takeovers += 1;
    },
  ),
);

const wait = fc.constantFrom(1, PAUSE_MS).map(
  (ms) =>
    new Way(
      `wait(${ms})`,
      () => true,
      (real) => {
        real.nowMs += ms;
        return real.execution;
      },
      () => undefined,
    ),
);

test('from every state only the legal ways lead on, no call is lost on them, and what has ended stays as it is', () => {
  fc.assert(
    fc.property(
      fc.commands<Expected, Real>(
        [
          open,
          open,
          reopen,
          start,
          start,
          settle,
          settle,
          stop,
          stop,
          resume,
          resume,
          resume,
          judge,
          judge,
          judge,
        ].concat([giveUp, stopForGood, exchange, write, takeOver, wait]),
        { maxCommands: 40, size: 'max' },
      ),
      (ways) => {
        fc.modelRun(
          () => ({
            model: untouched(),
            real: {
              execution: newExecution('exec_1', REQUEST, { tools: [], secretKeys: [] }, 0),
              nowMs: 0,
              calls: 0,
              turns: 0,
            },
          }),
          ways,
        );
      },
    ),
    { numRuns: 300 },
  );
});

function untouched(): Expected {
  return {
    status: 'running',
    iteration: 0,
    turnId: null,
    calls: [],
    results: new Map(),
    started: new Set(),
    pending: new Set(),
    undecided: new Set(),
    approved: new Set(),
    used: 0,
    runAfter: 0,
    takeovers: 0,
    expiresAtMs: null,
  };
}

/** The last answer lets it run, and what was approved begins. */
function goOn(expected: Expected, { execution }: Real): void {
  if (expected.pending.size + expected.undecided.size > 0) return;
  expected.status = 'running';
  expected.started = expected.approved;
  expected.approved = new Set();
  expected.expiresAtMs = null;
  expected.runAfter = execution.seq;
}

function finish(expected: Expected, status: Execution['status']): void {
  expected.status = status;
  expected.turnId = null;
  expected.expiresAtMs = null;
}

function isOver(status: Execution['status']): boolean {
  return status !== 'running' && status !== 'awaiting';
}

function newIds(real: Real, count: number): readonly string[] {
  real.calls += count;
  return lastIds(real, count);
}

function lastIds({ calls }: Real, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `call_${calls - count + index + 1}`);
}

function picked(ids: readonly string[], which: number): readonly string[] {
  return ids.filter((_, index) => ((which >> index) & 1) === 1);
}

function idsOf(calls: readonly { readonly toolCallId: string }[]): readonly string[] {
  return calls.map(({ toolCallId }) => toolCallId);
}

function withResults({ results }: Expected, ids: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...results, ...ids.map((id) => [id, `result of ${id}`] as const)]);
}

function result(toolCallId: string, { seq }: Execution): ResolvedCall {
  return {
    toolCallId,
    bareName: 'tool',
    modelName: 'tool',
    text: `result of ${toolCallId}`,
    isError: false,
    hash: 'hash',
    acceptedSeq: seq,
  };
}

function startedCall(toolCallId: string): StartedCall {
  return { toolCallId, bareName: 'tool', modelName: 'tool', parameters: {}, startedAt: '' };
}

function approval(toolCallId: string): Approval {
  return {
    approvalId: `appr_${toolCallId}`,
    toolCallId,
    bareName: 'tool',
    modelName: 'tool',
    parameters: { of: toolCallId },
    requestedAt: '',
    expiresAtMs: null,
    decision: null,
  };
}

function pendingCall(toolCallId: string): PendingCall {
  return {
    toolCallId,
    bareName: 'tool',
    modelName: 'tool',
    origin: 'webmcp',
    pageOrigin: null,
    parameters: {},
    awaitedAt: '',
  };
}

/** A function that changes what it was given throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
