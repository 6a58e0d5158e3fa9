import type { ToolChoice } from '../../protocol/definition.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import type { OfferedTool } from '../store/store.ts';
import type { Observer } from '../telemetry/observer.ts';
import type { ToolBinding } from './kind.ts';
import type { Review, Surroundings } from './review.ts';
import type { ServerTool } from './tool.ts';
import type { Variables } from './variables.ts';

/** A tool that an execution has, before it is named for the model. */
export interface ResolvedTool {
  /** Canonical: as it was defined (`Weather Lookup`), `builtin:clock`, `mcp:linear:create_issue`, `spawn_subagent`. */
  readonly name: string;
  readonly description: string;
  readonly parametersSchema: JsonSchema;
  /** `sdk` for tools of the type `local`: whoever dispatches runs them. */
  readonly origin: 'server' | 'sdk';
  readonly binding: ToolBinding;
  /** Whether its calls wait for a person. */
  readonly needsApproval: boolean;
}

export interface ToolScope {
  readonly workspace: string;
  /** The agent's own of the configuration file. */
  readonly configured: readonly ServerTool[];
  readonly variables: Variables;
  readonly signal: AbortSignal;
}

/** What a call is run for. */
export interface BindScope {
  readonly workspace: string;
  readonly configured: readonly ServerTool[];
  readonly variables: Variables;
  /** All tools of the execution: children have some of these. */
  readonly tools: readonly OfferedTool[];
  readonly model: string;
  /** 0 for an execution, 1 for its children. */
  readonly depth: number;
  /** Hears of what children spent and did. */
  readonly ledger: ChildLedger;
  /** Asked when the call runs: what watches within it. Default: nobody does. */
  readonly inside?: () => Observer;
}

/** A call that a child made, once it has its result. */
export interface ChildCall {
  readonly toolCallId: string;
  /** Of the execution's own call that the child works for, however deep it is. */
  readonly parentToolCallId: string;
  readonly tool: OfferedTool;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** `refused`: it never reached its tool. */
  readonly outcome: 'success' | 'error' | 'refused';
  /** What the child's model read. */
  readonly result: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** What children of a call cost and called, for their parent's totals and receipts. */
export interface ChildLedger {
  tokens(input: number, output: number): void;
  called(call: ChildCall): void;
  /** A child was spawned by `spawn_subagent`. How many there are with it. */
  spawned(): number;
}

/**
 * Finds tools and makes them runnable. `resolve` merges configured < saved < runtime by name, expands `mcp:<server>:*`,
 * and gives them in an order that is always the same. Rejects with `RequestError`: `tool_not_found`, `invalid_tool`
 * (with the findings), `too_many_runtime_tools`, `mcp_server_failed`.
 */
export interface Toolbox {
  resolve(choices: readonly ToolChoice[], scope: ToolScope): Promise<readonly ResolvedTool[]>;
  /** `undefined`: there is no such tool any more. Its `name` is the canonical one. */
  bind(tool: OfferedTool, scope: BindScope): ServerTool | undefined;
  /** Names of dispatch secrets (`{{secrets.key}}`) that the tools need. */
  secretKeys(tools: readonly ResolvedTool[]): readonly string[];
  /** All that is wrong or odd about a definition. Nothing is run. */
  review(definition: unknown, around?: Surroundings): Promise<Review>;
}
