import type { FromProperties } from '../protocol/schema-type.ts';

export type { FromSchema } from '../protocol/schema-type.ts';

/** What a tool says of itself. Hints can make a chat ask more often, never less. */
export interface ToolHints {
  /** It changes nothing. */
  readonly readOnlyHint?: boolean;
  /** What it returns may come from strangers: reviews, mails, search results. */
  readonly untrustedContentHint?: boolean;
  /** It spends money, sends, publishes or deletes: always ask. */
  readonly consequentialHint?: boolean;
}

export interface ToolDefinition<Input extends object> {
  /** 1 to 128 of the characters `A-Z a-z 0-9 _ . -`. */
  readonly name: string;
  /** What a person reads instead of the name. */
  readonly title?: string;
  readonly description: string;
  /** A JSON Schema with `"type": "object"`. Browsers do not check the input against it; Pagehand does. */
  readonly inputSchema?: object;
  readonly annotations?: ToolHints;
  /** Returns what the model reads: text, a JSON value, or an MCP result. `signal` aborts when the call is stopped. */
  execute(input: Input, options: { readonly signal: AbortSignal }): unknown;
}

/** What `registerTool` takes. */
export interface RegistrableTool {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema?: object;
  readonly annotations?: ToolHints;
  readonly execute: (input: object, options?: { readonly signal?: AbortSignal }) => Promise<unknown>;
}

/** The part of `document.modelContext` that a page needs to offer tools. */
export interface ModelContext {
  registerTool(tool: RegistrableTool, options?: { readonly signal?: AbortSignal }): Promise<void>;
  getTools(): Promise<readonly { readonly name: string }[]>;
}

declare global {
  interface Document {
    /** Not there without WebMCP and polyfill, nor on pages without HTTPS. The DOM's types do not know it yet. */
    readonly modelContext?: ModelContext;
  }
}

/** A failure that the model can read. */
export interface FailedTool {
  readonly isError: true;
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
}

/**
 * Makes a tool for `document.modelContext.registerTool`. Browsers drop the message of a tool that throws; this one
 * returns it instead, as an error that the model reads. A `signal` is there in old implementations too. The schema
 * gives `execute` the types of its input; where it cannot, name them: `defineTool<{ query: string }>({ … })`.
 *
 * ```ts
 * document.modelContext?.registerTool(
 *   defineTool({
 *     name: 'search_products',
 *     description: 'Finds products by name.',
 *     inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
 *     annotations: { readOnlyHint: true },
 *     execute: ({ query }, { signal }) => search(query, signal),
 *   }),
 * );
 * ```
 */
export function defineTool<const Schema extends object>(
  tool: ToolDefinition<FromProperties<Schema>> & { readonly inputSchema: Schema },
): RegistrableTool;
export function defineTool<Input extends object = Readonly<Record<string, unknown>>>(
  tool: ToolDefinition<Input>,
): RegistrableTool;
export function defineTool<Input extends object>(tool: ToolDefinition<Input>): RegistrableTool {
  return {
    ...tool,
    async execute(input, options) {
      try {
        const signal = options?.signal ?? new AbortController().signal;
        return harmless(await tool.execute(input as Input, { signal }));
      } catch (error) {
        return { isError: true, content: [{ type: 'text', text: messageOf(error) }] } satisfies FailedTool;
      }
    },
  };
}

/** In Chromium 156 a symbol ends the renderer, and text with half a surrogate pair arrives as `null`. */
function harmless(result: unknown): unknown {
  if (typeof result === 'symbol') return String(result);
  return typeof result === 'string' ? result.replace(/\p{Surrogate}/gu, '\ufffd') : result;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error || error instanceof DOMException ? error.message : String(error);
  return message || 'The tool failed.';
}
