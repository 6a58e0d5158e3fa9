import type { Finding } from './kind.ts';

/** Warns of fields of `config` that a kind does not read: a misspelt one would else be missed in silence. */
export function unknownFields(
  config: Readonly<Record<string, unknown>>,
  known: readonly string[],
): readonly Finding[] {
  return Object.keys(config)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      severity: 'warning',
      code: 'unknown_field',
      message: `\`config.${key}\` means nothing to a tool of this type.`,
      suggestion: `Known are ${known.join(', ')}.`,
      path: `config.${key}`,
    }));
}
