import { afterAll } from 'vitest';
import {
  createSandbox,
  type RunningSandbox,
  type SandboxOptions,
} from '../../server/sandbox/create-sandbox.ts';
import type { SandboxJob } from '../../server/sandbox/sandbox.ts';
import type { ToolErrorCode } from '../../server/tools/tool-error.ts';

export interface Consoled {
  readonly sandbox: RunningSandbox;
  /** Lines that code wrote to its console, as the operator's log has them. */
  readonly lines: readonly string[];
}

/** A sandbox that goes with the test file. */
export function openSandbox(options: Partial<SandboxOptions> = {}): Consoled {
  const lines: string[] = [];
  const nothing = () => undefined;
  const debug = ({ console }: { readonly console?: unknown }) => {
    if (Array.isArray(console)) lines.push(...console);
  };
  const log = { debug, info: nothing, warn: nothing, error: nothing };
  const sandbox = createSandbox({ log, ...options });
  afterAll(() => sandbox.close());
  return { sandbox, lines };
}

/** Generous, because a machine that runs tests is busy. */
const TIMEOUT_MS = 10_000;

export function jobOf(code: string, rest: Partial<SandboxJob> = {}): SandboxJob {
  return { code, parameters: {}, timeoutMs: TIMEOUT_MS, signal: new AbortController().signal, ...rest };
}

/** How a job failed. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<{ readonly code: ToolErrorCode | undefined; readonly message: string }> {
  return await work.then(
    (value) => ({ code: undefined, message: `It gave ${JSON.stringify(value)}.` }),
    (error) => ({ code: error.code, message: error.message }),
  );
}
