import { z } from 'zod';
import { MAX_TOOL_DESCRIPTION_CHARS, MAX_TOOL_SCHEMA_BYTES } from '../../protocol/limits.ts';
import { BUILT_IN_TOOLS } from '../../protocol/tool.ts';
import { checkableSchema } from '../tools/checkable-schema.ts';
import { DEFAULT_SERVER_TOOL_TIMEOUT_MS, type ServerToolInput } from '../tools/define-server-tool.ts';
import { checked, fields, flag, kindOf, whole } from './fields.ts';

const NAME = '"find_order"';
const DESCRIPTION = '"Finds an order by its number."';
const SCHEMA = '{ "type": "object", "properties": { "orderId": { "type": "string" } } }';
const RUN =
  'Write the function that a call runs, for example ({ orderId }) => findOrder(orderId), in a file that ends in .ts or .js.';

/** One entry of an agent's `tools`. Names that are given twice are looked at afterwards. */
export const ServerTool = fields(
  {
    name: checked(NAME, nameProblem),
    description: checked(DESCRIPTION, descriptionProblem),
    parametersSchema: z
      .custom<object>((value) => schemaProblem(value) === undefined, {
        error: ({ input }) => schemaProblem(input),
      })
      .optional(),
    idempotent: flag(),
    timeoutMs: whole(1, 600_000, DEFAULT_SERVER_TOOL_TIMEOUT_MS),
    run: z.custom<ServerToolInput['run']>((value) => typeof value === 'function', {
      error: ({ input }) =>
        input === undefined ? `is missing. ${RUN}` : `must be a function, and is ${kindOf(input)}. ${RUN}`,
    }),
  },
  'defineServerTool({ … })',
);

function nameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    return `must be 1 to 64 letters, digits, "_" or "-", which is what every model provider takes. Write for example ${NAME}.`;
  }
  return BUILT_IN_TOOLS.includes(name)
    ? `is a tool that the chat itself brings along. Write another name, for example ${NAME}.`
    : undefined;
}

function descriptionProblem(description: string): string | undefined {
  if (description.trim() === '') {
    return `is empty, and a model chooses a tool by it. Write for example ${DESCRIPTION}.`;
  }
  if (description.length <= MAX_TOOL_DESCRIPTION_CHARS) return undefined;
  return `is too long. Write at most ${MAX_TOOL_DESCRIPTION_CHARS} characters.`;
}

function schemaProblem(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    return `must be a JSON Schema, and is ${kindOf(schema)}. Write for example ${SCHEMA}.`;
  }
  if ('safeParse' in schema) {
    return `is a schema of a validation library. Write it as JSON Schema, for example z.toJSONSchema(schema).`;
  }
  const json = jsonOf(schema);
  if (json === undefined) {
    return `cannot be written as JSON. Write a JSON Schema of plain values, for example ${SCHEMA}.`;
  }
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_TOOL_SCHEMA_BYTES) {
    return `has ${bytes} bytes as JSON, and the limit is ${MAX_TOOL_SCHEMA_BYTES}. Shorten descriptions and enums, or split the tool.`;
  }
  return keywordProblem(JSON.parse(json) as Readonly<Record<string, unknown>>);
}

function keywordProblem(schema: Readonly<Record<string, unknown>>): string | undefined {
  if (schema.type !== undefined && schema.type !== 'object') {
    return `has the type ${JSON.stringify(schema.type)}, and the parameters of a tool are always an object. Write for example ${SCHEMA}.`;
  }
  const checkable = checkableSchema(schema);
  if ('schema' in checkable) return undefined;
  return `is a schema that no call can be checked against: ${checkable.problem} Mend the schema.`;
}

function jsonOf(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
