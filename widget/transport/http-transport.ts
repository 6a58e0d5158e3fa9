import { WidgetError } from '../errors.ts';
import type { SurfaceStorage } from '../surface-storage.ts';
import { readEvents } from './event-stream.ts';
import { fieldsOf, interrupted, refusedBy, unintelligible, unreachable } from './failure.ts';
import { readInit, type Session } from './init-answer.ts';
import type { EventStream, OutgoingChat, OutgoingTools, Transport } from './transport.ts';
import { type Watch, watchOver } from './watch.ts';

/** A session this close to its end, in milliseconds, is renewed before it is used. */
const RENEW_WITHIN_MS = 60_000;

/** Longest wait for the head of an answer, in milliseconds. Proxies hold it back until the first event. */
const CONNECT_TIMEOUT_MS = 30_000;

const SESSION_KEY = 'session';

const DELETED = 'conversation_deleted';

export interface TransportOptions {
  /** Base address of the server, with or without `/v1/dispatch` and slashes at its end. */
  readonly api: string;
  readonly token: string;
  /** Where the session's id outlives the page. */
  readonly storage: SurfaceStorage;
}

/** An answer that is not 2xx. */
interface Refusal {
  readonly status: number;
  readonly refused: WidgetError;
}

/** The way to a server of this wire by HTTP. Sends no header beyond the content type, so that CORS stays narrow. */
export function createTransport({ api, token, storage }: TransportOptions): Transport {
  const base = api.replace(/\/+$/, '').replace(/\/v1\/dispatch$/, '');
  let session: Session | undefined;
  let opening:
    | { readonly session: Promise<Session>; readonly leave: AbortController; callers: number }
    | undefined;
  /** Fingerprint of the tools that the server keeps for this session. */
  let keptTools: string | undefined;

  async function post(path: string, body: object, watch: Watch): Promise<Response> {
    watch.expect(CONNECT_TIMEOUT_MS);
    try {
      return await fetch(`${base}/v1/client/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        credentials: 'omit',
        cache: 'no-store',
        signal: watch.signal,
      });
    } catch (cause) {
      throw watch.failure(cause, (reason) => unreachable(base, reason));
    }
  }

  async function postJson(path: string, body: object, signal: AbortSignal): Promise<string | Refusal> {
    const watch = watchOver(signal);
    try {
      const answer = await post(path, body, watch);
      if (!answer.ok) return await refusalOf(answer);
      return await answer.text().catch((cause: unknown) => {
        throw watch.failure(cause, interrupted);
      });
    } finally {
      watch.close();
    }
  }

  async function greet(earlier: string | undefined, signal: AbortSignal): Promise<Session> {
    const answer = await postJson(
      'init',
      { token, ...(earlier !== undefined && { sessionId: earlier }) },
      signal,
    );
    if (typeof answer === 'string') {
      const opened = readInit(fieldsOf(answer));
      if (opened === undefined) throw unintelligible(base);
      return opened;
    }
    // A session that the server no longer knows must not lock the visitor out.
    if (earlier !== undefined && [400, 401, 404, 410].includes(answer.status))
      return greet(undefined, signal);
    throw answer.refused;
  }

  /** One request for all who ask at the same time; it ends early when the last of them has left. */
  async function openSession(signal: AbortSignal): Promise<Session> {
    if (signal.aborted) throw interrupted();
    if (session !== undefined && session.expiresAtMs - Date.now() > RENEW_WITHIN_MS) return session;
    opening ??= startOpening();
    const mine = opening;
    mine.callers += 1;
    try {
      return await unlessAborted(mine.session, signal);
    } finally {
      mine.callers -= 1;
      if (mine.callers === 0) mine.leave.abort();
      if (mine.callers === 0 && opening === mine) opening = undefined;
    }
  }

  function startOpening() {
    const leave = new AbortController();
    const earlier = session?.answer.sessionId ?? storage.read(SESSION_KEY);
    const opened = greet(earlier, leave.signal).then((fresh) => {
      if (leave.signal.aborted) return fresh;
      if (fresh.answer.sessionId !== earlier) keptTools = undefined;
      storage.write(SESSION_KEY, fresh.answer.sessionId);
      session = fresh;
      return fresh;
    });
    return { session: opened, leave, callers: 0 };
  }

  /** Sends within a session. One that the server ended is opened again, once; the request was refused before it ran. */
  async function withinSession<T>(
    signal: AbortSignal,
    send: (sessionId: string) => Promise<{ readonly value: T } | Refusal>,
  ): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      const current = await openSession(signal);
      const answer = await send(current.answer.sessionId);
      if ('value' in answer) return answer.value;
      if (answer.refused.code === DELETED && session === current) forget();
      // The status alone: servers by others have other words for it.
      if (answer.status !== 401 || attempt > 0) throw answer.refused;
      if (session === current) session = { ...current, expiresAtMs: 0 };
    }
  }

  async function openStream(path: string, body: object, signal: AbortSignal): Promise<EventStream | Refusal> {
    const watch = watchOver(signal);
    try {
      const answer = await post(path, body, watch);
      if (answer.ok && answer.body !== null) return readEvents(base, answer.body, watch);
      const refusal = answer.ok ? { status: 200, refused: unintelligible(base) } : await refusalOf(answer);
      watch.close();
      return refusal;
    } catch (error) {
      watch.close();
      throw error;
    }
  }

  function stream(
    path: 'chat' | 'resume',
    request: object,
    tools: OutgoingTools,
    signal: AbortSignal,
  ): Promise<EventStream> {
    const send = async (
      sessionId: string,
      known: boolean,
    ): Promise<{ readonly value: EventStream } | Refusal> => {
      const offered = offer(tools, known, path === 'resume' && keptTools !== undefined);
      const answer = await openStream(path, { sessionId, ...request, ...offered }, signal);
      if (!('refused' in answer)) {
        if (offered.clientTools !== undefined) keptTools = offered.clientToolsFingerprint;
        return { value: answer };
      }
      const resend = known && answer.refused.code === 'client_tools_resend_required';
      return resend ? send(sessionId, false) : answer;
    };
    return withinSession(signal, (sessionId) => send(sessionId, keptTools === tools.fingerprint));
  }

  /** A conversation that is gone on the server cannot refuse what was just typed: that begins another one, once. */
  async function chat({ tools, ...request }: OutgoingChat, signal: AbortSignal): Promise<EventStream> {
    try {
      return await stream('chat', request, tools, signal);
    } catch (error) {
      if (!(error instanceof WidgetError) || error.code !== DELETED) throw error;
      return stream('chat', { ...request, messages: request.messages.slice(-1) }, tools, signal);
    }
  }

  function forget() {
    session = opening = keptTools = undefined;
    storage.write(SESSION_KEY, undefined);
  }

  return {
    async init(signal) {
      return (await openSession(signal)).answer;
    },
    chat,
    resume: ({ tools, ...request }, signal) =>
      stream('resume', { ...request, streamResponse: true }, tools, signal),
    feedback(feedback) {
      const { signal } = new AbortController();
      return withinSession(signal, async (sessionId) => {
        const answer = await postJson('feedback', { sessionId, token, ...feedback }, signal);
        return typeof answer === 'string' ? { value: undefined } : answer;
      });
    },
    reset() {
      opening?.leave.abort();
      forget();
    },
  };
}

interface Offer {
  readonly clientTools?: OutgoingTools['clientTools'];
  readonly clientToolsFingerprint?: string;
}

/** A set goes out once and then by its fingerprint. No tools: nothing is said, or `[]` where a set has to go. */
function offer({ clientTools, fingerprint }: OutgoingTools, known: boolean, mustReplace: boolean): Offer {
  if (clientTools.length === 0) return mustReplace ? { clientTools } : {};
  return known
    ? { clientToolsFingerprint: fingerprint }
    : { clientTools, clientToolsFingerprint: fingerprint };
}

async function refusalOf(answer: Response): Promise<Refusal> {
  return { status: answer.status, refused: await refusedBy(answer) };
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = () => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(interrupted());
    signal.addEventListener('abort', leave);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
