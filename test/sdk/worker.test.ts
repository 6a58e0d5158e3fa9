import { resolve } from 'node:path';
import vm from 'node:vm';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY, aServer, calls, says, type TestServer } from '../support/server.ts';
import { carrierTo, WHOLE_CONFIG } from './a-client.ts';

let server: TestServer;
let code: string;

beforeAll(async () => {
  server = await aServer({
    config: WHOLE_CONFIG,
    model: ({ messages }) => {
      const last = messages.at(-1);
      return last?.role === 'tool'
        ? says(last.results.map(({ text }) => text).join())
        : calls({ name: 'add' });
    },
  });
  code = await bundled();
}, 60_000);
afterAll(() => server.close());

/** The SDK with all that it imports, as a bundler for workers makes it: one file, nothing of Node. */
async function bundled(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: {
        entry: resolve(import.meta.dirname, '../../server/sdk/index.ts'),
        formats: ['iife'],
        name: 'sdk',
        fileName: 'sdk',
      },
    },
  });
  const [output] = [built].flat() as Rolldown.RolldownOutput[];
  const [chunk, ...others] = output?.output ?? [];
  expect(others).toEqual([]);
  if (chunk?.type !== 'chunk') throw new Error('There is no code.');
  return chunk.code;
}

/** What workers have, and nothing that Node alone has. Made outside, so that `fetch` of the test fits. */
const WORKER_GLOBALS = {
  AbortController,
  AbortSignal,
  Headers,
  ReadableStream,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  crypto,
  setTimeout,
  clearTimeout,
};

describe('the SDK in a worker', () => {
  test('imports nothing of Node', () => {
    expect(code).not.toMatch(/["']node:|\brequire\(/);
  });

  test('dispatches, streams, runs local tools and hashes, without a global of Node [R2-23]', async () => {
    const context = vm.createContext({
      ...WORKER_GLOBALS,
      fetch: carrierTo(server),
      apiKey: API_KEY,
    });
    const work = `${code}
      (async () => {
        const client = new sdk.PagehandClient({ apiKey, baseUrl: 'http://pagehand.test' });
        const request = { agent: { id: 'store' }, messages: [{ role: 'user', content: 'Add' }] };
        const run = await client.runWithLocalTools(request, {
          add: { description: 'Adds.', execute: () => 40 + 2 },
        });
        const tool = sdk.createExternalTool({ name: 'a', url: 'https://example.com/{{b}}', headers: { Accept: 'x' } });
        const ensured = [await client.tools.ensure(tool), await client.tools.ensure(tool)];
        const error = await client.tools.get('tool_none').catch((failure) => failure);
        return JSON.stringify({
          answer: run.answer,
          tool,
          ensured: ensured.map(({ result }) => result),
          isPagehandError: error instanceof sdk.PagehandError,
          status: error.status,
          nodes: [typeof process, typeof Buffer, typeof require],
        });
      })()`;
    const result: unknown = JSON.parse((await vm.runInContext(work, context)) as string);
    expect(result).toMatchObject({
      answer: expect.stringContaining('42'),
      tool: { config: { headers: { accept: 'x' }, url: 'https://example.com/{{b}}' }, toolType: 'external' },
      ensured: ['created', 'unchanged'],
      isPagehandError: true,
      status: 404,
      nodes: ['undefined', 'undefined', 'undefined'],
    });
  });
});
