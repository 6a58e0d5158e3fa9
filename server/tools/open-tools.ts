import type { Config } from '../config/config.ts';
import { createEgress } from '../egress/create-egress.ts';
import type { Log } from '../log.ts';
import type { McpOptions } from '../mcp/create-mcp.ts';
import type { ModelResolver } from '../models/model.ts';
import { createSandbox } from '../sandbox/create-sandbox.ts';
import type { Scrubber } from '../secrets/scrubber.ts';
import type { DefinitionStore } from '../store/definition-store.ts';
import { createToolbox } from './create-toolbox.ts';
import type { Mcp } from './kind.ts';
import type { Toolbox } from './toolbox.ts';

export interface OpenToolsOptions {
  readonly config: Pick<Config, 'egress' | 'mcpServers'>;
  readonly definitions: DefinitionStore;
  readonly models: ModelResolver;
  readonly scrubber: Scrubber;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly log: Log;
}

/** A toolbox with all that its tools run with: the way out, the sandbox, MCP servers. Each begins when it is first used. */
export interface OpenTools {
  readonly toolbox: Toolbox;
  /** Pieces of code that wait for a worker of the sandbox. */
  waitingCode(): number;
  /** Ends what runs, worker threads and processes of MCP servers included. */
  close(): Promise<void>;
}

export function openTools(options: OpenToolsOptions): OpenTools {
  const { config, scrubber, clock, log } = options;
  for (const { secrets } of config.mcpServers.values()) scrubber.hold(secrets);
  const egress = createEgress({ internal: config.egress.internal });
  const sandbox = createSandbox({ log });
  const mcp = lateMcp({ servers: config.mcpServers, egress, clock, log });
  return {
    toolbox: createToolbox({ ...options, egress, sandbox, mcp }),
    waitingCode: sandbox.waiting,
    async close() {
      await Promise.all([mcp.close(), sandbox.close()]);
      await egress.close();
    },
  };
}

/** With the first call: a server that starts should not wait for a library that few of them need. */
function lateMcp(options: McpOptions): Mcp {
  let opened: Promise<Mcp> | undefined;
  const open = () => {
    opened ??= import('../mcp/create-mcp.ts').then(({ createMcp }) => createMcp(options));
    return opened;
  };
  return {
    list: async (...request) => (await open()).list(...request),
    call: async (...request) => (await open()).call(...request),
    close: async () => (await opened)?.close(),
  };
}
