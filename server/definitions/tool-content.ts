import { createHash } from 'node:crypto';
import { canonicalContent, canonicalText } from '../../protocol/canonical.ts';
import type { ToolDefinition } from '../../protocol/definition.ts';
import type { StoredDefinition } from '../store/definition-store.ts';

/** What is kept of a tool. It was a definition when it was written; later releases may read more out of it. */
export function definitionOf({ name, body }: StoredDefinition): ToolDefinition {
  return { ...(body as ToolDefinition), name };
}

/** Of what a definition says, computed anew: a stored hash would be one that an edit forgot. */
export function contentHashOf(definition: ToolDefinition): string {
  return createHash('sha256').update(canonicalContent(definition)).digest('hex');
}

/**
 * What differs: `toolType`, `description`, `parametersSchema` and `config.<key>`, those that go away included, in the
 * order of the definition. Against nothing: all that there is.
 */
export function changedKeys(next: ToolDefinition, live: ToolDefinition | undefined): readonly string[] {
  const after = partsOf(next);
  const before = live === undefined ? new Map<string, string>() : partsOf(live);
  return [...new Set([...after.keys(), ...before.keys()])].filter(
    (key) => after.get(key) !== before.get(key),
  );
}

/** Each part in its canonical form. */
function partsOf(definition: ToolDefinition): ReadonlyMap<string, string> {
  const { config, ...content } = JSON.parse(canonicalContent(definition)) as {
    readonly config: Readonly<Record<string, unknown>>;
    readonly toolType: unknown;
    readonly description: unknown;
    readonly parametersSchema: unknown;
  };
  const { toolType, description, parametersSchema } = content;
  const parts: readonly (readonly [string, unknown])[] = [
    ...Object.entries({ toolType, description, parametersSchema }),
    ...Object.entries(config).map(([key, value]) => [`config.${key}`, value] as const),
  ];
  return new Map(parts.map(([key, value]) => [key, canonicalText(value)]));
}
