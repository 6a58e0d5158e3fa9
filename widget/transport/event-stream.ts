import { createParser } from 'eventsource-parser';
import type { StreamEvent } from '../../protocol/event.ts';
import { decodeEvent } from '../../protocol/sse.ts';
import { interrupted, unintelligible } from './failure.ts';
import type { Watch } from './watch.ts';

/**
 * Longest silence of an open stream, in milliseconds. Any byte is life, a heartbeat too. Six heartbeats of our own
 * server; servers by others may send none while a model thinks.
 */
const IDLE_TIMEOUT_MS = 90_000;

/**
 * Shortest time from one piece of flowing text to the next, in milliseconds: about 24 pictures a second. Until then the
 * browser gathers what comes; to take up and draw every word by itself would be most of what an answer costs the page.
 */
const PACE_MS = 40;

/** So many words of a flood at once, and then the page has its turn. */
const MOST_AT_ONCE = 500;

type Piece = ReadableStreamReadResult<Uint8Array>;

/**
 * Reads the events of one answer and closes the watch when it is over or its reader leaves. `rest` is waited for between
 * one piece of flowing text and the next.
 */
export async function* readEvents(
  base: string,
  body: ReadableStream<Uint8Array>,
  watch: Watch,
  rest: () => Promise<void> = aMoment,
): AsyncGenerator<StreamEvent> {
  const events: StreamEvent[] = [];
  /** Words and nothing else: whatever else comes is not kept waiting. */
  let isFlowOnly = true;
  let frames = 0;
  let isForeign = false;
  let isOver = false;
  const lines = lineEnds();
  const parser = createParser({
    onEvent({ data, event }) {
      frames += 1;
      const decoded = decodeEvent(data, event);
      if (decoded === undefined) return;
      events.push(decoded);
      isFlowOnly &&= decoded.type === 'text_delta' || decoded.type === 'reasoning_delta';
      isOver ||= decoded.type === 'execution_complete' || decoded.type === 'execution_error';
    },
    onComment() {
      frames += 1;
    },
    onError({ type }) {
      // Of a page of HTML every line is one; a number that `retry` cannot take is not.
      isForeign ||= type === 'unknown-field';
    },
  });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  /** Begun, and not there yet. */
  let coming: Promise<Piece> | undefined;

  function take({ done, value }: Piece): boolean {
    parser.feed(lines(done ? decoder.decode() : decoder.decode(value, { stream: true })));
    // The blank line that ends the last frame is added for servers that close without it.
    if (done) parser.feed('\n\n');
    return done;
  }

  /** Takes what has come meanwhile as well. Returns whether that was all. */
  async function takeMore(): Promise<boolean> {
    const now = new Promise<undefined>((resolve) => setTimeout(resolve));
    while (isFlowOnly && events.length > 0 && events.length < MOST_AT_ONCE) {
      coming = reader.read();
      // A break is met again by who waits for it.
      const piece = await Promise.race([coming, now]).catch(() => undefined);
      if (piece === undefined) return false;
      coming = undefined;
      if (take(piece)) return true;
    }
    return false;
  }

  try {
    for (;;) {
      watch.expect(IDLE_TIMEOUT_MS);
      const piece = await (coming ?? reader.read()).catch((cause: unknown) => {
        throw watch.failure(cause, interrupted);
      });
      coming = undefined;
      const done = take(piece) || (await takeMore());
      const rested = isFlowOnly && events.length > 0 && !done ? rest() : undefined;
      isFlowOnly = true;
      for (const event of events.splice(0)) yield event;
      if (done) break;
      await rested;
    }
    if (frames === 0 && isForeign) throw unintelligible(base);
  } finally {
    const leave = () => {
      watch.close();
      reader.cancel().catch(() => {
        // Broken already, which is why we leave.
      });
    };
    // Behind the last word is only the end of the body. A cancel before it would stand as one in the browser's tools.
    if (isOver) reader.read().then(leave, leave);
    else leave();
  }
}

/** At once in a page that nobody sees: its timers are slow. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) resolve();
    else setTimeout(resolve, PACE_MS);
  });
}

/**
 * Makes LF of every line end. The parser waits behind a CR for the LF that may follow, and with it waits a frame whose
 * server writes CR alone.
 */
function lineEnds(): (text: string) => string {
  let wasCr = false;
  return (text) => {
    if (text === '') return text;
    const rest = wasCr && text.startsWith('\n') ? text.slice(1) : text;
    wasCr = text.endsWith('\r');
    return rest.includes('\r') ? rest.replace(/\r\n?/g, '\n') : rest;
  };
}
