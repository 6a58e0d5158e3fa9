import {
  FlowsResponse,
  NamedFlow,
  SavedFlow,
  SavedFlowResponse,
  UpdateFlowRequest,
} from '../../protocol/saved-definitions.ts';
import { type ReviewParts, reviewFlow } from '../definitions/review-definitions.ts';
import type { SavedDefinitions } from '../definitions/saved-definitions.ts';
import type { KeyRoute } from './route.ts';
import { definitionRoutes } from './saved-definitions.ts';

export interface FlowRouteParts extends ReviewParts {
  readonly flows: SavedDefinitions<NamedFlow>;
}

/** The routes of saved flows. */
export function flowRoutes({ flows, ...parts }: FlowRouteParts): KeyRoute[] {
  return definitionRoutes({
    path: '/v1/flows',
    scope: 'FLOWS',
    word: 'flow',
    one: 'a flow',
    notFound: 'flow_not_found',
    body: NamedFlow,
    change: UpdateFlowRequest,
    answers: { one: SavedFlow, written: SavedFlowResponse, page: FlowsResponse },
    saved: flows,
    review: (flow) => reviewFlow(flow, parts),
  });
}
