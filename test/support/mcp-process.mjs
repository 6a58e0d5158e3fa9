// An MCP server that runs as a process: `env` tells what it was given, `die` ends it, `hang` never answers.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const server = new Server({ name: 'process', version: '1' }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: ['env', 'die', 'hang'].map((name) => ({ name, description: name, inputSchema: { type: 'object' } })),
}));
server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
  if (params.name === 'die') process.exit(3);
  if (params.name === 'hang') return new Promise(() => {});
  const { TOKEN, SECRET_OF_THE_SERVER } = process.env;
  return {
    content: [{ type: 'text', text: JSON.stringify({ TOKEN, SECRET_OF_THE_SERVER, pid: process.pid }) }],
  };
});
console.error('the process is up');
await server.connect(new StdioServerTransport());
