import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEgress } from '../../server/egress/create-egress.ts';
import type { Egress, EgressRequest } from '../../server/egress/egress.ts';
import { ToolError } from '../../server/tools/tool-error.ts';
import { SECURE_EXAMPLE } from '../support/secure-example.ts';
import {
  aHost,
  aSmallInternet,
  PUBLIC_ADDRESS,
  type SmallInternet,
  type TestHost,
} from '../support/small-internet.ts';

let internet: SmallInternet;
let hosts: TestHost[];
let egresses: Egress[];

beforeEach(() => {
  internet = aSmallInternet();
  hosts = [];
  egresses = [];
});

afterEach(async () => {
  await Promise.all(egresses.map((egress) => egress.close()));
  await Promise.all(hosts.map((host) => host.close()));
  internet.close();
});

function anEgress(internal: readonly string[] = []): Egress {
  const egress = createEgress({ internal });
  egresses.push(egress);
  return egress;
}

async function host(...answer: Parameters<typeof aHost>): Promise<TestHost> {
  const made = await aHost(...answer);
  hosts.push(made);
  return made;
}

function get(url: string, more: Partial<EgressRequest> = {}): EgressRequest {
  return {
    method: 'GET',
    url,
    headers: {},
    signal: new AbortController().signal,
    timeoutMs: 10_000,
    maxBytes: 1_000_000,
    ...more,
  };
}

async function refused(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ToolError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'not refused', message: '' };
}

const isAscii = (text: string) => Buffer.byteLength(text) === text.length;
const textOf = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString();

/** The probes that were measured, and some more. `PORT` is that of a server that listens on this machine. */
const PROBES: readonly [what: string, url: string][] = [
  ['loopback', 'http://127.0.0.1:PORT/'],
  ['its name', 'http://localhost:PORT/'],
  ['its name with a dot at the end', 'http://localhost.:PORT/'],
  ['loopback with a dot at the end', 'http://127.0.0.1.:PORT/'],
  ['decimal', 'http://2130706433:PORT/'],
  ['hexadecimal', 'http://0x7f000001:PORT/'],
  ['octal', 'http://0177.0.0.1:PORT/'],
  ['short', 'http://127.1:PORT/'],
  ['no address', 'http://0.0.0.0:PORT/'],
  ['zero', 'http://0:PORT/'],
  ['IPv6 loopback', 'http://[::1]:PORT/'],
  ['no IPv6 address', 'http://[::]:PORT/'],
  ['IPv4 mapped', 'http://[::ffff:127.0.0.1]:PORT/'],
  ['IPv4 compatible', 'http://[::127.0.0.1]:PORT/'],
  ['NAT64', 'http://[64:ff9b::7f00:1]:PORT/'],
  ['6to4', 'http://[2002:7f00:1::]:PORT/'],
  ['unique local', 'http://[fd12:3456:789a::1]:PORT/'],
  ['link local', 'http://[fe80::1]:PORT/'],
  ['CGNAT', 'http://100.64.0.1:PORT/'],
  ['metadata', 'http://169.254.169.254/latest/meta-data/'],
  ['metadata by name', 'http://metadata.google.internal/computeMetadata/v1/'],
  ['circled digits', 'http://①②⑦.⓪.⓪.①:PORT/'],
  ['metadata of Azure, in the public range', 'http://168.63.129.16/metadata'],
  ['metadata of Alibaba', 'http://100.100.100.200/'],
  ['metadata over IPv6', 'http://[fd00:ec2::254]/'],
  ['private, ten', 'http://10.0.0.1/'],
  ['private, 172', 'http://172.16.0.1/'],
  ['private, 192', 'http://192.168.1.1/'],
  ['benchmarking', 'http://198.18.0.1/'],
  ['documentation', 'http://203.0.113.1/'],
  ['multicast', 'http://224.0.0.1/'],
  ['broadcast', 'http://255.255.255.255/'],
  ['reserved', 'http://240.0.0.1/'],
  ['IPv6 that is assigned to nobody', 'http://[4000::1]/'],
  ['a name of a private address', 'http://intranet.example/'],
  ['a name of one public and one private address', 'http://mixed.example/'],
  ['a name of no address', 'http://empty.example/'],
];

