import { type AnswerSoFar, sumAnswer } from '../../protocol/answer.ts';
import type { StreamEvent } from '../../protocol/event.ts';
import type { Call, Connection } from './connection.ts';
import { PagehandConnectionError, PagehandTimeoutError } from './errors.ts';
import { createFrameReader } from './frames.ts';
import { type CallOptions, type Limit, limit, pause } from './limits.ts';

/** Where an execution stands when its answer has ended. */
export type DispatchResult = Omit<AnswerSoFar, 'status'> & {
  readonly executionId: string;
  /** Absent in the answer of a resume: the dispatch told it. */
  readonly conversationId: string | undefined;
  readonly status: Exclude<AnswerSoFar['status'], 'running'>;
};

/** Breaks in a row, without one new event between them, after which a stream is given up. */
const MAX_BREAKS = 5;
const FIRST_WAIT_MS = 300;
const MAX_WAIT_MS = 5_000;

/**
 * The events of one dispatch or resume. The request is sent at once. Read it once, by iterating or with `result()`,
 * which reads what is left. A stream that breaks off is taken up where it broke: nothing is missed, nothing comes
 * twice. Whoever stops reading leaves the server to finish.
 *
 * Iterating throws `PagehandError`: what the server refused, `unreachable` where the stream was lost for good,
 * `timed_out`; or the reason of the caller's signal. An execution that failed throws nothing: its last event says so.
 */
export class DispatchStream implements AsyncIterable<StreamEvent> {
  readonly #events: AsyncGenerator<StreamEvent, void, undefined>;
  readonly #sum = sumAnswer();
  #first: { readonly executionId: string; readonly conversationId: string | undefined } | undefined;

  constructor(connection: Connection, call: Call, options: CallOptions) {
    const { timeoutMs } = options;
    const whole = limit(options.signal, timeoutMs, `${call.path} was not done within ${timeoutMs} ms.`);
    const answer = connection.open(call, whole.signal);
    // Whoever reads learns of it; nobody else has to.
    answer.catch(() => undefined);
    this.#events = this.#follow(connection, call, answer, whole);
  }

  /** Known with the first event. */
  get executionId(): string | undefined {
    return this.#first?.executionId;
  }

  get conversationId(): string | undefined {
    return this.#first?.conversationId;
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, void, undefined> {
    return this.#events;
  }

  /** Reads to the pause or the end, and says where the execution stands then. Of all events, also those read before. */
  async result(): Promise<DispatchResult> {
    for await (const _ of this.#events);
    const { status, ...rest } = this.#sum.read();
    if (status === 'running' || this.#first === undefined) {
      throw new PagehandConnectionError('The stream was left before its end.', {
        hint: 'Call `result()` instead of leaving the loop, or read on.',
      });
    }
    return { ...this.#first, status, ...rest };
  }

  async *#follow(
    connection: Connection,
    call: Call,
    opened: Promise<Response>,
    whole: Limit,
  ): AsyncGenerator<StreamEvent, void, undefined> {
    let answer = opened;
    let lastSeq = 0;
    let breaks = 0;
    let cause: unknown;
    try {
      for (;;) {
        try {
          for await (const event of eventsOf(await answer, connection.silenceMs, whole.signal)) {
            if (event.seq <= lastSeq) continue;
            lastSeq = event.seq;
            breaks = 0;
            this.#take(event);
            yield event;
          }
          if (this.#sum.read().status !== 'running') return;
        } catch (error) {
          if (!(error instanceof Broken)) throw error;
          cause = error.cause;
        }
        breaks += 1;
        if (breaks > MAX_BREAKS) throw lostFor(call, cause);
        await pause(Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (breaks - 1)), whole.signal);
        // Under the same key the server does nothing anew: it sends the same events, and then what followed.
        answer = connection.open(call, whole.signal);
      }
    } finally {
      whole.lift();
    }
  }

  #take(event: StreamEvent): void {
    const { executionId } = event;
    const conversationId = event.type === 'execution_start' ? event.conversationId : undefined;
    this.#first ??= { executionId, conversationId };
    this.#sum.add(event);
  }
}

/** The stream ended before its execution paused or ended. */
class Broken extends Error {}

async function* eventsOf(
  { body }: Response,
  silenceMs: number,
  outer: AbortSignal,
): AsyncGenerator<StreamEvent, void, undefined> {
  if (body === null) return;
  const reader = body.getReader();
  const silence = limit(outer, silenceMs, `The server was silent for ${silenceMs} ms.`);
  const leave = () => void reader.cancel().catch(() => undefined);
  silence.signal.addEventListener('abort', leave, { once: true });
  const frames = createFrameReader();
  try {
    for (;;) {
      silence.extend();
      const { done, value } = await reader.read();
      silence.lift();
      if (silence.signal.aborted) throw silence.signal.reason;
      if (done) return;
      yield* frames.read(value);
    }
  } catch (cause) {
    if (outer.aborted) throw outer.reason;
    throw new Broken('The stream broke off.', { cause });
  } finally {
    silence.lift();
    silence.signal.removeEventListener('abort', leave);
    leave();
  }
}

function lostFor({ path }: Call, cause: unknown): Error {
  if (cause instanceof PagehandTimeoutError) return cause;
  return new PagehandConnectionError(`The stream of ${path} broke off ${MAX_BREAKS + 1} times in a row.`, {
    hint: 'The server goes on without a reader: send the request again under the same idempotency key to read on.',
    cause,
  });
}
