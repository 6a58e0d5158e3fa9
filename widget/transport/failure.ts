import type { ErrorCode } from '../../protocol/error.ts';
import { WidgetError } from '../errors.ts';

/** A code for an answer that brings none, and the sentence for an answer that brings no sentence. */
const BY_STATUS: Readonly<Record<number, readonly [WidgetError['code'], string]>> = {
  401: ['unauthorized', 'This chat is not allowed to use its server.'],
  403: ['origin_not_allowed', 'This chat is not allowed on this page.'],
  404: ['not_found', 'The chat server does not know this address.'],
  409: ['execution_conflict', 'This turn was changed somewhere else.'],
  410: ['conversation_deleted', 'This conversation no longer exists.'],
  413: ['body_too_large', 'This message is too large.'],
  408: ['timed_out', 'The chat server did not get this in time.'],
  429: ['rate_limited', 'Too many messages in a short time.'],
  // Not `overloaded`, which promises that nothing ran: proxies say 503 also of a server that they lost in mid-answer.
  503: ['internal', 'The chat server is busy.'],
};

/** Codes that a status in the retryable range carries although the same request cannot succeed later. */
const FINAL_CODES = /^(message_limit_reached|model_refused)$/;
const RETRYABLE_CODES = /^(session_expired|execution_conflict)$/;

/** Reads an answer that is not 2xx, whoever gave it: our server, one by others, or a proxy with a page of HTML. */
export async function refusedBy(response: Response): Promise<WidgetError> {
  const body = fieldsOf(await response.text().catch(() => ''));
  const { status } = response;
  const [statusCode, sentence] = BY_STATUS[status] ?? [
    status < 500 ? 'invalid_request' : 'internal',
    status < 500 ? 'The chat server did not accept this.' : 'The chat server has a problem.',
  ];
  const code = isCode(body.code) ? body.code : isSignal(body.error) ? body.error : statusCode;
  const message = [body.message, body.error].find(isSentence) ?? sentence;
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
  return new WidgetError(code, message, {
    hint: isSentence(body.hint) ? body.hint : waitHint(retryAfterMs),
    retryable:
      RETRYABLE_CODES.test(code) ||
      ((status >= 500 || status === 429 || status === 408) && !FINAL_CODES.test(code)),
    retryAfterMs,
  });
}

/** No answer came. A browser does not say whether the network, CORS or the page's policy was in the way. */
export function unreachable(base: string, cause: unknown): WidgetError {
  return navigator.onLine
    ? new WidgetError('unreachable', 'The chat server cannot be reached.', {
        hint: `Is ${base} up, does it allow this page's origin, and does the page's connect-src allow it?`,
        cause,
      })
    : new WidgetError('unreachable', 'You are offline.', {
        hint: 'Your message is kept. Try again when you are connected.',
        cause,
      });
}

export function timedOut(cause: unknown): WidgetError {
  return new WidgetError('timed_out', 'The chat server did not answer in time.', { cause });
}

export function interrupted(cause?: unknown): WidgetError {
  return new WidgetError('interrupted', 'The connection broke before the answer was complete.', { cause });
}

export function unintelligible(base: string): WidgetError {
  return new WidgetError('unintelligible', 'The chat server gave an answer that this chat cannot read.', {
    hint: `Is ${base} the address of a chat server?`,
  });
}

/** The fields of a JSON object, or none. */
export function fieldsOf(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // A proxy's page of HTML says nothing that a visitor could use; the status does.
    return {};
  }
}

/** Servers by others may have codes of their own; they pass, and count as what their status says. */
function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && /^[a-z]+(_[a-z]+)*$/.test(value);
}

/** The code in the place of the sentence, as signals of this wire stand. One word alone is what somebody wrote. */
function isSignal(value: unknown): value is ErrorCode {
  return isCode(value) && value.includes('_');
}

function isSentence(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !isSignal(value);
}

/** Seconds or a date, as HTTP allows both. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return waitMs > 0 ? waitMs : undefined;
}

function waitHint(retryAfterMs: number | undefined): string | undefined {
  return retryAfterMs === undefined ? undefined : `Try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
}
