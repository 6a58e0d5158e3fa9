import type { JsonSchema } from '../../protocol/tool.ts';
import type { ServerTool, ToolContext } from './tool.ts';

/** A tool that runs in the server's process, as an operator writes it. */
export interface ServerToolInput {
  /** 1 to 64 letters, digits, `_` and `-`. Unique within its agent. The model knows the tool by it. */
  readonly name: string;
  /** What it does and when to use it, for the model. At most 2000 characters. */
  readonly description: string;
  /** Of an object; calls that do not fit it never reach `run`. Default: `{ type: 'object' }`, which takes any object. */
  readonly parametersSchema?: JsonSchema | undefined;
  /**
   * Whether running it twice with the same arguments does no more than running it once. Only then is it run again
   * after a crash of the server. Default: false.
   */
  readonly idempotent?: boolean | undefined;
  /** Longest run in milliseconds, 1 to 600000. Default: 30000. */
  readonly timeoutMs?: number | undefined;
  /** Gives text or any JSON value, or a promise of one. What it throws becomes an error result that the model reads. */
  run(parameters: Readonly<Record<string, unknown>>, context: ToolContext): unknown;
}

/** Fills in the defaults. What is wrong with the tool is said when the configuration is read. */
export function defineServerTool(input: ServerToolInput): ServerTool {
  return {
    name: input.name,
    description: input.description,
    parametersSchema: input.parametersSchema ?? { type: 'object' },
    idempotent: input.idempotent ?? false,
    timeoutMs: input.timeoutMs ?? DEFAULT_TOOL_TIMEOUT_MS,
    run: input.run,
  };
}

export const DEFAULT_TOOL_TIMEOUT_MS = 30_000;
