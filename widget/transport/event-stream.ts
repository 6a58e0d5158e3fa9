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
  let bytes = 0;
  let frames = 0;
  let isOver = false;
  const parser = createParser({
    onEvent({ data, event }) {
      frames += 1;
      const decoded = decodeEvent(data, event);
      if (decoded !== undefined) events.push(decoded);
    },
    onComment() {
      frames += 1;
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
      bytes += value?.byteLength ?? 0;
      // The blank line that ends the last frame is added for servers that close without it.
      parser.feed(done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true }));
      isOver ||= events.some(({ type }) => type === 'execution_complete' || type === 'execution_error');
      yield* events.splice(0);
      if (done) break;
    }
    if (frames === 0 && bytes > 0) throw unintelligible(base);
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
