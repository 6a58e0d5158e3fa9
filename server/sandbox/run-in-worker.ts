import { ToolError } from '../tools/tool-error.ts';
import type { FromWorker, JobEnd, WorkerJob } from './messages.ts';
import type { Seat } from './pool.ts';
import type { SandboxJob } from './sandbox.ts';
import { cancelled } from './slots.ts';

/** How long after its time a worker is ended that did not stop, in milliseconds: it is within one long operation. */
const GRACE_MS = 200;

export interface WorkerResult {
  readonly end: JobEnd;
  readonly console: readonly string[];
}

/** Runs one job on a worker and gives the worker back, or ends it where it cannot be trusted any more. Rejects when cancelled. */
export function runInWorker(
  seat: Seat,
  job: WorkerJob,
  host: NonNullable<SandboxJob['host']>,
  signal: AbortSignal,
): Promise<WorkerResult> {
  return new Promise((resolve, reject) => {
    const settle = (result: WorkerResult | ToolError, isSound: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      if (isSound) seat.release();
      else seat.discard();
      if (result instanceof ToolError) reject(result);
      else resolve(result);
    };
    const cancel = () => settle(cancelled(), false);
    const timer = setTimeout(
      () => settle({ end: { how: 'out_of_time' }, console: [] }, false),
      job.timeoutMs + GRACE_MS,
    );
    signal.addEventListener('abort', cancel);
    let isOver = false;
    seat.listen((message) => {
      if (isOver) return;
      if (message?.kind === 'call') {
        void answer(message, host, job.limits.hostCallBytes).then((json) => {
          if (!isOver) seat.send({ kind: 'answer', callId: message.callId, json });
        });
        return;
      }
      isOver = true;
      const result =
        message?.kind === 'end' ? message : { end: { how: 'broke' } as const, console: [] as string[] };
      settle(result, result.end.how !== 'broke');
    });
    if (signal.aborted) cancel();
    else seat.send({ kind: 'job', job });
  });
}

/** `{ value }` or `{ error }`, as JSON. */
async function answer(
  { object, method, json }: Extract<FromWorker, { kind: 'call' }>,
  host: NonNullable<SandboxJob['host']>,
  maxBytes: number,
): Promise<string> {
  try {
    const run = host[object]?.[method];
    if (run === undefined) throw new ToolError('not_permitted', `There is no ${object}.${method}.`);
    const text = JSON.stringify({ value: (await run(...JSON.parse(json))) ?? null });
    if (Buffer.byteLength(text) <= maxBytes) return text;
    throw new ToolError('code_limit', `The answer of ${object}.${method} has more than ${maxBytes} bytes.`);
  } catch (error) {
    const code = error instanceof ToolError ? error.code : 'failed';
    const message = error instanceof Error ? error.message : String(error);
    return JSON.stringify({ error: { message, code } });
  }
}
