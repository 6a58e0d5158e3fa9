import type * as z from 'zod/mini';
import type { ToolDefinition } from '../../protocol/definition.ts';
import {
  ExecuteToolRequest,
  ExecuteToolResponse,
  TestSavedToolRequest,
  TestToolRequest,
} from '../../protocol/saved.ts';
import type { ApiKeyConfig } from '../config/config.ts';
import { type CallToolParts, callTool, type ToolCallRequest } from '../definitions/call-tool.ts';
import type { SavedDefinitions } from '../definitions/saved-definitions.ts';
import { type SubmissionParts, triedTool } from '../definitions/submitted-tool.ts';
import { type Call, jsonAnswer, type KeyRoute, keyRoute } from './route.ts';
import { validationOf } from './saved-definitions.ts';

export interface ToolCallRouteParts extends CallToolParts, SubmissionParts {
  readonly tools: SavedDefinitions<ToolDefinition>;
}

const path = '/v1/tools';
const scope = 'TOOLS';

/** The routes that call a tool once, outside of any conversation. */
export function toolCallRoutes(parts: ToolCallRouteParts): KeyRoute[] {
  return [executeRoute(parts), testSavedRoute(parts), testRoute(parts)];
}

const CALL_ANSWER = {
  description: 'What came of the call. One that came to nothing is `status: "error"` with its code.',
  json: ExecuteToolResponse,
} as const;

function executeRoute(parts: ToolCallRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: `${path}/{id}/execute`,
    scope,
    operation: 'executeTool',
    summary: 'Calls a saved tool once, outside of any conversation, and keeps a receipt.',
    request: ExecuteToolRequest,
    answer: CALL_ANSWER,
    errors: ['tool_not_found', 'invalid_tool'],
    async handle(call, { id, ...called }, key) {
      const { body: definition } = await parts.tools.require(key.workspace, id);
      const request = callRequest({ definition, toolId: id }, called, call, key);
      return jsonAnswer(await callTool(request, parts));
    },
  });
}

function testSavedRoute(parts: ToolCallRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: `${path}/{id}/test`,
    scope,
    operation: 'testSavedTool',
    summary: 'Calls what a saved tool would be with other fields. The call is real; nothing of it is saved.',
    request: TestSavedToolRequest,
    answer: CALL_ANSWER,
    errors: ['tool_not_found', 'invalid_tool'],
    async handle(call, { id, definition: fields, ...called }, key) {
      const { body } = await parts.tools.require(key.workspace, id);
      const { definition, warnings } = await triedTool({ ...body, ...fields }, key.workspace, parts);
      const request = callRequest({ definition, toolId: id }, called, call, key);
      return jsonAnswer({ ...(await callTool(request, parts)), ...validationOf(warnings) });
    },
  });
}

function testRoute(parts: ToolCallRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: `${path}/test`,
    scope,
    operation: 'testTool',
    summary: 'Calls a tool that is not saved. The call is real; nothing of it is saved.',
    request: TestToolRequest,
    answer: CALL_ANSWER,
    errors: ['invalid_tool'],
    async handle(call, { definition: input, ...called }, key) {
      const { definition, warnings } = await triedTool(input, key.workspace, parts);
      const request = callRequest({ definition, toolId: null }, called, call, key);
      return jsonAnswer({ ...(await callTool(request, parts)), ...validationOf(warnings) });
    },
  });
}

function callRequest(
  tool: Pick<ToolCallRequest, 'definition' | 'toolId'>,
  called: Omit<z.infer<typeof ExecuteToolRequest>, 'id'>,
  { signal }: Call,
  { workspace, label }: ApiKeyConfig,
): ToolCallRequest {
  const { parameters = {}, secrets = {}, record = {}, user = {} } = called;
  return { ...tool, workspace, caller: label, parameters, dispatchSecrets: secrets, record, user, signal };
}
