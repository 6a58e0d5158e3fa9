import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { launchOptions } from './test/support/browser.ts';

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

function inBrowser(name: string, webmcp: 'none' | 'native', include: string[]): TestProjectConfiguration {
  return {
    optimizeDeps: { include: BROWSER_DEPENDENCIES },
    test: {
      name,
      include,
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

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/{protocol,server,models}/**/*.test.ts', 'test/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      inBrowser('browser', 'none', ['test/widget/**/*.test.{ts,tsx}']),
      inBrowser('native', 'native', ['test/widget/tools/**/*.test.ts']),
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
});
