import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { ChangeFeed } from './engine.ts';

/** All processes of one database talk here. */
const CHANNEL = 'pagehand_changes';

/** How long changes gather before they are told, in milliseconds. */
const GATHER_MS = 10;

/** PostgreSQL takes payloads of less than 8000 bytes. */
const MAX_PAYLOAD_BYTES = 7_900;

/** Longest wait before the listening connection is tried again, in milliseconds. */
const MAX_RETRY_MS = 5_000;

/** How often the listening connection is asked whether it is still there, in milliseconds. */
const PROBE_MS = 30_000;

/** Longest wait for its answer, in milliseconds. */
const ANSWER_MS = 5_000;

type Query = (text: string, values: readonly unknown[]) => Promise<unknown>;

/**
 * Processes tell each other by `notify` which executions they have written. Not in the writing transactions: one that
 * notifies holds a lock of the whole database while it commits, so that all writers would stand in one line. What
 * gets lost this way is found by the next look.
 */
export class PostgresChanges implements ChangeFeed {
  readonly pollMs = 1_000;
  readonly #config: pg.ClientConfig;
  readonly #query: Query;
  readonly #self = randomUUID();
  #changed = new Set<string>();
  #sending: Promise<void> | undefined;
  #listener: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = 0;
  #probe: NodeJS.Timeout | undefined;
  #heard: (executionIds: readonly string[]) => void = () => undefined;
  #isClosed = false;

  constructor(config: pg.ClientConfig, query: Query) {
    this.#config = config;
    this.#query = query;
  }

  async mayHaveChanged(): Promise<boolean> {
    return true;
  }

  announce(executionIds: Iterable<string>): void {
    for (const id of executionIds) this.#changed.add(id);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      if (this.#changed.size > 0 && !this.#isClosed) this.announce([]);
    });
  }

  listen(heard: (executionIds: readonly string[]) => void): void {
    this.#heard = heard;
    void this.#connect();
  }

  /** Tells what is still to be told. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#probe);
    await this.#sending;
    await this.#listener?.end().catch(() => undefined);
  }

  async #send(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    const changed = this.#changed;
    this.#changed = new Set();
    try {
      await this.#query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [
        CHANNEL,
        payloads(this.#self, changed),
      ]);
    } catch {
      // A hint that nobody gets. The log has what it was about.
    }
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ ...this.#config, query_timeout: ANSWER_MS });
    this.#listener = client;
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      clearInterval(this.#probe);
      client.end().catch(() => undefined);
      this.#connectLater();
    };
    client.on('error', over);
    client.on('end', over);
    client.on('notification', ({ payload }) => this.#hear(payload));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#retryMs = 0;
      this.#probe = setInterval(() => {
        client.query('select 1').catch(over);
      }, PROBE_MS);
      this.#probe.unref();
    } catch {
      over();
    }
  }

  #connectLater(): void {
    if (this.#isClosed) return;
    this.#retryMs = Math.min(MAX_RETRY_MS, Math.max(100, this.#retryMs * 2));
    // Not all processes at the same moment, after a restart of the database that cut them all.
    this.#retry = setTimeout(() => void this.#connect(), this.#retryMs * (0.5 + Math.random() / 2));
    this.#retry.unref();
  }

  #hear(payload: string | undefined): void {
    const words = (payload ?? '').split(' ');
    if (words[0] !== this.#self) this.#heard(words.slice(1));
  }
}

/** Who says it and the ids, as words. */
function payloads(self: string, executionIds: Iterable<string>): readonly string[] {
  const texts: string[] = [];
  let text = self;
  for (const id of executionIds) {
    if (Buffer.byteLength(text) + Buffer.byteLength(id) + 1 > MAX_PAYLOAD_BYTES && text !== self) {
      texts.push(text);
      text = self;
    }
    text += ` ${id}`;
  }
  return [...texts, text];
}
