/** Something that began and is watched until its end. */
export interface Observation<Outcome> {
  /** Observes what happens inside of it. */
  readonly inner: Observer;
  /** Once. Later calls are nothing. */
  end(outcome: Outcome): void;
}

/**
 * Hears of what the server does: counts, times and traces are made of it. Hears no words of people, no parameters and
 * no results. Never throws.
 */
export interface Observer {
  /** An execution runs in this process, from a start, a resume or a takeover to a pause or its end. */
  run(facts: {
    readonly executionId: string;
    readonly conversationId: string;
    readonly agentId: string;
    readonly agentName: string;
    /** `child`: a tool of another run delegated it. */
    readonly cause: 'start' | 'resume' | 'takeover' | 'child';
  }): Observation<{ readonly status: string; readonly errorCode?: string | undefined }>;
  /** One answer of a model. */
  model(facts: { readonly model: string; readonly iteration: number }): Observation<{
    readonly stopReason?: string | undefined;
    readonly tokens?: { readonly input: number; readonly output: number } | undefined;
    readonly errorCode?: string | undefined;
  }>;
  /** One call of a server tool. */
  tool(facts: {
    /** Canonical. */
    readonly tool: string;
    readonly toolType: string;
    readonly toolCallId: string;
  }): Observation<{ readonly isError: boolean; readonly errorCode?: string | undefined }>;
}

/** Watches nothing. */
export const NO_OBSERVER: Observer = {
  run: () => UNWATCHED,
  model: () => UNWATCHED,
  tool: () => UNWATCHED,
};

const UNWATCHED: Observation<unknown> = {
  get inner() {
    return NO_OBSERVER;
  },
  end: () => undefined,
};
