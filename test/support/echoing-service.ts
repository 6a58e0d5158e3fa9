import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service on this machine that tells everybody what it was told. */
export interface EchoingService {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** What came, headers and bodies, as text. */
  readonly received: string[];
  close(): Promise<void>;
}

type Answer = (heard: Heard, response: ServerResponse) => void;

interface Heard {
  /** Everything, as the service tells it. */
  readonly text: string;
  /** Of the header `authorization`. */
  readonly header: string;
}

/** What an error page may do with a credential. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/body': ({ text }, response) => json(response, 200, { heard: JSON.parse(text) }),
  '/forms': ({ text, header }, response) =>
    json(response, 200, {
      base64: Buffer.from(`user:${header}`).toString('base64'),
      base64url: Buffer.from(`x${header}`).toString('base64url'),
      hex: Buffer.from(header).toString('hex'),
      url: `https://example.com/?key=${encodeURIComponent(header)}`,
      json: JSON.stringify({ inner: JSON.stringify({ header }) }),
      [header]: 'as a key',
      text,
    }),
  '/text': ({ header }, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end(`${'x'.repeat(31_990 - 8)}${header} and more`);
  },
  '/error': ({ text }, response) => json(response, 500, { error: `Wrong: ${text}` }),
  '/long-error': ({ header }, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' });
    for (let at = 0; at < 60; at += 1) response.write(`${'y'.repeat(at)}${header}`);
    response.end();
  },
  '/html-error': ({ header }, response) => {
    response.writeHead(401, { 'content-type': 'text/html' });
    response.end(`<h1>No</h1><p>${header.replaceAll('"', '&quot;').replaceAll('&', '&amp;')}</p>${header}`);
  },
  '/status': ({ header }, response) => response.writeHead(418, `Not with ${header}`).end(),
  '/redirect': ({ header }, response) =>
    response
      .writeHead(302, { location: `https://other.example.com/in?key=${encodeURIComponent(header)}` })
      .end(header),
  '/type': ({ header }, response) =>
    response.writeHead(200, { 'content-type': `application/${encodeURIComponent(header)}` }).end(header),
  '/no-json': ({ header }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"a": ${header}`);
  },
  '/cut': ({ header }, response) => {
    response.writeHead(200, { 'content-length': '5000', 'content-type': 'text/plain' });
    response.write(header, () => response.destroy());
  },
};

export const ECHO_PATHS: readonly string[] = Object.keys(ANSWERS);

export async function startEchoingService(): Promise<EchoingService> {
  const received: string[] = [];
  const server = createServer(async (request, response) => {
    const text = JSON.stringify({ url: request.url, headers: request.headers, body: await bodyOf(request) });
    received.push(text);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    ANSWERS[pathname]?.({ text, header: String(request.headers.authorization ?? '') }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A model provider that calls every tool that it is offered, once, and says back whatever it has read. */
export async function startParrot(): Promise<EchoingService> {
  const received: string[] = [];
  const server = createServer(async (request, response) => {
    const text = await bodyOf(request);
    received.push(text);
    const { messages, tools = [] } = JSON.parse(text) as ProviderRequest;
    const key = request.headers.authorization;
    if (text.includes('fail with the key')) {
      json(response, 401, { error: { message: `Incorrect API key provided: ${key}`, type: 'invalid' } });
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const hasResults = messages.at(-1)?.role === 'tool';
    const calls = tools.map(({ function: { name } }, index) => ({
      index,
      id: `made_${index}`,
      type: 'function',
      function: { name, arguments: JSON.stringify({ task: 'Do it', query: 'mugs' }) },
    }));
    const isCalling = !hasResults && calls.length > 0;
    const heard = messages
      .filter(({ role }) => role === 'tool')
      .map(({ content }) => JSON.stringify(content))
      .join('\n');
    const delta = isCalling ? { tool_calls: calls } : { content: `I read: ${heard}` };
    const chunk = (choice: object) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'parrot', choices: [{ index: 0, ...choice }] })}\n\n`;
    response.write(chunk({ delta: { role: 'assistant', ...delta } }));
    response.write(chunk({ delta: {}, finish_reason: isCalling ? 'tool_calls' : 'stop' }));
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface ProviderRequest {
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
