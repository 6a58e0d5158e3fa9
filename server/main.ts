import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AssetFolders } from './assets.ts';
import { ConfigError } from './config/config.ts';
import { type RunningServer, startServer } from './start.ts';
import { StoreError } from './store/store.ts';

try {
  const server = await startServer({ env: process.env, cwd: process.cwd(), assets: builtAssets() });
  console.log(greeting(server));
  stopOnSignals(server);
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof StoreError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function greeting({ url, config }: RunningServer): string {
  const models = [...new Set(config.surfaces.map(({ agent }) => agent.model))];
  const onlyOffline = models.every((model) => model === 'offline');
  return [
    '',
    `  Pagehand runs.   ${url}/`,
    `  Model:           ${models.join(', ') || 'chosen by each dispatch'}`,
    ...(onlyOffline
      ? ['', '  With a real model:', '  PAGEHAND_MODEL=openai/gpt-5.4 OPENAI_API_KEY=\u2026 npm start']
      : []),
    '',
  ].join('\n');
}

/** The first signal stops in order, a second one at once. */
function stopOnSignals(server: RunningServer): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    await server.stop();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** What the build left in the checkout, from wherever in it this file runs. Without a build there is the API alone. */
function builtAssets(): AssetFolders {
  const widget = findUp('widget/dist/cdn');
  const pages = findUp('demo/dist');
  return { widget, pages };
}

function findUp(path: string): string | undefined {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const found = join(folder, path);
    if (existsSync(found)) return found;
    if (folder === dirname(folder)) return undefined;
  }
}
