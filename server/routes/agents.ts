import {
  AgentsResponse,
  NamedAgent,
  SavedAgent,
  SavedAgentResponse,
  UpdateAgentRequest,
} from '../../protocol/saved-definitions.ts';
import { type ReviewParts, reviewAgent } from '../definitions/review-definitions.ts';
import type { SavedDefinitions } from '../definitions/saved-definitions.ts';
import type { KeyRoute } from './route.ts';
import { definitionRoutes } from './saved-definitions.ts';

export interface AgentRouteParts extends ReviewParts {
  readonly agents: SavedDefinitions<NamedAgent>;
}

/** The routes of saved agents. */
export function agentRoutes({ agents, ...parts }: AgentRouteParts): KeyRoute[] {
  return definitionRoutes({
    path: '/v1/agents',
    scope: 'AGENTS',
    word: 'agent',
    one: 'an agent',
    notFound: 'agent_not_found',
    body: NamedAgent,
    change: UpdateAgentRequest,
    answers: { one: SavedAgent, written: SavedAgentResponse, page: AgentsResponse },
    saved: agents,
    review: (agent) => reviewAgent(agent, parts),
  });
}
