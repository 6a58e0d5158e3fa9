/** A function of the host that code may await. Takes and gives JSON values; what it rejects with is thrown in the code. */
export type HostFunction = (...values: readonly unknown[]) => Promise<unknown>;

export interface SandboxJob {
  /** The body of an async function. */
  readonly code: string;
  /** All of them are the variable `parameters`. JSON values, at most 1 MB. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /**
   * Parameters that are variables of their own, `undefined` where they are not given. Names that code cannot use are left
   * out. Default: those that are given.
   */
  readonly names?: readonly string[];
  /** Objects of host functions by name, for example `{ tools: { execute } }`. Default: none. */
  readonly host?: Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;
  /** Whose code it is: a part of the workers is kept from each for the others. Default: nobody's. */
  readonly owner?: string;
  /** Wall time in milliseconds, host calls included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs code of others where it reaches nothing but its parameters and the host functions that it was given: no files,
 * no network, no memory of this process, each job in an engine of its own. Resolves to a JSON value of at most 1 MB, `null` for none. What
 * comes while all is busy waits for its turn, and is refused with `code_limit` when that takes too long.
 * Rejects with `ToolError`: `code_failed`, `code_out_of_time`, `code_out_of_memory`, `code_limit`,
 * `unreadable_result`, `cancelled`, `failed` where the sandbox itself does not run.
 */
export interface Sandbox {
  run(job: SandboxJob): Promise<unknown>;
  /** Says whether code can be compiled, and where not, without running it. */
  check(
    code: string,
    names: readonly string[],
    owner?: string,
  ): Promise<{ readonly line: number; readonly column: number; readonly message: string } | undefined>;
  /** What runs is ended, and nothing runs any more. */
  close(): Promise<void>;
}
