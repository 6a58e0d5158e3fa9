import { WidgetError } from '../errors.ts';
import type { SurfaceStorage } from '../surface-storage.ts';
import { fieldsOf, interrupted, unintelligible, unreachable } from './failure.ts';
import { readInit, type Session } from './init-answer.ts';
import type { Streams } from './streams.ts';
import type { Transport } from './transport.ts';
import { type Identity, openVisitorFile } from './visitor.ts';
import { type Watch, watchOver } from './watch.ts';
import { DELETED, type Outgoing, refusalOf, type Wire } from './wire.ts';

/** A session this close to its end, in milliseconds, is renewed before it is used. */
const RENEW_WITHIN_MS = 60_000;

/** Longest wait for the head of an answer, in milliseconds. Proxies hold it back until the first event. */
const CONNECT_TIMEOUT_MS = 30_000;

const SESSION_KEY = 'session';

export interface TransportOptions {
  /** Base address of the server, with or without `/v1/dispatch` and slashes at its end. */
  readonly api: string;
  readonly token: string;
  /** Where the session's id outlives the page. */
  readonly storage: SurfaceStorage;
  /** Whether the server is asked to know the visitor again. Default false. */
  readonly history?: boolean;
  readonly identity?: Identity | undefined;
}

interface Earlier {
  readonly sessionId?: string;
  readonly conversationId?: string;
}

export interface HttpTransport extends Transport {
  /** For what is fetched late and asks in ways of its own. */
  readonly wire: Wire;
}

/**
 * The way to a server of this wire by HTTP. Sends no header beyond the content type, so that CORS stays narrow; what is
 * announced as a capability may take more.
 */