describe('addresses that tools may not reach', () => {
  test.each(PROBES)('%s: no socket is opened for %s', async (_what, url) => {
    const victim = await host((_request, response) => response.end('secret of the machine'));
    internet.name('localhost', victim, ['127.0.0.1', '::1']);
    internet.name('localhost.', victim, ['127.0.0.1']);
    internet.name('metadata.google.internal', victim, ['169.254.169.254']);
    internet.name('intranet.example', victim, ['10.0.0.5']);
    internet.name('mixed.example', victim, [PUBLIC_ADDRESS, '127.0.0.1']);
    internet.name('empty.example', victim, []);
    const egress = anEgress();
    const address = url.replace('PORT', String(victim.port));
    const said = await refused(egress.request(get(address)));
    expect(said.code).toBe('egress_blocked');
    expect(said.message).toMatch(/may not reach ".*egress: \{ internal: \['.+:\d+'\] \}/);
    expect((await refused(egress.fetch(address))).code).toBe('egress_blocked');
    expect([internet.connected, victim.sockets]).toEqual([[], 0]);
  });

  test.each([
    ['file:///etc/passwd', 'file'],
    ['ftp://files.example/', 'ftp'],
    ['data:text/plain,x', 'data'],
    ['gopher://a.example/', 'gopher'],
    ['http://user:pass@a.example/', 'user or a password'],
    ['http://a.example:25/', 'another protocol'],
    ['http://a.example:6667/', 'another protocol'],
    ['not an address', 'cannot be read'],
  ])('%s is refused before anything is looked up', async (url, why) => {
    const egress = anEgress();
    for (const said of [await refused(egress.request(get(url))), await refused(egress.fetch(url))]) {
      expect(said).toEqual({ code: 'egress_blocked', message: expect.stringContaining(why) });
    }
    expect(internet.connected).toEqual([]);
  });

  test('a name that answers otherwise the next time is connected to what was checked, each time', async () => {
    const victim = await host((_request, response) => response.setHeader('connection', 'close').end('hello'));
    const answers = [[PUBLIC_ADDRESS], ['127.0.0.1'], [PUBLIC_ADDRESS], ['10.1.2.3']];
    internet.name('rebind.example', victim, () => answers.shift() ?? []);
    const egress = anEgress();
    const outcomes: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const outcome = egress
        .request(get('http://rebind.example/'))
        .then(textOf, (error: ToolError) => error.code);
      outcomes.push(await outcome);
    }
    expect(outcomes).toEqual(['hello', 'egress_blocked', 'hello', 'egress_blocked']);
    expect(internet.connected).toEqual([PUBLIC_ADDRESS, PUBLIC_ADDRESS]);
    expect(victim.sockets).toBe(2);
  });

  test.each(PROBES)('%s is not reached by being sent on to %s either', async (_what, url) => {
    const victim = await host((_request, response) => response.end('secret of the machine'));
    const target = url.replace('PORT', String(victim.port));
    const sender = await host((_request, response) =>
      response.writeHead(302, { location: isAscii(target) ? target : encodeURI(target) }).end(),
    );
    internet.name('sender.example', sender);
    internet.name('localhost', victim, ['127.0.0.1']);
    internet.name('localhost.', victim, ['127.0.0.1']);
    internet.name('metadata.google.internal', victim, ['169.254.169.254']);
    internet.name('intranet.example', victim, ['10.0.0.5']);
    internet.name('mixed.example', victim, [PUBLIC_ADDRESS, '127.0.0.1']);
    internet.name('empty.example', victim, []);
    expect((await refused(anEgress().request(get('http://sender.example/')))).code).toBe('egress_blocked');
    expect([internet.connected, victim.sockets]).toEqual([[PUBLIC_ADDRESS], 0]);
  });
});

