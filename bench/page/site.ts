import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { answerTokens, history, lastWords, type Order, readOrder, shortAnswer } from './answer.ts';
import { openProtocol, type ProtocolName } from './protocols.ts';

/** One server for all: the pages, the files as a CDN would send them, and the answers in every protocol. */
export interface Site {
  readonly origin: string;
  /**
   * Bytes of files, as they went over the line, since the last `forgetFiles`; of those asked for until `untilMs` of
   * the clock of the day. Pages and answers do not count.
   */
  fileBytes(untilMs?: number): number;
  forgetFiles(): void;
  /** Resolves when so many tokens of the order with this mark are on the line. */
  sent(mark: string, tokens: number): Promise<void>;
  close(): Promise<void>;
}

export interface SiteParts {
  /** Folders by the first part of their path. */
  readonly folders: Readonly<Record<string, string>>;
  /** What a page has in its head, by its name. */
  readonly heads: Readonly<Record<string, (query: URLSearchParams) => string>>;
}

export async function openSite({ folders, heads }: SiteParts): Promise<Site> {
  let sentFiles: { readonly atMs: number; readonly bytes: number }[] = [];
  const waiting = new Set<{ readonly mark: string; readonly tokens: number; resolve(): void }>();
  const progress = new Map<string, number>();

  function advance(mark: string, tokens: number) {
    progress.set(mark, tokens);
    for (const waiter of waiting) {
      if (waiter.mark !== mark || waiter.tokens > tokens) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://site');
    const [, first = '', ...rest] = url.pathname.split('/');
    if (request.method === 'OPTIONS') return void allow(response).writeHead(204).end();
    if (request.method === 'POST') {
      const body = await readBody(request);
      return post(url, body, response);
    }
    const head = first === 'page' ? heads[rest.join('/')] : undefined;
    if (head !== undefined) return void sendPage(response, head(url.searchParams), url.searchParams);
    const folder = folders[first];
    if (folder !== undefined) {
      const file = await compressed(join(folder, normalize(`/${rest.join('/')}`)));
      if (file !== undefined) {
        sentFiles.push({ atMs: Date.now(), bytes: file.length });
        return void response.writeHead(200, fileHeaders(url.pathname)).end(file);
      }
    }
    if (url.pathname.endsWith('/info')) return void sendJson(response, AGENTS);
    response.writeHead(url.pathname === '/favicon.ico' ? 204 : 404).end();
  }

  async function post(url: URL, body: string, response: ServerResponse) {
    if (url.pathname === '/v1/client/init') return sendJson(response, session());
    if (body.includes('loadPreviousSession')) return sendJson(response, { data: n8nHistory(url) });
    const order = readOrder(body);
    const protocol = streams[url.pathname];
    if (protocol === undefined || order === undefined)
      return sendJson(response, url.pathname.endsWith('/info') ? AGENTS : {});
    await stream(response, protocol, order, (tokens) => advance(order.mark, tokens));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      console.error(`${request.url}: ${error instanceof Error ? error.message : String(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fileBytes: (untilMs = Number.POSITIVE_INFINITY) =>
      sentFiles.reduce((sum, { atMs, bytes }) => (atMs <= untilMs ? sum + bytes : sum), 0),
    forgetFiles: () => {
      sentFiles = [];
    },
    sent: (mark, tokens) =>
      new Promise((resolve) => {
        if ((progress.get(mark) ?? 0) >= tokens) resolve();
        else waiting.add({ mark, tokens, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Where each protocol's answers come from. */
const streams: Readonly<Record<string, ProtocolName>> = {
  '/v1/client/chat': 'wire',
  '/stream/text': 'text',
  '/stream/deep-chat': 'deep-chat',
  '/stream/n8n': 'n8n',
  '/stream/ag-ui/agent/default/run': 'ag-ui',
};

const AGENTS = {
  version: '1.74.0',
  mode: 'sse',
  audioFileTranscriptionEnabled: false,
  agents: { default: { name: 'default', className: 'HttpAgent', description: '' } },
};

/** A short answer goes out at once and whole; a long one token by token, each at its time. */
async function stream(
  response: ServerResponse,
  name: ProtocolName,
  order: Order,
  onSent: (tokens: number) => void,
): Promise<void> {
  const { contentType, begin, token, end } = openProtocol(name);
  const tokens = order.tokens === 0 ? [briefly(order.mark)] : answerTokens(order);
  allow(response).writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.write(begin());
  const began = performance.now();
  let sent = 0;
  while (sent < tokens.length && !response.destroyed) {
    const due = order.pace === 0 ? tokens.length : ((performance.now() - began) * order.pace) / 1000;
    for (; sent < Math.min(due, tokens.length); sent += 1) response.write(token(tokens[sent] ?? ''));
    onSent(sent);
    if (sent < tokens.length) await new Promise((resolve) => setTimeout(resolve, 1000 / order.pace));
  }
  response.end(end(tokens.join('')));
  onSent(Number.POSITIVE_INFINITY);
}

function briefly(mark: string): string {
  return `${shortAnswer(Number(mark.slice(1)))} ${lastWords(mark)}`;
}

/** What the server answers to `init`; others of the same wire read their part of it. */
function session() {
  return {
    sessionId: `cs_${Math.random().toString(36).slice(2)}`,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    conversationId: 'conv_bench',
    flow: { id: 'bench', name: 'Bench', description: null },
    capabilities: [],
    config: { title: 'Bench', welcomeMessage: null, placeholder: null, suggestions: [], theme: null },
  };
}

function n8nHistory(url: URL) {
  return history(Number(url.searchParams.get('history') ?? 0)).map(({ role, text }, index) => ({
    lc: 1,
    type: 'constructor',
    id: ['langchain', 'messages', role === 'user' ? 'HumanMessage' : 'AIMessage', String(index)],
    kwargs: { content: text, additional_kwargs: {} },
  }));
}

function sendPage(response: ServerResponse, head: string, query: URLSearchParams): void {
  const count = Number(query.get('history') ?? 0);
  // Chats that keep nothing by themselves get their history from the page.
  const seed = count === 0 ? '' : `<script>window.benchHistory=${JSON.stringify(history(count))}</script>`;
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(
    `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Bench</title><link rel="icon" href="data:,">${seed}${head}</head><body><main><h1>A page</h1><p>${'Words. '.repeat(200)}</p></main></body></html>`,
  );
}

function sendJson(response: ServerResponse, value: unknown): void {
  allow(response).writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function allow(response: ServerResponse): ServerResponse {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', '*');
  return response;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

function fileHeaders(path: string): Record<string, string> {
  return {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-encoding': 'br',
    'cache-control': 'public, max-age=31536000, immutable',
    'access-control-allow-origin': '*',
    'timing-allow-origin': '*',
  };
}

const compress = promisify(brotliCompress);
const files = new Map<string, Promise<Buffer>>();

/** As a CDN keeps it: compressed once, as well as brotli can. */
async function compressed(path: string): Promise<Buffer | undefined> {
  const known = files.get(path);
  if (known !== undefined || !existsSync(path) || !statSync(path).isFile()) return known;
  const file = compress(readFileSync(path), {
    params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
  });
  files.set(path, file);
  return file;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
