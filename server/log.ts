import { type DestinationStream, pino } from 'pino';
import type { Scrubber } from './secrets/scrubber.ts';

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
  /** Knows the values that must never stand in a line. Default: credentials are known by their shape alone. */
  readonly scrubber?: Pick<Scrubber, 'scrub'>;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** One JSON object a line. Every line is scrubbed as a whole, because secrets hide in messages, stacks and URLs too. */
export function createLog({ level, scrubber, destination }: LogOptions): Log {
  return pino(
    {
      level,
      base: null,
      serializers: { err: describeError },
      hooks: { streamWrite: (line) => (scrubber?.scrub(line) ?? line).replace(CREDENTIALS, REDACTED) },
    },
    destination ?? pino.destination(1),
  );
}

/** Our credentials by their shape, whoever's they are, and whatever a caller put behind `Bearer`. */
const CREDENTIALS = /\b(?:ct|cs|sk|cvt)[_-][A-Za-z0-9_-]{6,}|\bBearer\s+[^\s"\\]+/g;
const REDACTED = '[redacted]';

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
