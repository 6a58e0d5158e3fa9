import type * as z from 'zod/mini';
import type {
  CustomConfig,
  ExternalConfig,
  FlowConfig,
  GraphqlConfig,
  McpConfig,
  SubagentConfig,
  ToolDefinitionOf,
  ToolType,
} from '../../protocol/definition.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import { canonicalDefinition } from './define-tool.ts';

/** What tools of every type have. */
interface Described {
  readonly name: string;
  /** What it does and when to use it, for the model. */
  readonly description?: string;
  /** A JSON Schema of an object. Default: one without properties. */
  readonly parametersSchema?: JsonSchema;
}

/** The fields that are known by name, without the door for others. */
type Known<Config> = { [Key in keyof Config as string extends Key ? never : Key]: Config[Key] };
type Flat<Config extends z.ZodMiniType> = Described & Known<z.input<Config>>;

/** A tool that makes an HTTP request. Throws `PagehandError` `invalid_definition`, as all of these do. */
export function createExternalTool(options: Flat<typeof ExternalConfig>): ToolDefinitionOf<'external'> {
  return create('external', options);
}

/** A tool of JavaScript that runs in the server's sandbox. */
export function createCustomTool(options: Flat<typeof CustomConfig>): ToolDefinitionOf<'custom'> {
  return create('custom', options);
}

export function createGraphqlTool(options: Flat<typeof GraphqlConfig>): ToolDefinitionOf<'graphql'> {
  return create('graphql', options);
}

/** A tool of an MCP server. */
export function createMcpTool(options: Flat<typeof McpConfig>): ToolDefinitionOf<'mcp'> {
  return create('mcp', options);
}

/** A tool that runs a saved flow. */
export function createFlowTool(options: Flat<typeof FlowConfig>): ToolDefinitionOf<'flow'> {
  return create('flow', options);
}

/** A tool that gives a task to an agent with a context of its own. */
export function createSubagentTool(options: Flat<typeof SubagentConfig>): ToolDefinitionOf<'subagent'> {
  return create('subagent', options);
}

/** A tool that whoever dispatches runs. */
export function createLocalTool(options: Described): ToolDefinitionOf<'local'> {
  return create('local', options);
}

function create<Type extends ToolType>(
  toolType: Type,
  { name, description, parametersSchema, ...config }: Described,
): ToolDefinitionOf<Type> {
  const described = {
    name,
    ...(description === undefined ? {} : { description }),
    ...(parametersSchema === undefined ? {} : { parametersSchema }),
  };
  return canonicalDefinition({ ...described, toolType, config }) as ToolDefinitionOf<Type>;
}
