import * as z from 'zod/mini';
import { MAX_TOOL_NAME_CHARS } from './limits.ts';

/** A JSON Schema object as it stands in a tool definition. Its keywords are read by whoever validates against it. */
export const JsonSchema = z.record(z.string(), z.unknown());
export type JsonSchema = z.infer<typeof JsonSchema>;

/** What a tool says of itself. Hints of a page: they may make approval stricter, never laxer. */
export const ToolAnnotations = z.object({
  readOnlyHint: z.optional(z.boolean()),
  untrustedContentHint: z.optional(z.boolean()),
  consequentialHint: z.optional(z.boolean()),
});
export type ToolAnnotations = z.infer<typeof ToolAnnotations>;

/** Where a client tool runs: `webmcp` in the page that registered it, `sdk` in the caller's own process or widget. */
export const ToolOrigin = z.enum(['webmcp', 'sdk']);
export type ToolOrigin = z.infer<typeof ToolOrigin>;

/** The prefix of page tools' names on the server. Only the server puts it there; a name that brings it along is refused. */
export const WEBMCP_PREFIX = 'webmcp:';

/** One entry of `clientTools`: a tool that the caller runs when the model calls it. */
export const ClientTool = z.object({
  /** Bare, without any prefix. */
  name: z.string().check(z.minLength(1), z.maxLength(MAX_TOOL_NAME_CHARS), z.regex(/^\P{C}+$/u)),
  description: z.string(),
  /** Widgets may leave it out for a tool without parameters; the server then reads `{ type: 'object' }`. */
  parametersSchema: z.optional(JsonSchema),
  origin: ToolOrigin,
  /** `location.origin` of the page, for diagnosis only: the HTTP `Origin` header is what counts. */
  pageOrigin: z.optional(z.string().check(z.maxLength(2_000))),
  annotations: z.optional(ToolAnnotations),
});
export type ClientTool = z.infer<typeof ClientTool>;

/** Shows the visitor replies to choose from; its output says no more than that. */
export const SUGGEST_TOOL = 'suggest_replies';

/** Puts a question to the visitor; its output is the visitor's own answer. */
export const ASK_TOOL = 'ask_user_question';

/** The two tools that the widget itself may offer as `origin: 'sdk'`. */
export const BUILT_IN_TOOLS: readonly string[] = [SUGGEST_TOOL, ASK_TOOL];
