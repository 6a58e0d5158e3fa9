import { ERRORS, type ErrorCode } from '../../protocol/error.ts';
import {
  PagehandConnectionError,
  PagehandError,
  PagehandTimeoutError,
  ToolEnsureConflictError,
} from './errors.ts';
import { type CallOptions, limit, pause } from './limits.ts';

export interface ConnectionOptions {
  /** `sk_…`, secret: never in a page. Accepts what an environment variable holds; one that is not set is refused. */
  readonly apiKey: string | undefined;
  /** Where the server is reached, with a path where it is mounted under one. Default `http://localhost:8787`. */
  readonly baseUrl?: string | undefined;
  /** Default: the global one. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Longest silence of the server, in milliseconds, after which a try counts as lost. Default 60 000. */
  readonly timeoutMs?: number | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly body?: unknown;
  /** Under which it is done once, however often it is sent. */
  readonly idempotencyKey?: string | undefined;
  /** Whether sending it again is harmless without such a key. Default: for GET, PUT and DELETE. */
  readonly isRepeatable?: boolean | undefined;
  /** The server may be silent until all is done: then only the caller's own limit counts. */
  readonly mayBeSilent?: boolean | undefined;
}

const DEFAULT_BASE_URL = 'http://localhost:8787';
const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TRIES = 4;

/** What the first repetition waits where the server does not say, in milliseconds; each further one twice as long. */
const FIRST_WAIT_MS = 250;

/** Longest wait that a server may ask for before the call is given up and its caller told, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** Requests to one server with one key. The key is in no property and no message. */
export class Connection {
  readonly #authorization: string;
  readonly #base: string;
  readonly #fetch: NonNullable<ConnectionOptions['fetch']>;
  readonly silenceMs: number;

  /** Throws `PagehandError` `invalid_options`. */
  constructor(options: ConnectionOptions) {
    this.#authorization = `Bearer ${requireKey(options.apiKey)}`;
    this.#base = requireBase(options.baseUrl ?? DEFAULT_BASE_URL);
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.silenceMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** The JSON of a 2xx answer. `null` where it has none. */
  async json(call: Call, options: CallOptions = {}): Promise<unknown> {
    const whole = limit(options.signal, options.timeoutMs, tooLong(call, options.timeoutMs));
    try {
      return await this.tries(call, whole.signal, async (response) => {
        const text = await response.text();
        if (text === '') return null;
        try {
          return JSON.parse(text) as unknown;
        } catch (cause) {
          throw unintelligible(response, cause);
        }
      });
    } finally {
      whole.lift();
    }
  }

  /** A 2xx answer whose body is a stream of events, unread. */
  open(call: Call, signal: AbortSignal): Promise<Response> {
    return this.tries(call, signal, async (response) => {
      if (response.body === null) throw unintelligible(response);
      return response;
    });
  }

  private async tries<T>(
    call: Call,
    signal: AbortSignal,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.once(call, signal, read);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const waitMs = waitBefore(error, call, tried);
        if (waitMs === undefined || tried >= MAX_TRIES) throw error;
        await pause(waitMs, signal);
      }
    }
  }

  private async once<T>(
    call: Call,
    outer: AbortSignal,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const { method, path } = call;
    const silenceMs = call.mayBeSilent === true ? undefined : this.silenceMs;
    const silence = limit(outer, silenceMs, `${method} ${path} got no answer within ${silenceMs} ms.`);
    try {
      const response = await this.#fetch(`${this.#base}${path}${queryOf(call.query)}`, {
        method,
        headers: {
          Authorization: this.#authorization,
          ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(call.idempotencyKey === undefined ? {} : { 'Idempotency-Key': call.idempotencyKey }),
        },
        // Followed, a redirect would show the key to whoever it leads to.
        redirect: 'manual',
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal: silence.signal,
      });
      if (!response.ok) throw await failureOf(response);
      return await read(response);
    } catch (error) {
      if (silence.signal.aborted) throw silence.signal.reason;
      if (error instanceof PagehandError) throw error;
      throw new PagehandConnectionError(`The server at ${this.#base} could not be reached.`, {
        hint: 'Check that it runs, and that `baseUrl` is its address.',
        cause: error,
      });
    } finally {
      silence.lift();
    }
  }
}

/** How long to wait before the next try; `undefined`: there must be none. */
function waitBefore(error: unknown, call: Call, tried: number): number | undefined {
  if (!(error instanceof PagehandError)) return undefined;
  const backoffMs = FIRST_WAIT_MS * 2 ** (tried - 1) * (0.75 + Math.random() / 2);
  if (error instanceof PagehandConnectionError || error instanceof PagehandTimeoutError) {
    const isSafe =
      call.idempotencyKey !== undefined || (call.isRepeatable ?? /^(GET|PUT|DELETE)$/.test(call.method));
    return isSafe ? backoffMs : undefined;
  }
  if (error.status !== 429 && error.status !== 503) return undefined;
  const known = Object.hasOwn(ERRORS, error.code) ? ERRORS[error.code as ErrorCode] : undefined;
  if (known?.retryable === false) return undefined;
  const waitMs = error.retryAfterMs ?? backoffMs;
  return waitMs > MAX_WAIT_MS ? undefined : waitMs;
}

async function failureOf(response: Response): Promise<PagehandError> {
  const { status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const { code, message } = fields;
  if (typeof code !== 'string' || typeof message !== 'string') return unintelligible(response);
  const facts = {
    status,
    hint: typeof fields.hint === 'string' ? fields.hint : undefined,
    details: Array.isArray(fields.details) ? fields.details.map(String) : undefined,
    requestId: typeof fields.requestId === 'string' ? fields.requestId : undefined,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  };
  if (code === 'external_modification' || code === 'remote_changed')
    return new ToolEnsureConflictError(code, message, facts);
  return new PagehandError(code, message, facts);
}

function unintelligible({ status, headers }: Response, cause?: unknown): PagehandError {
  // Gateways answer so while the server behind them starts; what they say is no JSON of ours.
  const isPassing = status === 429 || status === 503;
  return new PagehandError(
    isPassing ? 'overloaded' : 'unintelligible',
    `The answer, HTTP ${status}, is not one of a Pagehand server.`,
    {
      status,
      hint: 'Check `baseUrl`, and what stands between here and the server.',
      retryAfterMs: retryAfterMs(headers.get('retry-after')),
      cause,
    },
  );
}

/** Seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function queryOf(query: Call['query']): string {
  const entries = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

function tooLong({ method, path }: Call, ms: number | undefined): string {
  return `${method} ${path} was not done within ${ms} ms.`;
}

/** What a header cannot carry is refused here: the platform's own error would quote it. */
function requireKey(apiKey: string | undefined): string {
  const key = apiKey?.trim();
  if (key !== undefined && /^[!-~]+$/.test(key)) return key;
  throw new PagehandError(
    'invalid_options',
    key === undefined || key === '' ? 'There is no API key.' : 'The API key holds what no key holds.',
    { hint: 'Pass `apiKey`, for example from the variable PAGEHAND_API_KEY, and check that it is set.' },
  );
}

function requireBase(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '')
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  throw new PagehandError('invalid_options', '`baseUrl` is no address of a server.', {
    hint: 'Write for example https://chat.example.com, without a user name and a password.',
  });
}
