import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled, ROOT, run } from './install.mjs';

export const PACKAGES = ['widget', 'server'];

/** Puts into each package's folder what its tarball needs beside the build: types and licence. */
export async function fillPackages() {
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', ...PACKAGES]);
  await ensureBuilt();
  for (const name of PACKAGES) {
    copyTypes(name);
    cpSync(join(ROOT, 'LICENSE'), join(ROOT, name, 'dist/LICENSE'));
  }
}

/**
 * The declarations that the package's exports reach, and no others.
 * @param {string} name
 */
function copyTypes(name) {
  const types = join(ROOT, name, 'dist/types');
  const {
    exports,
    dependencies = {},
    peerDependencies = {},
  } = JSON.parse(readFileSync(join(ROOT, name, 'package.json'), 'utf8'));
  const known = { ...dependencies, ...peerDependencies };
  rmSync(types, { recursive: true, force: true });
  const copied = new Set();

  /** @param {string} file */
  const copy = (file) => {
    if (copied.has(file)) return;
    copied.add(file);
    const text = readFileSync(join(ROOT, '.types', file), 'utf8');
    write(
      file,
      text.replace(/(from |import\()(['"])([^'"]+)\2/g, (_, before, quote, target) => {
        if (!target.startsWith('.')) return before + quote + packageTarget(file, target) + quote;
        copy(
          relative('/', resolve('/', dirname(file), target))
            .replaceAll('\\', '/')
            .replace(/\.tsx?$/, '.d.ts'),
        );
        return before + quote + target.replace(/\.tsx?$/, '.js') + quote;
      }),
    );
  };

  /**
   * @param {string} file
   * @param {string} target
   */
  const packageTarget = (file, target) => {
    if (target.startsWith('node:') || (target.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? '') in known) return target;
    if (target !== 'zod/mini') throw new Error(`${name}: ${file} imports ${target}, which is no dependency.`);
    write('zod-mini.d.ts', readFileSync(join(ROOT, 'scripts/zod-mini.d.ts'), 'utf8'));
    return `${relative(dirname(file), '.').replaceAll('\\', '/')}/zod-mini.js`;
  };

  /**
   * @param {string} file
   * @param {string} text
   */
  const write = (file, text) => {
    mkdirSync(dirname(join(types, file)), { recursive: true });
    writeFileSync(join(types, file), text);
  };

  for (const { types: entry } of Object.values(exports)) copy(entry.replace('./dist/types/', ''));
}

/** Code as a user of the packages writes it. What it does not get the types of does not compile. */
const CONSUMER = `
import { createPagehand, defineConfig, defineServerTool } from '@pagehand/server';
import { createExternalTool, defineTool as defineSavedTool, PagehandClient, PagehandError } from '@pagehand/server/sdk';
import { mount, type WidgetEvents } from 'pagehand';
import type { PagehandElement } from 'pagehand/element';
import { Pagehand, usePagehand } from 'pagehand/react';
import { type PagehandOptions, pagehand, pagehandStore } from 'pagehand/svelte';
import { defineTool } from 'pagehand/tools';
import { Pagehand as PagehandForVue } from 'pagehand/vue';
import 'pagehand/webmcp';

type Known<Type> = 0 extends 1 & Type ? never : Type;
const chat = mount({ token: 'ct_test_demo' });
chat.on('event', (event: Known<WidgetEvents['event']>) => event.type === 'text_delta' && event.delta.trim());
chat.on('call', ({ name, outcome }) => [name.trim(), outcome.status]);
chat.on('snapshot', ({ snapshot }) => snapshot.clientTools.map(({ origin }) => origin === 'webmcp'));
chat.on('error', ({ code }: Known<WidgetEvents['error']>) => code === 'unreachable');
chat.ready((whole) => {
  const undo = whole.addContext('page', (signal) => ({ path: location.pathname, stopped: signal.aborted }));
  whole.use({ beforeSend: ({ text }) => (text === '' ? { refuse: 'Say more.' } : undefined) });
  whole.setRenderer('tool:search', (part, element) => {
    element.textContent = part.kind === 'tool' ? part.title : part.text;
  });
  return undo;
});
export const reactProps: Parameters<typeof Pagehand>[0] = {
  token: 'ct_test_demo',
  onMessage: ({ text }: Known<WidgetEvents['message']>) => text.trim(),
};
export const useIt = () => usePagehand().messages.map(({ text }) => text.trim());
export const vueProps: InstanceType<typeof PagehandForVue>['$props'] = {
  token: 'ct_test_demo',
  open: true,
  onMessage: ({ text }: Known<WidgetEvents['message']>) => text.trim(),
};
const options: PagehandOptions = { token: 'ct_test_demo', on: { open: () => {} } };
export const action = pagehand(document.body, options);
pagehandStore().subscribe(({ phase, isOpen }) => [phase, isOpen]);
export const element: PagehandElement | null = document.querySelector('pagehand-chat');
document.modelContext?.registerTool(
  defineTool({
    name: 'add_to_cart',
    description: 'Puts a product into the cart.',
    inputSchema: { type: 'object', properties: { productId: { type: 'string' } }, required: ['productId'] },
    execute: ({ productId }, { signal }) => [productId.trim(), signal.aborted],
  }),
);
const findOrder = defineServerTool({
  name: 'find_order',
  description: 'Finds an order by its number.',
  parametersSchema: { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] },
  run: ({ orderId }, { signal }) => [orderId.trim(), signal.aborted],
});
export const config = defineConfig({ surfaces: [{ id: 'store', agent: { tools: [findOrder] } }] });
const client = new PagehandClient({ apiKey: process.env.PAGEHAND_API_KEY, baseUrl: 'https://chat.example.com' });
const weather = createExternalTool({ name: 'get_weather', url: 'https://api.example.com/{{city}}' });
export const method: string | undefined = weather.config.method;
export const saved = defineSavedTool({ name: 'Tax', toolType: 'custom', config: { code: 'return 1;' } });
export async function ask(): Promise<string> {
  const messages = [{ role: 'user', content: 'Hello' } as const];
  for await (const event of client.dispatch({ agent: { id: 'store' }, messages }))
    if (event.type === 'text_delta') event.delta.trim();
  const { changes } = await client.tools.ensure(saved, { dryRun: true });
  const { toolId } = await client.tools.ensure(saved);
  const run = await client.runWithLocalTools({ agent: { id: 'store' }, messages }, {
    add: {
      description: 'Adds.',
      parametersSchema: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
      execute: ({ a }: Known<{ a: number }>) => a.toFixed(),
    },
    get_time: { description: 'Tells the time.', execute: async () => new Date().toISOString() },
  }, { scope: 'turn', onEvent: ({ type }) => type.trim() }).catch((error) => {
    if (error instanceof PagehandError && error.code === 'agent_not_found') error.hint?.trim();
    throw error;
  });
  return [changes, toolId, run.answer, ...run.calls.map(({ name }) => name)].join();
}
export const answer: Promise<Response> = createPagehand().then(({ fetch }) => fetch(new Request('/')));
`;

/** Compiles the consumer against the packages as both kinds of resolution find them. */
export function checkTypes() {
  const folder = join(ROOT, '.cache/consumer');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  for (const [module, moduleResolution] of [
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ]) {
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    };
    const file = join(folder, `tsconfig.${moduleResolution}.json`);
    writeFileSync(file, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', file]);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled();
  await fillPackages();
}
