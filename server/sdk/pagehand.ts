import { PagehandClient } from './client.ts';
import type { ConnectionOptions } from './connection.ts';
import { PagehandError } from './errors.ts';

let configured: PagehandClient | undefined;

/** One client for the whole program, for scripts: `Pagehand.configure({ … })`, then `Pagehand.tools.ensure(…)`. */
export const Pagehand = {
  /** A later call takes the place of an earlier one. Throws `PagehandError` `invalid_options`. */
  configure(options: ConnectionOptions): PagehandClient {
    configured = new PagehandClient(options);
    return configured;
  },
  get client(): PagehandClient {
    if (configured !== undefined) return configured;
    throw new PagehandError('invalid_options', 'Pagehand is not configured.', {
      hint: 'Call `Pagehand.configure({ apiKey, baseUrl })` first.',
    });
  },
  get tools(): PagehandClient['tools'] {
    return this.client.tools;
  },
  get agents(): PagehandClient['agents'] {
    return this.client.agents;
  },
  get flows(): PagehandClient['flows'] {
    return this.client.flows;
  },
  get secrets(): PagehandClient['secrets'] {
    return this.client.secrets;
  },
};
