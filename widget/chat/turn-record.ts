import type { PageTool } from '../tools/page-tools.ts';

/** How far a call of the model has come, as the next page would find it. */
export type CallProgress =
  /** Asked for; nothing has run. It may still be approved and run, on the next page too. */
  | { readonly status: 'asked' }
  /** Begun. Found by another page, its outcome is unknown: it is never begun again. */
  | { readonly status: 'started' }
  /** It is leading the browser to another page, which is its result. */
  | { readonly status: 'navigating' }
  /** Has an output that the server may not have yet. */
  | { readonly status: 'answered'; readonly output: unknown };

/** A call of the pause that stands. */
export interface CallRecord {
  /** Of its card. */
  readonly id: string;
  /** Unique beyond its execution. */
  readonly runId: string;
  /** Under which the server expects the output. */
  readonly key: string;
  /** Bare. */
  readonly name: string;
  readonly isPageCall: boolean;
  readonly input: unknown;
  readonly progress: CallProgress;
}

/**
 * A turn that is not over, as it is kept for whoever goes on with it: this page after a break, the next page after a
 * reload, another tab when this one closes. Small: the words stand in the thread.
 */
export interface TurnRecord {
  readonly userId: string;
  readonly answerId: string;
  /** The message that this one takes the place of, until the server has answered it. */
  readonly replaces?: string | undefined;
  /** `undefined`: the server has not answered the message yet, and the same message again is safe. */
  readonly executionId: string | undefined;
  /** `seq` of the last event that the thread holds. 0: none. */
  readonly seq: number;
  readonly calls: readonly CallRecord[];
  /** The tools that these calls were offered with: a tool that differs by then is not run. */
  readonly offered: readonly PageTool[];
}
