import { ConfigError } from './config/config.ts';
import type { EnvironmentVariables } from './config/environment.ts';
import { type RunningServer, startServer } from './start.ts';
import { StoreError } from './store/store.ts';

/**
 * The program: runs a server until a signal stops it, and then ends the process. What keeps it from starting is said,
 * with the mend, before the process ends with 1.
 */
export async function serve(options: {
  readonly env: EnvironmentVariables;
  readonly cwd: string;
}): Promise<void> {
  try {
    const server = await startServer(options);
    stopOnSignals(server);
    console.log(greeting(server));
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StoreError)) throw error;
    console.error(error.message);
    // Not left to the event loop: a connection that failed half way may stay open for ever.
    process.exit(1);
  }
}

function greeting({ url, config, hasWorkbench }: RunningServer): string {
  const models = [...new Set(config.surfaces.map(({ agent }) => agent.model))];
  return [
    '',
    `  Pagehand runs.   ${url}/`,
    `  Model:           ${models.join(', ') || 'chosen by each dispatch'}`,
    ...config.surfaces
      .filter(({ behavior }) => !behavior.webmcp.enabled)
      .map(
        ({ id }) =>
          `  Surface ${id}: page tools are off. Set its behavior.webmcp.enabled to true to use them.`,
      ),
    '',
    ...(hasWorkbench ? modelHint(models) : scriptTag(url)),
    '',
  ].join('\n');
}

function modelHint(models: readonly string[]): string[] {
  if (models.some((model) => model !== 'offline')) return [];
  return ['  With a real model:', '  PAGEHAND_MODEL=openai/gpt-5.4 OPENAI_API_KEY=\u2026 npm start'];
}

function scriptTag(url: string): string[] {
  return ['  On a page:', `  <script async src="${url}/pagehand.js" data-token="ct_\u2026"></script>`];
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
