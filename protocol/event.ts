import * as z from 'zod/mini';
import { ToolOrigin } from './tool.ts';

const Text = z.string();
const OptionalText = z.optional(z.string());
const OptionalNumber = z.optional(z.number());
const OptionalBoolean = z.optional(z.boolean());
const Value = z.optional(z.unknown());

function event<Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) {
  return z.object({
    type: z.literal(type),
    executionId: Text,
    /** Position in the execution's log: 1, 2, 3 … without a gap. */
    seq: z.number(),
    ...shape,
  });
}

/** Why a turn or an execution ended. */
export const StopReason = z.enum([
  'end_turn',
  'max_tool_calls',
  'length',
  'content_filter',
  'error',
  'unknown',
]);
export type StopReason = z.infer<typeof StopReason>;

const EventError = z.union([
  z.string(),
  z.object({ code: Text, message: Text, hint: OptionalText, retryable: OptionalBoolean, details: Value }),
]);

const Tokens = z.optional(z.object({ input: z.number(), output: z.number() }));

/** Every event of a stream. Order: start, turns, blocks that do not nest, end. An `await` ends the HTTP answer, not the execution. */
export const StreamEvent = z.discriminatedUnion('type', [
  event('execution_start', {
    kind: z.enum(['agent', 'flow']),
    agentId: OptionalText,
    agentName: OptionalText,
    maxTurns: OptionalNumber,
    startedAt: OptionalText,
    flowId: OptionalText,
    flowName: OptionalText,
    source: OptionalText,
    totalSteps: OptionalNumber,
    conversationId: OptionalText,
    config: Value,
  }),
  event('execution_complete', {
    kind: z.enum(['agent', 'flow']),
    success: z.boolean(),
    stopReason: z.optional(StopReason),
    completedAt: OptionalText,
    finalOutput: OptionalText,
    totalTokens: Tokens,
    totalCost: OptionalNumber,
    durationMs: OptionalNumber,
    iterations: OptionalNumber,
    /** Why it ended before it was done. Absent where it simply ended. */
    endedBy: z.optional(z.enum(['cancel', 'new_message'])),
  }),
  event('execution_error', {
    error: EventError,
    code: OptionalText,
    kind: OptionalText,
    blockReason: OptionalText,
    upgradeUrl: OptionalText,
    completedAt: OptionalText,
  }),
  event('turn_start', { id: Text, iteration: OptionalNumber, role: OptionalText, turnIndex: OptionalNumber }),
  event('turn_complete', {
    id: Text,
    iteration: OptionalNumber,
    stopReason: z.optional(StopReason),
    tokens: Tokens,
    cost: OptionalNumber,
    content: Value,
    completedAt: OptionalText,
    fallback: Value,
    estimatedContextBreakdown: Value,
  }),
  event('text_start', {
    id: Text,
    parentToolCallId: OptionalText,
    role: OptionalText,
    stepId: OptionalText,
    turnId: OptionalText,
  }),
  event('text_delta', { id: Text, delta: Text, iteration: OptionalNumber, parentToolCallId: OptionalText }),
  event('text_complete', { id: Text, text: OptionalText, parentToolCallId: OptionalText }),
  event('reasoning_start', {
    id: Text,
    scope: z.optional(z.enum(['turn', 'loop'])),
    parentToolCallId: OptionalText,
    hidden: OptionalBoolean,
  }),
  event('reasoning_delta', {
    id: Text,
    delta: Text,
    sequenceIndex: OptionalNumber,
    parentToolCallId: OptionalText,
  }),
  event('reasoning_complete', {
    id: Text,
    text: OptionalText,
    scope: OptionalText,
    parentToolCallId: OptionalText,
  }),
  event('tool_start', {
    toolCallId: Text,
    toolName: Text,
    toolType: OptionalText,
    parameters: Value,
    iteration: OptionalNumber,
    startedAt: OptionalText,
    origin: OptionalText,
    pageOrigin: OptionalText,
    hiddenParameterNames: z.optional(z.array(Text)),
    stepId: OptionalText,
  }),
  event('tool_input_delta', { toolCallId: Text, delta: Text }),
  event('tool_input_complete', { toolCallId: Text, parameters: Value }),
  event('tool_output_delta', { toolCallId: Text, delta: Text }),
  event('tool_complete', {
    toolCallId: Text,
    toolName: OptionalText,
    success: z.boolean(),
    result: Value,
    error: OptionalText,
    executionTime: OptionalNumber,
    completedAt: OptionalText,
    toolCost: OptionalNumber,
  }),
  event('await', {
    /** Absent for pauses that ask for something else than a tool (elicitation, crawl, external agent). */
    toolName: OptionalText,
    toolCallId: OptionalText,
    toolId: OptionalText,
    origin: z.optional(ToolOrigin),
    pageOrigin: OptionalText,
    parameters: Value,
    awaitedAt: OptionalText,
    stepId: OptionalText,
    awaitReason: OptionalText,
    crawlId: OptionalText,
    elicitation: Value,
    externalAgent: Value,
  }),
  event('approval_start', {
    approvalId: Text,
    toolName: Text,
    toolType: OptionalText,
    description: OptionalText,
    reason: OptionalText,
    parameters: Value,
    toolCallId: OptionalText,
    timeout: OptionalNumber,
    subagent: Value,
    externalAgent: Value,
  }),
  event('approval_complete', {
    approvalId: Text,
    decision: z.enum(['approved', 'denied', 'timeout']),
    resolvedBy: OptionalText,
  }),
  event('step_start', { stepId: OptionalText, stepType: OptionalText, name: OptionalText }),
  event('step_skip', { stepId: OptionalText, stepType: OptionalText, reason: OptionalText }),
  event('step_complete', {
    stepId: OptionalText,
    stepType: OptionalText,
    success: OptionalBoolean,
    error: OptionalText,
    stopReason: OptionalText,
    result: Value,
  }),
  event('media_start', { id: Text, mediaType: OptionalText, toolCallId: OptionalText }),
  event('media_delta', { id: Text, delta: Text }),
  event('media_complete', {
    id: Text,
    mediaType: OptionalText,
    data: OptionalText,
    url: OptionalText,
    toolCallId: OptionalText,
  }),
  event('artifact_start', {
    id: Text,
    artifactType: Text,
    title: OptionalText,
    component: OptionalText,
    props: Value,
    file: Value,
  }),
  event('artifact_delta', { id: Text, delta: Text }),
  event('artifact_update', { id: Text, component: OptionalText, props: Value }),
  event('artifact_complete', { id: Text }),
  event('transcript_insert', { message: z.unknown() }),
  event('source', { id: OptionalText, url: OptionalText, title: OptionalText }),
  event('state_snapshot', { snapshot: Value }),
  event('state_delta', { delta: Value }),
  event('custom', { name: Text, value: Value }),
  event('error', { error: EventError, recoverable: OptionalBoolean }),
  event('ping', { timestamp: OptionalText }),
]);
export type StreamEvent = z.infer<typeof StreamEvent>;
export type EventType = StreamEvent['type'];
export type EventOf<Type extends EventType> = Extract<StreamEvent, { type: Type }>;

