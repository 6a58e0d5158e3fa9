import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import type { Engine } from './fault.ts';
import type { Random } from './random.ts';
import type { ProcessOptions } from './server-process.ts';

/** Something that is not done to one turn, but to a start, a stop or a whole process. */
export interface Drill {
  readonly name: string;
  readonly engines: readonly Engine[];
  /** Resolves to how often it was done. */
  readonly run: (setting: DrillSetting) => Promise<number>;
}

export interface DrillSetting {
  readonly engine: Engine;
  readonly folder: string;
  /** The server under test. */
  readonly file: string;
  readonly random: Random;
  readonly report: (violation: string) => void;
}

/** Lends a way to new, empty databases of the engine. */
export async function withDatabases(
  { engine, folder }: DrillSetting,
  work: (newDatabase: () => Promise<string>) => Promise<number>,
): Promise<number> {
  let postgres: PostgresServer | undefined;
  if (engine === 'postgres') postgres = await startPostgres('fsync=off');
  let files = 0;
  try {
    return await work(async () => (await postgres?.url()) ?? join(folder, `new-${files++}.db`));
  } finally {
    await postgres?.stop();
  }
}

export function optionsFor({ file, folder }: DrillSetting, databaseUrl: string): ProcessOptions {
  const journal = join(folder, 'journal');
  return { file, databaseUrl, journal, logFile: join(folder, `log-${Math.random()}`), revives: false };
}
