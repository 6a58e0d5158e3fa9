import { ToolError } from '../tools/tool-error.ts';
import { ClosedAddress, MAX_HEADER_BYTES } from './guarded-agent.ts';
import { blocked, placeOf } from './target.ts';

const SAID: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its address could not be looked up just now',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ETIMEDOUT: 'no connection came about',
  EHOSTUNREACH: 'there is no way there',
  ENETUNREACH: 'there is no way there',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'its answer is not as long as it says',
  UND_ERR_CLOSED: 'this server is shutting down',
  UND_ERR_DESTROYED: 'this server is shutting down',
};

/** What went wrong on the way to `url`, in words for the model. The cause is for the operator. */
export function egressError(error: unknown, url: URL, internal: ReadonlySet<string>): ToolError {
  if (error instanceof ToolError) return error;
  const place = placeOf(url);
  const causes = causesOf(error);
  if (causes.some((cause) => cause instanceof ClosedAddress)) return blocked(place, internal.has(place));
  const code = causes.map(codeOf).findLast((found) => found !== undefined);
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
    const message = `The headers of the answer are larger than ${MAX_HEADER_BYTES} bytes.`;
    return new ToolError('response_too_large', message, { cause: error });
  }
  return new ToolError('egress_failed', `"${place}" gave no answer: ${why(code)}.`, { cause: error });
}

export function refusedRedirect(what: string): ToolError {
  return new ToolError('redirect_refused', `${what} Call the address itself where the answer is.`);
}

/** From the outermost to the innermost: some wrap what happened, and some gather it per address. */
function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 8; ) {
    causes.push(at);
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return causes;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function why(code: string | undefined): string {
  if (code === undefined) return 'the request failed';
  const said = SAID[code];
  if (said !== undefined) return said;
  if (code.startsWith('HPE_')) return 'what it says is not HTTP';
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_/.test(code)) return 'its certificate or its TLS cannot be trusted';
  return `the request failed (${code})`;
}
