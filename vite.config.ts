import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import vue from '@vitejs/plugin-vue';
import { playwright } from '@vitest/browser-playwright';
import type { Plugin, UserConfig } from 'vite';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { launchOptions } from './test/support/browser.ts';

const at = (path: string) => resolve(import.meta.dirname, path);

/** Named here because a dependency that vite discovers mid-run reloads the page and loads Preact twice. */
const BROWSER_DEPENDENCIES = [
  'preact',
  'preact/hooks',
  'preact/jsx-runtime',
  'preact/jsx-dev-runtime',
  '@preact/signals',
  '@testing-library/preact',
  'eventsource-parser',
  'eventsource-parser/stream',
  '@cfworker/json-schema',
  '@mcp-b/webmcp-polyfill',
  'zod/mini',
  'axe-core',
  'fast-check',
];

function inBrowser(
  name: string,
  webmcp: 'none' | 'native',
  include: string[],
  exclude: string[],
): TestProjectConfiguration {
  return {
    optimizeDeps: { include: BROWSER_DEPENDENCIES },
    test: {
      name,
      include,
      exclude,
      testTimeout: 15_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: launchOptions(webmcp) }),
        instances: [{ browser: 'chromium' }],
      },
    },
  };
}

const testing = {
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/{protocol,server,models,sdk,cli}/**/*.test.ts', 'test/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      inBrowser('browser', 'none', ['test/widget/**/*.test.{ts,tsx}'], ['**/*-native.test.ts']),
      inBrowser(
        'native',
        'native',
        ['test/widget/tools/**/*.test.ts'],
        ['**/adapter-{polyfill,mcp-b,dialects}.test.ts'],
      ),
      {
        test: {
          name: 'journeys',
          include: ['test/journeys/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
};

/** The script tag's classic files: one file each, no imports. */
function classic(entry: string, fileName: string, define: Record<string, string> = {}): UserConfig {
  return {
    // Modules that servers may import ask whether there is a document; a script tag knows.
    define: { 'typeof document': '"object"', ...define },
    build: {
      outDir: at('widget/dist/cdn'),
      emptyOutDir: false,
      modulePreload: false,
      target: 'es2022',
      rolldownOptions: { input: at(entry), output: { format: 'iife', entryFileNames: fileName } },
    },
  };
}

/** Names that change with their content, so that browsers may keep the files for ever. The loader carries those of the entries. */
function hashed(folder: string) {
  return { entryFileNames: `${folder}[name]-[hash:6].js`, chunkFileNames: `${folder}[name]-[hash].js` };
}

/**
 * Each with all that it imports, in one file: what a file imports is asked for only when the file is there, one round
 * trip later. An earlier one keeps what a later one needs too; they are asked for together.
 */
const TOGETHER = [
  { name: 'app', test: /widget\/app\.ts$/, priority: 3 },
  { name: 'conversation-parts', test: /widget\/ui\/conversation-parts\.ts$/, priority: 2 },
  { name: 'driver', test: /widget\/chat\/driver\.ts$/, priority: 1 },
];

/** The name that the app's build gave an entry; the loader is built after it and carries the name. */
function chunkFile(entry: string): string {
  const file = readdirSync(at('widget/dist/cdn/chunks')).find(
    (name) => name.startsWith(`${entry}-`) && name.endsWith('.js'),
  );
  if (file === undefined)
    throw new Error('Build the app before the loader: `npm run build` keeps the order.');
  return `chunks/${file}`;
}

/** A worker thread is a file of its own, which what starts it has to find wherever it was bundled to. */
function workerFiles(): Plugin {
  return {
    name: 'worker-files',
    enforce: 'pre',
    transform(code, id) {
      if (!code.includes('new Worker(')) return null;
      return code.replace(/new URL\('(\.\/[^']+)', import\.meta\.url\)/g, (_, path: string) => {
        const file = this.emitFile({ type: 'chunk', id: resolve(dirname(id), path) });
        return `import.meta.ROLLUP_FILE_URL_${file}`;
      });
    },
    resolveFileUrl: ({ relativePath }) => `new URL(${JSON.stringify(relativePath)}, import.meta.url)`,
  };
}

const builds: Record<string, () => UserConfig> = {
  /** What the loader imports when the visitor means to chat. */
  app: () => ({
    base: './',
    build: {
      outDir: at('widget/dist/cdn'),
      emptyOutDir: true,
      target: 'es2022',
      lib: {
        entry: { app: at('widget/app.ts'), dress: at('widget/modes/dress-launcher.ts') },
        formats: ['es'],
      },
      rolldownOptions: {
        // Else the app would be two files: one with what late chunks need of it, and one that gives it its name.
        preserveEntrySignatures: 'allow-extension',
        output: {
          ...hashed('chunks/'),
          minify: true,
          codeSplitting: { groups: TOGETHER },
        },
      },
    },
  }),
  loader: () =>
    classic('widget/loader.ts', 'pagehand.js', {
      __APP_FILE__: JSON.stringify(chunkFile('app')),
      __DRESS_FILE__: JSON.stringify(chunkFile('dress')),
    }),
  polyfill: () => classic('widget/webmcp-script.ts', 'webmcp.js'),
  npm: () => ({
    base: './',
    build: {
      outDir: at('widget/dist/npm'),
      emptyOutDir: true,
      minify: false,
      target: 'es2022',
      lib: {
        entry: {
          index: at('widget/index.ts'),
          element: at('widget/element.ts'),
          webmcp: at('widget/webmcp.ts'),
          tools: at('widget/define-tool.ts'),
          react: at('widget/react.ts'),
          vue: at('widget/vue.ts'),
          svelte: at('widget/svelte.ts'),
        },
        formats: ['es'],
      },
      rolldownOptions: {
        external: ['react', 'vue'],
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: 'chunks/[name]-[hash].js',
          // Server components may import it, and leave it to the browser.
          banner: ({ name }) => (name === 'react' ? "'use client';" : ''),
        },
      },
    },
  }),
  /** The workbench and the sample pages. */
  pages: () => ({
    plugins: [vue(), svelte({ configFile: false })],
    build: {
      outDir: at('demo/dist'),
      emptyOutDir: true,
      target: 'es2022',
      rolldownOptions: {
        // The React wrapper says `use client` to servers; there is none here.
        onLog: (level, log, report) => void (log.code === 'MODULE_LEVEL_DIRECTIVE' || report(level, log)),
        input: Object.fromEntries(
          [
            'index',
            'demo/site',
            'demo/spa',
            'demo/csp',
            'demo/theme',
            'demo/wrappers/index',
            ...['react', 'vue', 'svelte', 'element'].map((name) => `demo/wrappers/${name}/index`),
          ].map((page) => [page.replaceAll('/', '-'), at(`${page}.html`)]),
        ),
      },
    },
  }),
  server: () => ({
    plugins: [workerFiles()],
    build: {
      ssr: true,
      outDir: at('server/dist'),
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: {
        input: {
          main: at('server/main.ts'),
          index: at('server/index.ts'),
          sdk: at('server/sdk/index.ts'),
          cli: at('server/cli/main.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  }),
};

export default defineConfig(({ mode }) => ({ publicDir: false, ...(builds[mode]?.() ?? testing) }));
