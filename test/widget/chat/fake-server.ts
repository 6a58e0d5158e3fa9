import type { StreamEvent } from '../../../protocol/event.ts';
import { WidgetError } from '../../../widget/errors.ts';
import type { EventStream, Transport } from '../../../widget/transport/transport.ts';
import { calls, type EventBody } from './fakes.ts';

/** What becomes of one request. */
export type Fault =
  | 'none'
  /** It never gets there. */
  | 'lost'
  /** It gets there, and the answer does not get back. */
  | 'unanswered'
  /** It is refused before anything runs. */
  | 'refused'
  /** The answer breaks, or just ends, after so many events. */
  | { readonly after: number; readonly how: 'breaks' | 'ends' };

/** What the model does between two pauses: events, and the calls that it ends with. */
export interface Stretch {
  readonly events: readonly EventBody[];
  /** Empty for the last one. */
  readonly calls: readonly string[];
}

export interface FakeServer extends Pick<Transport, 'chat' | 'resume' | 'follow' | 'cancel'> {
  /** Every event of every execution, in the order of the log. */
  readonly log: readonly StreamEvent[];
  /** How often a message began an execution. */
  readonly started: () => number;
  /** What each call was answered with. */
  readonly outputs: ReadonlyMap<string, unknown>;
  readonly isOver: () => boolean;
}

/** A server that keeps its promises, behind a network that keeps none. It runs one plan. */
export function aServer(plan: readonly Stretch[], faults: readonly Fault[]): FakeServer {
  const log: StreamEvent[] = [];
  const outputs = new Map<string, unknown>();
  const rest = [...faults];
  let next = 0;
  let started = 0;
  let pending = new Set<string>();
  /** Where the answer to each resume begins, by what it brought. */
  const resumed = new Map<string, number>();

  function tell(bodies: readonly EventBody[]) {
    for (const body of bodies) {
      log.push({ executionId: 'exec_1', ...body, seq: log.length + 1 } as unknown as StreamEvent);
    }
  }

  function advance() {
    const stretch = plan[next];
    next += 1;
    if (stretch === undefined) throw new Error('The plan is over.');
    tell([...stretch.events, ...stretch.calls.map((id) => calls('add', id))]);
    pending = new Set(stretch.calls);
  }

  async function answer(signal: AbortSignal, work: () => number): Promise<EventStream> {
    await Promise.resolve();
    if (signal.aborted) throw new WidgetError('interrupted', 'Left.');
    const fault = rest.shift() ?? 'none';
    if (fault === 'lost') throw new WidgetError('unreachable', 'Lost.');
    if (fault === 'refused') throw new WidgetError('shutting_down', 'Soon.');
    const from = work();
    if (fault === 'unanswered') throw new WidgetError('interrupted', 'Broken.');
    return told(log.slice(from), fault, signal);
  }

  return {
    log,
    outputs,
    started: () => started,
    isOver: () => next === plan.length,
    chat: (_request, signal) =>
      answer(signal, () => {
        if (started === 0) {
          started += 1;
          advance();
        }
        return 0;
      }),
    resume: ({ toolOutputs }, signal) =>
      answer(signal, () => {
        const words = JSON.stringify(toolOutputs);
        const known = resumed.get(words);
        if (known !== undefined) return known;
        const keys = Object.keys(toolOutputs);
        if (!keys.every((key) => pending.has(key))) {
          throw new WidgetError('already_resolved', 'Answered before.', { retryable: false });
        }
        const from = log.length;
        for (const key of keys) outputs.set(key, toolOutputs[key]);
        resumed.set(words, from);
        for (const key of keys) pending.delete(key);
        // What was left out is asked for again.
        if (pending.size === 0) advance();
        else tell([...pending].map((id) => calls('add', id)));
        return from;
      }),
    // A server that counts a little differently repeats what is known: it must not show twice.
    follow: ({ after }, signal) => answer(signal, () => Math.max(0, after - 1)),
    cancel: async () => {},
  };
}

async function* told(
  events: readonly StreamEvent[],
  fault: Fault,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  for (const [index, event] of events.entries()) {
    if (typeof fault === 'object' && index === fault.after) {
      if (fault.how === 'ends') return;
      throw new WidgetError('interrupted', 'Broken.');
    }
    await Promise.resolve();
    if (signal.aborted) throw new WidgetError('interrupted', 'Left.');
    yield event;
  }
}