export function createTransport(options: TransportOptions): HttpTransport {
  const { api, token, storage, history = false, identity } = options;
  const base = api.replace(/\/+$/, '').replace(/\/v1\/dispatch$/, '');
  const visitor = openVisitorFile(storage, history, identity);
  let session: Session | undefined;
  /** The storage has its id: what stands there later is what another tab made of it. */
  let isKept = false;
  let opening:
    | { readonly session: Promise<Session>; readonly leave: AbortController; callers: number }
    | undefined;
  let loading: Promise<Streams> | undefined;

  async function send(
    { path, body, bytes, method, headers, bearer, keepalive }: Outgoing,
    watch: Watch,
  ): Promise<Response> {
    watch.expect(CONNECT_TIMEOUT_MS);
    try {
      return await fetch(`${base}/v1/client/${path}`, {
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        ...(bytes && { body: bytes }),
        ...(method && { method }),
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
        ...(keepalive && { keepalive }),
        credentials: 'omit',
        cache: 'no-store',
        signal: watch.signal,
      });
    } catch (cause) {
      throw watch.failure(cause, (reason) => unreachable(base, reason));
    }
  }

  const fetchWhole: Wire['fetchWhole'] = async (outgoing, signal, read) => {
    const watch = watchOver(signal);
    try {
      const answer = await send(outgoing, watch);
      if (!answer.ok) return await refusalOf(answer);
      const value = await read(answer).catch((cause: unknown) => {
        throw watch.failure(cause, interrupted);
      });
      return { value };
    } finally {
      watch.close();
    }
  };

  const textOf = (answer: Response) => answer.text();

  /** `earlier`: the session or the conversation to go on with. */
  async function greet(earlier: Earlier, signal: AbortSignal): Promise<Session> {
    const body = { token, ...earlier, ...(await visitor.greeting()) };
    const answer = await fetchWhole({ path: 'init', body }, signal, textOf);
    if ('value' in answer) {
      const opened = readInit(fieldsOf(answer.value), history);
      if (opened === undefined) throw unintelligible(base);
      const { sessionId } = opened.answer;
      // Under the secret that was told just now the session becomes the visitor's.
      return visitor.hear(opened.visitorToken) ? greet({ sessionId }, signal) : opened;
    }
    if (visitor.mend(answer)) return greet(earlier, signal);
    // A session that the server no longer knows must not lock the visitor out.
    if (earlier.sessionId !== undefined && [400, 401, 404, 410].includes(answer.status))
      return greet({}, signal);
    throw answer.refused;
  }

  /** One request for all who ask at the same time; it ends early when the last of them has left. */
  async function openSession(signal: AbortSignal): Promise<Session> {
    if (signal.aborted) throw interrupted();
    // Another tab went to another conversation.
    if (isKept && storage.read(SESSION_KEY) !== session?.answer.sessionId) session = undefined;
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
    const open = async () => {
      // Another tab may have opened a later one.
      const sessionId = storage.read(SESSION_KEY) ?? session?.answer.sessionId;
      const fresh = await greet(sessionId === undefined ? {} : { sessionId }, leave.signal);
      if (!leave.signal.aborted) use(fresh);
      return fresh;
    };
    const opened = storage.inTurn === undefined ? open() : storage.inTurn(open);
    return { session: opened, leave, callers: 0 };
  }

  const withinSession: Wire['withinSession'] = async (signal, ask) => {
    for (let attempt = 0; ; attempt += 1) {
      const current = await openSession(signal);
      const answer = await ask(current.answer.sessionId);
      if ('value' in answer) return answer.value;
      if (answer.refused.code === DELETED && session === current) forget();
      // The status alone: servers by others have other words for it.
      if (answer.status !== 401 || attempt > 0) throw answer.refused;
      if (session === current) session = { ...current, expiresAtMs: 0 };
    }
  };

  const wire: Wire = { base, send, fetchWhole, withinSession };

  /** A post within the session that answers with nothing of interest. */
  function tell(path: string, body: object, keepalive = false): Promise<void> {
    const { signal } = new AbortController();
    return withinSession(signal, async (sessionId) => {
      const answer = await fetchWhole({ path, body: { sessionId, ...body }, keepalive }, signal, textOf);
      return 'value' in answer ? { value: undefined } : answer;
    });
  }

  /** What streams need is fetched late: a visitor who only looks reads none. */
  function streams(): Promise<Streams> {
    loading ??= import('./streams.ts').then(
      ({ createStreams }) => createStreams(wire),
      (cause: unknown) => {
        loading = undefined;
        return notLoaded(cause);
      },
    );
    return loading;
  }

  function use(fresh: Session) {
    const { sessionId } = fresh.answer;
    session = fresh;
    storage.write(SESSION_KEY, sessionId);
    isKept = storage.read(SESSION_KEY) === sessionId;
  }

  function forget() {
    session = opening = undefined;
    isKept = false;
    storage.write(SESSION_KEY, undefined);
  }

  return {
    async init(signal) {
      return (await openSession(signal)).answer;
    },
    async prepare() {
      await streams();
    },
    chat: async (request, signal) => (await streams()).chat(request, signal),
    resume: async (request, signal) => (await streams()).resume(request, signal),
    follow: async (request, signal) => (await streams()).follow(request, signal),
    cancel: (executionId) => tell('cancel', { executionId }, true),
    feedback: (feedback) => tell('feedback', { token, ...feedback }),
    wire,
    async history() {
      const { createHistoryTransport } = await import('./history.ts').catch(notLoaded);
      return createHistoryTransport(wire, visitor.headers);
    },
    conversationId: () => session?.answer.conversationId || undefined,
    async enter(conversationId, signal) {
      opening?.leave.abort();
      if (conversationId === undefined) return forget();
      const entered = await greet({ conversationId }, signal);
      if (!signal.aborted) use(entered);
    },
    async forgetVisitor() {
      const headers = await visitor.headers();
      visitor.forget();
      opening?.leave.abort();
      forget();
      const outgoing = { path: 'visitor/reset', method: 'POST', headers, keepalive: true } as const;
      // Without its secret nobody finds what the server may still keep.
      await fetchWhole(outgoing, new AbortController().signal, textOf).catch(() => {});
    },
    reset() {
      opening?.leave.abort();
      forget();
    },
  };
}

function notLoaded(cause: unknown): never {
  throw new WidgetError('not_loaded', 'A part of the chat did not load.', { cause });
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
