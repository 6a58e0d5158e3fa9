import type { ToolDefinition } from '../../protocol/definition.ts';
import type { PullResponse, SavedTool } from '../../protocol/saved.ts';
import type { Finding } from '../tools/kind.ts';
import type { Kept } from './saved-definitions.ts';
import { contentHashOf } from './tool-content.ts';

/** A saved tool as the API tells of it. */
export function savedTool({ id, body, ...kept }: Kept<ToolDefinition>): SavedTool {
  return {
    id,
    ...wholeDefinition(body),
    contentHash: contentHashOf(body),
    lastModifiedSource: kept.lastModifiedSource,
    managedBy: kept.managedBy ?? null,
    createdAt: new Date(kept.createdAtMs).toISOString(),
    updatedAt: new Date(kept.updatedAtMs).toISOString(),
  };
}

/** The same, as a repository takes it over. */
export function pulledTool(kept: Kept<ToolDefinition>): PullResponse {
  const { id, contentHash, lastModifiedSource, updatedAt } = savedTool(kept);
  return { toolId: id, definition: wholeDefinition(kept.body), contentHash, lastModifiedSource, updatedAt };
}

/** With what the canonical form fills in. */
function wholeDefinition(definition: ToolDefinition) {
  const { name, description, parametersSchema = { type: 'object', properties: {} } } = definition;
  return { ...definition, name, description, parametersSchema };
}

/** What to say to whoever edits a tool that a repository keeps. */
export function conflictAhead(
  nameBefore: string,
  { body, managedBy, lastModifiedSource }: Kept<ToolDefinition>,
): readonly Finding[] {
  if (managedBy === undefined || lastModifiedSource === 'ensure') return [];
  const isRenamed = body.name !== nameBefore;
  const message = isRenamed
    ? `This tool is kept as code under the name "${nameBefore}": the next ensure makes a new tool of that name.`
    : 'This tool is kept as code: the next ensure of a definition that differs fails with `external_modification`.';
  const suggestion = isRenamed
    ? 'Rename it in the repository too.'
    : `Take the edit over with \`GET /v1/tools/pull?name=${encodeURIComponent(body.name)}\`, or ensure with \`onConflict: "overwrite"\`.`;
  return [{ severity: 'warning', code: 'managed_in_code', message, suggestion }];
}