/** An event before the log gives it its execution and its position. */
export type EventBody = StreamEvent extends infer E
  ? E extends StreamEvent
    ? Omit<E, 'executionId' | 'seq'>
    : never
  : never;

/** Whether an execution has said its last word with this event. An `await` is a pause and no end. */
export function isTerminal(event: { readonly type: string }): boolean {
  return event.type === 'execution_complete' || event.type === 'execution_error';
}

/** The `name` of the `custom` event that reports what became of a request's client tools. */
export const CLIENT_TOOLS_EVENT = 'pagehand.client_tools';

/**
 * The `name` of the `custom` event that takes words back: the process that received them from the model is gone, and
 * the turn is asked again. What follows replaces them.
 */
export const SUPERSEDED_EVENT = 'pagehand.superseded';

/** The `value` of that event: the turn that ended there, and the ids of its texts and thoughts, which no longer count. */
export const Superseded = z.object({ turnId: Text, blockIds: z.array(Text) });
export type Superseded = z.infer<typeof Superseded>;

/** Why a client tool was not offered to the model. */
export const RefusalReason = z.enum([
  'webmcp_disabled',
  'not_allowlisted',
  'sdk_not_admitted',
  'invalid_name',
  'reserved_prefix',
  'invalid_schema',
  'schema_too_large',
]);
export type RefusalReason = z.infer<typeof RefusalReason>;

/** The `value` of that event: what the model will see, and what was refused, why, and what mends it. */
export const ClientToolsReport = z.object({
  origin: z.nullable(Text),
  admitted: z.array(z.object({ name: Text, origin: ToolOrigin, modelName: Text, notes: z.array(Text) })),
  refused: z.array(z.object({ name: Text, origin: ToolOrigin, reason: RefusalReason, message: Text })),
});
export type ClientToolsReport = z.infer<typeof ClientToolsReport>;
