import type { FromProperties } from '../../protocol/schema-type.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import type { ServerTool, ToolContext } from './tool.ts';

/** A tool that runs in the server's process, as an operator writes it. */
export interface ServerToolInput<Parameters extends object = Readonly<Record<string, unknown>>> {
  /** 1 to 64 letters, digits, `_` and `-`. Unique within its agent. The model knows the tool by it. */
  readonly name: string;
  /** What it does and when to use it, for the model. At most 2000 characters. */
  readonly description: string;
  /**
   * A JSON Schema of an object. Calls that do not fit it never reach `run`; `pattern`, `patternProperties` and
   * `uniqueItems` are told to the model and not checked. Default: `{ type: 'object' }`, which takes any object.
   */
  readonly parametersSchema?: object | undefined;
  /**
   * Whether running it twice with the same arguments does no more than running it once. Only then is it run again
   * after a crash of the server. Default: false.
   */
  readonly idempotent?: boolean | undefined;
  /** Longest run in milliseconds, 1 to 600000. Default: 30000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Gives text or any JSON value, or a promise of one. The model reads its first 32 000 characters; of more than
   * 8 000 000 it reads only that there were too many. What it throws becomes an error result, of which the model reads
   * the message.
   */
  run(parameters: Parameters, context: ToolContext): unknown;
}

export const DEFAULT_SERVER_TOOL_TIMEOUT_MS = 30_000;

/**
 * Makes a tool for an agent's `tools`. The schema gives `run` the types of its parameters; where it cannot, name them:
 * `defineServerTool<{ orderId: string }>({ … })`. What is wrong with it is said when the server starts.
 *
 * ```ts
 * defineServerTool({
 *   name: 'find_order',
 *   description: 'Finds an order by its number.',
 *   parametersSchema: { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] },
 *   idempotent: true,
 *   run: ({ orderId }, { signal }) => orders.find(orderId, signal),
 * })
 * ```
 */
export function defineServerTool<const Schema extends object>(
  tool: ServerToolInput<FromProperties<Schema>> & { readonly parametersSchema: Schema },
): ServerTool;
export function defineServerTool<Parameters extends object = Readonly<Record<string, unknown>>>(
  tool: ServerToolInput<Parameters>,
): ServerTool;
export function defineServerTool(tool: ServerToolInput): ServerTool {
  return {
    ...tool,
    // A class keeps it on its prototype, which a spread leaves behind.
    run: tool.run,
    parametersSchema: (tool.parametersSchema ?? { type: 'object' }) as JsonSchema,
    idempotent: tool.idempotent ?? false,
    timeoutMs: tool.timeoutMs ?? DEFAULT_SERVER_TOOL_TIMEOUT_MS,
  };
}
