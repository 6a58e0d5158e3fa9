import * as z from 'zod/mini';
import { Id } from './ids.ts';
import { MAX_MCP_SERVERS, MAX_RUNTIME_TOOLS } from './limits.ts';
import { JsonSchema } from './tool.ts';

const Bag = z.record(z.string(), z.unknown());
const Headers = z.record(z.string(), z.string());
export const DefinitionName = z
  .string()
  .check(z.minLength(1), z.maxLength(100), z.regex(/^[^\p{Cc}\p{Cs}]+$/u));

/** How a tool of the server runs. `local` alone runs at the caller's. */
export const ToolType = z.enum(['external', 'custom', 'graphql', 'mcp', 'local', 'flow', 'subagent']);
export type ToolType = z.infer<typeof ToolType>;

/** An HTTP request. Placeholders (`{{city}}`, `{{secrets.key}}`, `{{secret:KEY}}`) may stand anywhere but before the path. */
export const ExternalConfig = z.looseObject({
  url: z
    .string()
    .check(
      z.describe(
        'Where it goes. Placeholders stand behind the host, each encoded for its place: `https://api.example.com/orders/{{orderId}}`.',
      ),
    ),
  method: z.optional(z.string().check(z.describe('Default `GET`.'))),
  headers: z.optional(
    Headers.check(
      z.describe(
        'With placeholders in their values, as `Bearer {{secret:API_KEY}}`. Names are kept in lower case.',
      ),
    ),
  ),
  body: z.optional(
    z
      .unknown()
      .check(
        z.describe(
          'JSON whose texts may be placeholders, or one text. Default: no body with GET and DELETE, else the parameters that stand nowhere else.',
        ),
      ),
  ),
  timeout: z.optional(z.number().check(z.describe('Milliseconds, 1 to 30 000. Default 30 000.'))),
});

/** JavaScript: the body of a function whose parameters are variables, and `parameters` as a whole. */
export const CustomConfig = z.looseObject({
  code: z
    .string()
    .check(
      z.describe(
        'The body of an async function that returns the result. Parameters are variables, and all of them are `parameters`. It reaches no network, no files and no secrets.',
      ),
    ),
  timeout: z.optional(
    z.number().check(z.describe('Milliseconds, 1 to 30 000, calls of the host included. Default 30 000.')),
  ),
});

export const GraphqlConfig = z.looseObject({
  url: z.string(),
  query: z.string().check(z.describe('A GraphQL document.')),
  operationName: z.optional(z.string()),
  headers: z.optional(Headers),
  variables: z.optional(
    Bag.check(z.describe("Values of the query's variables, with placeholders. Default: the parameters.")),
  ),
  timeout: z.optional(z.number()),
});

/** A tool of an MCP server: of one that the operator configured by name, or of one by its address. */
export const McpConfig = z.looseObject({
  server: z
    .union([z.string(), z.looseObject({ url: z.string(), headers: z.optional(Headers) })])
    .check(
      z.describe(
        'The name of a server that the operator configured, or the address of one over Streamable HTTP.',
      ),
    ),
  tool: z.optional(z.string().check(z.describe("Its name there. Default: the definition's."))),
  timeout: z.optional(z.number()),
});

export const FlowConfig = z.looseObject({
  flowId: Id.check(z.describe('`flow_…`, of the workspace of the API key.')),
  parameterMapping: z.optional(
    z
      .record(z.string(), z.string())
      .check(
        z.describe(
          'Inputs of the flow by the parameters that they are taken from. Default: each parameter is the input of its name.',
        ),
      ),
  ),
  outputMapping: z.optional(
    z.string().check(z.describe("The variable that is the result. Default: the last step's.")),
  ),
});

/** Nothing: whoever dispatches runs it, as a client tool. */
export const LocalConfig = z.looseObject({});

/** What a model may delegate with the `spawn_subagent` tool that this makes. */
export const SubagentPool = z.looseObject({
  toolPool: z
    .array(z.string())
    .check(
      z.describe(
        'What children may be granted: names or ids, or a prefix and one `*`. Never more than their parent has.',
      ),
    ),
  maxSpawnsPerRun: z.optional(
    z.number().check(z.int(), z.minimum(1), z.maximum(50)).check(z.describe('Default 5.')),
  ),
  maxTurnsLimit: z.optional(
    z.number().check(z.int(), z.minimum(1), z.maximum(50)).check(z.describe('Default 10.')),
  ),
  allowNesting: z.optional(z.boolean().check(z.describe('Default false.'))),
});
export type SubagentPool = z.infer<typeof SubagentPool>;

/** An MCP server of one request, over Streamable HTTP. Those that run as a process are the operator's alone. */
export const McpServer = z.looseObject({
  name: z
    .string()
    .check(z.regex(/^[A-Za-z0-9_.-]{1,64}$/))
    .check(z.describe('By which `mcp:<name>:<tool>` names its tools.')),
  url: z.string(),
  headers: z.optional(Headers),
  tools: z.optional(z.array(z.string()).check(z.describe('Names, or a prefix and one `*`. Default: all.'))),
});
export type McpServer = z.infer<typeof McpServer>;

const described = {
  name: DefinitionName,
  description: z._default(
    z.string().check(z.describe('What it does and when to use it. A model chooses the tool by it.')),
    '',
  ),
  parametersSchema: z.optional(JsonSchema.check(z.describe('Default: an object without properties.'))),
};

/** An agent that lives in the definition that needs it. */
const InlineChild = z.looseObject({
  model: z.optional(z.string()),
  instructions: z.optional(z.string()),
});

