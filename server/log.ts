import { type DestinationStream, pino } from 'pino';

type LogFields = Readonly<Record<string, unknown>>;

/** Structured lines for the operator. An error goes under `err`; ids of people's sessions, bodies and headers stay out. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** Values that must never stand in a line, such as provider keys. Those under 6 characters are ignored. */
  readonly secrets: readonly string[];
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** One JSON object a line. Every line is scrubbed as a whole, because secrets hide in messages, stacks and URLs too. */
export function createLog({ level, secrets, destination }: LogOptions): Log {
  const scrub = scrubber(secrets);
  return pino(
    {
      level,
      base: null,
      serializers: { err: describeError },
      hooks: { streamWrite: scrub },
    },
    destination ?? pino.destination(1),
  );
}

/** Our credentials by their shape, whoever's they are, and whatever a caller put behind `Bearer`. */
const CREDENTIALS = /\b(?:ct|cs|sk|cvt)[_-][A-Za-z0-9_-]{6,}|\bBearer\s+[^\s"\\]+/g;
const REDACTED = '[redacted]';
const SHORTEST_SECRET = 6;

function scrubber(secrets: readonly string[]): (line: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]);
  const values = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (line) =>
    values.reduce((text, value) => text.replaceAll(value, REDACTED), line).replace(CREDENTIALS, REDACTED);
}

/**
 * An error without its own properties: vendors hang requests, headers and prompts on theirs. The cause is named but
 * its stack is left out.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: name,
    message,
    code,
    stack,
    ...(cause instanceof Error ? { cause: describeCause(cause) } : {}),
  };
}

function describeCause(cause: Error): { type: string; message: string } {
  return { type: cause.name, message: cause.message };
}
