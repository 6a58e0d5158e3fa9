import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface ProviderRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

/** Answers one request. The connection's end is the answer's own business. */
export type Behaviour = (response: ServerResponse) => void;

/** A model provider on this machine: answers requests as it was told, one behaviour a request; the last one stays. */
export interface ProviderServer {
  readonly origin: string;
  readonly requests: readonly ProviderRequest[];
  /** Resolves when a client hangs up on an answer that is not finished. */
  readonly hungUp: Promise<void>;
  behave(...behaviours: Behaviour[]): void;
  close(): Promise<void>;
}

export async function startProvider(): Promise<ProviderServer> {
  const requests: ProviderRequest[] = [];
  let plan: Behaviour[] = [];
  let hangUp = (): void => {};
  const hungUp = new Promise<void>((resolve) => {
    hangUp = resolve;
  });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      requests.push({ path: request.url ?? '', headers: request.headers, body });
      response.on('close', () => {
        if (!response.writableFinished) hangUp();
      });
      const [behaviour] = plan;
      if (plan.length > 1) plan = plan.slice(1);
      if (behaviour === undefined) throw new Error('The provider was not told what to do.');
      behaviour(response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    hungUp,
    behave(...behaviours) {
      plan = behaviours;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const SSE = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

export function streaming(frames: readonly string[]): Behaviour {
  return (response) => {
    response.writeHead(200, SSE);
    for (const frame of frames) response.write(frame);
    response.end();
  };
}

/** Sends the bytes so that no character of more than one byte arrives in one piece. */
export function streamingBytes(frames: readonly string[]): Behaviour {
  return (response) => {
    response.writeHead(200, SSE);
    response.socket?.setNoDelay(true);
    const bytes = Buffer.from(frames.join(''));
    const send = (at: number): void => {
      if (at >= bytes.length) {
        response.end();
        return;
      }
      response.write(bytes.subarray(at, at + 7), () => setImmediate(send, at + 7));
    };
    send(0);
  };
}

/** Cuts the connection after these frames. */
export function cutting(frames: readonly string[]): Behaviour {
  return (response) => {
    response.writeHead(200, SSE);
    for (const frame of frames) response.write(frame);
    setTimeout(() => response.destroy(), 20);
  };
}

/** Sends these frames and then nothing more. */
export function stalling(frames: readonly string[]): Behaviour {
  return (response) => {
    response.writeHead(200, SSE);
    response.flushHeaders();
    for (const frame of frames) response.write(frame);
  };
}

export function failing(status: number, body: unknown, headers: Record<string, string> = {}): Behaviour {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}
