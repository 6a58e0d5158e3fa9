import { errorOutput } from '../../protocol/output.ts';
import { returned, thrown } from './call-output.ts';
import type { PageCallOutcome } from './page-tools.ts';
import type { RawTool } from './webmcp.ts';
import { executeTool, type FoundContext } from './webmcp.ts';

/** Larger delays make timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Run {
  readonly found: FoundContext;
  readonly name: string;
  readonly handle: RawTool;
  readonly input: object;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Runs a tool until it answers, its time is up or the signal aborts. Waits for nobody who ignores being stopped. */
export async function runCall({
  found,
  name,
  handle,
  input,
  timeoutMs,
  signal,
}: Run): Promise<PageCallOutcome> {
  const startedAt = performance.now();
  const stop = new AbortController();
  const answer = executeTool(found, handle, input, stop.signal)
    .then(
      (value) => returned(value, found.implementation),
      (error: unknown) => thrown(error, name),
    )
    // What a polyfill hands over may throw when it is read.
    .catch(() => thrown('Its result cannot be read.', name));
  const end = await Promise.race([answer, timeOrAbort(timeoutMs, signal, answer)]);
  const durationMs = Math.round(performance.now() - startedAt);
  if (typeof end === 'object') return { ...end, durationMs };
  stop.abort(
    new DOMException(`The call ${end === 'cancelled' ? 'was stopped' : 'took too long'}.`, 'AbortError'),
  );
  return { status: end, output: errorOutput(UNFINISHED[end](name, timeoutMs)), durationMs };
}

const UNFINISHED = {
  timed_out: (name: string, timeoutMs: number) =>
    `The tool "${name}" did not answer within ${timeoutMs / 1000} s and was asked to stop. It may still be running in ` +
    'the page, so see what it did before calling it again.',
  cancelled: (name: string) =>
    `The tool "${name}" was stopped while it ran. It may still be running in the page; what it did is unknown.`,
};

function timeOrAbort(
  timeoutMs: number,
  signal: AbortSignal,
  answer: Promise<unknown>,
): Promise<'timed_out' | 'cancelled'> {
  return new Promise((resolve) => {
    const cancel = () => resolve('cancelled');
    const timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMER_MS), 'timed_out');
    signal.addEventListener('abort', cancel);
    void answer.then(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    });
  });
}
