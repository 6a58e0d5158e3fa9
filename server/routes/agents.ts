import {
  AgentsResponse,
  DefinitionRequest,
  DefinitionsRequest,
  DeleteDefinitionResponse,
  NamedAgent,
  SavedAgent,
  SavedAgentResponse,
  UpdateAgentRequest,
} from '../../protocol/saved-definitions.ts';
import { type ReviewParts, reviewAgent } from '../definitions/review-definitions.ts';
import type { Kept, SavedDefinitions } from '../definitions/saved-definitions.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';
import { changed, datesOf, limitOf, validationOf, WRITE_ERRORS } from './saved-definitions.ts';

export interface AgentRouteParts extends ReviewParts {
  readonly agents: SavedDefinitions<NamedAgent>;
}

const path = '/v1/agents';
const scope = 'AGENTS';

/** The routes of saved agents. */
export function agentRoutes({ agents, ...parts }: AgentRouteParts): KeyRoute[] {
  return [
    keyRoute({
      method: 'POST',
      path,
      scope,
      operation: 'createAgent',
      summary: 'Saves an agent.',
      request: NamedAgent,
      answer: { description: 'The agent.', json: SavedAgentResponse },
      errors: [...WRITE_ERRORS],
      async handle(_, agent, { workspace }) {
        const findings = await reviewAgent(agent, parts);
        const kept = await agents.create(workspace, agent);
        return jsonAnswer({ ...told(kept), ...validationOf(findings) } satisfies SavedAgentResponse);
      },
    }),
    keyRoute({
      method: 'GET',
      path,
      scope,
      operation: 'listAgents',
      summary: "Lists the workspace's saved agents by name.",
      request: DefinitionsRequest,
      answer: { description: 'One page.', json: AgentsResponse },
      errors: ['invalid_cursor'],
      async handle(_, { cursor, limit }, { workspace }) {
        const { data, nextCursor } = await agents.page(workspace, { cursor, limit: limitOf(limit) });
        return jsonAnswer({ data: data.map(told), nextCursor } satisfies AgentsResponse);
      },
    }),
    keyRoute({
      method: 'GET',
      path: `${path}/{id}`,
      scope,
      operation: 'agent',
      summary: 'Gives a saved agent.',
      request: DefinitionRequest,
      answer: { description: 'The agent.', json: SavedAgent },
      errors: ['agent_not_found'],
      async handle(_, { id }, { workspace }) {
        return jsonAnswer(told(await agents.require(workspace, id)));
      },
    }),
    keyRoute({
      method: 'PUT',
      path: `${path}/{id}`,
      scope,
      operation: 'updateAgent',
      summary: 'Changes a saved agent. Executions that run or wait keep what they began with.',
      request: UpdateAgentRequest,
      answer: { description: 'The agent.', json: SavedAgentResponse },
      errors: [...WRITE_ERRORS, 'agent_not_found', 'execution_conflict'],
      async handle(_, { id, ...change }, { workspace }) {
        let findings: Awaited<ReturnType<typeof reviewAgent>> = [];
        const kept = await agents.change(workspace, id, async (before) => {
          const agent = changed(NamedAgent, before, change);
          findings = await reviewAgent(agent, parts);
          return agent;
        });
        return jsonAnswer({ ...told(kept), ...validationOf(findings) } satisfies SavedAgentResponse);
      },
    }),
    keyRoute({
      method: 'DELETE',
      path: `${path}/{id}`,
      scope,
      operation: 'deleteAgent',
      summary: 'Deletes a saved agent. Executions that run or wait go on.',
      request: DefinitionRequest,
      answer: { description: 'It is gone.', json: DeleteDefinitionResponse },
      errors: ['agent_not_found'],
      async handle(_, { id }, { workspace }) {
        await agents.remove(workspace, id);
        return jsonAnswer({ id, deleted: true } satisfies DeleteDefinitionResponse);
      },
    }),
  ];
}

function told({ id, body, ...dates }: Kept<NamedAgent>): SavedAgent {
  return { id, ...body, ...datesOf(dates) };
}
