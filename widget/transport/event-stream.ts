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

/** Reads the events of one answer and closes the watch when it is over or its reader leaves. */
export async function* readEvents(
  base: string,
  body: ReadableStream<Uint8Array>,
  watch: Watch,
): AsyncGenerator<StreamEvent> {
  const events: StreamEvent[] = [];
  let frames = 0;
  let isForeign = false;
  let isOver = false;
  const lines = lineEnds();
  const parser = createParser({
    onEvent({ data, event }) {
      frames += 1;
      const decoded = decodeEvent(data, event);
      if (decoded !== undefined) events.push(decoded);
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
  try {
    for (;;) {
      watch.expect(IDLE_TIMEOUT_MS);
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw watch.failure(cause, interrupted);
      });
      parser.feed(lines(done ? decoder.decode() : decoder.decode(value, { stream: true })));
      // The blank line that ends the last frame is added for servers that close without it.
      if (done) parser.feed('\n\n');
      isOver ||= events.some(({ type }) => type === 'execution_complete' || type === 'execution_error');
      yield* events.splice(0);
      if (done) break;
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
