import type { ToolDefinition } from '../../protocol/definition.ts';
import { RequestError } from '../errors.ts';
import type { DefinitionStore } from '../store/definition-store.ts';
import type { SecretStore } from '../store/secret-store.ts';
import type { Finding } from '../tools/kind.ts';
import { findingLines, reviewKeptName } from '../tools/review.ts';
import type { Toolbox } from '../tools/toolbox.ts';

/** A definition that somebody sent, found good. */
export interface SubmittedTool {
  readonly definition: ToolDefinition;
  readonly warnings: readonly Finding[];
}

export interface SubmissionParts {
  readonly toolbox: Toolbox;
  readonly secretStore: Pick<SecretStore, 'secret'>;
  readonly definitions: Pick<DefinitionStore, 'definition'>;
}

/** Reviews a definition that is to be kept. Rejects with `RequestError` `invalid_tool` and all that is wrong with it. */
export async function submittedTool(
  input: unknown,
  workspace: string,
  parts: SubmissionParts,
): Promise<SubmittedTool> {
  const { definition, findings } = await review(input, workspace, parts);
  const all = [...(definition === undefined ? [] : reviewKeptName(definition.name)), ...findings];
  return requireSound(definition, all);
}

/** The same of one that only runs once. */
export async function triedTool(
  input: unknown,
  workspace: string,
  parts: SubmissionParts,
): Promise<SubmittedTool> {
  const { definition, findings } = await review(input, workspace, parts);
  return requireSound(definition, findings);
}

function review(input: unknown, workspace: string, { toolbox, secretStore, definitions }: SubmissionParts) {
  return toolbox.review(input, {
    hasSecret: async (name) => (await secretStore.secret(workspace, name)) !== undefined,
    workspace,
    hasDefinition: async (kind, id) => (await definitions.definition(workspace, kind, id)) !== undefined,
  });
}

function requireSound(definition: ToolDefinition | undefined, findings: readonly Finding[]): SubmittedTool {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (definition !== undefined && errors.length === 0) return { definition, warnings: findings };
  const details = findingLines(errors);
  throw new RequestError('invalid_tool', `The definition cannot work: ${details[0]}`, {
    hint: 'Mend what `details` names. `/openapi.json` describes `ToolDefinition`.',
    details,
  });
}
