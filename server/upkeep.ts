import type { Surface } from './config/config.ts';
import { DEFAULT_RETENTION_DAYS } from './config/schema.ts';
import type { Credentials } from './credentials.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Log } from './log.ts';
import type { ReceiptStore } from './store/receipt-store.ts';
import type { Retention, Store } from './store/store.ts';

/** Time between two looks for executions whose process has died, when nothing else is said, in milliseconds. */
const TAKE_OVER_INTERVAL_MS = 1_000;

/** Time between two readings of the credentials that other processes made or revoked, in milliseconds. */
const CREDENTIALS_INTERVAL_MS = 3_000;

/** Time between two looks for paused executions that are overdue, in milliseconds. */
const EXPIRY_INTERVAL_MS = 60_000;

/** Time between two looks for what is older than its retention, in milliseconds. */
const REMOVAL_INTERVAL_MS = 10 * 60_000;

/** Rows of each kind that one batch of a removal takes, so that it holds nobody up. */
const REMOVAL_BATCH = 1_000;

/** Time between two batches, in milliseconds. */
const REMOVAL_PAUSE_MS = 200;

/** Time in which one kind of failure is logged once, in milliseconds. */
const LOG_INTERVAL_MS = 60_000;

const DAY_MS = 24 * 60 * 60_000;

export interface UpkeepOptions {
  readonly dispatcher: Pick<Dispatcher, 'renewLeases' | 'takeOver' | 'expireOverdue'>;
  readonly store: Pick<Store, 'removeOld'> & {
    readonly receipts: Pick<ReceiptStore, 'removeReceipts'>;
  };
  readonly credentials: Pick<Credentials, 'refresh'>;
  readonly surfaces: readonly Surface[];
  /** How long receipts are kept, in days. */
  readonly receiptDays: number;
  /** How long a lease lasts without a renewal. */
  readonly leaseMs: number;
  /** Time between two looks for executions whose process has died. Default 1 000. */
  readonly takeOverMs?: number;
  readonly clock: () => number;
  readonly log: Log;
  /** From 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** What a process does without being asked. Work that fails is logged once a minute, and tried again in its next round. */
export interface Upkeep {
  /** Takes nothing over, expires and removes nothing any more. Resolves when what was under way is done. */
  settle(): Promise<void>;
  /** Stops the rest too: from then on others take this process for dead. */
  stop(): Promise<void>;
}

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const {
    dispatcher,
    store,
    credentials,
    surfaces,
    receiptDays,
    leaseMs,
    takeOverMs = TAKE_OVER_INTERVAL_MS,
    clock,
  } = options;
  const start = (what: string, intervalMs: number, firstMs: number, work: Round['work']) =>
    new Round(what, intervalMs, work, options).begin(firstMs);
  const renewal = start('Leases could not be renewed', leaseMs / 4, leaseMs / 4, () =>
    dispatcher.renewLeases(),
  );
  const rounds = [
    start('Executions could not be taken over', takeOverMs, 0, () => dispatcher.takeOver()),
    start('Credentials could not be read', CREDENTIALS_INTERVAL_MS, CREDENTIALS_INTERVAL_MS, () =>
      credentials.refresh(),
    ),
    start('Paused executions could not be expired', EXPIRY_INTERVAL_MS, 0, () => dispatcher.expireOverdue()),
    start('Old receipts could not be removed', REMOVAL_INTERVAL_MS, REMOVAL_INTERVAL_MS, async (pause) => {
      do {
        const beforeMs = clock() - receiptDays * DAY_MS;
        if (!(await store.receipts.removeReceipts(beforeMs, REMOVAL_BATCH))) return;
      } while (await pause(REMOVAL_PAUSE_MS));
    }),
    start('What is old could not be removed', REMOVAL_INTERVAL_MS, REMOVAL_INTERVAL_MS, async (pause) => {
      do {
        const nowMs = clock();
        if (!(await store.removeOld(retentionsAt(nowMs, surfaces), nowMs, REMOVAL_BATCH))) return;
      } while (await pause(REMOVAL_PAUSE_MS));
    }),
  ];
  const settle = async () => {
    await Promise.all(rounds.map((round) => round.stop()));
  };
  return {
    settle,
    async stop() {
      await settle();
      await renewal.stop();
    },
  };
}

/**
 * Conversations of API keys, and those of surfaces that are configured no more, are kept for as long as a surface keeps
 * its own by default.
 */
function retentionsAt(nowMs: number, surfaces: readonly Surface[]): Retention[] {
  const kept = [
    ...surfaces.map(({ id, retentionDays }) => ({ surfaceId: id, days: retentionDays })),
    { surfaceId: null, days: DEFAULT_RETENTION_DAYS },
    { days: DEFAULT_RETENTION_DAYS },
  ];
  return kept.map(({ days, ...whose }) => ({
    ...whose,
    conversationsBeforeMs: nowMs - days.conversations * DAY_MS,
    executionsBeforeMs: nowMs - days.events * DAY_MS,
  }));
}

/** One piece of work that comes round again, never twice at once, and not in step with that of other processes. */
class Round {
  private readonly what: string;
  private readonly intervalMs: number;
  readonly work: (pause: (ms: number) => Promise<boolean>) => Promise<void>;
  private readonly options: UpkeepOptions;
  private timer: NodeJS.Timeout | undefined;
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;
  private loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(what: string, intervalMs: number, work: Round['work'], options: UpkeepOptions) {
    this.what = what;
    this.intervalMs = intervalMs;
    this.work = work;
    this.options = options;
  }

  begin(firstMs: number): this {
    if (firstMs === 0) this.run();
    else this.wait(firstMs);
    return this;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.wake();
    await this.running;
  }

  private run(): void {
    this.running = this.work((ms) => this.pause(ms))
      .catch((error: unknown) => this.complain(error))
      .then(() => this.wait(this.intervalMs));
  }

  private wait(ms: number): void {
    if (this.isStopped) return;
    const { random = Math.random } = this.options;
    this.timer = setTimeout(() => this.run(), ms * (0.75 + random() / 2)).unref();
  }

  /** Resolves to whether to go on. */
  private async pause(ms: number): Promise<boolean> {
    if (this.isStopped) return false;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.timer = setTimeout(resolve, ms).unref();
    });
    return !this.isStopped;
  }

  private complain(error: unknown): void {
    const nowMs = this.options.clock();
    if (nowMs - this.loggedAtMs < LOG_INTERVAL_MS) return;
    this.loggedAtMs = nowMs;
    this.options.log.error({ err: error }, `${this.what}; the next round tries again`);
  }
}
