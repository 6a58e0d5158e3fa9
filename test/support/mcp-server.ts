import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

export interface GivenTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, boolean>>;
}

/** A real MCP server over Streamable HTTP on this machine, whose tools can be changed while it runs. */
export interface McpTestServer {
  readonly url: string;
  readonly host: string;
  tools: readonly GivenTool[];
  /** What a call gives. Default: its name and arguments as text. */
  answer: (name: string, parameters: unknown) => unknown;
  /** Names of called tools. */
  readonly called: string[];
  /** Headers of each request. */
  readonly headers: IncomingHttpHeaders[];
  /** Sessions that were opened. */
  readonly opened: string[];
  /** Forgets every session, as a restart does. */
  forget(): void;
  close(): Promise<void>;
}

export async function startMcpServer(tools: readonly GivenTool[]): Promise<McpTestServer> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const http = createServer(async (request, response) => {
    state.headers.push(request.headers);
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? transports.get(id) : undefined;
    if (id !== undefined && known === undefined) {
      response.writeHead(404).end();
      return;
    }
    const transport = known ?? (await open());
    await transport.handleRequest(request, response);
  });

  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (sessionId) => {
        state.opened.push(sessionId);
        transports.set(sessionId, transport);
      },
    });
    const server = new Server({ name: 'test', version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: state.tools.map(({ inputSchema = { type: 'object' }, ...tool }) => ({
        ...tool,
        inputSchema: { ...inputSchema, type: 'object' as const },
      })),
    }));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
      state.called.push(params.name);
      const answer = await state.answer(params.name, params.arguments);
      return (typeof answer === 'string' ? { content: [{ type: 'text', text: answer }] } : answer) as Record<
        string,
        unknown
      >;
    });
    await server.connect(transport as Transport);
    return transport;
  };

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`;
  const state: McpTestServer = {
    url: `http://${host}/mcp`,
    host,
    tools,
    answer: (name, parameters) => `${name} ${JSON.stringify(parameters)}`,
    called: [],
    headers: [],
    opened: [],
    forget: () => transports.clear(),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return state;
}
