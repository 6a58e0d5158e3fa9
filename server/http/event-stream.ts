import type { StreamEvent } from '../../protocol/event.ts';
import { PING_INTERVAL_MS } from '../../protocol/limits.ts';
import { encodeEvent } from '../../protocol/sse.ts';
import type { Log } from '../log.ts';

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** What may wait for a slow reader, in bytes. Then no event is taken from the log until the reader catches up. */
const HIGH_WATER_BYTES = 65_536;

/**
 * Answers with events as they come. A reader that goes away ends the reading of them and nothing else. A log that
 * breaks off breaks the answer off, without a proper end, so that no client takes it for complete.
 */
export function eventStream(
  events: AsyncIterable<StreamEvent>,
  { log, requestId }: { readonly log: Log; readonly requestId: string },
): Response {
  const encoder = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  let heartbeat: NodeJS.Timeout | undefined;

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const ping = encoder.encode(': ping\n\n');
        heartbeat = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(ping);
        }, PING_INTERVAL_MS);
        heartbeat.unref();
      },
      async pull(controller) {
        try {
          const { done, value } = await iterator.next();
          if (!done) {
            controller.enqueue(encoder.encode(encodeEvent(value)));
            return;
          }
          clearInterval(heartbeat);
          controller.close();
        } catch (error) {
          clearInterval(heartbeat);
          log.error({ err: error, requestId }, 'An event stream broke off');
          controller.error(new Error('The event stream broke off.'));
        }
      },
      async cancel() {
        clearInterval(heartbeat);
        await iterator.return?.();
      },
    },
    { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk.byteLength },
  );
  return new Response(body, { headers: HEADERS });
}
