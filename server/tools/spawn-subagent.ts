import type { SubagentPool } from '../../protocol/definition.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import type { OfferedTool } from '../store/store.ts';
import { isDelegating, isGranted } from './granted-tools.ts';
import type { Children, SubagentPoolBinding } from './kind.ts';
import { SPAWN_TOOL } from './review.ts';
import type { ServerTool } from './tool.ts';
import { ToolError } from './tool-error.ts';
import type { ChildLedger, ResolvedTool } from './toolbox.ts';

const DEFAULT_MAX_SPAWNS = 5;
const DEFAULT_TURNS_LIMIT = 10;
const DEFAULT_TURNS = 5;
const TIMEOUT_MS = 300_000;

const INSTRUCTIONS =
  'You do one task for another assistant, which sees nothing of your work but your last message. Do the task with the tools that you have, and end with a complete answer in words.';

type Pooled = Pick<ResolvedTool, 'name' | 'origin' | 'binding'>;

/** The tool with which a model delegates, as `subagentConfig` allows it: never more than `tools`, its parent's. */
export function spawnTool(pool: SubagentPool, tools: readonly Pooled[]): Omit<ResolvedTool, 'needsApproval'> {
  const allowNesting = pool.allowNesting ?? false;
  const binding: SubagentPoolBinding = {
    toolPool: tools
      .filter((tool) => isGranted(tool, pool.toolPool) && (allowNesting || !isDelegating(tool.binding)))
      .map(({ name }) => name),
    maxSpawnsPerRun: pool.maxSpawnsPerRun ?? DEFAULT_MAX_SPAWNS,
    maxTurnsLimit: pool.maxTurnsLimit ?? DEFAULT_TURNS_LIMIT,
    allowNesting,
  };
  return {
    name: SPAWN_TOOL,
    description:
      'Hands one self-contained task to an assistant of its own, which sees nothing of this conversation, and gives its final answer. Say in the task all that it needs to know.',
    parametersSchema: schemaFor(binding),
    origin: 'server',
    binding: { kind: 'spawn_subagent', pool: binding },
  };
}

/** The same for a child that has only these tools. */
export function narrowedSpawnTool(
  tool: OfferedTool,
  pool: SubagentPoolBinding,
  granted: readonly OfferedTool[],
): OfferedTool {
  const names = new Set(granted.map(({ canonicalName }) => canonicalName));
  const narrowed = { ...pool, toolPool: pool.toolPool.filter((name) => names.has(name)) };
  return {
    ...tool,
    parametersSchema: schemaFor(narrowed),
    binding: { kind: 'spawn_subagent', pool: narrowed },
  };
}

/** How its calls run. */
export function openSpawn(
  { toolPool, maxSpawnsPerRun, maxTurnsLimit, allowNesting }: SubagentPoolBinding,
  children: Children,
  ledger: ChildLedger,
): Pick<ServerTool, 'run' | 'idempotent' | 'timeoutMs'> {
  return {
    idempotent: false,
    timeoutMs: TIMEOUT_MS,
    async run({ task, tools, instructions, maxTurns }, call) {
      if (ledger.spawned() > maxSpawnsPerRun) {
        throw new ToolError(
          'not_permitted',
          `The limit of ${maxSpawnsPerRun} subagents is reached. Do the task without another one.`,
        );
      }
      const wanted = Array.isArray(tools) ? tools : [];
      const { lastMessage } = await children.agent({
        agent: { instructions: typeof instructions === 'string' ? instructions : INSTRUCTIONS },
        prompt: String(task),
        maxTurns: Math.min(typeof maxTurns === 'number' ? maxTurns : DEFAULT_TURNS, maxTurnsLimit),
        allowedTools: [
          ...toolPool.filter((name) => wanted.includes(name)),
          ...(allowNesting ? [SPAWN_TOOL] : []),
        ],
        call,
      });
      return lastMessage;
    },
  };
}

function schemaFor({ toolPool, maxTurnsLimit }: SubagentPoolBinding): JsonSchema {
  const tools = {
    type: 'array',
    items: { type: 'string', enum: toolPool },
    description: 'The tools that it may use. Default: none.',
  };
  return {
    type: 'object',
    properties: {
      task: { type: 'string', minLength: 1, description: 'What to do, with everything it needs to know.' },
      ...(toolPool.length === 0 ? {} : { tools }),
      instructions: { type: 'string', description: 'How to do it. Default: none beyond the task.' },
      maxTurns: {
        type: 'integer',
        minimum: 1,
        maximum: maxTurnsLimit,
        description: `How many steps it may take. Default: ${Math.min(DEFAULT_TURNS, maxTurnsLimit)}.`,
      },
    },
    required: ['task'],
    additionalProperties: false,
  };
}
