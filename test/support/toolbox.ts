import type { ToolChoice, ToolDefinition } from '../../protocol/definition.ts';
import type { ModelResolver } from '../../server/models/model.ts';
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { OfferedTool, Store } from '../../server/store/store.ts';
import { createToolbox } from '../../server/tools/create-toolbox.ts';
import type { Mcp, McpTool } from '../../server/tools/kind.ts';
import { runTool, type ToolResult } from '../../server/tools/run-tool.ts';
import { ToolError } from '../../server/tools/tool-error.ts';
import { checkInput } from '../../server/tools/tool-input.ts';
import type { BindScope, ChildLedger, ResolvedTool, Toolbox, ToolScope } from '../../server/tools/toolbox.ts';
import type { Variables } from '../../server/tools/variables.ts';

export const NO_VARIABLES: Variables = {
  secret: () => undefined,
  managedSecret: (name) => Promise.reject(new ToolError('unresolved_variable', `There is no ${name}.`)),
  record: {},
  flow: {},
  user: {},
  scrub: (value) => value,
};

export interface ToolboxBench {
  readonly toolbox: Toolbox;
  readonly store: Store;
  /** MCP servers by name or address, with the names of their tools. */
  readonly servers: Map<string, readonly string[]>;
  scope(more?: Partial<ToolScope>): ToolScope;
  /** Runs a tool of a choice as a turn would. Children count in the ledger. */
  run(
    choice: ToolChoice,
    call: { tool: string; parameters?: object; signal?: AbortSignal },
    more?: Partial<BindScope>,
  ): Promise<ToolResult>;
  save(kind: 'tool' | 'agent' | 'flow', id: string, body: Saved, workspace?: string): Promise<void>;
}

type Saved = { readonly name: string } & Readonly<Record<string, unknown>>;

/** A toolbox on a real store in memory; MCP servers are lists of names, and nothing reaches a network. */
export async function toolboxBench(
  models: ModelResolver = noModel,
  sandbox: Sandbox = NO_SANDBOX,
): Promise<ToolboxBench> {
  const store = await openSqliteStore(':memory:');
  const servers = new Map<string, readonly string[]>();
  let ids = 0;
  const toolbox = createToolbox({
    definitions: store.definitions,
    models,
    mcp: namedServers(servers),
    sandbox,
    egress: {
      request: () => Promise.reject(new ToolError('egress_blocked', 'Nothing is reached from here.')),
      fetch: () => Promise.reject(new ToolError('egress_blocked', 'Nothing is reached from here.')),
      isNamed: () => false,
      close: () => Promise.resolve(),
    },
    clock: () => Date.parse('2026-03-01T12:00:00Z'),
    newId: (prefix) => {
      ids += 1;
      return `${prefix}${ids}`;
    },
    log: { warn: () => undefined },
  });
  const scope: ToolboxBench['scope'] = (more = {}) => ({
    workspace: 'default',
    configured: [],
    variables: NO_VARIABLES,
    signal: new AbortController().signal,
    ...more,
  });
  return {
    toolbox,
    store,
    servers,
    scope,
    async run(choice, { tool: name, parameters = {}, signal = new AbortController().signal }, more = {}) {
      const tools = (await toolbox.resolve([choice], scope())).map(offered);
      const tool = tools.find(({ canonicalName }) => canonicalName === name);
      if (tool === undefined) throw new Error(`There is no ${name}.`);
      const input = checkInput(tool, parameters);
      if (!input.ok) return { text: input.problem, isError: true };
      const bound = toolbox.bind(tool, {
        workspace: 'default',
        configured: [],
        variables: NO_VARIABLES,
        tools,
        model: 'scripted',
        depth: 0,
        ledger: aLedger(),
        ...more,
      });
      if (bound === undefined) throw new Error(`${name} cannot run.`);
      return runTool(
        bound,
        { toolCallId: 'call_parent', parameters: input.parameters },
        {
          scrub: NO_VARIABLES.scrub,
          signal,
          executionId: 'exec_1',
          conversationId: 'conv_1',
        },
      );
    },
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

const NO_SANDBOX: Sandbox = {
  run: () => Promise.reject(new ToolError('failed', 'No code runs here.')),
  check: () => Promise.resolve(undefined),
  close: () => Promise.resolve(),
};

/** Of somebody who has spawned nothing yet. */
export function aLedger(more: Partial<ChildLedger> = {}): ChildLedger {
  return { tokens: () => undefined, called: () => undefined, spawned: () => 1, ...more };
}

/** As the model would know it. */
function offered({ name, ...tool }: ResolvedTool): OfferedTool {
  const modelName = name.replaceAll(':', '__').replaceAll(' ', '_');
  return { ...tool, bareName: name, canonicalName: name, modelName, pageOrigin: null };
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