export const SubagentConfig = z.looseObject({
  agentId: z.optional(Id.check(z.describe('Exactly one of `agentId` and `agent`.'))),
  agent: z.optional(InlineChild),
  allowedTools: z.optional(
    z
      .array(z.string())
      .check(
        z.describe(
          'Names or ids, or a prefix and one `*`; intersected with what the parent has. Default: none.',
        ),
      ),
  ),
  maxTurns: z.optional(
    z.number().check(z.int(), z.minimum(1), z.maximum(50)).check(z.describe('Default 5.')),
  ),
  timeoutMs: z.optional(
    z.number().check(z.int(), z.minimum(1), z.maximum(3_600_000)).check(z.describe('Default 300 000.')),
  ),
  outputFormat: z.optional(
    z
      .enum(['text', 'json', 'last_message'])
      .check(
        z.describe(
          '`text`: all words of the child; `json`: its last message, read as JSON; `last_message`. Default `text`.',
        ),
      ),
  ),
});

/** What a tool is: declared inside a dispatch, saved, or kept as code. Unknown fields of `config` are kept and warned of. */
export const ToolDefinition = z.discriminatedUnion('toolType', [
  z.object({ ...described, toolType: z.literal('external'), config: ExternalConfig }),
  z.object({ ...described, toolType: z.literal('custom'), config: CustomConfig }),
  z.object({ ...described, toolType: z.literal('graphql'), config: GraphqlConfig }),
  z.object({ ...described, toolType: z.literal('mcp'), config: McpConfig }),
  z.object({ ...described, toolType: z.literal('local'), config: z._default(LocalConfig, {}) }),
  z.object({ ...described, toolType: z.literal('flow'), config: FlowConfig }),
  z.object({ ...described, toolType: z.literal('subagent'), config: SubagentConfig }),
]);
export type ToolDefinition = z.infer<typeof ToolDefinition>;
export type ToolDefinitionOf<Type extends ToolType> = Extract<ToolDefinition, { toolType: Type }>;

/** What an agent, a step or a request has in tools of the server. */
export const ToolChoice = z.object({
  toolIds: z.optional(
    z
      .array(z.string().check(z.minLength(1), z.maxLength(300)))
      .check(z.maxLength(200))
      .check(
        z.describe(
          '`tool_…`, `saved:<name>`, `saved:*` (all of the workspace), `builtin:<name>`, `mcp:<server>:<tool>`, `mcp:<server>:*`.',
        ),
      ),
  ),
  runtimeTools: z.optional(
    z
      .array(ToolDefinition)
      .check(z.maxLength(MAX_RUNTIME_TOOLS))
      .check(z.describe('They win over saved ones of the same name.')),
  ),
  mcpServers: z.optional(z.array(McpServer).check(z.maxLength(MAX_MCP_SERVERS))),
  subagentConfig: z.optional(SubagentPool),
  maxToolCalls: z.optional(
    z
      .number()
      .check(z.int(), z.minimum(0), z.maximum(100))
      .check(z.describe('Calls per execution, or per step.')),
  ),
  /** Calls that wait for a person: all, or those of tools by name or by a prefix and one `*`. Default: none. */
  approval: z.optional(
    z.object({
      require: z.union([z.boolean(), z.array(z.string())]),
      /** Milliseconds until it counts as refused. Default: as long as the execution may pause. */
      timeout: z.optional(z.number().check(z.int(), z.minimum(1_000), z.maximum(30 * 24 * 3_600_000))),
    }),
  ),
});
export type ToolChoice = z.infer<typeof ToolChoice>;

const Model = z.string().check(z.minLength(1), z.maxLength(200));
const Instructions = z.string().check(z.maxLength(100_000));

/** An agent that is saved, or described by one request. */
export const AgentDefinition = z.object({
  name: z.optional(DefinitionName),
  /** Default: the server's `PAGEHAND_MODEL`. */
  model: z.optional(Model),
  instructions: z.optional(Instructions),
  /** Overruled by `tools.maxToolCalls`. */
  maxToolCalls: z.optional(z.number().check(z.int(), z.minimum(0), z.maximum(100))),
  tools: z.optional(ToolChoice),
});
export type AgentDefinition = z.infer<typeof AgentDefinition>;

/** One question to a model. Later steps read its answer as `{{<outputVariable>}}`. */
export const PromptStep = z.object({
  type: z.literal('prompt'),
  /** Default: `step_1`, `step_2` … */
  name: z.optional(DefinitionName),
  config: z.object({
    model: z.optional(Model),
    /** Instructions. */
    systemPrompt: z.optional(Instructions),
    /** With placeholders of inputs and earlier answers. Default: the conversation as it stands. */
    userPrompt: z.optional(z.string().check(z.maxLength(100_000))),
    tools: z.optional(ToolChoice),
    /** Default: the step's name. */
    outputVariable: z.optional(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/))),
    /** `json`: an answer that is no JSON fails the step. Default `text`. */
    responseFormat: z.optional(z.enum(['text', 'json'])),
    /**
     * Whether its words are shown. Else they are for later steps alone: in no text of the stream, and not in the
     * conversation. Default true; false for an answer of JSON that a later step follows.
     */
    streamOutput: z.optional(z.boolean()),
  }),
});
export type PromptStep = z.infer<typeof PromptStep>;

export const FlowDefinition = z.object({
  name: z.optional(DefinitionName),
  description: z.optional(z.string().check(z.maxLength(2_000))),
  steps: z.array(PromptStep).check(z.minLength(1), z.maxLength(20)),
});
export type FlowDefinition = z.infer<typeof FlowDefinition>;
