import type { Config } from './config/config.ts';
import { readEnvironment } from './config/environment.ts';
import { listen } from './http/listen.ts';
import { createPagehand, type PagehandOptions } from './pagehand.ts';

/** What running turns get to finish when the server is asked to stop, in milliseconds. */
const STOP_DEADLINE_MS = 10_000;

export interface RunningServer {
  readonly url: string;
  readonly config: Config;
  /** Whether `url` shows the workbench. */
  readonly hasWorkbench: boolean;
  /** Refuses new work, lets running turns reach a boundary, closes everything. Resolves when nothing is left. */
  stop(): Promise<void>;
}

/** From an environment to a listening server. Rejects with `ConfigError` or `StoreError`, whose sentences say how to mend it. */
export async function startServer(options: PagehandOptions): Promise<RunningServer> {
  const pagehand = await createPagehand(options);
  const listener = await listen(pagehand.fetch, readEnvironment(options.env ?? {})).catch(
    async (error: unknown) => {
      await pagehand.stop(0);
      throw error;
    },
  );
  return {
    url: listener.url,
    config: pagehand.config,
    hasWorkbench: pagehand.hasWorkbench,
    async stop() {
      const stopped = pagehand.stop(STOP_DEADLINE_MS);
      await listener.close(STOP_DEADLINE_MS);
      await stopped;
    },
  };
}
