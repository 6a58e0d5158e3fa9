/** The real server as one process: routes, dispatcher, event log in a database, sockets. Only the model is scripted. */
import { createApp } from '../../server/app.ts';
import { isPostgresUrl } from '../../server/config/database.ts';
import { resolveConfig } from '../../server/config/resolve.ts';
import { createCredentials } from '../../server/credentials.ts';
import { createDispatcher } from '../../server/dispatch/create-dispatcher.ts';
import { createEventStreams } from '../../server/http/event-stream.ts';
import { listen } from '../../server/http/listen.ts';
import { createLog } from '../../server/log.ts';
import type { Model, ModelMessage } from '../../server/models/model.ts';
import { newId } from '../../server/new-id.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import { createManagedSecrets } from '../../server/secrets/managed-secrets.ts';
import { openStore } from '../../server/store/open-store.ts';
import { startUpkeep } from '../../server/upkeep.ts';
import { CONFIGURED_TOOLBOX } from '../../test/support/configured-toolbox.ts';
import { type Contender, cpu, memory, type Script, Speaker } from './contender.ts';
import { BENCH_ORIGIN, BENCH_TOKEN } from './visitor.ts';
import { serve } from './worker.ts';

/** Above all that the bench starts at once. */
const MAX_RUNS = 2_000;

const speaker = new Speaker();

serve({ listen: start, cpu, memory, release: () => speaker.release() } satisfies Contender);

async function start(): Promise<string> {
  const [database] = process.argv.slice(2);
  if (database === undefined) throw new Error('Say where the database shall be.');
  const config = resolveConfig(
    {
      surfaces: [
        {
          id: 'bench',
          clientTokens: [{ token: BENCH_TOKEN, allowedOrigins: [BENCH_ORIGIN] }],
          limits: { messagesPerMinute: 10_000, requestsPerMinute: 1_000_000, concurrentRuns: MAX_RUNS },
        },
      ],
    },
    { file: 'bench', env: {}, model: 'scripted' },
  );
  const store = await openStore(database);
  const log = createLog({ level: 'info' });
  const clock = Date.now;
  const models = () => model;
  const leaseMs = 10_000;
  const dispatcher = createDispatcher({
    store,
    model: models,
    processId: newId('proc_'),
    leaseMs,
    maxRunning: MAX_RUNS,
    toolbox: CONFIGURED_TOOLBOX,
    scrubber: createScrubber([]),
    logScrubber: createScrubber([]),
    clock,
    newId,
    log,
  });
  const streams = createEventStreams({ log });
  const credentials = createCredentials({ config, store: store.credentials, clock });
  const app = createApp({
    config,
    store,
    credentials,
    dispatcher,
    models,
    toolbox: CONFIGURED_TOOLBOX,
    scrubber: createScrubber([]),
    logScrubber: createScrubber([]),
    secrets: createManagedSecrets({
      store: store.secrets,
      keys: [],
      scrubber: createScrubber([]),
      clock,
      log,
    }),
    log,
    clock,
    streams,
    trustedProxies: 1,
    ...(isPostgresUrl(database) ? { takeShared: (...bucket) => store.takeToken(...bucket) } : {}),
  });
  const { surfaces } = config;
  startUpkeep({ dispatcher, store, credentials, surfaces, receiptDays: 365, leaseMs, clock, log });
  const { url } = await listen(app.fetch, { host: '127.0.0.1', port: 0 });
  return url;
}

const model: Model = {
  id: 'scripted',
  async *stream({ messages }) {
    const script = scriptIn(messages.at(-1));
    await speaker.begin(script);
    for (let count = 0; count < script.deltas; count += 1) {
      yield { type: 'text', delta: await speaker.delta(script) };
    }
    yield { type: 'finish', reason: 'end_turn', tokens: { input: 3, output: 2 } };
  },
};

function scriptIn(message: ModelMessage | undefined): Script {
  const part = message?.role === 'user' ? message.content[0] : undefined;
  if (part?.type !== 'text') throw new Error('The bench sends its script as text.');
  return JSON.parse(part.text) as Script;
}