describe('what the operator named', () => {
  test('is reached at exactly that host and port', async () => {
    const inner = await host((_request, response) => response.end('inner'));
    internet.name('localhost', inner, ['127.0.0.1']);
    const egress = anEgress([`localhost:${inner.port}`, '[::1]:9', 'api.internal:443']);
    internet.name('api.internal', inner, ['10.0.0.7']);
    expect(textOf(await egress.request(get(`http://localhost:${inner.port}/`)))).toBe('inner');
    expect(await (await egress.fetch(`http://localhost:${inner.port}/`)).text()).toBe('inner');
    expect(textOf(await egress.request(get('https://api.internal/')))).toBe('inner');
    for (const url of [
      `http://127.0.0.1:${inner.port}/`,
      'http://localhost:1234/',
      'http://api.internal/',
      'http://api.internal:8443/',
    ]) {
      expect((await refused(egress.request(get(url)))).code, url).toBe('egress_blocked');
    }
  });

  test('is not reached by being sent on from the public internet, nor where a model chose the address', async () => {
    const inner = await host(({ url }, response) =>
      url === '/a' ? response.writeHead(302, { location: '/b' }).end() : response.end('inner'),
    );
    const place = `localhost:${inner.port}`;
    const sender = await host((_request, response) =>
      response.writeHead(302, { location: `http://${place}/` }).end(),
    );
    internet.name('localhost', inner, ['127.0.0.1']);
    internet.name('sender.example', sender);
    const egress = anEgress([place]);
    const sent = await refused(egress.request(get('http://sender.example/')));
    expect(sent).toEqual({
      code: 'redirect_refused',
      message: expect.stringContaining('from the public internet'),
    });
    const chosen = await refused(egress.request(get(`http://${place}/`, { isPublicOnly: true })));
    expect(chosen).toEqual({
      code: 'egress_blocked',
      message: expect.stringContaining('public internet alone'),
    });
    expect(inner.sockets).toBe(0);
    expect(textOf(await egress.request(get(`http://${place}/a`)))).toBe('inner');
  });

  test('is never a service that hands out credentials of the machine', async () => {
    const inner = await host((_request, response) => response.end('inner'));
    internet.name('meta.example', inner, ['169.254.169.254']);
    const egress = anEgress([
      'meta.example:80',
      '169.254.169.254:80',
      '168.63.129.16:80',
      '[fd00:ec2::254]:80',
      '[::ffff:169.254.169.254]:80',
      '[::ffff:a9fe:a9fe]:80',
    ]);
    for (const name of [
      'meta.example',
      '169.254.169.254',
      '168.63.129.16',
      '[fd00:ec2::254]',
      '[::ffff:169.254.169.254]',
    ]) {
      const said = await refused(egress.request(get(`http://${name}/`)));
      expect(said).toEqual({
        code: 'egress_blocked',
        message: expect.stringContaining('though the configuration names it'),
      });
    }
    expect([internet.connected, inner.sockets]).toEqual([[], 0]);
  });
});

