import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DRILLS } from './drills.ts';
import { REQUEST_FAULTS } from './request-faults.ts';
import { STEP_FAULTS } from './step-faults.ts';

/** A fault that a server of this kind has to bear, and where it is tried. */
interface Covered {
  readonly fault: string;
  /** Faults and drills of this harness. */
  readonly here?: readonly string[];
  /** Tests of the product. */
  readonly tests?: readonly string[];
  /** What of it is not tried, and why. */
  readonly not?: string;
}

const NO_SUCH_PART = 'the product has no such part';

/** In the order of the list that the harness was written against, from 1. */
const COVERAGE: readonly Covered[] = [
  {
    fault: 'killed after the model\u2019s words, before the pause is stored',
    here: ['kill', 'kill-all', 'kill-twice'],
  },
  { fault: 'killed after the pause is stored, before it is sent', here: ['kill', 'kill-all', 'kill-twice'] },
  {
    fault: 'killed between the start of a tool\u2019s effect and its result',
    here: ['kill', 'kill-all', 'kill-twice'],
  },
  {
    fault: 'killed after a tool\u2019s result, before it is stored',
    here: ['kill', 'kill-all', 'kill-twice'],
  },
  {
    fault: 'killed while tools are ensured, or a token is refreshed',
    here: ['ensure-killed'],
    not: `refreshed tokens: ${NO_SUCH_PART}`,
  },
  { fault: 'disk full in the middle of a stream', here: ['disk-full'] },
  {
    fault: 'database locked, briefly and beyond patience',
    here: ['locked-briefly', 'locked-beyond-patience'],
  },
  {
    fault: 'PostgreSQL restarts and fails over',
    here: ['database-crashes', 'database-restarts', 'connections-cut'],
    not: 'failover to another machine: one machine has one',
  },
  {
    fault: 'corrupt database, locked database, newer schema at the start',
    here: ['newer-schema', 'corrupt-database'],
    tests: ['test/server/store-sqlite.test.ts'],
  },
  { fault: 'two resumes at once, alike and unlike', here: ['two-resumes-alike', 'two-resumes-unlike'] },
  { fault: 'two chats at once in one conversation', here: ['two-chats', 'one-chat-twice'] },
  {
    fault: 'two ensures of one name, an ensure and an edit',
    here: ['ensure-race'],
    tests: ['test/server/tools-ensure.test.ts'],
  },
  { fault: 'frozen past the lease, then continued', here: ['freeze'] },
  { fault: 'clock jumps by an hour', here: ['clock-ahead', 'clock-behind'] },
  {
    fault: 'SIGTERM with live streams',
    here: ['terminate', 'many-streams-terminated'],
    tests: ['test/server/shutdown.test.ts'],
  },
  { fault: 'migration interrupted', here: ['migration-killed', 'migration-race'] },
  {
    fault: 'client leaves at each event; old, future, foreign and odd cursors',
    here: ['client-cuts', 'bad-cursors'],
    tests: ['test/server/follow-route.test.ts'],
  },
  {
    fault: 'slow reader',
    here: ['readers-that-do-not-read', 'client-stalls'],
    tests: ['test/server/event-stream.test.ts'],
  },
  {
    fault: 'provider stalls, cuts, is malformed, refuses, says nothing',
    tests: ['test/models/providers.test.ts', 'test/server/dispatch-failures.test.ts'],
  },
  {
    fault: 'UTF-8 split, lone surrogates, huge deltas',
    tests: ['test/widget/transport/stream-fuzz.test.ts', 'test/protocol/event.test.ts'],
  },
  {
    fault: 'buffering proxies, heartbeat',
    tests: ['test/server/event-stream.test.ts', 'test/server/http-server.test.ts'],
  },
  { fault: 'half-open connections', here: ['client-stalls'], tests: ['test/server/event-stream.test.ts'] },
  { fault: 'client tools at their limits', tests: ['test/server/client-tools.test.ts'] },
  {
    fault: 'odd names of client tools',
    tests: ['test/server/toolset.test.ts', 'test/server/policy.test.ts'],
  },
  { fault: 'odd patterns of names', tests: ['test/server/policy.test.ts'] },
  { fault: 'fingerprints alone, stale, forged', tests: ['test/server/client-tools.test.ts'] },
  {
    fault: 'an empty set of tools on chat and on resume',
    tests: ['test/server/client-tools.test.ts', 'test/server/client-resume.test.ts'],
  },
  { fault: 'results that do not fit', here: ['bad-outputs'], tests: ['test/server/dispatch-resume.test.ts'] },
  {
    fault: 'parallel calls of the same tool',
    here: ['kill'],
    tests: ['test/server/dispatch-resume.test.ts'],
  },
  {
    fault: 'a page takes its tool away in the middle',
    tests: ['test/widget/tools/conformance.test.ts', 'test/widget/tools/run-call.test.ts'],
  },
  {
    fault: 'resume from another origin, token or person, or after the session',
    here: ['session-expires'],
    tests: ['test/server/client-resume.test.ts'],
  },
  { fault: '`sdk` tools from a browser', tests: ['test/server/policy.test.ts'] },
  {
    fault: 'results that speak to the model',
    tests: ['test/models/providers.test.ts', 'test/server/template.test.ts'],
  },
];

/** What the list names and does not exist. */
export function missing(): readonly string[] {
  const root = resolve(import.meta.dirname, '../..');
  const here = [...STEP_FAULTS, ...REQUEST_FAULTS, ...DRILLS].map(({ name }) => name);
  return COVERAGE.flatMap(({ here: names = [], tests = [] }) => [
    ...names.filter((name) => !here.includes(name)),
    ...tests.filter((path) => !existsSync(join(root, path))),
  ]);
}

/** The list, a line for each fault. `times`: how often each fault of this harness was tried. */
export function coverageLines(times: ReadonlyMap<string, number>): readonly string[] {
  return COVERAGE.map(({ fault, here = [], tests = [], not }, index) => {
    const tried = here.map((name) => `${name} (${times.get(name) ?? 0})`);
    const where = [...tried, ...tests].join(', ') || 'not tried';
    return `${String(index + 1).padStart(2)}  ${fault}: ${where}${not === undefined ? '' : `; not: ${not}`}`;
  });
}
