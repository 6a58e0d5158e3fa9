import type { ContentPart } from '../../protocol/message.ts';
import type { JsonSchema } from '../../protocol/tool.ts';

/** A tool as the model sees it. */
export interface ModelTool {
  /** Legal for every provider: `[A-Za-z0-9_-]{1,64}`. Unique in one request. */
  readonly name: string;
  /** The name its author gave it, for models that read names. Never sent to a provider. */
  readonly bareName: string;
  readonly description: string;
  /** Always an object schema. */
  readonly parametersSchema: JsonSchema;
}

export interface ModelToolCall {
  readonly toolCallId: string;
  /** `ModelTool.name`, or whatever the model made up. */
  readonly name: string;
  /** `ModelTool.bareName`, where it is another one: for people who read what was done. */
  readonly bareName?: string;
  /** The parsed arguments; the raw text when the model wrote no valid JSON. */
  readonly input: unknown;
}

export interface ModelToolResult {
  readonly toolCallId: string;
  readonly name: string;
  readonly text: string;
  readonly isError: boolean;
  /** The text came from a page or another third party. Adapters fence it as data. */
  readonly untrusted: boolean;
}

/** The durable memory of a conversation, one entry a message. Each tool call has exactly one result after it. */
export type ModelMessage =
  | {
      readonly role: 'user';
      readonly content: readonly ContentPart[];
      /** JSON that the page sent along. Of the newest message adapters give it to the model, fenced as data. */
      readonly pageContext?: string;
    }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly results: readonly ModelToolResult[] };

export interface ModelRequest {
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  /** In a stable order. Empty: the model must answer in words. */
  readonly tools: readonly ModelTool[];
  readonly signal: AbortSignal;
}

export type ModelStopReason = 'end_turn' | 'tool_calls' | 'length' | 'content_filter' | 'unknown';

/** One piece of a model's answer. A stream ends with exactly one `finish`, or throws a `ModelError`. */
export type ModelEvent =
  | { readonly type: 'text'; readonly delta: string }
  | { readonly type: 'reasoning'; readonly delta: string }
  | { readonly type: 'tool_call'; readonly call: ModelToolCall }
  | {
      readonly type: 'finish';
      readonly reason: ModelStopReason;
      readonly tokens?: { readonly input: number; readonly output: number };
    };

/** One language model. Implementations stop soon after `signal` aborts and then throw its reason. */
export interface Model {
  /** As configured: `offline`, `openai/gpt-…`. */
  readonly id: string;
  stream(request: ModelRequest): AsyncIterable<ModelEvent>;
}

/** Finds the model of an agent. Throws `ConfigError` for a name that cannot work, at start and not at the first message. */
export type ModelResolver = (id: string) => Model;

export type ModelErrorCode =
  | 'model_unavailable'
  | 'model_rate_limited'
  | 'model_failed'
  | 'model_refused'
  | 'model_timeout';

/** What went wrong with a provider, in our words: a vendor's sentence may hold keys and prompts, so it stays in `cause`. */
export class ModelError extends Error {
  readonly code: ModelErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: ModelErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ModelError';
    this.code = code;
    this.hint = options.hint;
  }
}
