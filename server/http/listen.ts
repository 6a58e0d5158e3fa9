import type { Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { ConfigError } from '../config/config.ts';

/** Longest time for a request's headers and body to arrive, in milliseconds. Answers may take as long as they like. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Above the 60 s after which common proxies drop an idle connection, so that they never pick one that we just closed. */
const KEEP_ALIVE_MS = 65_000;

const SWEEP_INTERVAL_MS = 50;

export interface Listener {
  readonly url: string;
  /** Takes no new connection, waits until the open ones are idle, and cuts them off at `deadlineMs` from now. */
  close(deadlineMs: number): Promise<void>;
}

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/** Serves over HTTP/1.1. Rejects with a `ConfigError` where the address cannot be had. Port 0 takes any free one. */
export async function listen(fetch: Fetch, where: { host: string; port: number }): Promise<Listener> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await bind(server, where);
  const { port } = server.address() as AddressInfo;
  return { url: urlOf(where.host, port), close: (deadlineMs) => close(server, deadlineMs) };
}

function bind(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => fail(explain(error, host, port)));
    server.listen(port, host, done);
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const sentence = {
    EADDRINUSE: `Port ${port} is taken by another program. Stop that one, or start on another port: PORT=${port + 1} npm start`,
    EACCES: `Port ${port} needs more rights than this user has. Start on one above 1023: PORT=8787 npm start`,
    EADDRNOTAVAIL: `HOST=${host} is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for every network.`,
    ENOTFOUND: `HOST=${host} is not known here. Use 127.0.0.1, or 0.0.0.0 for every network.`,
  }[error.code ?? ''];
  return sentence === undefined ? error : new ConfigError(sentence, { cause: error });
}

/** An address to click on: one that means "every network" is reached under `localhost`. */
function urlOf(host: string, port: number): string {
  const name = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

/** `server.close` alone would go on serving whoever keeps a connection alive. */
async function close(server: Server, deadlineMs: number): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_INTERVAL_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await new Promise((done) => server.close(done));
  clearInterval(sweep);
  clearTimeout(deadline);
}
