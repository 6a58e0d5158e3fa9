import { ToolDefinition } from '../../protocol/definition.ts';
import {
  CreateToolRequest,
  DeleteToolResponse,
  EnsureRequest,
  EnsureResponse,
  PullRequest,
  PullResponse,
  SavedTool,
  SavedToolResponse,
  ToolRequest,
  ToolsRequest,
  ToolsResponse,
  UpdateToolRequest,
} from '../../protocol/saved.ts';
import type { Config } from '../config/config.ts';
import type { CallToolParts } from '../definitions/call-tool.ts';
import { ensureTool } from '../definitions/ensure-tool.ts';
import { savedDefinitions } from '../definitions/saved-definitions.ts';
import { conflictAhead, pulledTool, savedTool } from '../definitions/saved-tools.ts';
import { type SubmittedTool, submittedTool } from '../definitions/submitted-tool.ts';
import { RequestError } from '../errors.ts';
import { requireScope } from '../guard/api-key.ts';
import type { Store } from '../store/store.ts';
import { pageSize } from './page-size.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';
import { validationOf } from './saved-definitions.ts';
import { type ToolCallRouteParts, toolCallRoutes } from './tool-calls.ts';

export interface ToolRouteParts extends Omit<CallToolParts, 'receipts' | 'model'> {
  readonly config: Config;
  readonly store: Store;
}

type Parts = ToolRouteParts & ToolCallRouteParts;

const path = '/v1/tools';
const scope = 'TOOLS';

/** The routes of saved tools. Those with a word of their own stand before those with an id. */
export function toolRoutes(routeParts: ToolRouteParts): KeyRoute[] {
  const { config, store, clock, newId } = routeParts;
  const tools = savedDefinitions('tool', ToolDefinition, { store: store.definitions, clock, newId });
  const parts: Parts = {
    ...routeParts,
    tools,
    secretStore: store.secrets,
    definitions: store.definitions,
    receipts: store.receipts,
    model: config.model,
  };
  return [
    ensureRoute(parts),
    pullRoute(parts),
    createRoute(parts),
    listRoute(parts),
    readRoute(parts),
    updateRoute(parts),
    deleteRoute(parts),
    ...toolCallRoutes(parts),
  ];
}

function ensureRoute(parts: Parts): KeyRoute {
  const { store, clock, newId } = parts;
  return keyRoute({
    method: 'POST',
    path: `${path}/ensure`,
    scope,
    access: 'READ',
    operation: 'ensureTool',
    summary:
      'Makes the saved tool of this name what its definition says. Send `{ name, contentHash }` first: where the hash ' +
      'is that of the saved tool, the answer is `unchanged` and nothing is written; else it is `definitionRequired`, ' +
      'and the same request with `definition` creates or updates the tool. Never deletes and never renames. Probes and ' +
      'dry runs need `TOOLS:READ` alone.',
    request: EnsureRequest,
    answer: {
      description:
        '`unchanged`, `created` or `updated`; `definitionRequired` for a probe that found something else, or nothing; ' +
        '`plan` for a dry run. Every `contentHash` was computed by the server just now.',
      json: EnsureResponse,
    },
    errors: ['invalid_tool', 'content_hash_mismatch', 'remote_changed', 'external_modification'],
    async handle(_, request, key) {
      const { workspace } = key;
      if (request.definition !== undefined && request.dryRun !== true) requireScope(key, `${scope}:WRITE`);
      const submitted = await ensured(request, workspace, parts);
      const kept = { definitions: store.definitions, clock, newId };
      return jsonAnswer(await ensureTool(workspace, request, submitted, kept));
    },
  });
}

/** The name of the request is that of the definition, which may leave it out. */
async function ensured(
  { name, contentHash, definition }: EnsureRequest,
  workspace: string,
  parts: Parts,
): Promise<SubmittedTool | undefined> {
  if (definition !== undefined) {
    const own = definition.name;
    if (own === undefined || own === name) return submittedTool({ ...definition, name }, workspace, parts);
    const problem = `definition.name: is ${JSON.stringify(own)?.slice(0, 120)}, and the request is for ${JSON.stringify(name)}`;
    throw new RequestError('invalid_tool', 'The request and its definition have different names.', {
      hint: 'Write the same name twice, or leave it out of the definition.',
      details: [problem],
    });
  }
  if (contentHash !== undefined) return undefined;
  throw new RequestError('invalid_request', 'The request has neither a `contentHash` nor a `definition`.', {
    hint: 'Send the hash to ask whether the tool is what you have, or the definition to make it so.',
  });
}

