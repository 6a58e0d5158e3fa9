import type { FlowDefinition, ToolChoice } from '../../protocol/definition.ts';
import { MAX_RUNTIME_TOOLS } from '../../protocol/limits.ts';
import { ConfigError } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import { flowProblems, planSteps } from '../flows/flow-steps.ts';
import type { ModelResolver } from '../models/model.ts';
import { BUILTIN_NAMES, BUILTIN_PREFIX } from '../tools/builtins/builtins.ts';
import type { Finding } from '../tools/kind.ts';
import { findingLines } from '../tools/review.ts';
import { readToolId } from '../tools/tool-id.ts';
import type { Toolbox } from '../tools/toolbox.ts';

export interface ReviewParts {
  readonly models: ModelResolver;
  readonly review: Toolbox['review'];
}

/** A part of a definition that asks a model, and where it stands: empty for an agent, `steps[0].config.` for a step. */
interface Asker {
  readonly at: string;
  readonly model?: string | null | undefined;
  readonly tools?: ToolChoice | null | undefined;
}

/**
 * What is odd about an agent. Throws `RequestError` for what cannot work: `invalid_request`, `too_many_runtime_tools`,
 * and `invalid_tool` with what is wrong with a runtime tool.
 */
export function reviewAgent(agent: Omit<Asker, 'at'>, parts: ReviewParts): Promise<readonly Finding[]> {
  return reviewAskers([{ at: '', ...agent }], [], parts);
}

/** The same of a flow. */
export async function reviewFlow(flow: FlowDefinition, parts: ReviewParts): Promise<readonly Finding[]> {
  const askers = flow.steps.map(({ config }, index) => ({ at: `steps[${index}].config.`, ...config }));
  const findings = await reviewAskers(askers, flowProblems(planSteps(flow)), parts);
  return [...findings, ...flow.steps.flatMap(({ config }, index) => oddInstructions(config, index))];
}

async function reviewAskers(
  askers: readonly Asker[],
  flowProblems: readonly string[],
  { models, review }: ReviewParts,
): Promise<readonly Finding[]> {
  const problems = [
    ...flowProblems,
    ...askers.flatMap(({ at, model }) => modelProblems(`${at}model`, model ?? undefined, models)),
    ...askers.flatMap(({ at, tools }) => idProblems(`${at}tools.toolIds`, tools?.toolIds ?? [])),
  ];
  if (problems.length > 0) {
    throw new RequestError('invalid_request', `The definition cannot work: ${problems[0]}.`, {
      hint: 'Mend the fields in `details`.',
      details: problems,
    });
  }
  const runtimeTools = askers.flatMap(({ at, tools }) =>
    (tools?.runtimeTools ?? []).map((tool, index) => ({ at: `${at}tools.runtimeTools[${index}]`, tool })),
  );
  if (runtimeTools.length > MAX_RUNTIME_TOOLS) {
    throw new RequestError(
      'too_many_runtime_tools',
      `The definition has ${runtimeTools.length} runtime tools in all.`,
      { hint: `Write at most ${MAX_RUNTIME_TOOLS}, and save the others under \`/v1/tools\`.` },
    );
  }
  const reviews = await Promise.all(
    runtimeTools.map(async ({ at, tool }) =>
      (await review(tool)).findings.map((finding) => ({
        ...finding,
        path: finding.path === undefined ? at : `${at}.${finding.path}`,
      })),
    ),
  );
  const findings = reviews.flat();
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return findings;
  throw new RequestError('invalid_tool', `A runtime tool cannot work: ${errors[0]?.message}`, {
    hint: errors[0]?.suggestion,
    details: findingLines(errors),
  });
}

function modelProblems(at: string, model: string | undefined, models: ModelResolver): readonly string[] {
  if (model === undefined) return [];
  try {
    models(model);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [`${at}: ${error.message}`];
  }
}

function idProblems(at: string, ids: readonly string[]): readonly string[] {
  return ids.flatMap((text, index) => {
    const id = readToolId(text);
    if (id === undefined) {
      return [
        `${at}[${index}]: is no id of a tool. One is \`tool_…\`, \`saved:<name>\`, \`builtin:<name>\`, \`mcp:<server>:<tool>\` or \`mcp:<server>:*\``,
      ];
    }
    if (id.kind !== 'builtin' || BUILTIN_NAMES.includes(id.name)) return [];
    const names = BUILTIN_NAMES.map((name) => `\`${BUILTIN_PREFIX}${name}\``).join(', ');
    return [`${at}[${index}]: there is no built-in tool "${id.name}". These are: ${names}`];
  });
}

function oddInstructions(
  { systemPrompt = '' }: FlowDefinition['steps'][number]['config'],
  index: number,
): readonly Finding[] {
  if (!systemPrompt.includes('{{')) return [];
  return [
    {
      severity: 'warning',
      code: 'placeholder_in_instructions',
      message:
        'Nothing is put in for placeholders of a `systemPrompt`: what others wrote would become instructions.',
      suggestion: 'Move the placeholder into `userPrompt`.',
      path: `steps[${index}].config.systemPrompt`,
    },
  ];
}
