import type { ProviderName } from './ai-sdk.ts';
import { ModelError, type ModelErrorCode } from './model.ts';

/** Longest wait that a provider may ask for before a retry, in milliseconds. A longer one is told to the visitor instead. */
const MAX_RETRY_AFTER_MS = 10_000;
const DELAYS_MS: readonly number[] = [200, 800];

const KEY_NAMES: Readonly<Record<ProviderName, string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  'openai-compatible': 'OPENAI_API_KEY',
};
const ADDRESS_NAMES: Readonly<Record<ProviderName, string>> = {
  openai: 'OPENAI_BASE_URL',
  anthropic: 'ANTHROPIC_BASE_URL',
  'openai-compatible': 'OPENAI_BASE_URL',
};

/** What the packages' errors have in common, read by shape: `instanceof` fails across two copies of a package. */
interface Failure {
  readonly status: number | undefined;
  /** Of the vendor: `insufficient_quota`, `overloaded_error`. */
  readonly kind: string;
  readonly networkCode: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Whether the same request may well succeed in a moment. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ModelError) return false;
  const { status, kind, networkCode } = readFailure(error);
  if (kind === 'insufficient_quota') return false;
  if (status !== undefined) return status === 408 || status === 409 || status === 429 || status >= 500;
  return networkCode !== '' || isOverload(kind);
}

/** How long to wait before trying again, in milliseconds. `undefined`: longer than is worth waiting for. */
export function retryDelayMs(error: unknown, attempt: number): number | undefined {
  const { headers } = readFailure(error);
  const asked = askedDelayMs(headers);
  if (asked !== undefined) return asked <= MAX_RETRY_AFTER_MS ? asked : undefined;
  return DELAYS_MS[attempt] ?? DELAYS_MS.at(-1);
}

function askedDelayMs(headers: Readonly<Record<string, string>>): number | undefined {
  const exact = Number(headers['retry-after-ms']);
  if (Number.isFinite(exact) && exact >= 0 && headers['retry-after-ms'] !== undefined) return exact;
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** The failure in our words. What the vendor said stays in `cause`. */
export function toModelError(error: unknown, provider: ProviderName): ModelError {
  if (error instanceof ModelError) return error;
  const failure = readFailure(error);
  const { code, message, hint } = describe(failure, provider);
  return new ModelError(code, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

interface Description {
  readonly code: ModelErrorCode;
  readonly message: string;
  readonly hint?: string;
}

function describe({ status, kind, networkCode }: Failure, provider: ProviderName): Description {
  if (status === 401 || status === 403) {
    return {
      code: 'model_unavailable',
      message: `The model provider refused the API key (HTTP ${status}).`,
      hint: `Check ${KEY_NAMES[provider]}.`,
    };
  }
  if (status === 402)
    return {
      code: 'model_unavailable',
      message: 'The account at the model provider has no credit.',
      hint: 'Add credit at the provider.',
    };
  if (status === 404) {
    return {
      code: 'model_unavailable',
      message: 'The model provider does not know this model.',
      hint: `Check the model's name and ${ADDRESS_NAMES[provider]}.`,
    };
  }
  if (status === 408 || status === 504 || /TIMEOUT|ETIMEDOUT/.test(networkCode)) {
    return { code: 'model_timeout', message: 'The model provider took too long to answer.' };
  }
  if (kind === 'insufficient_quota')
    return {
      code: 'model_rate_limited',
      message: 'The quota at the model provider is used up.',
      hint: 'Raise the quota at the provider.',
    };
  if (status === 429 || kind === 'rate_limit_exceeded' || kind === 'rate_limit_error') {
    return {
      code: 'model_rate_limited',
      message: 'The model provider gets too many requests.',
      hint: 'Try again in a moment.',
    };
  }
  if (status !== undefined && status >= 500)
    return { code: 'model_unavailable', message: `The model provider has a problem (HTTP ${status}).` };
  if (isOverload(kind)) return { code: 'model_unavailable', message: 'The model provider has a problem.' };
  if (status !== undefined && status >= 400) {
    return {
      code: 'model_refused',
      message: `The model provider refused the request (HTTP ${status}).`,
      hint: 'The server log has the reason.',
    };
  }
  if (
    /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT_|DEPTH_|SELF_|ERR_TLS|UND_ERR_CONNECT)/.test(
      networkCode,
    )
  ) {
    return {
      code: 'model_unavailable',
      message: 'The model provider cannot be reached.',
      hint: `Check the network and ${ADDRESS_NAMES[provider]}.`,
    };
  }
  if (kind === 'AI_UnsupportedFunctionalityError')
    return { code: 'model_refused', message: 'This model cannot read that kind of attachment.' };
  if (networkCode !== '') return { code: 'model_failed', message: 'The connection to the model was cut.' };
  return { code: 'model_failed', message: 'The answer of the model could not be read.' };
}

function isOverload(kind: string): boolean {
  return /^(?:overloaded_error|api_error|server_error|internal_server_error|service_unavailable)$/.test(kind);
}

function readFailure(error: unknown): Failure {
  const chain = causes(error);
  const status = chain.map((entry) => entry.statusCode).find((value) => typeof value === 'number');
  const headers = chain
    .map((entry) => entry.responseHeaders)
    .find((value) => typeof value === 'object' && value !== null);
  return {
    status: typeof status === 'number' && status >= 400 ? status : undefined,
    kind: kindOf(chain),
    networkCode: networkCodeOf(chain),
    headers: (headers ?? {}) as Record<string, string>,
  };
}

/** The error and what caused it, as plain records; also the vendor's own error object inside it. */
function causes(error: unknown): readonly Record<string, unknown>[] {
  const chain: Record<string, unknown>[] = [];
  let at = error;
  while (
    typeof at === 'object' &&
    at !== null &&
    chain.length < 8 &&
    !chain.includes(at as Record<string, unknown>)
  ) {
    chain.push(at as Record<string, unknown>);
    at = (at as { cause?: unknown }).cause;
  }
  const bodies = chain
    .flatMap((entry) => [entry.data, entry.error, entry.response])
    .filter((body) => typeof body === 'object' && body !== null);
  const inner = bodies.flatMap((body) => [body, (body as { error?: unknown }).error]);
  return [
    ...chain,
    ...inner.filter((body): body is Record<string, unknown> => typeof body === 'object' && body !== null),
  ];
}

function kindOf(chain: readonly Record<string, unknown>[]): string {
  const named = chain
    .flatMap((entry) => [entry.code, entry.type])
    .filter((value): value is string => typeof value === 'string');
  const vendor = named.find((value) => /^[a-z]+(?:_[a-z]+)+$/.test(value));
  if (vendor !== undefined) return vendor;
  return chain.some((entry) => entry.name === 'AI_UnsupportedFunctionalityError')
    ? 'AI_UnsupportedFunctionalityError'
    : '';
}

function networkCodeOf(chain: readonly Record<string, unknown>[]): string {
  const code = chain
    .map((entry) => entry.code)
    .find((value) => typeof value === 'string' && /^[A-Z][A-Z0-9_]+$/.test(value));
  if (typeof code === 'string') return code;
  // What fetch says when the other side hangs up in the middle of a body.
  return chain.some((entry) => entry.name === 'TypeError' && entry.message === 'terminated')
    ? 'TERMINATED'
    : '';
}
