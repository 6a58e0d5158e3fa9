import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamEvent } from '../../protocol/event.ts';
import type { Contender, Script, Template } from './contender.ts';
import { chatBody, headersOf } from './visitor.ts';
import type { Visitors, Wish } from './visitors.ts';
import { startWorker, type Worker } from './worker.ts';

export type ContenderName = 'pagehand' | 'postgres' | 'hono' | 'node';

export const NAMES: Readonly<Record<ContenderName, string>> = {
  pagehand: 'Pagehand',
  postgres: 'Pagehand on PostgreSQL',
  hono: 'bare Hono streamSSE',
  node: 'bare node:http',
};

/** One server and the visitors who know how to ask it. */
export interface Entrant {
  readonly name: ContenderName;
  readonly url: string;
  readonly server: Worker<Contender>;
  /** Sessions that have not chatted yet; the floors have none and need none. */
  sessions(count: number): Promise<readonly string[]>;
}

/** All contenders at once, each in a process of its own, and their visitors in one more. */
export interface Contest {
  readonly visitors: Worker<Visitors>;
  readonly entrants: readonly Entrant[];
  close(): Promise<void>;
}

const FLOORS = ['hono', 'node'] as const satisfies readonly ContenderName[];

/** Our server, what else is named, and the visitors. `postgresUrl`: an empty database for our server once more. */
export async function startContest(
  options: { readonly floors?: boolean; readonly postgresUrl?: string | undefined } = {},
): Promise<Contest> {
  const { floors = true, postgresUrl } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pagehand-bench-'));
  const visitors = startWorker<Visitors>('visitors');
  const startServer = (file: string, arg: string) =>
    startWorker<Contender>(file, { args: [arg], execArgv: ['--expose-gc'] });

  const ours = async (name: ContenderName, database: string): Promise<Entrant> => {
    const server = startServer('pagehand', database);
    const url = await server.ask('listen');
    return { name, server, url, sessions: (count) => visitors.ask('sessions', url, count) };
  };
  const floor = async (name: ContenderName, template: Template): Promise<Entrant> => {
    const server = startServer('floors', name);
    const url = await server.ask('listen', template);
    return { name, server, url, sessions: async (count) => Array.from({ length: count }, () => 'none') };
  };

  const entrants = [await ours('pagehand', join(folder, 'bench.db'))];
  if (postgresUrl !== undefined) entrants.push(await ours('postgres', postgresUrl));
  if (floors) {
    const template = await templateOf(visitors, entrants[0]?.url ?? '');
    for (const name of FLOORS) entrants.push(await floor(name, template));
  }
  return {
    visitors,
    entrants,
    async close() {
      await Promise.all([visitors, ...entrants.map(({ server }) => server)].map((worker) => worker.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One chat for each session. `earlier`: messages that come along. */
export function chats(url: string, sessions: readonly string[], script: Script, earlier = 0): Wish[] {
  return sessions.map((sessionId, visitor) => ({
    method: 'POST',
    url: `${url}/v1/client/chat`,
    body: chatBody(sessionId, script, earlier),
    headers: headersOf(visitor),
  }));
}

/** One more reader for each of these executions. `first`: the first event of each. */
export function followers(url: string, sessions: readonly string[], first: readonly string[]): Wish[] {
  return sessions.map((sessionId, visitor) => {
    const [event] = eventsIn(first[visitor] ?? '');
    return {
      method: 'GET',
      url: `${url}/v1/client/executions/${event?.executionId}/events?after=0`,
      headers: { ...headersOf(visitor), authorization: `Bearer ${sessionId}` },
    };
  });
}

/** The data of the events of an answer. */
function eventsIn(answer: string): StreamEvent[] {
  return answer
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)) as StreamEvent);
}

/** The floors send what our server sent, so nothing about its events has to be written down twice. */
async function templateOf(visitors: Worker<Visitors>, url: string): Promise<Template> {
  const [wish] = chats(url, await visitors.ask('sessions', url, 1), { deltas: 1, everyMs: 1 });
  if (wish === undefined) throw new Error('There is no session.');
  const events = eventsIn(await visitors.ask('fetch', wish));
  const at = events.findIndex(({ type }) => type === 'text_delta');
  const delta = events[at];
  if (delta === undefined) throw new Error('The server sent no text.');
  return { before: events.slice(0, at), delta, after: events.slice(at + 1) };
}
