import type { ToolChoice } from '../../protocol/definition.ts';
import { DEFAULT_MAX_TOOL_CALLS, DEFAULT_PAUSE_MINUTES } from '../../protocol/limits.ts';
import type { WantedAgent } from '../../protocol/request.ts';
import type { NamedAgent } from '../../protocol/saved-definitions.ts';
import { type Agent, type Config, ConfigError } from '../config/config.ts';
import type { SavedDefinitions } from '../definitions/saved-definitions.ts';
import { RequestError } from '../errors.ts';
import type { ModelResolver } from '../models/model.ts';

/** An agent that a request means, and what it has in tools beside those of the configuration. */
export interface FoundAgent {
  readonly agent: Agent;
  readonly choices: readonly ToolChoice[];
}

export interface AgentSources {
  readonly config: Config;
  readonly agents: Pick<SavedDefinitions<NamedAgent>, 'find'>;
  readonly models: ModelResolver;
}

/** Throws `agent_not_found`, or `invalid_request` for a description that means nothing or a model that cannot work here. */
export async function findAgent(
  wanted: WantedAgent,
  workspace: string,
  { config, agents, models }: AgentSources,
): Promise<FoundAgent> {
  const { id, ...definition } = wanted;
  const isDescribed = Object.values(definition).some((value) => value !== undefined);
  if ((id === undefined) !== isDescribed) throw ambiguous();
  if (id === undefined) {
    requireModel(definition.model ?? config.model, models);
    return described('inline', { ...definition, name: definition.name ?? 'Inline agent' }, config);
  }
  const configured = config.surfaces.map(({ agent }) => agent);
  const agent = configured.find((one) => one.id === id);
  if (agent !== undefined) return { agent, choices: [] };
  const saved = await agents.find(workspace, id);
  if (saved !== undefined) return described(saved.id, saved.body, config);
  throw new RequestError('agent_not_found', `There is no agent "${id}".`, {
    hint: `The configured agents are: ${configured.map((one) => one.id).join(', ') || 'none'}. \`GET /v1/agents\` lists the saved ones.`,
  });
}

function described(id: string, definition: NamedAgent, config: Config): FoundAgent {
  const { name, model, instructions, maxToolCalls, tools } = definition;
  return {
    agent: {
      id,
      name,
      model: model ?? config.model,
      instructions: instructions ?? '',
      maxToolCalls: maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS,
      pauseMinutes: DEFAULT_PAUSE_MINUTES,
      tools: [],
    },
    choices: tools === undefined ? [] : [tools],
  };
}

function requireModel(model: string, models: ModelResolver): void {
  try {
    models(model);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new RequestError('invalid_request', `The model "${model}" cannot work here.`, {
      details: [`agent.model: ${error.message}`],
      cause: error,
    });
  }
}

function ambiguous(): RequestError {
  const words =
    'Name a configured or saved agent, { "id": "…" }, or describe one, { "model": "…", "instructions": "…" }';
  return new RequestError('invalid_request', 'The `agent` of the request means none.', {
    hint: 'Send its `id` alone, or a description alone.',
    details: [`agent: ${words}`],
  });
}