describe('a redirect', () => {
  const KEYS = {
    authorization: 'Bearer k',
    'x-api-key': 'k',
    cookie: 'a=b',
    'x-custom': 'k',
    accept: 'text/plain',
  };

  test('to another origin goes without anything that may be a credential', async () => {
    const target = await host((_request, response) => response.end('there'));
    const sender = await host((_request, response) =>
      response.writeHead(302, { location: 'http://other.example/x?y=1' }).end(),
    );
    internet.name('api.example', sender);
    internet.name('other.example', target);
    const response = await anEgress().request(get('http://api.example/', { headers: KEYS }));
    expect([textOf(response), response.url]).toEqual(['there', 'http://other.example/x?y=1']);
    expect(sender.seen[0]?.headers).toMatchObject(KEYS);
    expect(Object.keys(target.seen[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(target.seen[0]?.headers.accept).toBe('text/plain');
  });

  test('to the same origin keeps them; to another port or scheme does not', async () => {
    const there = await host(({ url }, response) =>
      url === '/a' ? response.writeHead(307, { location: '/b' }).end() : response.end('b'),
    );
    internet.name('api.example', there);
    await anEgress().request(get('http://api.example/a', { headers: KEYS }));
    expect(there.seen[1]).toMatchObject({ url: '/b', headers: KEYS });
    const sender = await host((_request, response) =>
      response.writeHead(301, { location: 'http://port.example:8080/' }).end(),
    );
    internet.name('port.example', sender);
    const egress = anEgress();
    await refused(egress.request(get('http://port.example/', { headers: KEYS })));
    expect(sender.seen[1]?.headers['x-api-key']).toBeUndefined();
  });

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [303, 'HEAD', 'HEAD', ''],
    [307, 'POST', 'POST', 'body'],
    [308, 'PUT', 'PUT', 'body'],
    [302, 'PUT', 'PUT', 'body'],
  ])('%i of %s becomes %s', async (status, method, expected, body) => {
    const there = await host(({ url }, response) =>
      url === '/a' ? response.writeHead(status, { location: '/b' }).end() : response.end(),
    );
    internet.name('api.example', there);
    const sent = method === 'HEAD' ? {} : { body: 'body', headers: { 'content-type': 'text/plain' } };
    await anEgress().request(get('http://api.example/a', { method, ...sent }));
    expect(there.seen[1]).toMatchObject({ method: expected, body });
    expect(there.seen[1]?.headers['content-type']).toBe(body === '' ? undefined : 'text/plain');
  });

  test.each([
    [
      'with a body to another origin',
      307,
      'http://api.example/',
      'http://other.example/',
      'its body to another origin',
    ],
    [
      'with a body that 302 keeps',
      302,
      'http://api.example/',
      'http://other.example/',
      'its body to another origin',
    ],
    ['from https to http', 302, 'https://api.example/', 'http://api.example/', 'from https to http'],
    ['without end', 302, 'http://api.example/', 'http://api.example/', 'more than 5 times'],
    ['to nothing that can be read', 302, 'http://api.example/', 'http://', 'cannot be read'],
  ])('%s is refused', async (what, status, url, location, why) => {
    const sender = await host((_request, response) => response.writeHead(status, { location }).end());
    internet.name('api.example', sender);
    internet.name('other.example', sender);
    const sent = what.includes('body') ? { method: 'PUT', body: 'x' } : {};
    const said = await refused(anEgress().request(get(url, sent)));
    expect(said).toEqual({ code: 'redirect_refused', message: expect.stringContaining(why) });
    expect(sender.seen.length).toBe(what === 'without end' ? 6 : 1);
  });

  test('is not kept open by what it goes on saying', async () => {
    let isOpen = true;
    const there = await host(({ url }, response) => {
      if (url === '/b') {
        response.end('b');
        return;
      }
      response.writeHead(302, { location: '/b' }).write('a');
      response.on('close', () => {
        isOpen = false;
      });
    });
    internet.name('api.example', there);
    expect(textOf(await anEgress().request(get('http://api.example/a')))).toBe('b');
    await vi.waitFor(() => expect(isOpen).toBe(false), 5_000);
  });

  test('is refused to what reads streams itself', async () => {
    const sender = await host((_request, response) => response.writeHead(302, { location: '/b' }).end());
    internet.name('api.example', sender);
    expect((await refused(anEgress().fetch('http://api.example/'))).code).toBe('redirect_refused');
    expect(sender.seen.length).toBe(1);
  });
});

describe('an answer', () => {
  const PACKED = [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ] as const;

  test.each(PACKED)(
    'packed as %s is unpacked, and its bomb is cut off while it is',
    async (encoding, pack) => {
      const bomb = pack(Buffer.alloc(50_000_000));
      const there = await host(({ url }, response) =>
        response
          .setHeader('content-encoding', encoding)
          .end(url === '/bomb' ? bomb : pack(Buffer.from('hello'))),
      );
      internet.name('api.example', there);
      const egress = anEgress();
      expect(textOf(await egress.request(get('http://api.example/')))).toBe('hello');
      expect(there.seen[0]?.headers['accept-encoding']).toBe('gzip, deflate, br');
      expect(bomb.length).toBeLessThan(100_000);
      const said = await refused(egress.request(get('http://api.example/bomb')));
      expect(said).toEqual({ code: 'response_too_large', message: expect.stringContaining('1000000 bytes') });
    },
  );

  test('that is large is not read while too much is held of others that never end', async () => {
    const there = await host(({ url }, response) => {
      if (url === '/small') response.end('small');
      else if (url === '/large') response.end(Buffer.alloc(400_000));
      else response.write(Buffer.alloc(400_000));
    });
    internet.name('api.example', there);
    const egress = createEgress({ internal: [], maxHeldBytes: 900_000 });
    egresses.push(egress);
    const large = () => egress.request(get('http://api.example/large'));
    expect((await large()).body.byteLength).toBe(400_000);
    const stop = new AbortController();
    const said: { code: string; message: string }[] = [];
    const endless = [1, 2, 3, 4, 5, 6].map(async () => {
      said.push(await refused(egress.request(get('http://api.example/', { signal: stop.signal }))));
    });
    // No more than two of them fit.
    await vi.waitFor(() => expect(said.length).toBeGreaterThanOrEqual(4), 8_000);
    expect(said[0]).toEqual({ code: 'egress_failed', message: expect.stringContaining('too many large') });
    expect(textOf(await egress.request(get('http://api.example/small')))).toBe('small');
    stop.abort();
    await Promise.all(endless);
    expect((await large()).body.byteLength).toBe(400_000);
  });

  test('packed otherwise than it says, cut off, or packed in what is not read is an error in words', async () => {
    const there = await host(({ url }, response) => {
      if (url === '/lie') response.setHeader('content-encoding', 'gzip').end('not gzip');
      else if (url === '/lie-br') response.setHeader('content-encoding', 'br').end('not brotli at all');
      else if (url === '/cut')
        response.setHeader('content-encoding', 'gzip').end(gzipSync('hello '.repeat(1000)).subarray(0, 30));
      else if (url === '/empty') response.setHeader('content-encoding', 'gzip').end();
      else response.setHeader('content-encoding', 'zstd').end('x');
    });
    internet.name('api.example', there);
    const egress = anEgress();
    for (const path of ['lie', 'lie-br', 'cut', 'zstd']) {
      expect((await refused(egress.request(get(`http://api.example/${path}`)))).code, path).toBe(
        'egress_failed',
      );
    }
    expect(textOf(await egress.request(get('http://api.example/empty')))).toBe('');
  });

  test('without end or without haste is cut off by size or by the clock', async () => {
    const there = await host(({ url }, response) => {
      if (url === '/slow') {
        response.writeHead(200);
        const drip = setInterval(() => response.write('.'), 10);
        response.on('close', () => clearInterval(drip));
        return;
      }
      if (url === '/silent') return;
      response.writeHead(200);
      const flood = (): void => {
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', flood);
      };
      flood();
    });
    internet.name('api.example', there);
    const egress = anEgress();
    expect((await refused(egress.request(get('http://api.example/endless')))).code).toBe(
      'response_too_large',
    );
    for (const path of ['slow', 'silent']) {
      const said = await refused(egress.request(get(`http://api.example/${path}`, { timeoutMs: 300 })));
      expect(said).toEqual({ code: 'timed_out', message: expect.stringContaining('0.3 s') });
    }
    const stop = new AbortController();
    const running = refused(egress.request(get('http://api.example/slow', { signal: stop.signal })));
    setTimeout(() => stop.abort(), 50);
    expect((await running).code).toBe('cancelled');
    expect(
      (await refused(egress.request(get('http://api.example/', { signal: AbortSignal.abort() })))).code,
    ).toBe('cancelled');
  });

  test('in headers without end, in HTTP of old, of no HTTP, or of no body', async () => {
    const raw = (answer: string) =>
      new Promise<{ port: number; server: net.Server }>((resolve) => {
        const server = net.createServer((socket) => {
          socket.on('error', () => undefined);
          socket.once('data', () => socket.end(answer));
        });
        server.listen(0, () => resolve({ port: (server.address() as AddressInfo).port, server }));
      });
    const answers: readonly [string, string][] = [
      [`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(10_000)}\r\n`, 'response_too_large'],
      ['HTTP/1.0 200 OK\r\n\r\nold', 'old'],
      ['SSH-2.0-OpenSSH_9.6\r\n', 'egress_failed'],
      ['HTTP/1.1 204 No Content\r\n\r\n', ''],
      ['HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', 'egress_failed'],
      ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy', 'egress_failed'],
      ['', 'egress_failed'],
    ];
    for (const [answer, expected] of answers) {
      const { port, server } = await raw(answer);
      internet.name('raw.example', { port } as TestHost);
      const outcome = await anEgress()
        .request(get('http://raw.example/'))
        .then(textOf, (error: ToolError) => error.code);
      expect(outcome, answer.slice(0, 60)).toBe(expected);
      server.close();
    }
  });

  test('with any status is an answer', async () => {
    const there = await host(({ url }, response) => {
      response.writeHead(Number(url.slice(1)), { 'x-a': ['1', '2'] }).end('said');
    });
    internet.name('api.example', there);
    const egress = anEgress();
    for (const status of [200, 300, 401, 404, 429, 500]) {
      const response = await egress.request(get(`http://api.example/${status}`));
      expect([response.status, response.headers['x-a'], textOf(response)]).toEqual([status, '1, 2', 'said']);
    }
  });

  test('that never comes is told by its reason', async () => {
    const gone = await aHost(() => undefined);
    await gone.close();
    internet.name('refused.example', gone);
    const plain = await host((_request, response) => response.end());
    internet.name('plain.example', plain);
    const egress = anEgress();
    expect((await refused(egress.request(get('http://nowhere.example/')))).message).toContain(
      'there is no such host',
    );
    expect((await refused(egress.request(get('http://refused.example/')))).message).toContain(
      'nobody listens there',
    );
    await egress.close();
    expect((await refused(egress.request(get('http://plain.example/')))).message).toContain('shutting down');
  });
});

describe('a request', () => {
  test('leaves out the headers that are not the definition\u2019s to write, and keeps the others as they are', async () => {
    const there = await host((_request, response) => response.end());
    internet.name('api.example', there);
    const dropped = {
      host: 'evil.example',
      connection: 'x-api-key',
      'transfer-encoding': 'chunked',
      te: 'trailers',
      upgrade: 'h2c',
      'proxy-authorization': 'x',
      forwarded: 'for=1',
      'x-forwarded-for': '1.1.1.1',
      'x-forwarded-host': 'x',
      'x-http-method-override': 'DELETE',
      'accept-encoding': 'zstd',
      expect: '100-continue',
      'content-length': '3',
    };
    const egress = anEgress();
    await egress.request(get('http://api.example/', { headers: { ...dropped, 'x-api-key': 'k\u00e9' } }));
    await egress.fetch('http://api.example/', { headers: { ...dropped, 'x-api-key': 'k' } });
    for (const { headers } of there.seen) {
      expect(headers).toMatchObject({ host: 'api.example', 'x-api-key': expect.stringMatching(/^k/) });
      for (const [name, value] of Object.entries(dropped)) expect(headers[name], name).not.toBe(value);
    }
    const said = await refused(
      egress.request(get('http://api.example/', { headers: { 'x-a': 'a\r\nb: c' } })),
    );
    expect(said).toEqual({ code: 'egress_failed', message: expect.stringContaining('"x-a"') });
    expect(there.seen.length).toBe(2);
  });
});

describe('what reads streams itself', () => {
  test('gets them as they come, is cancelled by its signal, and is cut off by their size', async () => {
    const there = await host(({ url, body }, response) => {
      if (url === '/echo') response.writeHead(201, { 'x-a': 'b' }).end(body);
      else if (url === '/drip') response.write('data: 1\n\n');
      else response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(40_000_000)));
    });
    internet.name('mcp.example', there);
    const { fetch } = anEgress();
    const echo = await fetch('http://mcp.example/echo', { method: 'POST', body: '{"a":"\u00e4"}' });
    expect([echo.status, echo.headers.get('x-a'), await echo.json()]).toEqual([201, 'b', { a: '\u00e4' }]);
    expect(echo).toBeInstanceOf(Response);

    const stop = new AbortController();
    const drip = await fetch(new URL('http://mcp.example/drip'), { signal: stop.signal });
    const reader = drip.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n');
    stop.abort();
    await expect(reader?.read()).rejects.toThrow();

    const bomb = await fetch('http://mcp.example/bomb');
    expect((await refused(bomb.arrayBuffer())).code).toBe('response_too_large');
  });
});

describe('a certificate', () => {
  test('must be trusted, and be that of the host that was asked for', async () => {
    internet.close();
    const secure = https.createServer(SECURE_EXAMPLE, (_request, response) => response.end('sealed'));
    await new Promise<void>((resolve) => secure.listen(0, resolve));
    const { port } = secure.address() as AddressInfo;
    const outcomes: string[] = [];
    for (const [trusted, host] of [
      [SECURE_EXAMPLE.cert, 'secure.example'],
      [SECURE_EXAMPLE.cert, 'another.example'],
      ['', 'secure.example'],
    ] as const) {
      internet = aSmallInternet({ trusted });
      internet.name(host, { port } as TestHost);
      const asked = anEgress().request(get(`https://${host}/`));
      outcomes.push(await asked.then(textOf, ({ code, message }: ToolError) => `${code}: ${message}`));
      internet.close();
    }
    expect(outcomes).toEqual([
      'sealed',
      expect.stringMatching(/^egress_failed: .*certificate/),
      expect.stringMatching(/^egress_failed: .*certificate/),
    ]);
    secure.closeAllConnections();
    secure.close();
  });
});
