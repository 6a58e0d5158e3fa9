import * as z from 'zod/mini';

/** `GET /v1/receipts`. */
export const ReceiptsRequest = z.object({
  executionId: z.optional(z.string()),
  tool: z.optional(z.string().check(z.describe('Its canonical name, as in a receipt.'))),
  from: z.optional(z.string().check(z.describe('Calls that began then or later. ISO 8601.'))),
  until: z.optional(z.string().check(z.describe('Calls that began before. ISO 8601.'))),
  cursor: z.optional(z.string().check(z.describe('`nextCursor` of the page before.'))),
  limit: z.optional(z.string().check(z.describe('1 to 500. Default 100. Not read with `ndjson`.'))),
  format: z.optional(
    z.enum(['json', 'ndjson']).check(z.describe('Default `json`, or `ndjson` where `Accept` asks for it.')),
  ),
});

/** The record of one tool call: who did what, when, and who let it. Without secrets. */
export const Receipt = z.object({
  id: z.string(),
  surfaceId: z.nullable(z.string().check(z.describe('`null` for calls of API keys.'))),
  executionId: z.string(),
  conversationId: z.nullable(z.string().check(z.describe('`null` for a call that was made by itself.'))),
  toolCallId: z.string(),
  parentToolCallId: z.nullable(
    z.string().check(z.describe('Of the call whose child made this one, as of a subagent.')),
  ),
  tool: z.string(),
  toolType: z
    .string()
    .check(z.describe('A tool type, `builtin`, `configured`, or `webmcp` and `sdk` of client tools.')),
  pageOrigin: z.nullable(z.string()),
  parameters: z.unknown(),
  outcome: z.enum(['success', 'error', 'refused', 'denied', 'unknown']),
  result: z.string().check(z.describe('The first characters of what the model read.')),
  approvedBy: z
    .string()
    .check(z.describe('`policy`, `visitor`, or the label of the API key that approved or called.')),
  startedAt: z.string().check(z.describe('ISO 8601.')),
  durationMs: z.number(),
});
export type Receipt = z.infer<typeof Receipt>;

export const ReceiptsResponse = z.object({
  data: z.array(Receipt).check(z.describe('In the order of time.')),
  nextCursor: z.nullable(z.string()),
});
export type ReceiptsResponse = z.infer<typeof ReceiptsResponse>;
