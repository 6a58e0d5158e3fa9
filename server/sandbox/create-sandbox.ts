import { createHash } from 'node:crypto';
import type { Log } from '../log.ts';
import { ToolError } from '../tools/tool-error.ts';
import { ABSENT } from './absent.ts';
import type { JobEnd, Place, WorkerJob, WorkerLimits } from './messages.ts';
import { createPool, type Pool } from './pool.ts';
import { runInWorker } from './run-in-worker.ts';
import type { Sandbox, SandboxJob } from './sandbox.ts';
import { closed } from './slots.ts';
import { isVariableName } from './variable-names.ts';

export interface SandboxOptions {
  /** Hears what code wrote to its console, at the level `debug`. */
  readonly log: Log;
  /** Pieces of code of one owner that run at the same time; of all owners it is twice as many. Default 2. */
  readonly workers?: number;
  /** Pieces of code of one owner that may wait for a worker. Default 100. */
  readonly queue?: number;
  /** Longest wait for a worker, in milliseconds. Default `MAX_WAIT_MS`. */
  readonly waitMs?: number;
  /** Time without work after which a worker goes, in milliseconds. Default 30 000. */
  readonly idleMs?: number;
}

export interface RunningSandbox extends Sandbox {
  /** Pieces of code that wait for a worker. */
  waiting(): number;
}

/** Longest wait for a worker, in milliseconds. It is not part of a job's own time. */
export const MAX_WAIT_MS = 10_000;

const CHECK_MS = 2_000;

/** Pieces of code whose check is remembered: the same tools come with every dispatch. */
const MAX_KNOWN = 500;

const MAX_CODE_CHARS = 200_000;
const MAX_JSON_BYTES = 1_000_000;

const LIMITS: WorkerLimits = {
  memoryBytes: 32 * 1024 * 1024,
  resultBytes: MAX_JSON_BYTES,
  hostCalls: 200,
  hostCallsAtOnce: 32,
  hostCallBytes: MAX_JSON_BYTES,
};

/** Nothing runs before the first job comes. */
export function createSandbox(options: SandboxOptions): RunningSandbox {
  const { log, workers = 2, queue = 100, waitMs = MAX_WAIT_MS, idleMs = 30_000 } = options;
  const pool = createPool({ count: 2 * workers, each: workers, queue, waitMs, idleMs });
  // Of its own: what runs for half a minute must not keep anybody from declaring a tool.
  const checks = createPool({ count: 2, each: 1, queue, waitMs, idleMs });
  const known = new Map<string, CheckedCode>();
  let isClosed = false;

  return {
    async run(job) {
      const end = await runJob(pool, toWorkerJob(job), job.host ?? {}, job.owner, job.signal);
      if (end.how === 'returned') return JSON.parse(end.json);
      throw failure(end, job.timeoutMs);
    },
    async check(code, names, owner) {
      if (code.length > MAX_CODE_CHARS) return { line: 1, column: 1, message: TOO_LONG };
      const key = createHash('sha256')
        .update(JSON.stringify([names, code]))
        .digest('base64');
      const before = known.get(key);
      if (before !== undefined) return before.problem;
      const job = { mode: 'check', code, names: variables(names, []), parameters: '{}', host: {} } as const;
      const end = await runJob(checks, { ...job, timeoutMs: CHECK_MS, limits: LIMITS }, {}, owner);
      const problem = problemOf(end);
      // On a busy machine good code may take too long.
      if (end.how === 'out_of_time') return problem;
      const [oldest] = known.size < MAX_KNOWN ? [] : known.keys();
      if (oldest !== undefined) known.delete(oldest);
      known.set(key, { problem });
      return problem;
    },
    waiting: pool.waiting,
    async close() {
      isClosed = true;
      await Promise.all([pool.close(), checks.close()]);
    },
  };

  async function runJob(
    pool: Pool,
    job: WorkerJob,
    host: NonNullable<SandboxJob['host']>,
    owner = '',
    signal = new AbortController().signal,
  ): Promise<JobEnd> {
    const seat = await pool.take(owner, signal);
    const { end, console } = await runInWorker(seat, job, host, signal);
    if (end.how === 'broke' && isClosed) throw closed();
    if (console.length > 0) log.debug({ console }, 'code wrote to its console');
    return end;
  }
}

