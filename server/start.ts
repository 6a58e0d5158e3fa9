import type { Config } from './config/config.ts';
import { readEnvironment } from './config/environment.ts';
import { listen } from './http/listen.ts';
import { createPagehand, type PagehandOptions } from './pagehand.ts';

/** What running turns get to reach a boundary when nothing else is said, in milliseconds. */
const STOP_DEADLINE_MS = 10_000;

/** What connections get to send what is left, in milliseconds. */
const CONNECTION_DEADLINE_MS = 500;

/** Time after the deadline at which stopping is no longer waited for, whatever it hangs on, in milliseconds. */
const LAST_GRACE_MS = 1_000;

export interface RunningServer {
  readonly url: string;
  readonly config: Config;
  /** Whether `url` shows the workbench. */
  readonly hasWorkbench: boolean;
  /**
   * Refuses new work while it still listens, so that a load balancer learns of it, lets running turns reach a boundary,
   * closes everything. Resolves when nothing is left, and a second after the deadline at the latest. Default: 10 000.
   */
  stop(deadlineMs?: number): Promise<void>;
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
    stop: (deadlineMs = STOP_DEADLINE_MS) => within(deadlineMs + LAST_GRACE_MS, stopInOrder(deadlineMs)),
  };

  async function stopInOrder(deadlineMs: number): Promise<void> {
    await pagehand.drain(deadlineMs);
    await listener.close(CONNECTION_DEADLINE_MS);
    await pagehand.stop(0);
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}
