import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { violationsOf, type Witness } from './checks.ts';
import { dump, openReader, type Reader, remainsOf } from './database.ts';
import type { Engine } from './fault.ts';
import { readJournal } from './journal.ts';
import { API_KEY, CLIENT_TOKEN, PROVIDER_KEY } from './script.ts';
import { ServerProcess } from './server-process.ts';
import { TURN_LIMIT_MS } from './visitor.ts';

export interface CellPlace {
  /** A folder of its own. */
  readonly folder: string;
  /** The server under test. */
  readonly file: string;
  readonly engine: Engine;
}

export interface CellOptions {
  /** How soon its processes take over from each other, in milliseconds. Default 500. */
  readonly leaseMs?: number;
  /** Of its processes. Default: `A` and `B`. */
  readonly names?: readonly string[];
  /** Variables for its processes. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One database and the processes that share it. One turn at a time is hurt in it. */
export class Cell {
  readonly processes: readonly ServerProcess[];
  readonly reader: Reader;
  readonly postgres: PostgresServer | undefined;
  private readonly folder: string;
  private readonly sessions: string[] = [];
  private journalRead = 0;

  static async open(
    { folder, file, engine }: CellPlace,
    { leaseMs = 500, names = ['A', 'B'], env = {} }: CellOptions = {},
  ): Promise<Cell> {
    mkdirSync(folder, { recursive: true });
    // The harness stops processes and never the machine, so nothing depends on what the disk has in its own memory.
    const postgres = engine === 'postgres' ? await startPostgres('fsync=off') : undefined;
    const databaseUrl = (await postgres?.url()) ?? join(folder, 'pagehand.db');
    const journal = join(folder, 'journal');
    const logFile = join(folder, 'log');
    writeFileSync(journal, '');
    const options = {
      file,
      databaseUrl,
      journal,
      logFile,
      env: { FAULTS_LEASE_MS: String(leaseMs), ...env },
    };
    const processes = names.map((name) => new ServerProcess(name, options));
    // One after the other: the first makes the tables.
    for (const process of processes) await process.ready();
    return new Cell(folder, processes, await openReader(databaseUrl), postgres);
  }

  private constructor(
    folder: string,
    processes: readonly ServerProcess[],
    reader: Reader,
    postgres: PostgresServer | undefined,
  ) {
    this.folder = folder;
    this.processes = processes;
    this.reader = reader;
    this.postgres = postgres;
  }

  /** The first two. */
  get pair(): readonly [ServerProcess, ServerProcess] {
    const [first, second] = this.processes;
    if (first === undefined || second === undefined) throw new Error('This cell has no two processes.');
    return [first, second];
  }

  async newestExecution(conversationId: string): Promise<string | undefined> {
    const [row] = await this.reader.query(
      'select id from executions where conversation_id = ? order by created_at_ms desc limit 1',
      conversationId,
    );
    return row === undefined ? undefined : String(row.id);
  }

  /** Waits until nothing of a conversation runs. What does not end by itself is left for the checks to find. */
  async settle(conversationId: string): Promise<void> {
    const deadline = Date.now() + TURN_LIMIT_MS;
    while (Date.now() < deadline) {
      const running = await this.reader.query(
        "select id from executions where conversation_id = ? and status = 'running'",
        conversationId,
      );
      if (running.length === 0) return;
      await sleep(50);
    }
  }

  /** What does not hold for a visitor's conversation, read from the database, the journal and the visitor. */
  judge(visitor: Witness): Promise<readonly string[]> {
    return this.judgeAll([visitor]);
  }

  /** The same for many at once. What was written since the last judgement is taken for theirs. */
  async judgeAll(visitors: readonly Witness[]): Promise<readonly string[]> {
    const { entries, end } = readJournal(join(this.folder, 'journal'), this.journalRead);
    this.journalRead = end;
    const violations: string[] = [];
    for (const visitor of visitors) {
      this.sessions.push(visitor.sessionId);
      const remains = await remainsOf(this.reader, visitor.conversationId);
      violations.push(...violationsOf({ visitor, remains, entries }));
    }
    return violations;
  }

  /** I5: places where a secret stands that must stand nowhere. */
  async leaks(): Promise<readonly string[]> {
    const places = {
      'the log': readFileSync(join(this.folder, 'log'), 'utf8'),
      'the database': await dump(this.reader),
    };
    const secrets = {
      'the API key': API_KEY,
      'the client token': CLIENT_TOKEN,
      'the provider key': PROVIDER_KEY,
    };
    return Object.entries(places).flatMap(([place, text]) => [
      ...Object.entries(secrets).flatMap(([name, secret]) =>
        text.includes(secret) ? [`I5 ${place} holds ${name}`] : [],
      ),
      ...(this.sessions.some((id) => text.includes(id)) ? [`I5 ${place} holds the id of a session`] : []),
    ]);
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.retire()));
    await this.reader.close();
    await this.postgres?.stop();
  }
}
