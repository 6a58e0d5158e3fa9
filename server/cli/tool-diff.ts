import type { ToolDefinition } from '../../protocol/definition.ts';
import { diffValues } from './diff.ts';
import type { Paint } from './paint.ts';

/** What changes between two definitions, key by key, for people to read. `undefined`: there is none. */
export function showToolDiff(
  before: ToolDefinition | undefined,
  after: ToolDefinition | undefined,
  paint: Paint,
): string[] {
  const old = partsOf(before);
  const fresh = partsOf(after);
  const keys = [...new Set([...old.keys(), ...fresh.keys()])];
  return keys.flatMap((key) => {
    const lines = diffValues(old.get(key), fresh.get(key));
    if (lines.length === 0) return [];
    return [
      `    ${paint.bold(key)}`,
      ...lines.map(({ mark, text }) => {
        const line = `      ${mark} ${text}`;
        if (mark === ' ') return paint.faint(line);
        return mark === '+' ? paint.green(line) : paint.red(line);
      }),
    ];
  });
}

/** By the keys that plans name. */
function partsOf(definition: ToolDefinition | undefined): Map<string, unknown> {
  if (definition === undefined) return new Map();
  const { toolType, description, parametersSchema, config } = definition;
  const settings = Object.entries(config).map(([key, value]) => [`config.${key}`, value] as const);
  return new Map<string, unknown>([
    ['toolType', toolType],
    ['description', description],
    ['parametersSchema', parametersSchema],
    ...settings,
  ]);
}
