/** Most client tools one dispatch may carry. From the public wire; the server counts what was submitted. */
export const MAX_CLIENT_TOOLS = 50;

/** Largest `clientTools` value, in bytes of UTF-8 of its JSON. From the public wire. */
export const MAX_CLIENT_TOOLS_BYTES = 65_536;

/** Longest `clientToolsFingerprint`, in characters. From the public wire. */
export const MAX_FINGERPRINT_CHARS = 128;

/** Longest tool name, in characters. The rule of `registerTool` in WebMCP. */
export const MAX_TOOL_NAME_CHARS = 128;

/**
 * Longest tool description that reaches a model, in characters. A longer one is cut with a mark. Browsers advise
 * 500; four times that leaves room for honest long ones and none for a novel of instructions.
 */
export const MAX_TOOL_DESCRIPTION_CHARS = 2_000;

/** Largest JSON schema of one tool, in bytes of UTF-8. A tool over it is refused: a cut schema would lie. */
export const MAX_TOOL_SCHEMA_BYTES = 16_384;

/** Deepest nesting of a tool's schema. Validators recurse; no form that a person fills is this deep. */
export const MAX_TOOL_SCHEMA_DEPTH = 32;

/** Longest result of one tool call that reaches a model, in characters. The rest is cut with a mark. */
export const MAX_TOOL_RESULT_CHARS = 32_000;

/** Longest text of one message, in characters. A longer one is refused, because cutting it would change what was asked. */
export const MAX_MESSAGE_CHARS = 32_000;

/** Largest `context` and `inputs` of one chat together, in characters of their JSON. The model reads them with the message. */
export const MAX_PAGE_CONTEXT_CHARS = 32_000;

/** Most messages one request may carry. Widgets of this wire send the whole transcript on every turn. */
export const MAX_MESSAGES = 2_000;

/**
 * Largest conversation, in characters of all that was said, attached and returned by tools. Every turn reads it as a
 * whole, and a provider takes no more than that in one request.
 */
export const MAX_CONVERSATION_CHARS = 16 * 1024 * 1024;

/** Largest request body, in bytes. Messages carry images inline, so it stands far above the tools' own limit. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Largest body of a request that carries no messages, in bytes: it is read before anybody is known. */
export const MAX_SMALL_BODY_BYTES = 65_536;

/** Deepest nesting of a request body. Deeper JSON overflows the recursive readers behind it. */
export const MAX_JSON_DEPTH = 64;

/**
 * Most values in a request body, keys not counted. Each costs the readers behind it a microsecond or two, so a body
 * of millions of `{}` would stop the process for seconds; transcripts and tools at their own limits stay below half.
 */
export const MAX_JSON_VALUES = 50_000;

/** Longest wait for one page tool, in milliseconds, after approval. On expiry the model gets an error result. */
export const TOOL_TIMEOUT_MS = 30_000;

/** Minutes that a paused execution waits when the agent does not say. Then its pending calls are closed and it counts as expired. */
export const DEFAULT_PAUSE_MINUTES = 24 * 60;

/** Time between two heartbeats of an open stream, in milliseconds. Proxies cut streams that stay silent for 30 s and more. */
export const PING_INTERVAL_MS = 15_000;

/** Longest `Idempotency-Key`, in characters. */
export const MAX_IDEMPOTENCY_KEY_CHARS = 255;

/** How long the outcome of a request is kept under its `Idempotency-Key`, in milliseconds. */
export const IDEMPOTENCY_LIFETIME_MS = 24 * 60 * 60_000;

/** Tool calls one execution may make when the agent does not say. */
export const DEFAULT_MAX_TOOL_CALLS = 10;

/** Largest piece of an upload in one request, in bytes. */
export const MAX_UPLOAD_PIECE_BYTES = 4 * 1024 * 1024;

/** The header of such a piece: the position of its first byte in the file. */
export const UPLOAD_OFFSET_HEADER = 'Upload-Offset';

/** Most runtime tools of one request, all its steps together. From the public wire. */
export const MAX_RUNTIME_TOOLS = 50;

/** Most MCP servers of one step. From the public wire. */
export const MAX_MCP_SERVERS = 5;

/** Longest run of a custom tool, in milliseconds, calls of the host included. From the public wire. */
export const CUSTOM_TOOL_TIMEOUT_MS = 30_000;

/** Largest `inputs` of a flow, in characters of their JSON. They stay with the execution. */
export const MAX_FLOW_INPUT_CHARS = 262_144;

/** Largest definition of a tool, an agent or a flow, in characters of its JSON. */
export const MAX_DEFINITION_CHARS = 262_144;

/** Longest secret that the server keeps, in characters. Certificates with their keys are the longest there are. */
export const MAX_SECRET_CHARS = 32_768;

/** Most secrets of one dispatch. */
export const MAX_DISPATCH_SECRETS = 50;
