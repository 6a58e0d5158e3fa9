import {
  DefinitionRequest,
  DefinitionsRequest,
  DeleteDefinitionResponse,
  FlowsResponse,
  NamedFlow,
  SavedFlow,
  SavedFlowResponse,
  UpdateFlowRequest,
} from '../../protocol/saved-definitions.ts';
import { type ReviewParts, reviewFlow } from '../definitions/review-definitions.ts';
import type { Kept, SavedDefinitions } from '../definitions/saved-definitions.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';
import { changed, datesOf, limitOf, validationOf, WRITE_ERRORS } from './saved-definitions.ts';

export interface FlowRouteParts extends ReviewParts {
  readonly flows: SavedDefinitions<NamedFlow>;
}

const path = '/v1/flows';
const scope = 'FLOWS';

/** The routes of saved flows. */
export function flowRoutes({ flows, ...parts }: FlowRouteParts): KeyRoute[] {
  return [
    keyRoute({
      method: 'POST',
      path,
      scope,
      operation: 'createFlow',
      summary: 'Saves a flow.',
      request: NamedFlow,
      answer: { description: 'The flow.', json: SavedFlowResponse },
      errors: [...WRITE_ERRORS],
      async handle(_, flow, { workspace }) {
        const findings = await reviewFlow(flow, parts);
        const kept = await flows.create(workspace, flow);
        return jsonAnswer({ ...told(kept), ...validationOf(findings) } satisfies SavedFlowResponse);
      },
    }),
    keyRoute({
      method: 'GET',
      path,
      scope,
      operation: 'listFlows',
      summary: "Lists the workspace's saved flows by name.",
      request: DefinitionsRequest,
      answer: { description: 'One page.', json: FlowsResponse },
      errors: ['invalid_cursor'],
      async handle(_, { cursor, limit }, { workspace }) {
        const { data, nextCursor } = await flows.page(workspace, { cursor, limit: limitOf(limit) });
        return jsonAnswer({ data: data.map(told), nextCursor } satisfies FlowsResponse);
      },
    }),
    keyRoute({
      method: 'GET',
      path: `${path}/{id}`,
      scope,
      operation: 'flow',
      summary: 'Gives a saved flow.',
      request: DefinitionRequest,
      answer: { description: 'The flow.', json: SavedFlow },
      errors: ['flow_not_found'],
      async handle(_, { id }, { workspace }) {
        return jsonAnswer(told(await flows.require(workspace, id)));
      },
    }),
    keyRoute({
      method: 'PUT',
      path: `${path}/{id}`,
      scope,
      operation: 'updateFlow',
      summary: 'Changes a saved flow. Executions that run or wait keep what they began with.',
      request: UpdateFlowRequest,
      answer: { description: 'The flow.', json: SavedFlowResponse },
      errors: [...WRITE_ERRORS, 'flow_not_found', 'execution_conflict'],
      async handle(_, { id, ...change }, { workspace }) {
        let findings: Awaited<ReturnType<typeof reviewFlow>> = [];
        const kept = await flows.change(workspace, id, async (before) => {
          const flow = changed(NamedFlow, before, change);
          findings = await reviewFlow(flow, parts);
          return flow;
        });
        return jsonAnswer({ ...told(kept), ...validationOf(findings) } satisfies SavedFlowResponse);
      },
    }),
    keyRoute({
      method: 'DELETE',
      path: `${path}/{id}`,
      scope,
      operation: 'deleteFlow',
      summary: 'Deletes a saved flow. Executions that run or wait go on.',
      request: DefinitionRequest,
      answer: { description: 'It is gone.', json: DeleteDefinitionResponse },
      errors: ['flow_not_found'],
      async handle(_, { id }, { workspace }) {
        await flows.remove(workspace, id);
        return jsonAnswer({ id, deleted: true } satisfies DeleteDefinitionResponse);
      },
    }),
  ];
}

function told({ id, body, ...dates }: Kept<NamedFlow>): SavedFlow {
  return { id, ...body, ...datesOf(dates) };
}
