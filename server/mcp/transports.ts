import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Egress } from '../egress/egress.ts';
import type { McpServerReach } from './server-config.ts';

/** Longest message of a server that runs as a process, in bytes. */
const MAX_MESSAGE_BYTES = 8_000_000;

/** Longest line of a process that is told to the operator, in characters. */
const MAX_LINE_CHARS = 2_000;

export function httpTransport(
  url: string,
  headers: Readonly<Record<string, string>>,
  egress: Egress,
): Transport {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers }, redirect: 'error' },
    fetch: (target, init) => {
      // The stream that a server may keep open for news of its own. Lists are asked for again anyway.
      const isStanding = init?.method === 'GET' && !new Headers(init.headers).has('last-event-id');
      return isStanding ? Promise.resolve(new Response(null, { status: 405 })) : egress.fetch(target, init);
    },
    reconnectionOptions: {
      initialReconnectionDelay: 200,
      maxReconnectionDelay: 2_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  });
  return transport as Transport;
}

/** `onLine` hears what the process writes to its error output. */
export function processTransport(
  { command, args, env, cwd }: Extract<McpServerReach, { kind: 'process' }>,
  onLine: (line: string) => void,
): Transport {
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: { ...env },
    stderr: 'pipe',
    maxBufferSize: MAX_MESSAGE_BYTES,
    ...(cwd === undefined ? {} : { cwd }),
  });
  transport.stderr?.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString('utf8').split('\n')) {
      if (line.trim() !== '') onLine(line.slice(0, MAX_LINE_CHARS));
    }
  });
  return transport;
}
