import * as z from 'zod/mini';
import { canonicalContent, NotCanonical } from '../../protocol/canonical.ts';
import { ToolDefinition, type ToolDefinitionOf, ToolType } from '../../protocol/definition.ts';
import { PagehandError } from './errors.ts';

/** A definition as it is written: what has a default may be left out. */
export type ToolInput = z.input<typeof ToolDefinition>;

const FIELDS = ['name', 'description', 'toolType', 'parametersSchema', 'config'];
const words = z.locales.en().localeError;

/**
 * Checks the shape of a tool's definition, here and without asking anybody, and returns its canonical form: every field
 * there, header names in lower case. The server checks more when the tool is saved: code, placeholders, addresses.
 * Throws `PagehandError` `invalid_definition`, with what is wrong in `details`.
 */
export function defineTool<const Input extends ToolInput>(input: Input): ToolDefinitionOf<Input['toolType']> {
  return canonicalDefinition(input) as ToolDefinitionOf<Input['toolType']>;
}

/** The same, of whatever came from a file or from fields. */
export function canonicalDefinition(input: unknown): ToolDefinition {
  const definition = read(input);
  try {
    const content = JSON.parse(canonicalContent(definition)) as Omit<ToolDefinition, 'name'>;
    return { name: definition.name, ...content } as ToolDefinition;
  } catch (error) {
    if (error instanceof NotCanonical) throw invalid(definition, [error.message]);
    throw error;
  }
}

/** The content hash of a definition, as the server computes it. */
export async function contentHashOf(definition: ToolDefinition): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalContent(definition));
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function read(input: unknown): ToolDefinition {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw invalid({}, ['definition: not an object']);
  const problems = [
    ...typeProblems(input),
    ...Object.keys(input)
      .filter((key) => !FIELDS.includes(key))
      .map((key) => `${key}: no field of a definition, which has ${FIELDS.join(', ')}`),
  ];
  if (problems.length > 0) throw invalid(input, problems);
  const result = ToolDefinition.safeParse(input, { error: words });
  if (!result.success)
    throw invalid(
      input,
      result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`),
    );
  const more = [...schemaProblems(result.data), ...childProblems(result.data)];
  if (more.length > 0) throw invalid(input, more);
  return result.data;
}

function typeProblems(input: object): string[] {
  const type = 'toolType' in input ? input.toolType : undefined;
  const known = ToolType.safeParse(type).success;
  return known ? [] : [`toolType: must be one of ${ToolType.options.join(', ')}`];
}

function schemaProblems({ parametersSchema }: ToolDefinition): string[] {
  const type = parametersSchema?.type;
  return type === undefined || type === 'object' ? [] : ['parametersSchema.type: must be "object"'];
}

function childProblems(definition: ToolDefinition): string[] {
  if (definition.toolType !== 'subagent') return [];
  const { agentId, agent } = definition.config;
  return (agentId === undefined) === (agent === undefined)
    ? ['config: must have exactly one of `agentId` and `agent`']
    : [];
}

function invalid(input: object, details: readonly string[]): PagehandError {
  const name = 'name' in input && typeof input.name === 'string' ? ` "${input.name}"` : '';
  return new PagehandError(
    'invalid_definition',
    `The definition of the tool${name} is not whole: ${details.join('; ')}.`,
    {
      hint: 'Mend the fields in `details`.',
      details,
    },
  );
}