interface CheckedCode {
  readonly problem: Awaited<ReturnType<Sandbox['check']>>;
}

function problemOf(end: JobEnd): CheckedCode['problem'] {
  if (end.how === 'compiled') return undefined;
  if (end.how === 'not_compiled') return { ...end.place, message: end.message };
  return { line: 1, column: 1, message: 'it is too large or nested too deep to be compiled' };
}

function toWorkerJob({ code, parameters, names, host = {}, timeoutMs }: SandboxJob): WorkerJob {
  if (code.length > MAX_CODE_CHARS) throw new ToolError('code_limit', `The code is not run: ${TOO_LONG}.`);
  const json = JSON.stringify(parameters);
  if (Buffer.byteLength(json) > MAX_JSON_BYTES)
    throw new ToolError(
      'code_limit',
      `The parameters have more than ${MAX_JSON_BYTES} bytes. Give less at once.`,
    );
  return {
    mode: 'run',
    code,
    names: variables(names ?? Object.keys(parameters), Object.keys(host)),
    parameters: json,
    host: Object.fromEntries(Object.entries(host).map(([name, methods]) => [name, Object.keys(methods)])),
    timeoutMs,
    limits: LIMITS,
  };
}

function variables(names: readonly string[], taken: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => isVariableName(name) && !taken.includes(name));
}

const TOO_LONG = `it has more than ${MAX_CODE_CHARS} characters`;

function failure(end: Exclude<JobEnd, { how: 'returned' }>, timeoutMs: number): ToolError {
  switch (end.how) {
    case 'not_compiled':
      return new ToolError('code_failed', `The code cannot be compiled: ${end.message}${at(end.place)}.`);
    case 'threw':
      return new ToolError('code_failed', threw(end));
    case 'stuck':
      return new ToolError(
        'code_failed',
        'The code waits for a promise that nothing will settle. It has no timers, no network and no events.',
      );
    case 'out_of_time':
      return new ToolError(
        'code_out_of_time',
        `The code was stopped: it took longer than ${timeoutMs} ms. Do less in one call, or raise its "timeout".`,
      );
    case 'out_of_memory':
      return new ToolError(
        'code_out_of_memory',
        `The code needs more memory than its ${LIMITS.memoryBytes / 1024 / 1024} MB. Keep less at once.`,
      );
    case 'too_many_calls':
      return new ToolError(
        'code_limit',
        `The code was stopped: it made more than ${LIMITS.hostCalls} calls.`,
      );
    case 'too_large':
      return new ToolError(
        'code_limit',
        `The code returned ${end.bytes} bytes; at most ${MAX_JSON_BYTES} are taken. Return less.`,
      );
    case 'unreadable':
      return new ToolError(
        'unreadable_result',
        `What the code returned cannot be written as JSON: ${end.message}.`,
      );
    case 'compiled':
    case 'broke':
      return new ToolError(
        'code_failed',
        'The code broke the engine that ran it: it nests too deep, or uses too much memory in one step.',
      );
  }
}

function threw({ name, message, place }: Extract<JobEnd, { how: 'threw' }>): string {
  const what = name === '' ? `the code threw ${message}` : `${name}: ${message}`;
  const [, missing = ''] = /^(\S+) is not defined$/.exec(message) ?? [];
  const why = name === 'ReferenceError' ? ABSENT.get(missing) : undefined;
  return `The code failed${at(place)}: ${what}.${why === undefined ? '' : ` ${why}`}`;
}

function at(place: Place | null): string {
  return place === null ? '' : ` (line ${place.line}, column ${place.column})`;
}
