import type { Snapshot } from '../tools/page-tools.ts';
import { wordsOf } from './listen.ts';
import type { PendingCall } from './page-calls.ts';
import type { CallProgress, CallRecord, TurnRecord } from './turn-record.ts';

/** A call of the pause that stands, and how far it has come. */
export interface OpenCall {
  readonly call: PendingCall;
  progress: CallProgress;
}

/** One turn of the visitor, from the message to the last word, over all its pauses, breaks and retries. */
export interface Turn {
  readonly userId: string;
  answerId: string;
  /** The message that this one takes the place of. */
  readonly replaces: string | undefined;
  executionId: string | undefined;
  /** `seq` of the last event that was heard. 0: none. */
  seq: number;
  /** What goes out next: the message, the outputs of the pause, or nothing but the question for the rest. */
  next: 'message' | 'outputs' | 'follow';
  /** The tools that the calls were offered with. */
  offered: Snapshot;
  /** By the key under which the server expects the output. */
  readonly calls: Map<string, OpenCall>;
  /** The server waits for something that this side cannot give, and says nothing of who might. */
  isPausedElsewhere: boolean;
  /** By `toolCallId`: a server may ask again for what it was told, and no call runs twice. */
  readonly answered: Map<string, { readonly call: string; readonly output: unknown }>;
  /** A request is out: the server may be at work on it. */
  isOut: boolean;
  /** An earlier page began it, and this one has sent nothing of it yet. */
  isKept: boolean;
  /** The request that went out last has brought something new. */
  hasHeard: boolean;
  /** Stopped before the server named it: what comes is heard only for its name. */
  isStopped: boolean;
  /** Leaves the turn for good. Another one for every retry. */
  controller: AbortController;
}

export const NO_TOOLS: Snapshot = { tools: new Map(), clientTools: [], fingerprint: '', refused: [] };

/** The message that is answered, the entry that answers it, and what they replace. */
export interface TurnIds {
  readonly userId: string;
  readonly answerId: string;
  readonly replaces?: string | undefined;
}

export function newTurn({ userId, answerId, replaces }: TurnIds): Turn {
  return {
    userId,
    answerId,
    replaces,
    executionId: undefined,
    seq: 0,
    next: 'message',
    offered: NO_TOOLS,
    calls: new Map(),
    isPausedElsewhere: false,
    answered: new Map(),
    isOut: false,
    hasHeard: false,
    isKept: false,
    isStopped: false,
    controller: new AbortController(),
  };
}

/** The same message as another turn. What it replaces is gone once the server has begun to answer it. */
export function anew({ userId, replaces, executionId }: Turn, answerId: string): Turn {
  return newTurn({ userId, answerId, replaces: executionId === undefined ? replaces : undefined });
}

/** The turn that an earlier page left. `seq` is that of the answer as it was kept. */
export function keptTurn(record: TurnRecord, seq: number): Turn {
  const { executionId, offered, calls } = record;
  return {
    ...newTurn(record),
    executionId,
    seq,
    next: executionId === undefined ? 'message' : 'follow',
    offered: { ...NO_TOOLS, tools: new Map(offered.map((tool) => [tool.name, tool])) },
    calls: new Map(calls.map(({ progress, ...call }) => [call.key, { call, progress }])),
    answered: new Map(calls.flatMap(answeredOf)),
    isKept: true,
  };
}

function answeredOf({ progress, ...call }: CallRecord): [string, { call: string; output: unknown }][] {
  return progress.status === 'answered' ? [[call.id, { call: wordsOf(call), output: progress.output }]] : [];
}

export function recordOf({ userId, answerId, replaces, executionId, seq, calls, offered }: Turn): TurnRecord {
  return {
    userId,
    answerId,
    replaces,
    executionId,
    seq,
    calls: [...calls.values()].map(({ call, progress }) => ({ ...call, progress })),
    offered: [...offered.tools.values()],
  };
}
