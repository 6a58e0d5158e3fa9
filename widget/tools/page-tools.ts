import type { ToolOutput } from '../../protocol/output.ts';
import type { ClientTool, JsonSchema, ToolAnnotations } from '../../protocol/tool.ts';

/** A page tool as this turn offers it: a plain copy, safe to show and to send. The raw handle stays inside. */
export interface PageTool {
  readonly name: string;
  /** Empty when the page gave none. */
  readonly title: string;
  readonly description: string;
  readonly parametersSchema: JsonSchema | undefined;
  readonly annotations: ToolAnnotations;
  /** `location.origin` of the page. */
  readonly pageOrigin: string;
  /** Of name, title, description, schema, annotations and origin. Another fingerprint is another tool. */
  readonly fingerprint: string;
}

export type SnapshotRefusal =
  | 'invalid_name'
  | 'duplicate_name'
  /** Registered in a frame: only tools of the page's own document are offered. */
  | 'other_frame'
  | 'schema_too_large'
  | 'schema_too_deep'
  | 'invalid_schema'
  | 'sensitive_form'
  | 'too_many_tools'
  | 'too_many_bytes';

/** The tools of the page at one moment, for one turn. */
export interface Snapshot {
  /** By bare name. */
  readonly tools: ReadonlyMap<string, PageTool>;
  /** What goes on the wire, in a stable order. */
  readonly clientTools: readonly ClientTool[];
  /** Of the whole set, independent of order. At most 128 characters. */
  readonly fingerprint: string;
  /** What the widget kept back, and why, in words for the tool's author. */
  readonly refused: readonly {
    readonly name: string;
    readonly reason: SnapshotRefusal;
    readonly message: string;
  }[];
}

export type Implementation =
  /** The browser's own. */
  | 'native'
  /** Ours. */
  | 'pagehand'
  /** Somebody else's script. */
  | 'polyfill'
  /** `navigator.modelContextTesting` of Chromium 146 to 149. */
  | 'testing'
  | 'none';

export interface PageCall {
  /** Never given to two calls in one tab, reloads included: a second call with it counts as a repetition. */
  readonly toolCallId: string;
  readonly name: string;
  readonly input: unknown;
}

/** How a page call ended. All of them are outputs that the model reads. */
export type PageCallOutcome =
  | { readonly status: 'done' | 'failed'; readonly output: ToolOutput; readonly durationMs: number }
  /** Never ran: gone, changed since it was offered, arguments against its schema, or run already. */
  | {
      readonly status: 'refused';
      readonly reason: 'gone' | 'changed' | 'invalid_arguments' | 'not_offered' | 'already_run';
      readonly output: ToolOutput;
    }
  /** Ran and did not come back in time, or was stopped: it may still be running in the page. */
  | { readonly status: 'timed_out' | 'cancelled'; readonly output: ToolOutput; readonly durationMs: number }
  /** The page navigated away under it. */
  | { readonly status: 'navigated'; readonly output: ToolOutput; readonly durationMs: number };

/**
 * The tools that the page registered on `document.modelContext`, whichever implementation is there.
 * Looks the context up anew at every call: a polyfill may arrive or replace it at any time.
 */
export interface PageTools {
  /** Fetches what the others need, where that comes late. Rejects where it does not come; may be asked again. */
  prepare?(): Promise<void>;
  implementation(): Implementation;
  /** Reads the tools now. Never rejects: a page that forbids tools has none. */
  snapshot(): Promise<Snapshot>;
  /** Checks a call against the snapshot it was offered in and against the page of now, without running it. */
  check(
    call: PageCall,
    offered: Snapshot,
  ): Promise<{ readonly tool: PageTool } | (PageCallOutcome & { status: 'refused' })>;
  /**
   * Checks again, then runs. Never rejects and never runs the same `toolCallId` twice. One call at a time for a tool
   * that is a form. `signal` asks the tool to stop and ends the wait at once.
   */
  run(call: PageCall, offered: Snapshot, signal: AbortSignal): Promise<PageCallOutcome>;
  /** Calls back, at most once a task, after the page's tools changed, where the implementation tells. Returns the undo. */
  onChange(listener: () => void): () => void;
}
