import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROVIDER_KEY } from './script.ts';
import type { Arming, Notice, Order } from './steps.ts';

const START_LIMIT_MS = 20_000;

/** What a process that never came to listen waits before it is tried again, in milliseconds. */
const REVIVAL_MS = 50;

export interface ProcessOptions {
  /** What `bundleServer` made. */
  readonly file: string;
  readonly databaseUrl: string;
  readonly journal: string;
  /** All that its processes print is added here. */
  readonly logFile: string;
  /** Variables for the process beside its own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether a process that died is started again at once. Default: true. */
  readonly revives?: boolean;
}

/**
 * One place where a server runs: process after process, each under a name of its own. `A`, `A2`, `A3` …
 */
export class ServerProcess {
  /** Where it listens, or listened last. */
  url = '';
  /** How often it has died since it was made. */
  deaths = 0;
  private readonly slot: string;
  private readonly options: ProcessOptions;
  private child: ChildProcess | undefined;
  private started = 0;
  private starting: Promise<void> = Promise.resolve();
  private isRetired = false;
  private isReviving = false;
  private onReached: (() => void) | undefined;
  private readonly done: ((order: Order['type']) => void)[] = [];

  constructor(slot: string, options: ProcessOptions) {
    this.slot = slot;
    this.options = options;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Resolves once a process listens. Starts one where none is alive; it may die of its first tries. */
  async ready(): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS;
    for (;;) {
      if (this.child === undefined && !this.isReviving) this.launch();
      const problem = await this.starting.catch((error: unknown) => error);
      if (problem === undefined) return;
      if (Date.now() > deadline || this.options.revives === false) throw problem;
      await sleep(REVIVAL_MS);
    }
  }

  /** Resolves when the process has reached the step. It may be dead by then. */
  arm(arming: Arming): { readonly reached: Promise<void>; readonly armed: Promise<void> } {
    const reached = new Promise<void>((resolve) => {
      this.onReached = resolve;
    });
    return { reached, armed: this.order({ type: 'arm', arming }) };
  }

  disarm(): Promise<void> {
    this.onReached = undefined;
    return this.order({ type: 'disarm' });
  }

  /** Resolves when the process has done it, or is gone. */
  order(order: Order): Promise<void> {
    const { child } = this;
    if (child === undefined || !child.connected) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        child.off('exit', finish);
        resolve();
      };
      child.once('exit', finish);
      this.done.push((type) => {
        if (type === order.type) finish();
      });
      child.send(order, (error) => {
        if (error !== null) finish();
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Resolves to the exit code once the process that runs now is gone; `null` for one that was killed. */
  gone(): Promise<number | null> {
    const { child } = this;
    if (child === undefined) return Promise.resolve(null);
    return new Promise((resolve) => child.once('exit', resolve));
  }

  /** Ends it for good. */
  async retire(): Promise<void> {
    this.isRetired = true;
    const gone = this.gone();
    this.child?.kill('SIGKILL');
    await gone;
  }

  private launch(): void {
    this.started += 1;
    const { file, databaseUrl, journal, logFile } = this.options;
    const child = spawn(process.execPath, [file], {
      env: {
        PATH: process.env.PATH,
        PAGEHAND_DB: databaseUrl,
        FAULTS_JOURNAL: journal,
        FAULTS_NAME: this.started === 1 ? this.slot : `${this.slot}${this.started}`,
        OPENAI_API_KEY: PROVIDER_KEY,
        ...this.options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    });
    this.child = child;
    const printed = createWriteStream(logFile, { flags: 'a' });
    child.stdout?.pipe(printed);
    child.stderr?.pipe(printed, { end: false });
    this.starting = this.listen(child);
    // Whoever waits for it hears of it; nobody else has to.
    this.starting.catch(() => undefined);
  }

  private async revive(listened: boolean): Promise<void> {
    if (this.options.revives === false) return;
    this.isReviving = true;
    if (!listened) await sleep(REVIVAL_MS);
    this.isReviving = false;
    if (!this.isRetired) this.launch();
  }

  private listen(child: ChildProcess): Promise<void> {
    let listened = false;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(
          new Error(`${this.slot} did not start in ${START_LIMIT_MS / 1_000} s; see ${this.options.logFile}`),
        );
      }, START_LIMIT_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        this.child = undefined;
        this.deaths += 1;
        reject(
          new Error(
            `${this.slot} ended with ${code ?? 'a signal'} before it listened; see ${this.options.logFile}`,
          ),
        );
        void this.revive(listened);
      });
      createInterface({ input: child.stdio[4] as Readable }).on('line', (line) => {
        const notice = JSON.parse(line) as Notice;
        if (notice.type === 'ready') {
          clearTimeout(timer);
          listened = true;
          this.url = notice.url;
          resolve();
        } else if (notice.type === 'reached') {
          this.onReached?.();
          this.onReached = undefined;
        } else {
          for (const callback of this.done.splice(0)) callback(notice.order);
        }
      });
    });
  }
}
