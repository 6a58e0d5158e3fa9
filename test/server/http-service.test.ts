import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../server/store/store.ts';
import { aServer, refusal, STORE_ORIGIN, type TestServer } from '../support/server.ts';

describe('the state of the server', () => {
  test('is alive and ready', async () => {
    const server = await aServer();
    for (const path of ['/healthz', '/readyz']) {
      expect(await (await server.request(path)).json()).toEqual({ status: 'ok' });
      expect((await server.request(path, { method: 'HEAD' })).status).toBe(200);
    }
    await server.close();
  });

  test('is alive and not ready while it shuts down, and new work is sent away', async () => {
    const server = await aServer({ isAccepting: () => false });
    expect((await server.request('/healthz')).status).toBe(200);
    const answers = [
      await server.request('/readyz'),
      await server.post('/v1/client/init', { token: 'ct_test_store' }),
      await server.dispatch({}),
    ];
    for (const answer of answers) {
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.headers.get('connection')).toBe('close');
      expect(await refusal(answer)).toBe('503 shutting_down');
    }
    expect(answers[1]?.headers.get('access-control-allow-origin')).toBe(STORE_ORIGIN);
    await server.close();
  });

  test('is alive and not ready without its store', async () => {
    const server = await aServer({
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name) {
            if (name === 'ping' || name === 'session')
              return () => Promise.reject(new StoreError('unavailable', 'gone'));
            const value: unknown = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        }),
    });
    expect((await server.request('/healthz')).status).toBe(200);
    for (const answer of [await server.request('/readyz'), await server.chat({ sessionId: 'cs_1' })]) {
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(await refusal(answer)).toBe('503 store_unavailable');
    }
    await server.close();
  });
});

describe('built files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pagehand-assets-'));
  const script = 'console.log("loader");'.repeat(50);
  let server: TestServer;
  beforeAll(async () => {
    const files: Record<string, string | Buffer> = {
      'secret.txt': 'secret',
      'widget/pagehand.js': script,
      'widget/chunks/app-a1B2c3.js': 'app()',
      'widget/chunks/app-a1B2c3.js.gz': gzipSync('app() // by the build'),
      'pages/index.html': '<!doctype html><title>Workbench</title>',
      'pages/demo/site.html': '<!doctype html><title>Site</title>',
      'pages/assets/logo-ABCDEFGH.png': Buffer.from([1, 2, 3]),
    };
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    server = await aServer({ assets: { widget: join(folder, 'widget'), pages: join(folder, 'pages') } });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const get = (path: string, headers: Record<string, string> = {}) => server.request(path, { headers });

  test.each([
    ['/', 'text/html; charset=utf-8', 'public, no-cache'],
    ['/index.html', 'text/html; charset=utf-8', 'public, no-cache'],
    ['/demo/site', 'text/html; charset=utf-8', 'public, no-cache'],
    ['/demo/site.html', 'text/html; charset=utf-8', 'public, no-cache'],
    ['/pagehand.js', 'text/javascript; charset=utf-8', 'public, no-cache'],
    ['/chunks/app-a1B2c3.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/logo-ABCDEFGH.png', 'image/png', 'public, max-age=31536000, immutable'],
  ])('%s is served as %s, kept %s', async (path, type, caching) => {
    const { status, headers } = await get(path);
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, type, caching]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('the files of the script tag are for every site, the pages are not', async () => {
    for (const path of ['/pagehand.js', '/chunks/app-a1B2c3.js']) {
      const { headers } = await get(path, { origin: 'https://any.example' });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    }
    expect((await get('/')).headers.has('access-control-allow-origin')).toBe(false);
  });

  test('a file that did not change is not sent again', async () => {
    const etag = (await get('/pagehand.js')).headers.get('etag') ?? '';
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const response = await get('/pagehand.js', { 'if-none-match': tag });
      expect([response.status, await response.text()]).toEqual([304, '']);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
    }
    expect((await get('/pagehand.js', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('files are compressed as the browser takes them', async () => {
    const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());
    const brotli = await get('/pagehand.js', { 'accept-encoding': 'gzip, deflate, br' });
    expect(brotli.headers.get('content-encoding')).toBe('br');
    expect(brotliDecompressSync(await bytes(brotli)).toString()).toBe(script);
    const gzip = await get('/pagehand.js', { 'accept-encoding': 'br;q=0, gzip;q=0.5' });
    expect(gunzipSync(await bytes(gzip)).toString()).toBe(script);
    expect(gzip.headers.get('vary')).toBe('Accept-Encoding');
    const plain = await get('/pagehand.js', { 'accept-encoding': 'identity' });
    expect([plain.headers.has('content-encoding'), await plain.text()]).toEqual([false, script]);
    const image = await get('/assets/logo-ABCDEFGH.png', { 'accept-encoding': 'br' });
    expect(image.headers.has('content-encoding')).toBe(false);
  });

  test('what the build compressed is taken as it is', async () => {
    const response = await get('/chunks/app-a1B2c3.js', { 'accept-encoding': 'gzip' });
    expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe('app() // by the build');
  });

  test.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/chunks/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/chunks/%00',
    '/%E0%A4%A',
    '/pagehand.js/',
    '/chunks',
    '/chunks/app-a1B2c3.js.gz',
    '/__proto__',
  ])('%s leads nowhere', async (path) => {
    expect(await refusal(await get(path))).toBe('404 not_found');
  });

  test('files are read and not written', async () => {
    const response = await server.request('/pagehand.js', { method: 'POST', body: 'x' });
    expect(response.status).toBe(404);
    expect((await server.request('/pagehand.js', { method: 'HEAD' })).status).toBe(200);
  });
});
