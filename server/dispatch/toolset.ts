import { createHash } from 'node:crypto';
import { MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import { type JsonSchema, WEBMCP_PREFIX } from '../../protocol/tool.ts';
import { RequestError } from '../errors.ts';
import type { ModelTool } from '../models/model.ts';
import type { AdmittedTool } from '../policy.ts';
import type { OfferedTool } from '../store/store.ts';
import type { ServerTool } from '../tools/tool.ts';
import { cut } from './text.ts';

/** The longest name that every model provider takes. */
const MAX_MODEL_NAME_CHARS = 64;
const LEGAL_MODEL_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Names the tools of one execution: a bijection between canonical names and names that every model provider takes.
 * The server's own come first, under exactly their names; a client tool of the same canonical name is left out, and one
 * that the model would know by the same name gets another. Client tools are sorted by canonical name, so that the same
 * tools make the same request whatever order the page registered them in. One that was offered `before` in this
 * execution keeps its name.
 */
export function offerTools(
  admitted: readonly AdmittedTool[],
  before: readonly OfferedTool[] = [],
  serverTools: readonly ServerTool[] = [],
): readonly OfferedTool[] {
  const serverNames = new Set(serverTools.map(({ name }) => name));
  const tools = admitted
    .map(({ tool }) => ({ tool, canonical: canonicalName(tool.origin, tool.name) }))
    .filter(({ canonical }) => !serverNames.has(canonical));
  tools.sort((a, b) => (a.canonical < b.canonical ? -1 : 1));
  const modelNames = nameForModel(
    tools.map(({ canonical }) => canonical),
    new Map(before.map((tool) => [tool.canonicalName, tool.modelName])),
    serverNames,
  );
  const clientTools = tools.map(({ tool, canonical }) => ({
    bareName: tool.name,
    canonicalName: canonical,
    modelName: modelNames.get(canonical) as string,
    origin: tool.origin,
    pageOrigin: tool.pageOrigin ?? null,
    description: cut(tool.description, MAX_TOOL_DESCRIPTION_CHARS, ' … (cut)'),
    parametersSchema: objectSchema(tool.parametersSchema),
  }));
  return [...serverTools.map(offerServerTool), ...clientTools];
}

function offerServerTool({ name, description, parametersSchema }: ServerTool): OfferedTool {
  return {
    bareName: name,
    canonicalName: name,
    modelName: name,
    origin: 'server',
    pageOrigin: null,
    description,
    parametersSchema: objectSchema(parametersSchema),
  };
}

function objectSchema(schema: JsonSchema | undefined): JsonSchema {
  return { properties: {}, ...schema, type: 'object' };
}

/** The server's name of a tool: page tools carry the server's prefix. */
export function canonicalName(toolOrigin: OfferedTool['origin'], bareName: string): string {
  return toolOrigin === 'webmcp' ? `${WEBMCP_PREFIX}${bareName}` : bareName;
}

/** The tool behind a name that the model used. Looked up, never parsed. */
export function findTool(tools: readonly OfferedTool[], modelName: string): OfferedTool | undefined {
  return tools.find((tool) => tool.modelName === modelName);
}

export function toModelTool(tool: OfferedTool): ModelTool {
  return {
    name: tool.modelName,
    bareName: tool.bareName,
    description: tool.description,
    parametersSchema: tool.parametersSchema,
  };
}

function nameForModel(
  canonicalNames: readonly string[],
  before: ReadonlyMap<string, string>,
  reserved: ReadonlySet<string>,
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(reserved);
  const give = (canonical: string, name: string) => {
    names.set(canonical, name);
    taken.add(name);
  };
  if (new Set(canonicalNames).size < canonicalNames.length) {
    throw new RequestError('duplicate_client_tool', 'Two client tools have the same name and origin.', {
      hint: 'Send each tool once.',
    });
  }
  for (const canonical of canonicalNames) {
    const kept = before.get(canonical);
    if (kept !== undefined && !reserved.has(kept)) give(canonical, kept);
  }
  const unnamed = canonicalNames.filter((canonical) => !names.has(canonical));
  // A name that is legal as it stands is kept, so that no other tool can push its author into a hashed one.
  for (const canonical of unnamed) {
    if (LEGAL_MODEL_NAME.test(canonical) && !taken.has(canonical)) give(canonical, canonical);
  }
  const rivals = countBy(unnamed.map(readable));
  for (const canonical of unnamed) {
    if (names.has(canonical)) continue;
    const plain = readable(canonical);
    const alone = LEGAL_MODEL_NAME.test(plain) && rivals.get(plain) === 1 && !taken.has(plain);
    give(canonical, alone ? plain : hashed(canonical, taken));
  }
  return names;
}

function readable(canonical: string): string {
  return canonical.replaceAll(':', '__').replace(/[^A-Za-z0-9_-]/g, '_');
}

function hashed(canonical: string, taken: ReadonlySet<string>): string {
  const digest = createHash('sha256').update(canonical).digest('hex');
  for (let length = 8; ; length += 4) {
    const suffix = `_${digest.slice(0, length)}`;
    const name = readable(canonical).slice(0, MAX_MODEL_NAME_CHARS - suffix.length) + suffix;
    if (!taken.has(name) || length >= digest.length) return name;
  }
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
