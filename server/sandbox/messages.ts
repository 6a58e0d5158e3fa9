/** What code is run with, as its worker gets it. */
export interface WorkerJob {
  /** `check` compiles and does not run. */
  readonly mode: 'run' | 'check';
  readonly code: string;
  /** Variables of the code, all of them legal names. */
  readonly names: readonly string[];
  /** An object, as JSON. */
  readonly parameters: string;
  /** Methods by the name of their object. */
  readonly host: Readonly<Record<string, readonly string[]>>;
  readonly timeoutMs: number;
  readonly limits: WorkerLimits;
}

export interface WorkerLimits {
  readonly memoryBytes: number;
  readonly resultBytes: number;
  readonly hostCalls: number;
  readonly hostCallsAtOnce: number;
  readonly hostCallBytes: number;
}

/** A place in the author's own code, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type ToWorker =
  | { readonly kind: 'job'; readonly job: WorkerJob }
  /** `json` is `{ value }` or `{ error: { message, code } }`. */
  | { readonly kind: 'answer'; readonly callId: number; readonly json: string };

export type FromWorker =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'call';
      readonly callId: number;
      readonly object: string;
      readonly method: string;
      /** A list. */
      readonly json: string;
    }
  | { readonly kind: 'end'; readonly end: JobEnd; readonly console: readonly string[] };

export type JobEnd =
  | { readonly how: 'returned'; readonly json: string }
  | { readonly how: 'compiled' }
  | { readonly how: 'not_compiled'; readonly message: string; readonly place: Place }
  | {
      readonly how: 'threw';
      /** Of an error; empty for anything else that was thrown. */
      readonly name: string;
      readonly message: string;
      readonly place: Place | null;
    }
  | { readonly how: 'out_of_time' }
  | { readonly how: 'out_of_memory' }
  /** The engine gave up: nothing of it is used again, nor is its worker. */
  | { readonly how: 'broke' }
  /** It waits for what nothing will bring. */
  | { readonly how: 'stuck' }
  | { readonly how: 'too_many_calls' }
  | { readonly how: 'too_large'; readonly bytes: number }
  | { readonly how: 'unreadable'; readonly message: string };
