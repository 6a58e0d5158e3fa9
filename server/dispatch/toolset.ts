import { createHash } from 'node:crypto';
import { MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import { type JsonSchema, WEBMCP_PREFIX } from '../../protocol/tool.ts';
import { RequestError } from '../errors.ts';
import type { ModelTool } from '../models/model.ts';
import type { AdmittedTool } from '../policy.ts';
import type { OfferedTool, Owner } from '../store/store.ts';
import { cut } from '../text.ts';
import { bareName } from '../tools/tool-id.ts';
import type { ResolvedTool } from '../tools/toolbox.ts';

/** The longest name that every model provider takes. */
const MAX_MODEL_NAME_CHARS = 64;
const LEGAL_MODEL_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The tools of one execution before they are named: those of the server, and those that its client brings. */
export interface ToolParty {
  readonly admitted: readonly AdmittedTool[];
  /** In the order in which the model is to see them. */
  readonly serverTools: readonly ResolvedTool[];
  /**
   * Who gives way where an `sdk` tool has the name of a server tool. A caller with an API key may replace a tool; a
   * page may never. Page tools carry a prefix of their own and meet nobody.
   */
  readonly wins: 'server' | 'client';
  /** Those that were offered before in this execution. They keep their names. */
  readonly before?: readonly OfferedTool[];
}

/** Who gives way in an execution of this owner. */
export function winnerOf({ kind }: Owner): ToolParty['wins'] {
  return kind === 'api_key' ? 'client' : 'server';
}

/**
 * Names the tools of one execution: a bijection between canonical names and names that every model provider takes.
 * The server's own come first, and one whose name is legal goes by exactly that; client tools follow, sorted by
 * canonical name, so that the same tools make the same request whatever order the page registered them in.
 */
export function offerTools({ admitted, serverTools, wins, before = [] }: ToolParty): readonly OfferedTool[] {
  const replaced = new Set(
    wins === 'client' ? admitted.flatMap(({ tool }) => (tool.origin === 'sdk' ? [tool.name] : [])) : [],
  );
  const servers = serverTools.filter(({ name }) => !replaced.has(name));
  const serverNames = new Set(servers.map(({ name }) => name));
  const clients = admitted
    .map(({ tool }) => ({ tool, canonical: canonicalName(tool.origin, tool.name) }))
    .filter(({ canonical }) => !serverNames.has(canonical))
    .toSorted((a, b) => (a.canonical < b.canonical ? -1 : 1));
  const modelNames = nameForModel(
    servers.map(({ name }) => name),
    clients.map(({ canonical }) => canonical),
    new Map(before.map((tool) => [tool.canonicalName, tool.modelName])),
  );
  const clientTools = clients.map(({ tool, canonical }) => ({
    bareName: tool.name,
    canonicalName: canonical,
    modelName: modelNames.get(canonical) as string,
    origin: tool.origin,
    pageOrigin: tool.pageOrigin ?? null,
    description: cut(tool.description, MAX_TOOL_DESCRIPTION_CHARS, ' … (cut)'),
    parametersSchema: objectSchema(tool.parametersSchema),
  }));
  return [
    ...servers.map((tool) => offerServerTool(tool, modelNames.get(tool.name) as string)),
    ...clientTools,
  ];
}

function offerServerTool(tool: ResolvedTool, modelName: string): OfferedTool {
  const { name, description, parametersSchema, origin, binding, needsApproval } = tool;
  return {
    bareName: name,
    canonicalName: name,
    modelName,
    origin,
    pageOrigin: null,
    description: cut(description, MAX_TOOL_DESCRIPTION_CHARS, ' … (cut)'),
    parametersSchema: objectSchema(parametersSchema),
    binding,
    needsApproval,
  };
}

/** Whether a tool is the server's to name, wherever it runs: its client did not bring it. */
function isOfServer({ origin, binding }: OfferedTool): boolean {
  return origin === 'server' || binding !== undefined;
}

/** The server's tools of an execution as they were resolved. They stay what they were until it ends. */
export function frozenTools(tools: readonly OfferedTool[]): readonly ResolvedTool[] {
  return tools.filter(isOfServer).map(asResolved);
}

export function asResolved(tool: OfferedTool): ResolvedTool {
  return {
    name: tool.canonicalName,
    description: tool.description,
    parametersSchema: tool.parametersSchema,
    origin: tool.origin === 'server' ? 'server' : 'sdk',
    binding: tool.binding ?? { kind: 'configured' },
    needsApproval: tool.needsApproval ?? false,
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
    bareName: tool.origin === 'server' ? bareName(tool.canonicalName) : tool.bareName,
    description: tool.description,
    parametersSchema: tool.parametersSchema,
  };
}

function nameForModel(
  serverNames: readonly string[],
  clientNames: readonly string[],
  before: ReadonlyMap<string, string>,
): Map<string, string> {
  const canonicalNames = [...serverNames, ...clientNames];
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const give = (canonical: string, name: string) => {
    names.set(canonical, name);
    taken.add(name);
  };
  if (new Set(canonicalNames).size < canonicalNames.length) {
    throw new RequestError('duplicate_client_tool', 'Two client tools have the same name and origin.', {
      hint: 'Send each tool once.',
    });
  }
  // A name that is legal as it stands is kept, so that no other tool can push its author into a hashed one.
  const giveLegal = (canonical: string) => {
    if (!names.has(canonical) && LEGAL_MODEL_NAME.test(canonical) && !taken.has(canonical))
      give(canonical, canonical);
  };
  for (const canonical of serverNames) giveLegal(canonical);
  for (const canonical of canonicalNames) {
    const kept = before.get(canonical);
    if (kept !== undefined && !names.has(canonical) && !taken.has(kept)) give(canonical, kept);
  }
  const unnamed = canonicalNames.filter((canonical) => !names.has(canonical));
  for (const canonical of unnamed) giveLegal(canonical);
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
