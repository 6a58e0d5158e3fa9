import { isTerminal, type StreamEvent } from '../../protocol/event.ts';
import { PING_INTERVAL_MS } from '../../protocol/limits.ts';
import { encodeEvent } from '../../protocol/sse.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';

/** Streams that one process keeps open at once, when it is not told. Each costs a socket and, at worst, what waits in it. */
const MAX_OPEN_STREAMS = 5_000;

/** Streams that one session keeps open at once. A tab needs one, and another while it comes back over a line that broke. */
export const MAX_OPEN_STREAMS_PER_SESSION = 20;

/** Time after which a reader that found no room may try again, in milliseconds. */
const RETRY_AFTER_MS = 5_000;

/** The event streams of one process. */
export interface EventStreams {
  /**
   * Answers with the events of what `begin` begins, as they come. Rejects with `overloaded` where too many streams
   * are open, in all or of this session, before anything is begun, and with whatever `begin` rejects with.
   *
   * A reader that goes away, or reads nothing for more than 60 s, ends the reading and nothing else. A log that
   * breaks off breaks the answer off, without a proper end, so that no client takes it for complete. Events that end
   * neither with a pause nor with the execution end with a comment, `: interrupted, go on with after=<seq>`.
   */
  answer(
    requestId: string,
    begin: () => Promise<{ readonly events: AsyncIterable<StreamEvent> }>,
    sessionIdHash?: string,
  ): Promise<Response>;
  /** Lets what is open end by itself for at most `graceMs`, then ends it as interrupted. */
  close(graceMs: number): Promise<void>;
}

export function createEventStreams(options: {
  readonly log: Log;
  /** Default 5 000. */
  readonly maxOpen?: number;
}): EventStreams {
  const { log, maxOpen = MAX_OPEN_STREAMS } = options;
  const open = new Set<OpenStream>();
  const places = new Places(maxOpen);
  let whenAllEnded: () => void = () => undefined;

  return {
    async answer(requestId, begin, sessionIdHash) {
      places.take(sessionIdHash);
      try {
        const { events } = await begin();
        const stream = new OpenStream(events, {
          log,
          requestId,
          ended() {
            places.giveBack(sessionIdHash);
            open.delete(stream);
            if (open.size === 0) whenAllEnded();
          },
        });
        open.add(stream);
        return new Response(stream.body, { headers: HEADERS });
      } catch (error) {
        places.giveBack(sessionIdHash);
        throw error;
      }
    },

    async close(graceMs) {
      if (open.size === 0) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        whenAllEnded = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
      for (const stream of open) stream.interrupt();
    },
  };
}

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** What may wait for a slow reader, in bytes. Then no event is taken from the log until the reader catches up. */
const HIGH_WATER_BYTES = 65_536;

/** Heartbeats in a row at which nothing had been read since the one before. */
const MAX_STALLED_BEATS = 60_000 / PING_INTERVAL_MS;

const encoder = new TextEncoder();
const PING = encoder.encode(': ping\n\n');

/** Of streams that are open or about to be. */
class Places {
  private readonly max: number;
  private taken = 0;
  private readonly takenBySession = new Map<string, number>();

  constructor(max: number) {
    this.max = max;
  }

  /** Throws `overloaded` where none is free. */
  take(sessionIdHash: string | undefined): void {
    if (this.taken >= this.max) throw tooMany('The server has as many answers open as it takes.');
    if (sessionIdHash !== undefined) {
      const ofSession = this.takenBySession.get(sessionIdHash) ?? 0;
      if (ofSession >= MAX_OPEN_STREAMS_PER_SESSION) {
        throw tooMany(`This session has ${MAX_OPEN_STREAMS_PER_SESSION} answers open, which is all it may.`);
      }
      this.takenBySession.set(sessionIdHash, ofSession + 1);
    }
    this.taken += 1;
  }

  giveBack(sessionIdHash: string | undefined): void {
    this.taken -= 1;
    if (sessionIdHash === undefined) return;
    const left = (this.takenBySession.get(sessionIdHash) ?? 1) - 1;
    if (left > 0) this.takenBySession.set(sessionIdHash, left);
    else this.takenBySession.delete(sessionIdHash);
  }
}

interface StreamParts {
  readonly log: Log;
  readonly requestId: string;
  /** Called once, when nothing more is read for this stream. */
  ended(): void;
}

class OpenStream {
  readonly body: ReadableStream<Uint8Array>;
  private readonly events: AsyncIterator<StreamEvent>;
  private readonly parts: StreamParts;
  private readonly heartbeat: NodeJS.Timeout;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  private last: StreamEvent | undefined;
  private isOver = false;
  private givenBytes = 0;
  private takenBytes = 0;
  private stalledBeats = 0;

  constructor(events: AsyncIterable<StreamEvent>, parts: StreamParts) {
    this.events = events[Symbol.asyncIterator]();
    this.parts = parts;
    this.heartbeat = setInterval(() => this.beat(), PING_INTERVAL_MS);
    this.heartbeat.unref();
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () => this.pull(),
        cancel: () => this.leave(),
      },
      { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk.byteLength },
    );
  }

  /** Ends it where it is, without waiting for an event that may be long in coming. */
  interrupt(): void {
    if (this.isOver) return;
    this.finish(this.last === undefined ? ': interrupted\n\n' : undefined);
    this.leave();
  }

  private async pull(): Promise<void> {
    try {
      const { done, value } = await this.events.next();
      if (this.isOver) return;
      if (done) return this.finish();
      this.last = value;
      this.give(encoder.encode(encodeEvent(value)));
    } catch (error) {
      if (this.isOver) return;
      this.parts.log.error({ err: error, requestId: this.parts.requestId }, 'An event stream broke off');
      this.breakOff('The event stream broke off.');
    }
  }

  private give(chunk: Uint8Array): void {
    this.givenBytes += chunk.byteLength;
    this.controller?.enqueue(chunk);
  }

  /** Without an event there is nothing to go on with: whoever followed had everything already. */
  private finish(comment = interruption(this.last)): void {
    if (comment !== undefined) this.give(encoder.encode(comment));
    this.end();
    this.controller?.close();
  }

  private breakOff(message: string): void {
    this.end();
    this.controller?.error(new Error(message));
  }

  private beat(): void {
    const waitingBytes = HIGH_WATER_BYTES - (this.controller?.desiredSize ?? 0);
    const takenBytes = this.givenBytes - waitingBytes;
    const isStalled = waitingBytes > 0 && takenBytes === this.takenBytes;
    this.stalledBeats = isStalled ? this.stalledBeats + 1 : 0;
    this.takenBytes = takenBytes;
    if (this.stalledBeats > MAX_STALLED_BEATS) {
      this.parts.log.info({ requestId: this.parts.requestId }, 'A reader read nothing for 60 s and was left');
      this.breakOff('The reader reads nothing.');
      this.leave();
    } else if (waitingBytes < HIGH_WATER_BYTES) {
      this.give(PING);
    }
  }

  private leave(): void {
    this.end();
    // Not awaited: a log that is waited on may answer only with its next event.
    this.events.return?.().catch((error: unknown) => {
      this.parts.log.error({ err: error, requestId: this.parts.requestId }, 'An event log could not be left');
    });
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearInterval(this.heartbeat);
    this.parts.ended();
  }
}

function interruption(last: StreamEvent | undefined): string | undefined {
  if (last === undefined || last.type === 'await' || isTerminal(last)) return undefined;
  return `: interrupted, go on with after=${last.seq}\n\n`;
}

function tooMany(message: string): RequestError {
  return new RequestError('overloaded', message, {
    hint: 'Try again in a few seconds.',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
