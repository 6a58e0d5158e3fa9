import { createHash } from 'node:crypto';
import { canonicalText, NotCanonical } from '../../protocol/canonical.ts';
import { MAX_TOOL_NAME_CHARS } from '../../protocol/limits.ts';
import { checkableSchema } from '../tools/checkable-schema.ts';
import type { McpTool } from '../tools/kind.ts';

/** Most tools of one server that are looked at. No model chooses well among more. */
export const MAX_LISTED_TOOLS = 500;

/** Largest schema of one tool, in characters of its JSON. */
const MAX_SCHEMA_CHARS = 65_536;

/** Largest schemas and descriptions of all tools together, in characters. A model reads all of them in every turn. */
const MAX_LISTING_CHARS = 1_000_000;

/** What of a listed tool is read. */
export interface ListedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly annotations?:
    | { readonly readOnlyHint?: boolean | undefined; readonly idempotentHint?: boolean | undefined }
    | undefined;
}

export interface Listing {
  readonly tools: readonly McpTool[];
  /** Tools that no model can be offered, each with the reason. */
  readonly left: readonly { readonly name: string; readonly problem: string }[];
}

/** Sorts what can be offered from what cannot. The first of two tools of one name stays. */
export function readListing(listed: readonly ListedTool[]): Listing {
  const tools = new Map<string, McpTool>();
  const left: { name: string; problem: string }[] = [];
  let chars = 0;
  for (const tool of listed) {
    const size = sizeOf(tool);
    const isTooMuch = chars + size > MAX_LISTING_CHARS;
    const problem = tools.has(tool.name) ? 'its name is there twice' : problemOf(tool, isTooMuch);
    if (problem === undefined) {
      tools.set(tool.name, readTool(tool));
      chars += size;
    } else left.push({ name: tool.name.slice(0, MAX_TOOL_NAME_CHARS), problem });
  }
  return { tools: [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), left };
}

/** In characters, of what a model reads. `Infinity` for a schema that is too large, or too deep to be measured. */
function sizeOf({ description = '', inputSchema }: ListedTool): number {
  try {
    const chars = JSON.stringify(inputSchema).length;
    return chars > MAX_SCHEMA_CHARS ? Number.POSITIVE_INFINITY : chars + description.length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function problemOf(tool: ListedTool, isTooMuch: boolean): string | undefined {
  const { name, inputSchema } = tool;
  if (!NAME.test(name)) return 'its name has other than letters, digits, ".", "_", "/" and "-", or too many';
  if (isTooMuch) {
    return `its schema has more than ${MAX_SCHEMA_CHARS} characters, or those before it are more than ${MAX_LISTING_CHARS} already`;
  }
  const checkable = checkableSchema(inputSchema);
  if ('problem' in checkable) return checkable.problem;
  try {
    canonicalText(inputSchema);
  } catch (error) {
    if (error instanceof NotCanonical) return error.message;
    throw error;
  }
  return undefined;
}

const NAME = /^[A-Za-z0-9._/-]{1,128}$/;

function readTool({ name, description = '', inputSchema, annotations }: ListedTool): McpTool {
  const isReadOnly = annotations?.readOnlyHint ?? false;
  const isIdempotent = annotations?.idempotentHint ?? false;
  const facts = { name, description, parametersSchema: inputSchema, isReadOnly, isIdempotent };
  return { ...facts, hash: createHash('sha256').update(canonicalText(facts)).digest('hex') };
}
