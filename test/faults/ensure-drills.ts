import { setTimeout as sleep } from 'node:timers/promises';
import type { EnsureResponse, PullResponse, SavedTool } from '../../protocol/saved.ts';
import { openReader, type Reader } from './database.ts';
import { type Drill, type DrillSetting, optionsFor, withDatabases } from './drill.ts';
import { API_KEY } from './script.ts';
import { ServerProcess } from './server-process.ts';

/** What goes wrong while tools that are kept as code are written. */
export const ENSURE_DRILLS: readonly Drill[] = [
  { name: 'ensure-killed', engines: ['sqlite', 'postgres'], run: killEnsures },
  { name: 'ensure-race', engines: ['sqlite', 'postgres'], run: raceEnsures },
];

/** Processes that die at a moment of chance while they write. */
const RANDOM_KILLS = 8;

/** Names that are ensured from two processes at once, and requests for each of them. */
const NAMES = 12;
const REQUESTS = 6;

const OLD = definitionOf('As it was');
const NEW = definitionOf('As it should be');

function definitionOf(description: string) {
  return {
    description,
    toolType: 'external',
    config: { url: 'https://api.example.com/orders', method: 'GET' },
  };
}

/** A process dies just before, just after and in the middle of the write: all of the tool is there, or nothing of it. */
async function killEnsures(setting: DrillSetting): Promise<number> {
  return withPair(setting, async ([victim, other], reader) => {
    const cases = [false, true].flatMap((isThere) => [
      ...(['before', 'after'] as const).map((side) => ({ isThere, side })),
      ...Array.from({ length: RANDOM_KILLS / 2 }, () => ({ isThere, side: 'chance' as const })),
    ]);
    for (const [index, { isThere, side }] of cases.entries()) {
      const name = `Tool ${index}`;
      const report = (problem: string) =>
        setting.report(`killed at ${side}, ${isThere ? 'update' : 'create'}: ${problem}`);
      if (isThere) await ensure(other, { name, definition: OLD });
      const answer = await killWhileEnsuring(setting, victim, name, side);
      const found = await rowsOf(reader, name);
      const before = isThere ? [OLD.description] : [];
      const isWhole = found.join() === NEW.description;
      if (!isWhole && found.join() !== before.join()) report(`there is ${JSON.stringify(found)}`);
      if (side === 'before' && isWhole) report('written before it was written');
      if ((side === 'after' || answer !== undefined) && !isWhole) report('what was written is gone');
      const next = await ensure(other, { name, definition: NEW });
      const expected = isWhole ? 'unchanged' : isThere ? 'updated' : 'created';
      if (next.result !== expected) report(`the next ensure says ${JSON.stringify(next)}`);
      if ((await rowsOf(reader, name)).join() !== NEW.description) report('the next ensure did not mend it');
      await victim.ready();
    }
    return cases.length;
  });
}

/** Resolves to what the process said before it died, if it did. */
async function killWhileEnsuring(
  { random }: DrillSetting,
  victim: ServerProcess,
  name: string,
  side: 'before' | 'after' | 'chance',
): Promise<EnsureResponse | undefined> {
  const gone = victim.gone();
  if (side !== 'chance') {
    const { armed } = victim.arm({ step: 'define', side, ordinal: 1, injury: 'kill' });
    await armed;
  }
  const answer = ensure(victim, { name, definition: NEW }).catch(() => undefined);
  if (side === 'chance') {
    await sleep(random.whole(0, 12));
    victim.signal('SIGKILL');
  }
  await gone;
  return answer;
}

/** Both processes ensure one new name at once, alike and unlike, and edit what is ensured. */
async function raceEnsures(setting: DrillSetting): Promise<number> {
  const { report } = setting;
  return withPair(setting, async (pair, reader) => {
    for (let index = 0; index < NAMES; index += 1) {
      const isAlike = index % 2 === 0;
      const name = `Tool ${index}`;
      const answers = await Promise.all(
        Array.from({ length: REQUESTS }, (_, nth) =>
          ensure(pair[nth % 2] as ServerProcess, { name, definition: isAlike || nth < 3 ? NEW : OLD }),
        ),
      );
      const results = answers.map(({ result }) => result).sort();
      if (results.filter((result) => result === 'created').length !== 1) report(`${name}: ${results.join()}`);
      const others: readonly string[] = isAlike
        ? ['created', 'unchanged']
        : ['created', 'unchanged', 'updated'];
      if (!results.every((result) => others.includes(result))) report(`${name}: ${results.join()}`);
      if ((await rowsOf(reader, name)).length !== 1) report(`${name} is there twice`);
      await raceWithEdit(setting, pair, name);
    }
    return NAMES;
  });
}

/** An ensure and an edit at once: where both say that they wrote, the edit came last and all of it is there. */
async function raceWithEdit(
  { report }: DrillSetting,
  [one, other]: readonly [ServerProcess, ServerProcess],
  name: string,
): Promise<void> {
  const { toolId } = (await ask(one, `/v1/tools/pull?name=${encodeURIComponent(name)}`)) as PullResponse;
  const next = definitionOf(`Ensured ${name}`);
  const [ensured, edited] = await Promise.all([
    ensure(one, { name, definition: { ...next, config: { url: next.config.url } } }).catch(() => undefined),
    ask(other, `/v1/tools/${toolId}`, 'PUT', { description: `Edited ${name}` }).catch(() => undefined),
  ]);
  const tool = (await ask(one, `/v1/tools/${toolId}`)) as SavedTool;
  if (edited === undefined) report(`${name}: the edit failed`);
  else if (tool.description !== `Edited ${name}`) report(`${name}: the edit was lost`);
  const hasMethod = 'method' in tool.config;
  if (ensured !== undefined && hasMethod) report(`${name}: the ensure was lost`);
  if (ensured === undefined && !hasMethod) report(`${name}: the ensure failed and wrote`);
}

async function withPair(
  setting: DrillSetting,
  work: (pair: readonly [ServerProcess, ServerProcess], reader: Reader) => Promise<number>,
): Promise<number> {
  return withDatabases(setting, async (newDatabase) => {
    const options = { ...optionsFor(setting, await newDatabase()), revives: true };
    const pair = [new ServerProcess('A', options), new ServerProcess('B', options)] as const;
    for (const process of pair) await process.ready();
    const reader = await openReader(options.databaseUrl);
    try {
      return await work(pair, reader);
    } finally {
      await reader.close();
      await Promise.all(pair.map((process) => process.retire()));
    }
  });
}

/** The descriptions of all tools of the name. */
async function rowsOf(reader: Reader, name: string): Promise<readonly string[]> {
  const rows = await reader.query('select body from definitions where name = ?', name);
  return rows.map(({ body }) => (JSON.parse(String(body)) as { description: string }).description);
}

async function ensure(process: ServerProcess, body: object): Promise<EnsureResponse> {
  return (await ask(process, '/v1/tools/ensure', 'POST', body)) as EnsureResponse;
}

async function ask(process: ServerProcess, path: string, method = 'GET', body?: object): Promise<unknown> {
  const response = await fetch(`${process.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const answer: unknown = await response.json();
  if (response.status === 200) return answer;
  throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
}
