import type { AgentDefinition, FlowDefinition, ToolChoice } from '../../protocol/definition.ts';
import {
  DEFAULT_MAX_TOOL_CALLS,
  DEFAULT_PAUSE_MINUTES,
  MAX_FLOW_INPUT_CHARS,
} from '../../protocol/limits.ts';
import type { WantedAgent, WantedFlow } from '../../protocol/request.ts';
import type { NamedAgent, NamedFlow } from '../../protocol/saved-definitions.ts';
import { type Agent, type Config, ConfigError, type Surface } from '../config/config.ts';
import type { FlowToRun } from '../dispatch/flow-run.ts';
import { RequestError } from '../errors.ts';
import { planSteps } from '../flows/flow-steps.ts';
import type { ModelResolver } from '../models/model.ts';
import type { SavedDefinitions } from './saved-definitions.ts';

/** What answers a dispatch. */
export interface Answerer {
  /** With a flow: by what name it is known, and how long it waits. */
  readonly agent: Agent;
  /** What it has in tools beside the functions of the configuration. */
  readonly choices: readonly ToolChoice[];
  readonly flow?: FlowToRun;
}

type Inputs = Readonly<Record<string, unknown>>;

/**
 * Finds what answers, all of it within the workspace: agents of the configuration, then saved ones; saved flows; or what
 * the request itself describes. Rejects with `RequestError`: `agent_not_found`, `flow_not_found`, `invalid_request`.
 */
export interface Answerers {
  agent(workspace: string, wanted: WantedAgent): Promise<Answerer>;
  flow(workspace: string, wanted: WantedFlow, inputs: Inputs | undefined): Promise<Answerer>;
  /** As it is now: what is saved may have been changed since the last message. */
  ofSurface(surface: Surface, inputs: Inputs | undefined): Promise<Answerer>;
}

export interface AnswererParts {
  readonly config: Config;
  readonly agents: Pick<SavedDefinitions<NamedAgent>, 'find'>;
  readonly flows: Pick<SavedDefinitions<NamedFlow>, 'find'>;
  readonly models: ModelResolver;
  readonly log: { error(fields: Readonly<Record<string, unknown>>, message: string): void };
}

export function createAnswerers({ config, agents, flows, models, log }: AnswererParts): Answerers {
  const configuredIn = (workspace: string) =>
    config.surfaces
      .filter((surface) => surface.saved === null && surface.workspace === workspace)
      .map(({ agent }) => agent);
  const answerers: Answerers = {
    async agent(workspace, { id, ...definition }) {
      requireOneForm('agent', id, definition, '{ "model": "…", "instructions": "…" }');
      if (id === undefined) {
        requireModel(definition.model ?? config.model, models);
        return described('inline', { ...definition, name: definition.name ?? 'Inline agent' }, config);
      }
      const configured = configuredIn(workspace);
      const agent = configured.find((one) => one.id === id);
      if (agent !== undefined) return { agent, choices: [agent.uses] };
      const saved = await agents.find(workspace, id);
      if (saved !== undefined) return described(saved.id, saved.body, config);
      throw new RequestError('agent_not_found', `There is no agent "${id}".`, {
        hint: `The configured agents are: ${configured.map((one) => one.id).join(', ') || 'none'}. \`GET /v1/agents\` lists the saved ones.`,
      });
    },
    async flow(workspace, { id, steps, ...rest }, inputs = {}) {
      requireOneForm('flow', id, { steps, ...rest }, '{ "steps": [{ "type": "prompt", … }] }');
      requireSize(inputs);
      if (id === undefined) {
        if (steps === undefined) throw unfit('flow', 'needs `steps`', 'Send at least one.');
        return asAnswerer('inline', { name: rest.name ?? 'Inline flow', steps }, inputs, config);
      }
      const saved = await flows.find(workspace, id);
      if (saved !== undefined) return asAnswerer(saved.id, saved.body, inputs, config);
      throw new RequestError('flow_not_found', `There is no saved flow "${id}".`, {
        hint: "`GET /v1/flows` lists those of this API key's workspace.",
      });
    },
    async ofSurface({ id: surfaceId, saved, workspace, agent }, inputs) {
      if (saved === null) return { agent, choices: [agent.uses] };
      try {
        return saved.kind === 'agent'
          ? await answerers.agent(workspace, { id: saved.id })
          : await answerers.flow(workspace, { id: saved.id }, inputs);
      } catch (error) {
        if (!(error instanceof RequestError) || !error.code.endsWith('_not_found')) throw error;
        const missing = { surfaceId, workspace, [`${saved.kind}Id`]: saved.id };
        log.error(
          missing,
          `The ${saved.kind} that answers on a surface is gone: save it again, or name another`,
        );
        throw new RequestError(error.code, 'Nobody answers in this chat at the moment.', {
          hint: `Whoever runs the server: the surface "${surfaceId}" names a saved ${saved.kind} that is gone.`,
          cause: error,
        });
      }
    },
  };
  return answerers;
}

function described(
  id: string,
  definition: AgentDefinition & { readonly name: string },
  config: Config,
): Answerer {
  const { name, model, instructions, maxToolCalls, tools = {} } = definition;
  return {
    agent: {
      id,
      name,
      model: model ?? config.model,
      instructions: instructions ?? '',
      maxToolCalls: maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS,
      pauseMinutes: DEFAULT_PAUSE_MINUTES,
      tools: [],
      uses: tools,
    },
    choices: [tools],
  };
}

function asAnswerer(
  id: string,
  flow: FlowDefinition & { readonly name: string },
  inputs: Inputs,
  config: Config,
): Answerer {
  const { name } = flow;
  const steps = planSteps(flow).map((step) => ({ ...step, model: step.model ?? config.model }));
  return { ...described(id, { name }, config), choices: [], flow: { id, name, steps, inputs } };
}

/** What is known by its id is not described again, or it would be open which of the two counts. */
function requireOneForm(
  field: 'agent' | 'flow',
  id: string | undefined,
  definition: object,
  example: string,
): void {
  const isDescribed = Object.values(definition).some((value) => value !== undefined);
  if ((id !== undefined) !== isDescribed) return;
  const which = field === 'agent' ? 'a configured or saved agent' : 'a saved flow';
  throw new RequestError('invalid_request', `The \`${field}\` of the request means none.`, {
    hint: 'Send its `id` alone, or a description alone.',
    details: [`${field}: Name ${which}, { "id": "…" }, or describe one, ${example}`],
  });
}

function requireSize(inputs: Inputs): void {
  const chars = JSON.stringify(inputs).length;
  if (chars <= MAX_FLOW_INPUT_CHARS) return;
  throw unfit('inputs', `has ${chars} characters`, `Send at most ${MAX_FLOW_INPUT_CHARS}.`);
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

function unfit(field: string, problem: string, hint: string): RequestError {
  return new RequestError('invalid_request', `The request does not fit this route: ${field} ${problem}.`, {
    hint,
    details: [`${field}: ${problem}`],
  });
}
