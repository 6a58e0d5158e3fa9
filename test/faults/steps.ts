import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../server/store/store.ts';

export type Side = 'before' | 'after';

/**
 * What happens to the process at an armed step:
 * `kill` it dies at once, `freeze` it stops until it is continued, `refuse` the store says no, `hold` it waits until
 * the harness has done its own damage.
 */
export type Injury = 'kill' | 'freeze' | 'refuse' | 'hold';

export interface Arming {
  readonly step: string;
  readonly side: Side;
  /** 1: the first time that the step is reached. */
  readonly ordinal: number;
  readonly injury: Injury;
}

/** From the harness to a server process. */
export type Order =
  | { readonly type: 'arm'; readonly arming: Arming }
  | { readonly type: 'disarm' }
  | { readonly type: 'go' }
  | { readonly type: 'clock'; readonly offsetMs: number }
  | { readonly type: 'disk'; readonly isFull: boolean };

/** From a server process to the harness. */
export type Notice =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'reached' }
  | { readonly type: 'done'; readonly order: Order['type'] };

/** A pipe of its own, written without waiting: the next thing that happens may be the end of the process. */
const NOTICES = 4;

export function notify(notice: Notice): void {
  const line = `${JSON.stringify(notice)}\n`;
  for (;;) {
    try {
      writeSync(NOTICES, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** The named places of a turn, in a process that is about to be hurt at one of them. */
export class Steps {
  private arming: Arming | undefined;
  private count = 0;
  private proceed: (() => void) | undefined;

  arm(arming: Arming): void {
    this.arming = arming;
    this.count = 0;
  }

  disarm(): void {
    this.arming = undefined;
    this.go();
  }

  /** Ends a `hold`. */
  go(): void {
    this.proceed?.();
    this.proceed = undefined;
  }

  /** The process is at a step. Rejects with `StoreError` where the injury is a refusal. */
  async reach(step: string, side: Side): Promise<void> {
    const { arming } = this;
    if (arming === undefined || arming.step !== step || arming.side !== side) return;
    this.count += 1;
    if (this.count !== arming.ordinal) return;
    this.arming = undefined;
    // So that what came before has left the process.
    if (side === 'after' && step.startsWith('frame')) await sleep(3);
    notify({ type: 'reached' });
    await this.hurt(arming);
  }

  private async hurt({ injury, step, side }: Arming): Promise<void> {
    if (injury === 'kill') process.kill(process.pid, 'SIGKILL');
    else if (injury === 'freeze') process.kill(process.pid, 'SIGSTOP');
    else if (injury === 'refuse')
      throw new StoreError('unavailable', `The harness had the store fail ${side} ${step}.`);
    else
      await new Promise<void>((resolve) => {
        this.proceed = resolve;
      });
  }
}
