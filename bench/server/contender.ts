import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamEvent } from '../../protocol/event.ts';

/** What a stream of the bench shall say; the visitor's message carries it as JSON. */
export interface Script {
  readonly deltas: number;
  /** Before each delta, in milliseconds. Above the time for which the server gathers deltas: each stays one event. */
  readonly everyMs: number;
  /** Say nothing before `release`. */
  readonly hold?: boolean;
  /** Begin each delta with the moment it was made. */
  readonly stamp?: boolean;
}

/** The events around a stream's deltas, as our server sent them. The floors send the same. */
export interface Template {
  readonly before: readonly StreamEvent[];
  readonly delta: StreamEvent;
  readonly after: readonly StreamEvent[];
}

interface Usage {
  /** After a garbage collection, in bytes. */
  readonly rss: number;
  readonly heap: number;
}

/** What every server of the bench can be asked. */
export type Contender = {
  /** Resolves to the address. The floors need to know what to send. */
  listen(template?: Template): Promise<string>;
  /** Processor time of the process so far, user and system, in microseconds. */
  cpu(): number;
  memory(): Promise<Usage>;
  /** Lets all streams go on that hold. */
  release(): void;
};

const WORDS = ' words of an answer, enough';

/** Says what a script wants, for all contenders alike; each has a loop of its own around it. */
export class Speaker {
  private held: (() => void)[] = [];

  async begin({ hold, everyMs }: Script): Promise<void> {
    if (hold !== true) return;
    await new Promise<void>((go) => this.held.push(go));
    // Visitors do not speak in step.
    await sleep(Math.random() * everyMs);
  }

  async delta({ everyMs, stamp }: Script): Promise<string> {
    await sleep(everyMs);
    return stamp === true ? `${now()}${WORDS}` : WORDS;
  }

  release(): void {
    const { held } = this;
    this.held = [];
    for (const go of held) go();
  }
}

/** Microseconds of the machine's own clock, which all its processes share and nobody sets. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

export async function memory(): Promise<Usage> {
  // Twice: what the first one finalises, the second one frees.
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc?.();
    await sleep(200);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
