import { createHash } from 'node:crypto';
import { canonicalText, NotCanonical } from '../../protocol/canonical.ts';
import { MAX_TOOL_NAME_CHARS } from '../../protocol/limits.ts';
import { checkableSchema } from '../dispatch/checkable-schema.ts';
import type { McpTool } from '../tools/kind.ts';

/** Most tools of one server that are looked at. No model chooses well among more. */
export const MAX_LISTED_TOOLS = 500;

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
  for (const tool of listed) {
    const problem = tools.has(tool.name) ? 'its name is there twice' : problemOf(tool);
    if (problem === undefined) tools.set(tool.name, readTool(tool));
    else left.push({ name: tool.name.slice(0, MAX_TOOL_NAME_CHARS), problem });
  }
  return { tools: [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), left };
}

function problemOf({ name, inputSchema }: ListedTool): string | undefined {
  if (!NAME.test(name)) return 'its name has other than letters, digits, ".", "_", "/" and "-", or too many';
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
