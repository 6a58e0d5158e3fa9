import type { RefusalReason } from '../../protocol/event.ts';
import { MAX_TOOL_SCHEMA_BYTES, MAX_TOOL_SCHEMA_DEPTH } from '../../protocol/limits.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import { checkableSchema } from '../tools/checkable-schema.ts';

export type ReviewedSchema =
  | { readonly schema: JsonSchema; readonly notes: readonly string[] }
  | { readonly reason: RefusalReason; readonly message: string };

/** Decides whether a schema that a stranger wrote may go to a model, and makes it an object schema if it says nothing. */
export function reviewSchema(submitted: JsonSchema | undefined): ReviewedSchema {
  if (submitted === undefined) return { schema: { type: 'object', properties: {} }, notes: [] };
  const excess = excessOf(submitted);
  if (excess !== undefined) return { reason: 'schema_too_large', message: excess };
  const defect = defectOf(submitted);
  if (defect !== undefined) return { reason: 'invalid_schema', message: defect };
  if (submitted.type !== undefined) return { schema: submitted, notes: [] };
  return { schema: { ...submitted, type: 'object' }, notes: ['`type: "object"` was added to its schema.'] };
}

function excessOf(schema: JsonSchema): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > MAX_TOOL_SCHEMA_BYTES) {
    return `Its schema has ${bytes} bytes; the limit is ${MAX_TOOL_SCHEMA_BYTES}. Shorten descriptions and enums, or split the tool.`;
  }
  if (depthOf(schema) > MAX_TOOL_SCHEMA_DEPTH) {
    return `Its schema is nested more than ${MAX_TOOL_SCHEMA_DEPTH} levels deep. Flatten its parameters.`;
  }
  return undefined;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function defectOf(schema: JsonSchema): string | undefined {
  const { type } = schema;
  if (type !== undefined && type !== 'object') {
    return `Its schema has \`type: ${JSON.stringify(type)}\`; the parameters of a tool are always an object. Wrap them: \`{ "type": "object", "properties": … }\`.`;
  }
  const checkable = checkableSchema(schema);
  if ('schema' in checkable) return undefined;
  return `No call can be checked against its schema: ${checkable.problem} Mend the schema.`;
}