function pullRoute({ tools }: Parts): KeyRoute {
  return keyRoute({
    method: 'GET',
    path: `${path}/pull`,
    scope,
    operation: 'pullTool',
    summary:
      'Gives the definition of a saved tool by its name, as a repository keeps it, and where it comes from.',
    request: PullRequest,
    answer: {
      description: 'The definition in full, with its hash and who wrote it last.',
      json: PullResponse,
    },
    errors: ['tool_not_found'],
    async handle(_, { name }, { workspace }) {
      const kept = await tools.findByName(workspace, name);
      if (kept !== undefined) return jsonAnswer(pulledTool(kept));
      throw new RequestError('tool_not_found', `There is no saved tool called "${name}".`, {
        hint: "`GET /v1/tools` lists those of this API key's workspace.",
      });
    },
  });
}

const WRITE_ERRORS = ['invalid_tool', 'name_taken'] as const;

function createRoute(parts: Parts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path,
    scope,
    operation: 'createTool',
    summary: 'Saves a tool.',
    request: CreateToolRequest,
    answer: { description: 'The tool, and what is odd about it.', json: SavedToolResponse },
    errors: WRITE_ERRORS,
    async handle(_, body, { workspace }) {
      const { definition, warnings } = await submittedTool(body, workspace, parts);
      const kept = await parts.tools.create(workspace, definition);
      return jsonAnswer({ ...savedTool(kept), ...validationOf(warnings) } satisfies SavedToolResponse);
    },
  });
}

function listRoute({ tools }: Parts): KeyRoute {
  return keyRoute({
    method: 'GET',
    path,
    scope,
    operation: 'listTools',
    summary: "Lists the workspace's saved tools by name.",
    request: ToolsRequest,
    answer: { description: 'One page.', json: ToolsResponse },
    errors: ['invalid_cursor'],
    async handle(_, { cursor, limit, toolType, name }, { workspace }) {
      const part = name?.toLowerCase() ?? '';
      const isWanted = (tool: ToolDefinition) =>
        tool.name.toLowerCase().includes(part) && (toolType === undefined || tool.toolType === toolType);
      const isFiltered = part !== '' || toolType !== undefined;
      const { data, nextCursor } = await tools.page(workspace, {
        cursor,
        limit: pageSize(limit),
        ...(isFiltered ? { where: isWanted } : {}),
      });
      return jsonAnswer({ data: data.map(savedTool), nextCursor } satisfies ToolsResponse);
    },
  });
}

function readRoute({ tools }: Parts): KeyRoute {
  return keyRoute({
    method: 'GET',
    path: `${path}/{id}`,
    scope,
    operation: 'tool',
    summary: 'Gives a saved tool.',
    request: ToolRequest,
    answer: { description: 'The tool.', json: SavedTool },
    errors: ['tool_not_found'],
    async handle(_, { id }, { workspace }) {
      return jsonAnswer(savedTool(await tools.require(workspace, id)));
    },
  });
}

function updateRoute(parts: Parts): KeyRoute {
  return keyRoute({
    method: 'PUT',
    path: `${path}/{id}`,
    scope,
    operation: 'updateTool',
    summary:
      'Changes a saved tool. Executions that run or wait keep what they began with. A tool that is kept as code is ' +
      'changed too, with a warning: its next ensure conflicts.',
    request: UpdateToolRequest,
    answer: { description: 'The tool, and what is odd about it.', json: SavedToolResponse },
    errors: [...WRITE_ERRORS, 'tool_not_found', 'execution_conflict'],
    async handle(_, { id, ...fields }, { workspace }) {
      let warnings: SubmittedTool['warnings'] = [];
      let nameBefore = '';
      const kept = await parts.tools.change(workspace, id, async (before) => {
        nameBefore = before.name;
        const submitted = await submittedTool({ ...before, ...fields }, workspace, parts);
        warnings = submitted.warnings;
        return submitted.definition;
      });
      const all = [...warnings, ...conflictAhead(nameBefore, kept)];
      return jsonAnswer({ ...savedTool(kept), ...validationOf(all) } satisfies SavedToolResponse);
    },
  });
}

function deleteRoute({ tools }: Parts): KeyRoute {
  return keyRoute({
    method: 'DELETE',
    path: `${path}/{id}`,
    scope,
    operation: 'deleteTool',
    summary:
      'Deletes a saved tool. Executions that run or wait go on with it; a new dispatch whose agent or step still names ' +
      'it answers `tool_not_found`.',
    request: ToolRequest,
    answer: { description: 'It is gone.', json: DeleteToolResponse },
    errors: ['tool_not_found'],
    async handle(_, { id }, { workspace }) {
      await tools.remove(workspace, id);
      return jsonAnswer({ id, deleted: true } satisfies DeleteToolResponse);
    },
  });
}
