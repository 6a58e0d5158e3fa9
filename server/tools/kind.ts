import type {
  AgentDefinition,
  ToolDefinition,
  ToolDefinitionOf,
  ToolType,
} from '../../protocol/definition.ts';
import type { Egress } from '../egress/egress.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ServerTool, ToolContext } from './tool.ts';
import type { Variables } from './variables.ts';

/** Something to say of a definition when it is saved or declared. An `error` is refused, a `warning` is told. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Of a closed set of the kind, in snake case. */
  readonly code: string;
  readonly message: string;
  /** How to mend it. */
  readonly suggestion?: string;
  /** As `config.url`. */
  readonly path?: string;
  /** In code, from 1. */
  readonly line?: number;
  readonly column?: number;
}

/** What one child agent is asked to do. It sees nothing of its parent but this. */
export interface ChildTask {
  readonly agent: AgentDefinition & { readonly id?: string };
  readonly prompt: string;
  readonly maxTurns: number;
  /**
   * Names or ids of tools, or a prefix and one `*`. Intersected with what the parent has; a tool that makes children of
   * its own is meant by its whole name only.
   */
  readonly allowedTools: readonly string[];
  /** Of the call that asks for it. */
  readonly call: ToolContext;
}

export interface ChildAnswer {
  /** All its words, and those of its last message. */
  readonly text: string;
  readonly lastMessage: string;
}

/** Runs what a tool delegates. Rejects with `ToolError` `child_failed`, `too_deep`, `cancelled`, `not_permitted`. */
export interface Children {
  agent(task: ChildTask): Promise<ChildAnswer>;
  /** Runs a saved flow with its own tools. Resolves to its inputs and answers by name, and the name of the last answer. */
  flow(
    flowId: string,
    inputs: Readonly<Record<string, unknown>>,
    call: ToolContext,
  ): Promise<{ readonly variables: Readonly<Record<string, unknown>>; readonly last: string }>;
  savedAgent(agentId: string): Promise<AgentDefinition | undefined>;
}

/** A tool of an MCP server, as it is listed there. */
export interface McpTool {
  readonly name: string;
  readonly description: string;
  readonly parametersSchema: Readonly<Record<string, unknown>>;
  readonly isReadOnly: boolean;
  readonly isIdempotent: boolean;
  /** Of all of the above: what a binding keeps as `offered`, and another one means that the tool has changed. */
  readonly hash: string;
}

export interface McpTarget {
  /** A server of the operator's configuration by its name, or one by its address. */
  readonly server:
    | string
    | { readonly url: string; readonly headers?: Readonly<Record<string, string>> | undefined };
}

/** Speaks with MCP servers. Rejects with `ToolError` `mcp_failed`, `tool_changed`, `timed_out`, `cancelled`, `egress_…`. */
export interface Mcp {
  list(target: McpTarget, variables: Variables, signal: AbortSignal): Promise<readonly McpTool[]>;
  call(
    target: McpTarget,
    call: {
      readonly tool: string;
      readonly parameters: Readonly<Record<string, unknown>>;
      /** Hash of what was offered to the model, where it was. The server's tool must still be that one. */
      readonly offered?: string | undefined;
      readonly variables: Variables;
      readonly signal: AbortSignal;
      readonly timeoutMs: number;
    },
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** What tools run with, beside their definition. */
export interface ToolParts {
  readonly egress: Egress;
  readonly sandbox: Sandbox;
  readonly mcp: Mcp;
  readonly children: Children;
  readonly variables: Variables;
}

/** What definitions are looked at with. Nothing is reached. */
export interface ReviewParts {
  readonly sandbox: Sandbox;
  readonly egress: Pick<Egress, 'isNamed'>;
}

/** One way for a tool to run. Each type has one, in a folder of its own under `kinds/`. */
export interface ToolKind<Type extends ToolType = ToolType> {
  readonly type: Type;
  /** What is wrong or odd about a definition, without running or reaching anything but the sandbox's compiler. */
  review(definition: ToolDefinitionOf<Type>, parts: ReviewParts): Promise<readonly Finding[]>;
  /** How its calls run. */
  open(
    definition: ToolDefinitionOf<Type>,
    parts: ToolParts,
  ): Pick<ServerTool, 'run' | 'idempotent' | 'timeoutMs' | 'givesData'>;
}

/** How a tool of an execution is found again, by whatever process runs its call. Stored with the execution. */
export type ToolBinding =
  /** Of the configuration file, by its name. */
  | { readonly kind: 'configured' }
  /** Declared or saved: as it was when the model was offered it. `id` where it is saved. */
  | { readonly kind: 'defined'; readonly definition: ToolDefinition; readonly id: string | null }
  | { readonly kind: 'builtin'; readonly name: string }
  | {
      readonly kind: 'mcp';
      readonly target: McpTarget;
      readonly tool: string;
      readonly offered: string;
      readonly isIdempotent: boolean;
    }
  | { readonly kind: 'spawn_subagent'; readonly pool: SubagentPoolBinding };

export interface SubagentPoolBinding {
  readonly toolPool: readonly string[];
  readonly maxSpawnsPerRun: number;
  readonly maxTurnsLimit: number;
  readonly allowNesting: boolean;
}
