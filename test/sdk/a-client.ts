import type { StreamEvent } from '../../protocol/event.ts';
import { type ConnectionOptions, PagehandClient, PagehandError } from '../../server/sdk/index.ts';
import { API_KEY, CONFIG, OTHER_API_KEY, type TestServer } from '../support/server.ts';

/** The usual one, whose two API keys may do everything, each in a workspace of its own. */
export const WHOLE_CONFIG = {
  ...CONFIG,
  apiKeys: [
    { key: API_KEY, scopes: ['*'] },
    { key: OTHER_API_KEY, scopes: ['*'], workspace: 'other' },
  ],
};

/** Carries what the client sends to a server in this process. */
export function carrierTo(server: TestServer): NonNullable<ConnectionOptions['fetch']> {
  return (url, init) => {
    const { pathname, search } = new URL(url);
    return server.request(`${pathname}${search}`, init);
  };
}

export function aClient(server: TestServer, options: Partial<ConnectionOptions> = {}): PagehandClient {
  return new PagehandClient({
    apiKey: API_KEY,
    baseUrl: 'http://pagehand.test',
    fetch: carrierTo(server),
    ...options,
  });
}

export async function all(events: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const list: StreamEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

/** What a promise fails with. Fails where it is no error of the SDK. */
export async function failureOf(work: Promise<unknown>): Promise<PagehandError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PagehandError)) throw new Error(`Failed with ${String(error)}`);
  return error;
}
