import type { Agent } from 'undici';
import { ToolError } from '../tools/tool-error.ts';
import type { Egress, EgressRequest, EgressResponse } from './egress.ts';
import { egressError, refusedRedirect } from './failures.ts';
import { harmless, sendable, unsendable, withoutBodyHeaders } from './headers.ts';
import { ACCEPTED_ENCODINGS, type HeldBytes, readBody } from './read-body.ts';
import { notPublic, placeOf, requireTarget } from './target.ts';

export interface EgressOptions {
  /** `host:port` of what tools may reach beside the public internet, as it is written in the addresses of tools. */
  readonly internal: readonly string[];
  /** Most that is held of answers that are being read, all together, in bytes. Default 256 MB. */
  readonly maxHeldBytes?: number;
}

const MAX_REDIRECTS = 5;

/** What all requests share. */
interface Way {
  readonly agent: Agent;
  readonly internal: ReadonlySet<string>;
  readonly held: HeldBytes;
}

/** One request on its way: what a redirect changes. */
interface Step {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

export function createEgress({ internal, maxHeldBytes = 256 * 1024 * 1024 }: EgressOptions): Egress {
  const named = new Set(internal);
  const held: HeldBytes = { max: maxHeldBytes, now: 0 };
  let opened: ReturnType<typeof openAgent> | undefined;
  const open = () => {
    opened ??= openAgent(named);
    return opened;
  };
  return {
    request: (request) =>
      timed(request, async (signal) => {
        const { agent } = await open();
        return follow({ agent, internal: named, held }, { ...request, signal });
      }),
    fetch: async (...request) => (await open()).fetch(...request),
    isNamed: (place) => named.has(place),
    close: async () => (await opened)?.agent.destroy(),
  };
}

/** With the first request: a server that starts should not wait for a library that few of them need. */
async function openAgent(named: ReadonlySet<string>) {
  const [{ guardedAgent }, { guardedFetch }] = await Promise.all([
    import('./guarded-agent.ts'),
    import('./guarded-fetch.ts'),
  ]);
  const agent = guardedAgent(named);
  return { agent, fetch: guardedFetch(agent, named) };
}

/** Ends with the caller or with the clock, whichever is first, and says which it was. */
async function timed<Result>(
  { signal, timeoutMs }: EgressRequest,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const cancel = () =>
    stop.abort(new ToolError('cancelled', 'The request was cancelled. Whether it arrived is unknown.'));
  const timer = setTimeout(() => {
    stop.abort(new ToolError('timed_out', `There was no complete answer within ${timeoutMs / 1000} s.`));
  }, timeoutMs);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  try {
    stop.signal.throwIfAborted();
    return await run(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    // Ends what is still being said by who was asked on the way.
    stop.abort();
  }
}

async function follow(
  way: Way,
  { method, url, headers, body, signal, maxBytes, isPublicOnly = false }: EgressRequest,
): Promise<EgressResponse> {
  const { internal } = way;
  const first = requireTarget(url, internal);
  if (isPublicOnly && internal.has(placeOf(first))) throw notPublic(placeOf(first));
  let step: Step = { method, url: first, headers: sendable(headers), body };
  for (let redirects = 0; ; redirects += 1) {
    const answer = await send(way, step, signal, maxBytes);
    if ('status' in answer) return answer;
    if (redirects === MAX_REDIRECTS) {
      throw refusedRedirect(
        `It was sent on more than ${MAX_REDIRECTS} times, last by "${placeOf(step.url)}".`,
      );
    }
    step = redirected(step, answer, internal);
  }
}

interface Redirect {
  readonly redirect: number;
  readonly location: string;
}

async function send(
  { agent, internal, held }: Way,
  { method, url, headers, body }: Step,
  signal: AbortSignal,
  maxBytes: number,
): Promise<EgressResponse | Redirect> {
  const wrong = unsendable(headers);
  if (wrong !== undefined) {
    throw new ToolError('egress_failed', `The header "${wrong.slice(0, 80)}" holds what no header can have.`);
  }
  try {
    const response = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { 'user-agent': 'pagehand', accept: '*/*', ...headers, 'accept-encoding': ACCEPTED_ENCODINGS },
      body: body ?? null,
      signal,
    });
    const { statusCode, headers: received } = response;
    const location = [received.location ?? []].flat()[0];
    if ([301, 302, 303, 307, 308].includes(statusCode) && location !== undefined) {
      void response.body.dump({ limit: 16_384, signal }).catch(() => undefined);
      return { redirect: statusCode, location };
    }
    const answered = Object.entries(received).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')] as const],
    );
    return {
      status: statusCode,
      headers: Object.fromEntries(answered),
      body: await readBody(
        response.body,
        [received['content-encoding'] ?? []].flat().join(', '),
        maxBytes,
        held,
      ),
      url: url.href,
    };
  } catch (error) {
    throw egressError(error, url, internal);
  }
}

/** The rules of fetch, and stricter where a credential or a body would reach somebody whom nobody named. */
function redirected(
  { method, url, headers, body }: Step,
  { redirect, location }: Redirect,
  internal: ReadonlySet<string>,
): Step {
  if (!URL.canParse(location, url.href))
    throw refusedRedirect('It was sent on to an address that cannot be read.');
  const next = requireTarget(new URL(location, url.href).href, internal);
  if (internal.has(placeOf(next)) && !internal.has(placeOf(url))) {
    throw refusedRedirect(`It was sent on from the public internet to "${placeOf(next)}".`);
  }
  if (url.protocol === 'https:' && next.protocol === 'http:') {
    throw refusedRedirect(`It was sent on from https to http, to "${placeOf(next)}".`);
  }
  const becomesGet =
    (redirect === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((redirect === 301 || redirect === 302) && method === 'POST');
  const isElsewhere = next.origin !== url.origin;
  if (isElsewhere && body !== undefined && !becomesGet) {
    throw refusedRedirect(`It was sent on with its body to another origin, "${next.origin}".`);
  }
  const kept = isElsewhere ? harmless(headers) : headers;
  return becomesGet
    ? { method: 'GET', url: next, headers: withoutBodyHeaders(kept), body: undefined }
    : { method, url: next, headers: kept, body };
}
