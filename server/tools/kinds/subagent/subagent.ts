import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { readJson } from '../../../flows/flow-steps.ts';
import type { ChildAnswer, ChildTask, Finding, ToolKind, ToolParts } from '../../kind.ts';
import { reviewTemplates } from '../../review-template.ts';
import { lookupWithoutSecrets, placeholdersIn, renderText } from '../../template.ts';
import { ToolError } from '../../tool-error.ts';

const DEFAULT_TURNS = 5;
const DEFAULT_TIMEOUT_MS = 300_000;

const JSON_ONLY = 'Your last message must be one JSON value and nothing else.';

type Definition = ToolDefinitionOf<'subagent'>;
type Parameters = Readonly<Record<string, unknown>>;

/** A task for an agent of its own, which sees its parameters and nothing else of the conversation. */
export const subagentKind: ToolKind<'subagent'> = {
  type: 'subagent',
  review: (definition) => Promise.resolve(review(definition)),
  open({ name, config }, { children, variables }) {
    const { allowedTools = [], maxTurns = DEFAULT_TURNS, outputFormat = 'text' } = config;
    return {
      idempotent: false,
      timeoutMs: config.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      async run(parameters, call) {
        const agent = await childOf(config, parameters, { children, variables });
        const instructions =
          outputFormat === 'json' ? joined(agent.instructions, JSON_ONLY) : agent.instructions;
        const answer = await children.agent({
          agent: { ...agent, ...(instructions === undefined ? {} : { instructions }) },
          prompt: taskOf(parameters),
          maxTurns,
          allowedTools,
          call,
        });
        return readAnswer(answer, outputFormat, name);
      },
    };
  },
};

async function childOf(
  { agentId, agent }: Definition['config'],
  parameters: Parameters,
  { children, variables }: Pick<ToolParts, 'children' | 'variables'>,
): Promise<ChildTask['agent']> {
  if ((agentId === undefined) === (agent === undefined)) throw new ToolError('failed', ONE_AGENT);
  if (agentId !== undefined) {
    const saved = await children.savedAgent(agentId);
    if (saved !== undefined) return { ...saved, id: agentId };
    throw new ToolError('child_failed', `There is no agent \`${agentId}\` to do this.`);
  }
  const { model, instructions } = agent ?? {};
  return {
    ...(model === undefined ? {} : { model }),
    ...(instructions === undefined
      ? {}
      : { instructions: await renderText(instructions, lookupWithoutSecrets(parameters, variables)) }),
  };
}

function taskOf(parameters: Parameters): string {
  const task = promptOf(parameters);
  if (task.trim() !== '') return task;
  throw new ToolError('invalid_arguments', 'The task is empty. Say what to do.');
}

/** One text is the task itself; more than that is told as a task and what comes with it. */
function promptOf(parameters: Parameters): string {
  const values = Object.values(parameters);
  const [only] = values;
  if (values.length === 1 && typeof only === 'string') return only;
  const { task, ...rest } = parameters;
  return typeof task === 'string' ? joined(task, JSON.stringify(rest)) : JSON.stringify(parameters);
}

function joined(first: string | undefined, second: string): string {
  return first === undefined || first.trim() === '' ? second : `${first}\n\n${second}`;
}

function readAnswer(
  { text, lastMessage }: ChildAnswer,
  format: 'text' | 'json' | 'last_message',
  name: string,
): unknown {
  if (format === 'text') return text;
  if (format === 'last_message') return lastMessage;
  try {
    return readJson(lastMessage);
  } catch (cause) {
    throw new ToolError('child_failed', `The subagent of "${name}" should answer with JSON, and did not.`, {
      cause,
    });
  }
}

const ONE_AGENT =
  'A tool of the type `subagent` needs exactly one of `config.agentId` and `config.agent`: a saved agent, or one that is described here.';

function review({ config, parametersSchema }: Definition): readonly Finding[] {
  const { agentId, agent, allowedTools = [] } = config;
  const instructions = agent?.instructions ?? '';
  const findings: Finding[] = [
    ...reviewTemplates(instructions, 'config.agent.instructions', parametersSchema),
  ];
  if ((agentId === undefined) === (agent === undefined)) {
    findings.push({
      severity: 'error',
      code: 'one_agent',
      message: ONE_AGENT,
      suggestion: agentId === undefined ? 'Add one of them.' : 'Leave one of them out.',
      path: 'config',
    });
  }
  for (const { root, written } of placeholdersIn(instructions)) {
    if (root !== 'secret' && root !== 'secrets') continue;
    findings.push({
      severity: 'error',
      code: 'secret_in_prompt',
      message: `${written} is a secret, and a model would read it here.`,
      suggestion: 'Use it in the definition of a tool that the subagent may call.',
      path: 'config.agent.instructions',
    });
  }
  if (allowedTools.length === 0) {
    findings.push({
      severity: 'warning',
      code: 'no_tools',
      message: 'The subagent may use no tools.',
      suggestion: 'Name some in `config.allowedTools`, unless it only thinks.',
      path: 'config.allowedTools',
    });
  }
  return findings;
}
