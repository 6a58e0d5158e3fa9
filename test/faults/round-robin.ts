import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A load balancer without a memory: each request goes to the next server, and past those that do not listen. */
export interface RoundRobin {
  readonly url: string;
  /** Cuts every connection to its clients. */
  cut(): void;
  close(): Promise<void>;
}

export async function startRoundRobin(servers: readonly { readonly url: string }[]): Promise<RoundRobin> {
  let next = 0;
  const balancer = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      pass(incoming, outgoing, Buffer.concat(chunks), () => servers[next++ % servers.length], servers.length);
    });
  });
  balancer.listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  const { port } = balancer.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    cut: () => balancer.closeAllConnections(),
    async close() {
      balancer.closeAllConnections();
      balancer.close();
      await once(balancer, 'close');
    },
  };
}

function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  nextServer: () => { readonly url: string } | undefined,
  triesLeft: number,
): void {
  const target = new URL(incoming.url ?? '/', nextServer()?.url);
  const headers = { 'x-forwarded-for': anyAddress(), ...incoming.headers };
  const onward = request(target, { method: incoming.method, headers, agent: false });
  onward.once('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
    // A server that dies in the middle of its answer breaks the answer off.
    response.once('error', () => outgoing.destroy());
    outgoing.once('close', () => onward.destroy());
  });
  onward.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED' && triesLeft > 1)
      pass(incoming, outgoing, body, nextServer, triesLeft - 1);
    else outgoing.destroy();
  });
  onward.end(body);
}

/** No two requests of a browser count against one address: this many visitors share one machine here only. */
function anyAddress(): string {
  const byte = () => Math.floor(Math.random() * 254) + 1;
  return `10.${byte()}.${byte()}.${byte()}`;
}
