import type { McpServer, ToolChoice } from '../../protocol/definition.ts';
import { MAX_MCP_SERVERS } from '../../protocol/limits.ts';
import { RequestError } from '../errors.ts';
import type { McpTarget } from './kind.ts';
import type { ToolId } from './tool-id.ts';

/** What is wanted of one MCP server. */
export interface McpPick {
  readonly server: string;
  readonly target: McpTarget;
  /** Names or patterns of what the request lets in; `undefined`: all. */
  readonly lets: readonly string[] | undefined;
  /** The tools that were picked, as they are called there; `*`: all. */
  readonly tools: '*' | readonly string[];
}

/**
 * Sorts the tools of MCP servers by their server. A server of the request beats a configured one of its name, and
 * offers all that it lets in where nothing of it is picked; `*` beats single picks.
 */
export function mcpPicks(choices: readonly ToolChoice[], ids: readonly ToolId[]): readonly McpPick[] {
  const own = new Map<string, McpServer>();
  for (const { mcpServers = [] } of choices) {
    requireDistinct(mcpServers);
    for (const server of mcpServers) own.set(server.name, server);
  }
  const picked = new Map<string, Set<string>>();
  for (const id of ids) {
    if (id.kind !== 'mcp') continue;
    picked.set(id.server, (picked.get(id.server) ?? new Set()).add(id.tool));
  }
  for (const name of own.keys()) if (!picked.has(name)) picked.set(name, new Set('*'));
  if (picked.size > MAX_MCP_SERVERS) {
    throw new RequestError(
      'invalid_request',
      `The tools are of ${picked.size} MCP servers, and the limit is ${MAX_MCP_SERVERS}.`,
      { hint: 'Leave some of them out, or use them in another step.' },
    );
  }
  return [...picked].sort(byKey).map(([server, tools]) => {
    const request = own.get(server);
    return {
      server,
      target: { server: request === undefined ? server : addressOf(request) },
      lets: request?.tools,
      tools: tools.has('*') ? '*' : [...tools].sort(),
    };
  });
}

function addressOf({ url, headers }: McpServer): McpTarget['server'] {
  return { url, ...(headers === undefined ? {} : { headers }) };
}

function requireDistinct(servers: readonly McpServer[]): void {
  const twice = servers.find(({ name }, at) => servers.findIndex((other) => other.name === name) < at);
  if (twice === undefined) return;
  throw new RequestError('invalid_request', `Two entries of \`mcpServers\` are named \`${twice.name}\`.`, {
    hint: 'Give each server its own name.',
  });
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
