import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isReachable } from './address.ts';

/** Time to connect, TLS included, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Largest headers of an answer together, in bytes. */
export const MAX_HEADER_BYTES = 32_768;

/** Thrown instead of a connection. Whoever asked is told in words that do not say what is there. */
export class ClosedAddress extends Error {}

/**
 * Connections to addresses that tools may reach, and to no others. The check stands where the connection is made: an
 * address that is written out is checked as it is, and of a name every address of the one answer that is then
 * connected to. So a name cannot answer one thing to the check and another to the connection.
 */
export function guardedAgent(internal: ReadonlySet<string>): Agent {
  const connectorOf = (isNamed: boolean) =>
    buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(isNamed) });
  const toPublic = connectorOf(false);
  const toNamed = connectorOf(true);
  return new Agent({
    // Answers wait for nobody else's.
    pipelining: 1,
    connections: 64,
    keepAliveMaxTimeout: 30_000,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The clock of a whole call stands above these.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => {
      const { hostname, protocol } = options;
      const family = isIP(hostname);
      const port = options.port || (protocol === 'https:' ? '443' : '80');
      const isNamed = internal.has(`${family === 6 ? `[${hostname}]` : hostname}:${port}`);
      if (family !== 0 && !isReachable(hostname, isNamed)) callback(new ClosedAddress(), null);
      else (isNamed ? toNamed : toPublic)(options, callback);
    },
  });
}

function guardedLookup(isNamed: boolean): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [], 0);
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isReachable(address, isNamed))) {
        return callback(new ClosedAddress(), [], 0);
      }
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}
