import { createApp } from '../../server/app.ts';
import { resolveConfig } from '../../server/config/resolve.ts';
import { createCredentials } from '../../server/credentials.ts';
import { createDispatcher } from '../../server/dispatch/create-dispatcher.ts';
import { createEventStreams } from '../../server/http/event-stream.ts';
import { listen } from '../../server/http/listen.ts';
import { createLog } from '../../server/log.ts';
import { newId } from '../../server/new-id.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import { createManagedSecrets } from '../../server/secrets/managed-secrets.ts';
import { openStore } from '../../server/store/open-store.ts';
import { startUpkeep } from '../../server/upkeep.ts';
import { CONFIGURED_TOOLBOX } from '../support/configured-toolbox.ts';
import { dieAtStatement, rememberDatabases } from './engine-hooks.ts';
import { instrumentDispatcher, instrumentStore, scriptedModel, scriptedTools } from './instrument.ts';
import { openJournal } from './journal.ts';
import { API_KEY, CLIENT_TOKEN, PAGE_ORIGIN } from './script.ts';
import { notify, type Order, Steps } from './steps.ts';

/*
 * The server as a process that the harness can hurt: the real store, dispatcher, routes and listener, put together as
 * `server/pagehand.ts` does, with short times, a scripted model, and steps at every commit and frame.
 */

const TAKE_OVER_MS = 100;

/** What running turns get when the process is asked to stop, in milliseconds. */
const STOP_DEADLINE_MS = 1_500;
const LAST_WORDS_MS = 200;
const LAST_GRACE_MS = 1_000;

const {
  PAGEHAND_DB: databaseUrl = '',
  FAULTS_JOURNAL: journalPath = '',
  FAULTS_NAME: processId = '',
  FAULTS_LAST_STATEMENT: lastStatement,
  FAULTS_LEASE_MS: leaseText = '500',
  FAULTS_ORIGIN: origin = PAGE_ORIGIN,
  FAULTS_WIDGET: widget,
  FAULTS_WORD_MS: wordMs,
} = process.env;

/** How soon others take over from a process that gives no sign of life, in milliseconds. */
const LEASE_MS = Number(leaseText);

const databases = rememberDatabases();
if (lastStatement !== undefined) dieAtStatement(Number(lastStatement));
const steps = new Steps();
const journal = openJournal(journalPath);
const instruments = { steps, journal, processId };
let offsetMs = 0;
let accepting = true;
const clock = () => Date.now() + offsetMs;
const log = createLog({ level: 'info' });

const tools = scriptedTools(instruments);
const config = resolveConfig(
  {
    surfaces: [
      {
        id: 'shop',
        agent: { maxToolCalls: 20, pauseMinutes: 1_440, tools },
        behavior: { webmcp: { enabled: true, autoApprove: ['*'] } },
        limits: {
          messagesPerMinute: 10_000,
          requestsPerMinute: 1_000_000,
          messagesPerSession: 1_000,
          concurrentRuns: 10_000,
        },
        clientTokens: [{ token: CLIENT_TOKEN, allowedOrigins: [origin] }],
      },
    ],
    apiKeys: [{ key: API_KEY, scopes: ['DISPATCH:*', 'TOOLS:*'] }],
  },
  { file: 'the harness', env: {}, model: 'scripted' },
);
const model = scriptedModel(instruments, wordMs === undefined ? undefined : Number(wordMs));
const models = () => model;
const realStore = await openStore(databaseUrl);
const store = instrumentStore(realStore, instruments);
const realDispatcher = createDispatcher({
  store,
  model: models,
  processId,
  leaseMs: LEASE_MS,
  toolbox: CONFIGURED_TOOLBOX,
  scrubber: createScrubber([]),
  logScrubber: createScrubber([]),
  tools: (agentId) => config.surfaces.find(({ agent }) => agent.id === agentId)?.agent.tools ?? [],
  clock,
  newId,
  log,
});
const dispatcher = instrumentDispatcher(realDispatcher, steps);
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
  secrets: createManagedSecrets({ store: store.secrets, keys: [], scrubber: createScrubber([]), clock, log }),
  log,
  clock,
  streams,
  assets: { widget },
  // Every visitor of the harness comes with an address of its own.
  trustedProxies: 1,
  isAccepting: () => accepting,
  ...(databaseUrl.startsWith('postgres') ? { takeShared: (...bucket) => store.takeToken(...bucket) } : {}),
});
const upkeep = startUpkeep({
  dispatcher,
  store,
  credentials,
  surfaces: config.surfaces,
  receiptDays: 365,
  leaseMs: LEASE_MS,
  takeOverMs: TAKE_OVER_MS,
  clock,
  log,
});
const listener = await listen(app.fetch, { host: '127.0.0.1', port: 0 });

process.on('message', (order: Order) => {
  if (order.type === 'arm') steps.arm(order.arming);
  else if (order.type === 'disarm') steps.disarm();
  else if (order.type === 'go') steps.go();
  else if (order.type === 'clock') offsetMs = order.offsetMs;
  else fillDisk(order.isFull);
  notify({ type: 'done', order: order.type });
});
process.on('SIGTERM', stop);
process.on('disconnect', () => process.exit(1));
notify({ type: 'ready', url: listener.url });

async function stop(): Promise<void> {
  setTimeout(() => process.exit(0), STOP_DEADLINE_MS + LAST_GRACE_MS);
  accepting = false;
  await Promise.all([upkeep.settle(), dispatcher.close(STOP_DEADLINE_MS)]);
  await Promise.all([upkeep.stop(), streams.close(LAST_WORDS_MS)]);
  await listener.close(LAST_WORDS_MS);
  await realStore.close();
  process.exit(0);
}

/** SQLite's own way to a full disk: no connection of this process may make the file larger. */
function fillDisk(isFull: boolean): void {
  for (const database of databases) database.exec(`pragma max_page_count = ${isFull ? 1 : 1_073_741_823}`);
}
