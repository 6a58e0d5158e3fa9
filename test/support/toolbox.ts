import type { ToolDefinition } from '../../protocol/definition.ts';
import type { ModelResolver } from '../../server/models/model.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { Store } from '../../server/store/store.ts';
import { createToolbox } from '../../server/tools/create-toolbox.ts';
import type { Mcp, McpTool } from '../../server/tools/kind.ts';
import { ToolError } from '../../server/tools/tool-error.ts';
import type { Toolbox, ToolScope } from '../../server/tools/toolbox.ts';
import type { Variables } from '../../server/tools/variables.ts';

export const NO_VARIABLES: Variables = {
  secret: () => undefined,
  managedSecret: (name) => Promise.reject(new ToolError('unresolved_variable', `There is no ${name}.`)),
  record: {},
  flow: {},
  user: {},
};

export interface ToolboxBench {
  readonly toolbox: Toolbox;
  readonly store: Store;
  /** MCP servers by name or address, with the names of their tools. */
  readonly servers: Map<string, readonly string[]>;
  scope(more?: Partial<ToolScope>): ToolScope;
  save(kind: 'tool' | 'agent' | 'flow', id: string, body: Saved, workspace?: string): Promise<void>;
}

type Saved = { readonly name: string } & Readonly<Record<string, unknown>>;

/** A toolbox on a real store in memory; MCP servers are lists of names, and nothing reaches a network. */
export async function toolboxBench(models: ModelResolver = noModel): Promise<ToolboxBench> {
  const store = await openSqliteStore(':memory:');
  const servers = new Map<string, readonly string[]>();
  let ids = 0;
  const toolbox = createToolbox({
    definitions: store.definitions,
    models,
    mcp: namedServers(servers),
    sandbox: {
      run: () => Promise.reject(new ToolError('failed', 'No code runs here.')),
      check: () => Promise.resolve(undefined),
      close: () => Promise.resolve(),
    },
    egress: {
      request: () => Promise.reject(new ToolError('egress_blocked', 'Nothing is reached from here.')),
      fetch: () => Promise.reject(new ToolError('egress_blocked', 'Nothing is reached from here.')),
      close: () => Promise.resolve(),
    },
    clock: () => Date.parse('2026-03-01T12:00:00Z'),
    newId: (prefix) => {
      ids += 1;
      return `${prefix}${ids}`;
    },
    log: { warn: () => undefined },
  });
  return {
    toolbox,
    store,
    servers,
    scope: (more = {}) => ({
      workspace: 'default',
      configured: [],
      variables: NO_VARIABLES,
      signal: new AbortController().signal,
      ...more,
    }),
    async save(kind, id, body, workspace = 'default') {
      const written = await store.definitions.insertDefinition({
        id,
        workspace,
        kind,
        name: body.name,
        body,
        lastModifiedSource: 'api',

        version: 1,
        createdAtMs: 0,
        updatedAtMs: 0,
      });
      if (!written) throw new Error(`${body.name} is taken.`);
    },
  };
}

/** A tool that needs no part of a server. */
export function localTool(name: string, more: Partial<ToolDefinition> = {}): ToolDefinition {
  return { name, description: `Does ${name}.`, toolType: 'local', config: {}, ...more } as ToolDefinition;
}

function namedServers(servers: ReadonlyMap<string, readonly string[]>): Mcp {
  return {
    list({ server }) {
      const key = typeof server === 'string' ? server : server.url;
      const names = servers.get(key);
      return names === undefined
        ? Promise.reject(new ToolError('tool_not_found', `There is no MCP server "${key}".`))
        : Promise.resolve(names.map(mcpTool));
    },
    call: ({ server }, { tool }) =>
      Promise.resolve(`${typeof server === 'string' ? server : server.url} ran ${tool}`),
    close: () => Promise.resolve(),
  };
}

function mcpTool(name: string): McpTool {
  return {
    name,
    description: `Does ${name}.`,
    parametersSchema: { type: 'object' },
    isReadOnly: true,
    isIdempotent: true,
    hash: `hash of ${name}`,
  };
}

function noModel(): never {
  throw new Error('No model is asked here.');
}
