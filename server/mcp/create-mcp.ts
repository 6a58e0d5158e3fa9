import { createHash } from 'node:crypto';
import type { Egress } from '../egress/egress.ts';
import type { Log } from '../log.ts';
import type { Mcp, McpTarget } from '../tools/kind.ts';
import { lookupIn } from '../tools/template.ts';
import { renderHeaders } from '../tools/template-http.ts';
import { ToolError } from '../tools/tool-error.ts';
import type { Variables } from '../tools/variables.ts';
import { Connection } from './connection.ts';
import type { McpServerConfig, McpServerReach } from './server-config.ts';
import { httpTransport, processTransport } from './transports.ts';

/** How long a connection that nobody uses is kept, in milliseconds. */
const IDLE_MS = 5 * 60_000;

/** Connections that are kept at once. Beyond it the one that was used longest ago is closed. */
const MAX_CONNECTIONS = 200;

export interface McpOptions {
  /** By the name that `mcp:<name>:<tool>` says. */
  readonly servers: ReadonlyMap<string, McpServerConfig>;
  readonly egress: Egress;
  readonly clock: () => number;
  readonly log: Pick<Log, 'debug' | 'warn'>;
}

/** Speaks with MCP servers over connections that are shared by all who reach the same server with the same headers. */
export function createMcp(options: McpOptions): Mcp {
  const connections = new Connections(options);
  return {
    list: async ({ server }, variables, signal) => (await connections.to(server, variables)).list(signal),
    call: async ({ server }, { variables, ...call }) =>
      (await connections.to(server, variables)).call({ offered: undefined, ...call }),
    close: () => connections.close(),
  };
}

class Connections {
  private readonly options: McpOptions;
  private readonly byKey = new Map<string, Connection>();
  private readonly sweep: NodeJS.Timeout;
  private isClosed = false;

  constructor(options: McpOptions) {
    this.options = options;
    this.sweep = setInterval(() => this.closeIdle(), IDLE_MS / 5).unref();
  }

  async to(server: McpTarget['server'], variables: Variables): Promise<Connection> {
    if (this.isClosed) throw new ToolError('cancelled', 'The server is shutting down.');
    const config = typeof server === 'string' ? this.configured(server) : address(server);
    const name = typeof server === 'string' ? server : new URL(server.url).host;
    if (config.kind === 'process')
      return this.connection(`process ${name}`, name, () => this.spawn(name, config));
    // Rendered before it is looked up: whoever brings other credentials must not find the connection of these.
    const headers = await renderHeaders(config.headers, lookupIn({}, variables));
    const key = createHash('sha256')
      .update(JSON.stringify([config.url, headers]))
      .digest('hex');
    return this.connection(key, name, () => httpTransport(config.url, headers, this.options.egress));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.sweep);
    const all = [...this.byKey.values()];
    this.byKey.clear();
    await Promise.all(all.map((connection) => connection.close()));
  }

  private configured(name: string): McpServerReach {
    const config = this.options.servers.get(name);
    if (config !== undefined) return config;
    const known = [...this.options.servers.keys()].join(', ') || 'none';
    throw new ToolError(
      'tool_not_found',
      `There is no MCP server "${name}". Those of the configuration's \`mcpServers\` are: ${known}.`,
    );
  }

  private connection(key: string, name: string, open: () => ReturnType<typeof httpTransport>): Connection {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const { clock, log } = this.options;
    const connection = new Connection({
      name,
      open,
      clock,
      onLeft: (left) => log.warn({ server: name, left }, 'An MCP server lists tools that cannot be offered'),
    });
    this.byKey.set(key, connection);
    if (this.byKey.size > MAX_CONNECTIONS) this.closeOldest();
    return connection;
  }

  private spawn(name: string, config: Extract<McpServerReach, { kind: 'process' }>) {
    return processTransport(config, (line) =>
      this.options.log.debug({ server: name, line }, 'An MCP server wrote to its error output'),
    );
  }

  private closeIdle(): void {
    const before = this.options.clock() - IDLE_MS;
    for (const [key, connection] of this.byKey) {
      if (!connection.isBusy && connection.usedAtMs <= before) this.drop(key, connection);
    }
  }

  private closeOldest(): void {
    const idle = [...this.byKey].filter(([, { isBusy }]) => !isBusy);
    const [oldest] = idle.sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
    if (oldest !== undefined) this.drop(...oldest);
  }

  private drop(key: string, connection: Connection): void {
    this.byKey.delete(key);
    void connection.close();
  }
}

function address({ url, headers = {} }: Exclude<McpTarget['server'], string>): McpServerReach {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return { kind: 'http', url, headers };
  throw new ToolError('mcp_failed', 'The address of the MCP server is no http or https URL.');
}
