/** One thing to choose from a list over the message field. */
export interface Suggestion {
  /** Unlike that of every other of its source. */
  readonly id: string;
  /** What is shown. Of a mention also what stands in the message, behind an `@`. */
  readonly label: string;
  /** A few words more, shown beside it. */
  readonly detail?: string;
  /** Of a command: takes the place of the command in the message field. */
  readonly fill?: string;
  /** Of a command: is sent as a message of the visitor. */
  readonly send?: string;
  /** Of a command: the page does it. What it throws is reported to the page. */
  readonly run?: () => unknown;
  /** Of a mention: goes to the model with the message, under `context.mentions`. JSON. */
  readonly data?: unknown;
}

/** Commands, `/`, at the beginning of a message, or mentions, `@`, in the middle of it. */
export interface CommandSource {
  readonly trigger: '/' | '@';
  /** Shown over its suggestions, and said with each mention. */
  readonly name: string;
  /**
   * What fits what was typed behind the trigger; at first that is nothing. `signal` fires when more was typed, and after
   * 4 s. What it throws is reported to the page, and counts as nothing found.
   */
  search(query: string, signal: AbortSignal): readonly Suggestion[] | Promise<readonly Suggestion[]>;
}
