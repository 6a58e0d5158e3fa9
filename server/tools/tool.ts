import type { JsonSchema } from '../../protocol/tool.ts';

/** What a server tool knows of the call that it runs. */
export interface ToolContext {
  /** Aborts when the call is cancelled, overtaken or out of time. A tool that ignores it is no longer waited for. */
  readonly signal: AbortSignal;
  /** The same for every attempt at this call: what an upstream service takes as its idempotency key. */
  readonly toolCallId: string;
  readonly executionId: string;
  readonly conversationId: string;
}

/** A tool that runs in the server's process. */
export interface ServerTool {
  /** Letters, digits, `_` and `-`, at most 64. Unique within its agent. */
  readonly name: string;
  readonly description: string;
  /** An object schema. Arguments are checked against it before the tool runs. */
  readonly parametersSchema: JsonSchema;
  /**
   * Whether running it twice with the same arguments does no more than running it once. Only then is it run again
   * after a crash; of any other tool the outcome is then unknown, and the model and the visitor are told so.
   */
  readonly idempotent: boolean;
  /** Longest run, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Whether what it gives is data as it is. Default: `{ content: […], isError }` and `{ result: … }` are taken for the
   * wrappers that tools give their results in, and what is in them is read.
   */
  readonly givesData?: boolean;
  /**
   * Gives text or any JSON value, or a promise of one. A model reads its first 32 000 characters; of more than 8 000 000
   * it reads only that there were too many. What it throws becomes an error result that the model reads.
   */
  run(parameters: Readonly<Record<string, unknown>>, context: ToolContext): unknown;
}
