import dns from 'node:dns';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { vi } from 'vitest';

export const PUBLIC_ADDRESS = '93.184.216.34';

/** What a name answers: always the same, or one answer after the other. */
type Addresses = readonly string[] | (() => readonly string[]);

type Looked = (error: Error | null, addresses: readonly dns.LookupAddress[]) => void;

export interface SmallInternet {
  /** Every address that a connection was begun to, in order. */
  readonly connected: readonly string[];
  name(host: string, server: TestHost, addresses?: Addresses): void;
  close(): void;
}

/**
 * Names and public addresses that lead to servers of this test; all other names are not found. Stands between the code and the sockets: what it is
 * asked to connect to is what would have been connected to. `https` is spoken without its encryption, or with it where
 * a certificate is given that counts as trusted.
 */
export function aSmallInternet({ trusted }: { readonly trusted?: string } = {}): SmallInternet {
  const names = new Map<string, Addresses>();
  const ports = new Map<string, number>();
  const connected: string[] = [];
  const connect = net.connect.bind(net) as unknown as (options: net.TcpNetConnectOpts) => net.Socket;
  const connectTls = tls.connect.bind(tls) as unknown as (options: tls.ConnectionOptions) => net.Socket;
  const redirected = (options: net.TcpNetConnectOpts): net.TcpNetConnectOpts => {
    const host = options.host ?? '';
    if (net.isIP(host) !== 0) connected.push(host);
    return {
      ...options,
      host: net.isIP(host) === 0 ? host : '127.0.0.1',
      port: ports.get(host) ?? options.port,
      lookup: (name, asked, done) => {
        options.lookup?.(name, { ...asked, all: true }, (error, found) => {
          if (error !== null) return done(error, [], 0);
          connected.push(...(found as readonly { address: string }[]).map(({ address }) => address));
          if (asked.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
          else done(null, '127.0.0.1', 4);
        });
      },
    };
  };
  const withoutTls = (options: net.TcpNetConnectOpts) => {
    const socket = connect(redirected(options));
    socket.once('connect', () => socket.emit('secureConnect'));
    return socket;
  };
  const withTls = (options: net.TcpNetConnectOpts) => connectTls({ ...redirected(options), ca: trusted });
  const lookup = (hostname: string, _options: unknown, done: Looked) => {
    const found = names.get(hostname);
    if (found === undefined) {
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), []);
      return;
    }
    const addresses = typeof found === 'function' ? found() : found;
    done(
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    );
  };
  const spies = [
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as never),
    vi
      .spyOn(net, 'connect')
      .mockImplementation(((options: net.TcpNetConnectOpts) => connect(redirected(options))) as never),
    vi.spyOn(tls, 'connect').mockImplementation((trusted === undefined ? withoutTls : withTls) as never),
  ];
  return {
    connected,
    name(host, server, addresses = [PUBLIC_ADDRESS]) {
      names.set(host, addresses);
      ports.set(host, server.port);
    },
    close: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Names and values as they were sent, one after the other. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface TestHost {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  /** Connections that were ever opened to it. */
  readonly sockets: number;
  close(): Promise<void>;
}

/** A server on this machine that writes down what it is asked. */
export async function aHost(
  answer: (request: SeenRequest, response: http.ServerResponse) => void,
): Promise<TestHost> {
  const seen: SeenRequest[] = [];
  let sockets = 0;
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers, rawHeaders } = request;
    const entry = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
    seen.push(entry);
    answer(entry, response);
  });
  server.on('connection', () => {
    sockets += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    get sockets() {
      return sockets;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
