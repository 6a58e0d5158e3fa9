import canonicalize from 'canonicalize';
import type { ToolDefinition } from './definition.ts';
import { MAX_DEFINITION_CHARS, MAX_JSON_DEPTH } from './limits.ts';

/** A definition that has no canonical form: not finite, half a character, too deep or too large. */
export class NotCanonical extends Error {}

/** What the content hash covers. The name is identity and not content. */
type Content = Pick<ToolDefinition, 'toolType'> & {
  readonly description?: string | undefined;
  readonly parametersSchema?: unknown;
  readonly config?: unknown;
};

/**
 * The canonical form of a tool's content (RFC 8785): type, description, parameters schema and config, with header
 * names in lower case. Nothing else is filled in: a default that a later release changes would look like an edit. The
 * content hash is its SHA-256, in 64 lower-case hexadecimal digits. Throws `NotCanonical`.
 */
export function canonicalContent({ toolType, description, parametersSchema, config }: Content): string {
  const content = {
    toolType,
    description: description ?? '',
    parametersSchema: parametersSchema ?? { type: 'object', properties: {} },
    config: withLowerCaseHeaders(config ?? {}),
  };
  requireDepth(content, 0);
  const text = canonicalText(content);
  if (text.length > MAX_DEFINITION_CHARS) {
    throw new NotCanonical(`The definition has more than ${MAX_DEFINITION_CHARS} characters.`);
  }
  return text;
}

/** Any JSON value in its canonical form. Throws `NotCanonical`. */
export function canonicalText(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new NotCanonical(
      'The definition holds what no JSON holds: a number that is not finite, or half a character.',
      {
        cause,
      },
    );
  }
  throw new NotCanonical('The definition is no JSON.');
}

function withLowerCaseHeaders(config: unknown): unknown {
  if (typeof config !== 'object' || config === null || !('headers' in config)) return config;
  const { headers } = config;
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return config;
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...config, headers: Object.fromEntries(lower) };
}

function requireDepth(value: unknown, depth: number): void {
  if (depth > MAX_JSON_DEPTH)
    throw new NotCanonical(`The definition is nested deeper than ${MAX_JSON_DEPTH}.`);
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) requireDepth(part, depth + 1);
}
