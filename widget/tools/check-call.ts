import { errorOutput } from '../../protocol/output.ts';
import type { PageCall, PageCallOutcome, Snapshot } from './page-tools.ts';
import { type LiveTool, type ReadTools, readTools } from './read-tools.ts';
import { type FoundContext, findContext, listTools } from './webmcp.ts';

export type Refusal = PageCallOutcome & { readonly status: 'refused' };

/** A call that may run now, with what it runs on. */
export interface ReadyCall {
  readonly found: FoundContext;
  readonly live: LiveTool;
  readonly input: object;
}

/** Reads the page's tools as they stand now. */
export async function readPage(): Promise<ReadTools & { readonly found: FoundContext | undefined }> {
  const found = findContext();
  const raw = found === undefined ? [] : await listTools(found);
  return { found, ...readTools(raw, found?.implementation ?? 'none') };
}

/** Checks a call against what was offered and what the page has now. Runs nothing. */
export async function checkCall(
  { name, input = {} }: PageCall,
  offered: Snapshot,
): Promise<ReadyCall | Refusal> {
  const tool = offered.tools.get(name);
  if (tool === undefined) return refused('not_offered', name);
  const { found, live } = await readPage();
  const now = live.get(name);
  if (found === undefined || now === undefined) return refused('gone', name);
  if (now.tool.fingerprint !== tool.fingerprint) return refused('changed', name);
  const problem = await problemOf(input, now);
  return problem === undefined
    ? { found, live: now, input: input as object }
    : refused('invalid_arguments', name, problem);
}

const REFUSALS: Record<Refusal['reason'], (name: string) => string> = {
  not_offered: (name) => `No tool "${name}" was offered for this turn, so nothing was run.`,
  gone: (name) => `The page no longer has the tool "${name}", so it was not run.`,
  changed: (name) =>
    `The page changed the tool "${name}" after it was offered, so it was not run. It is offered anew as it is now.`,
  invalid_arguments: (name) => `The arguments do not fit the schema of "${name}", so it was not run.`,
  already_run: (name) =>
    `This call of "${name}" was started before and is not run twice. Whether it finished is unknown: see what it did ` +
    'before calling it again.',
};

/** A call that did not run, in words that the model reads. */
export function refused(reason: Refusal['reason'], name: string, detail?: string): Refusal {
  const words = REFUSALS[reason](name);
  return {
    status: 'refused',
    reason,
    output: errorOutput(detail === undefined ? words : `${words} ${detail}`),
  };
}

async function problemOf(input: unknown, { tool }: LiveTool): Promise<string | undefined> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return 'They must be an object.';
  if (tool.parametersSchema === undefined) return undefined;
  try {
    const { argumentProblem } = await import('./validate-arguments.ts');
    return argumentProblem(input, tool.parametersSchema);
  } catch {
    // The chunk did not load. The server has checked the arguments, and the tool will.
    return undefined;
  }
}
