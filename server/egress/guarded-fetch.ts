import { type Agent, fetch as undiciFetch } from 'undici';
import { egressError, refusedRedirect } from './failures.ts';
import { sendable } from './headers.ts';
import { tooLarge } from './read-body.ts';
import { placeOf, requireTarget } from './target.ts';

/** Largest answer that a library reads as a stream, in decoded bytes. */
const MAX_STREAM_BYTES = 32 * 1024 * 1024;

/**
 * `fetch` for a library that reads streams. No time limit but the caller's signal, redirects refused, the size counted
 * as it is read. Rejects with `ToolError`, and with the signal's reason where it aborted.
 */
export function guardedFetch(agent: Agent, internal: ReadonlySet<string>): typeof globalThis.fetch {
  return async (input, init) => {
    const url = requireTarget(input instanceof Request ? input.url : String(input), internal);
    const request = new Request(input, init);
    // The caller's own: that of a request is a copy, which dies with it.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
    try {
      const response = await undiciFetch(url.href, {
        method: request.method,
        headers: sendable(Object.fromEntries(request.headers)),
        body: request.body === null ? null : new Uint8Array(await request.arrayBuffer()),
        redirect: 'manual',
        signal,
        dispatcher: agent,
      });
      if (response.status >= 300 && response.status < 400 && response.headers.has('location')) {
        await response.body?.cancel();
        throw refusedRedirect(`"${placeOf(url)}" sent the request on, which is not followed here.`);
      }
      return new Response(counted(response.body as ReadableStream<Uint8Array> | null), {
        status: response.status,
        statusText: response.statusText,
        headers: [...response.headers],
      });
    } catch (error) {
      throw signal?.aborted ? signal.reason : egressError(error, url, internal);
    }
  };
}

function counted(body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> | null {
  let bytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > MAX_STREAM_BYTES) throw tooLarge(MAX_STREAM_BYTES);
      controller.enqueue(chunk);
    },
  });
  return body?.pipeThrough(count) ?? null;
}
