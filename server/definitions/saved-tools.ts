import type { ToolDefinition, ToolType } from '../../protocol/definition.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { DefinitionWarning, PullResponse, SavedTool, SavedToolResponse } from '../../protocol/saved.ts';
import { RequestError } from '../errors.ts';
import type { DefinitionStore, StoredDefinition } from '../store/definition-store.ts';
import type { EnsureParts, SubmittedTool } from './ensure-tool.ts';
import { contentHashOf, definitionOf } from './tool-content.ts';

/** Rejects with `RequestError` `name_taken`. */
export async function createTool(
  workspace: string,
  { definition, warnings }: SubmittedTool,
  { definitions, clock, newId }: EnsureParts,
): Promise<SavedToolResponse> {
  const nowMs = clock();
  const stored: StoredDefinition = {
    id: newId(ID_PREFIX.tool),
    workspace,
    kind: 'tool',
    name: definition.name,
    body: definition,
    lastModifiedSource: 'api',
    version: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  if (!(await definitions.insertDefinition(stored))) throw nameTaken(definition.name);
  return { ...toSavedTool(stored), validation: { warnings: [...warnings] } };
}

/** Who writes at the same time: each try that fails means that somebody else's went through. */
const MAX_TRIES = 10;

/**
 * Changes a tool with what `change` makes of it as it is at this moment, which may reject. Rejects with `RequestError`
 * `tool_not_found`, `name_taken`.
 */
export async function updateTool(
  place: { readonly workspace: string; readonly id: string },
  change: (live: ToolDefinition) => Promise<SubmittedTool>,
  { definitions, clock }: EnsureParts,
): Promise<SavedToolResponse> {
  for (let tries = 0; ; tries += 1) {
    const stored = await findTool(place, definitions);
    const { definition, warnings } = await change(definitionOf(stored));
    const next: StoredDefinition = {
      ...stored,
      name: definition.name,
      body: definition,
      lastModifiedSource: 'api',
      version: stored.version + 1,
      updatedAtMs: clock(),
    };
    if (await definitions.updateDefinition(next)) {
      const all = [...warnings, ...(stored.managedBy === undefined ? [] : [conflictAhead(stored, next)])];
      return { ...toSavedTool(next), validation: { warnings: all } };
    }
    const namesake = await definitions.definitionByName(place.workspace, 'tool', definition.name);
    if ((namesake !== undefined && namesake.id !== stored.id) || tries >= MAX_TRIES)
      throw nameTaken(definition.name);
  }
}

/** Rejects with `RequestError` `tool_not_found`. */
export async function findTool(
  { workspace, id }: { readonly workspace: string; readonly id: string },
  definitions: DefinitionStore,
): Promise<StoredDefinition> {
  const stored = await definitions.definition(workspace, 'tool', id);
  if (stored === undefined) throw toolNotFound(`There is no tool \`${id}\`.`);
  return stored;
}

/** Rejects with `RequestError` `tool_not_found`. */
export async function pullTool(
  workspace: string,
  name: string,
  definitions: DefinitionStore,
): Promise<PullResponse> {
  const stored = await definitions.definitionByName(workspace, 'tool', name);
  if (stored === undefined) throw toolNotFound(`There is no tool called "${name}".`);
  const { id, description, toolType, parametersSchema, config, ...tool } = toSavedTool(stored);
  const { contentHash, lastModifiedSource, updatedAt } = tool;
  const definition = { name, description, toolType, parametersSchema, config } as ToolDefinition;
  return { toolId: id, definition, contentHash, lastModifiedSource, updatedAt };
}

/** How many are read at once while a page is filled. */
const READ_AT_ONCE = 200;

/** Those behind `after`, in the order of their names, with one more than `limit` where there are more. */
export async function listTools(
  workspace: string,
  wanted: {
    readonly after: string | undefined;
    readonly limit: number;
    readonly toolType?: ToolType | undefined;
    /** A part of the name, in any case. */
    readonly name?: string | undefined;
  },
  definitions: DefinitionStore,
): Promise<readonly SavedTool[]> {
  const part = wanted.name?.toLowerCase() ?? '';
  const found: StoredDefinition[] = [];
  let after = wanted.after;
  for (;;) {
    const page = await definitions.definitions(workspace, 'tool', { after, limit: READ_AT_ONCE });
    found.push(
      ...page.filter(
        (stored) =>
          stored.name.toLowerCase().includes(part) &&
          (wanted.toolType === undefined || definitionOf(stored).toolType === wanted.toolType),
      ),
    );
    after = page.at(-1)?.name;
    if (found.length > wanted.limit || page.length < READ_AT_ONCE) break;
  }
  return found.slice(0, wanted.limit + 1).map(toSavedTool);
}

export function toSavedTool(stored: StoredDefinition): SavedTool {
  const definition = definitionOf(stored);
  return {
    id: stored.id,
    name: stored.name,
    description: definition.description ?? '',
    toolType: definition.toolType,
    parametersSchema: definition.parametersSchema ?? { type: 'object', properties: {} },
    config: definition.config ?? {},
    contentHash: contentHashOf(definition),
    lastModifiedSource: stored.lastModifiedSource,
    managedBy: stored.managedBy ?? null,
    createdAt: new Date(stored.createdAtMs).toISOString(),
    updatedAt: new Date(stored.updatedAtMs).toISOString(),
  };
}

export function toolNotFound(message: string): RequestError {
  return new RequestError('tool_not_found', message, {
    hint: '`GET /v1/tools` lists those of the workspace of this API key.',
  });
}

function nameTaken(name: string): RequestError {
  return new RequestError('name_taken', `Another tool is called "${name}".`, {
    hint: 'Choose another name, or change that tool with `PUT /v1/tools/{id}`.',
  });
}

/** An edit of what a repository keeps holds until the repository says otherwise. */
function conflictAhead(before: StoredDefinition, after: StoredDefinition): DefinitionWarning {
  const isRenamed = before.name !== after.name;
  return {
    severity: 'warning',
    code: 'managed_in_code',
    message: isRenamed
      ? `This tool is kept as code under the name "${before.name}": the next ensure makes a new tool of that name.`
      : 'This tool is kept as code: the next ensure of a definition that differs fails with `external_modification`.',
    suggestion: isRenamed
      ? 'Rename it in the repository too.'
      : `Take the edit over with \`GET /v1/tools/pull?name=${encodeURIComponent(after.name)}\`, or ensure with \`onConflict: "overwrite"\`.`,
  };
}
