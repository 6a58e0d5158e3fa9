import * as z from 'zod/mini';
import { AgentDefinition, FlowDefinition, ToolChoice } from './definition.ts';
import { StopReason, StreamEvent } from './event.ts';
import { Id } from './ids.ts';
import { MAX_DISPATCH_SECRETS, MAX_FINGERPRINT_CHARS, MAX_MESSAGES, MAX_SECRET_CHARS } from './limits.ts';
import { ChatMessage } from './message.ts';
import { ClientTool } from './tool.ts';

const Bag = z.record(z.string(), z.unknown());
/** Without control characters and halves of characters, which no database keeps as they are. */
const Fingerprint = z
  .string()
  .check(z.minLength(1), z.maxLength(MAX_FINGERPRINT_CHARS), z.regex(/^[^\p{Cc}\p{Cs}]+$/u));
const Messages = z.array(ChatMessage).check(z.maxLength(MAX_MESSAGES));

/** `POST /v1/client/init`: opens a session for a client token, or continues the conversation of an earlier one. */
export const InitRequest = z.object({
  token: z.string().check(z.minLength(1), z.maxLength(200)),
  /** Widgets of this wire put an agent's id here too. Informative: the token decides the surface. */
  flowId: z.optional(z.string()),
  sessionId: z.optional(Id),
  conversationId: z.optional(Id),
  visitorHistory: z.optional(z.boolean()),
  visitorToken: z.optional(z.string()),
  identityProof: z.optional(z.unknown()),
});
export type InitRequest = z.infer<typeof InitRequest>;

/** What a surface tells the widget about page tools. */
export const SurfaceWebmcp = z.object({
  enabled: z.boolean(),
  /** Name patterns of tools that always ask, whatever else is configured. */
  requireConfirmFor: z.array(z.string()),
  /** Name patterns of tools that may run without asking, if they also declare themselves read-only. */
  autoApprove: z.array(z.string()),
});
export type SurfaceWebmcp = z.infer<typeof SurfaceWebmcp>;

/**
 * What a server can do beyond the public wire. A widget uses only what was announced:
 * `replay` is `GET /v1/client/executions/{executionId}/events`, `cancel` is `POST /v1/client/cancel`,
 * `edit` is `replacesMessageId` of a chat, `files` is `POST /v1/client/files`, `history` is the search, the names and
 * the pins of `/v1/client/conversations` beyond what the public wire has of it.
 */
export const Capability = z.enum(['replay', 'cancel', 'edit', 'files', 'history']);
export type Capability = z.infer<typeof Capability>;

/** Whether the proof that came along made the visitor somebody whom the site knows. */
export const IdentityStatus = z.enum(['not_provided', 'admitted', 'ignored']);
export type IdentityStatus = z.infer<typeof IdentityStatus>;

/** Who visits. Only where the request asked for `visitorHistory`. */
export const Visitor = z.object({
  id: Id,
  /** `cvt_…`, the visitor's secret. Told once, when it is made. */
  token: z.optional(z.string()),
  expiresAt: z.string(),
  /** The site's own name for them; `null` without an admitted proof. */
  endUserId: z.nullable(z.string()),
  identityStatus: IdentityStatus,
});
export type Visitor = z.infer<typeof Visitor>;

/** What a visitor may attach. */
export const FileRules = z.object({
  /** Largest file, in bytes. */
  maxBytes: z.number(),
  /** Most files of one message. */
  maxPerMessage: z.number(),
  /** Media types, `image/*` or exact. */
  accept: z.array(z.string()),
});
export type FileRules = z.infer<typeof FileRules>;

export const InitResponse = z.object({
  sessionId: Id,
  /** ISO 8601, always more than 60 s ahead: widgets of this wire refuse to chat closer to it. */
  expiresAt: z.string(),
  flow: z.object({ id: z.string(), name: z.string(), description: z.nullable(z.string()) }),
  conversationId: Id,
  /** The agent of the surface, by which lists of conversations can be narrowed. */
  targetId: z.optional(Id),
  /** Changes with every change of the conversation's messages. Only with a visitor. */
  conversationRevision: z.optional(z.string()),
  visitor: z.optional(Visitor),
  /** Absent: the public wire and nothing more. Names that a widget does not know are nothing to it. */
  capabilities: z.optional(z.array(z.string())),
  config: z.object({
    /** The name of the surface, shown as the panel's title. */
    title: z.string(),
    welcomeMessage: z.nullable(z.string()),
    placeholder: z.nullable(z.string()),
    suggestions: z.array(z.string()),
    theme: z.nullable(Bag),
    webmcp: SurfaceWebmcp,
    /** Of the widget's own tools (`protocol/tool.ts`), those that the surface admits. */
    builtInTools: z.optional(z.array(z.string())),
    /** Whether visitors find their earlier conversations. */
    history: z.optional(z.boolean()),
    /** Absent: nothing can be attached. */
    files: z.optional(FileRules),
    /** Hosts from which images and media of an answer may be loaded, `images.example.com` or `*.example.com`. */
    mediaHosts: z.optional(z.array(z.string())),
    /** Whether the visitor is asked, at the end, how it was. */
    csat: z.optional(z.boolean()),
  }),
});
export type InitResponse = z.infer<typeof InitResponse>;

/** `POST /v1/client/chat`: starts an execution. The answer is a stream of events. */
export const ChatRequest = z.object({
  sessionId: Id,
  messages: Messages,
  /** The id that the first text of this execution will carry; feedback refers to it. */
  assistantMessageId: z.optional(Id),
  /**
   * A message of the visitor that this one takes the place of: it and all that followed leave the conversation. Only
   * for servers that announce `edit`; `messages` ends with the new message.
   */
  replacesMessageId: z.optional(Id),
  /** Absent together with the fingerprint: no tools this turn. */
  clientTools: z.optional(z.array(ClientTool)),
  /** Alone: the set that was sent with it before. Unknown to the server: 409 `client_tools_resend_required`. */
  clientToolsFingerprint: z.optional(Fingerprint),
  /** For the operator's own use; no model reads it. */
  metadata: z.optional(Bag),
  /** What the page says of the visitor, and of itself. The model reads both with the newest message, as data of a page. */
  inputs: z.optional(Bag),
  context: z.optional(Bag),
  turnId: z.optional(z.string()),
  submitMode: z.optional(z.string()),
  identityProof: z.optional(z.unknown()),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** Outputs by `toolCallId`, or by the bare or prefixed tool name while only one pending call has it. Any JSON value. */
const ToolOutputs = z.record(z.string(), z.unknown());

/** `POST /v1/client/resume`: brings the outputs of awaited calls. The answer is the rest of the stream. */
export const ResumeRequest = z.object({
  sessionId: Id,
  executionId: Id,
  toolOutputs: ToolOutputs,
  streamResponse: z.optional(z.boolean()),
  /** Absent: keep the set of the dispatch. `[]`: replace it with nothing. */
  clientTools: z.optional(z.array(ClientTool)),
  clientToolsFingerprint: z.optional(Fingerprint),
  messages: z.optional(Messages),
  assistantMessageId: z.optional(Id),
});
export type ResumeRequest = z.infer<typeof ResumeRequest>;

/** `POST /v1/client/cancel`: ends an execution, whatever it is doing. A second cancel answers like the first. */
export const CancelRequest = z.object({ sessionId: Id, executionId: Id });
export type CancelRequest = z.infer<typeof CancelRequest>;

export const CancelResponse = z.object({
  executionId: Id,
  /** How it ended. Other than `cancelled` when it had ended before. */
  status: z.enum(['cancelled', 'complete', 'failed', 'expired']),
});
export type CancelResponse = z.infer<typeof CancelResponse>;

/** `POST /v1/client/feedback`. */
export const FeedbackRequest = z.object({
  sessionId: Id,
  token: z.optional(z.string()),
  type: z.enum(['upvote', 'downvote', 'copy', 'csat', 'nps']),
  /** Required for `upvote`, `downvote` and `copy`. */
  messageId: z.optional(Id),
  /** `csat`: 1 to 5. `nps`: 0 to 10. */
  rating: z.optional(z.number()),
  comment: z.optional(z.string().check(z.maxLength(4_000))),
  metadata: z.optional(Bag),
});
export type FeedbackRequest = z.infer<typeof FeedbackRequest>;

export const FeedbackResponse = z.object({
  success: z.literal(true),
  feedbackId: Id,
  message: z.optional(z.string()),
});
export type FeedbackResponse = z.infer<typeof FeedbackResponse>;

/**
 * Values that tools of one dispatch need, by the key that `{{secrets.key}}` names. In memory as long as the execution
 * runs or waits; never stored, logged or returned.
 */
export const DispatchSecrets = z
  .record(
    z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/)),
    z.string().check(z.maxLength(MAX_SECRET_CHARS)),
  )
  .check(
    z.refine(
      (secrets) => Object.keys(secrets).length <= MAX_DISPATCH_SECRETS,
      `Too many: at most ${MAX_DISPATCH_SECRETS}`,
    ),
  );
export type DispatchSecrets = z.infer<typeof DispatchSecrets>;

/** An agent of the configuration or a saved one by its `id` alone, or one that lives for this request. */
export const WantedAgent = z.object({ id: z.optional(Id), ...AgentDefinition.shape });
export type WantedAgent = z.infer<typeof WantedAgent>;

/** A saved flow by its `id` alone, or one that lives for this request. */
export const WantedFlow = z.object({ id: z.optional(Id), ...z.partial(FlowDefinition).shape });
export type WantedFlow = z.infer<typeof WantedFlow>;

/** `POST /v1/dispatch`, with an API key: an execution for a trusted caller. */
export const DispatchRequest = z
  .object({
    /** Exactly one of `agent` and `flow`. */
    agent: z.optional(WantedAgent),
    flow: z.optional(WantedFlow),
    /** Required with an agent. */
    messages: z.optional(Messages),
    /** Values of a flow's prompts; an agent's model reads them as data with the newest message. */
    inputs: z.optional(Bag),
    /** What `{{_record.field}}` and `{{_user.field}}` of tools stand for. */
    record: z.optional(Bag),
    user: z.optional(Bag),
    secrets: z.optional(DispatchSecrets),
    /** Beside what the agent has. Of one name, these win. */
    tools: z.optional(ToolChoice),
    /** Of one name, these win over all others. */
    clientTools: z.optional(z.array(ClientTool)),
    /** Narrows the `webmcp` tools of this request: exact names, or one trailing `*`. */
    clientToolsPolicy: z.optional(z.object({ allowlist: z.array(z.string()) })),
    /** Default true. */
    streamResponse: z.optional(z.boolean()),
  })
  .check(
    z.refine(
      ({ agent, flow }) => (agent === undefined) !== (flow === undefined),
      'Send exactly one of `agent` and `flow`',
    ),
  );
export type DispatchRequest = z.infer<typeof DispatchRequest>;

/** `POST /v1/dispatch/resume`, with an API key. */
export const DispatchResumeRequest = z.object({
  executionId: Id,
  toolOutputs: ToolOutputs,
  /** Those that the server no longer has. */
  secrets: z.optional(DispatchSecrets),
  /** Default true. */
  streamResponse: z.optional(z.boolean()),
});
export type DispatchResumeRequest = z.infer<typeof DispatchResumeRequest>;

/** `POST /v1/dispatch/approve` and `POST /v1/agents/{agentId}/approve`, with an API key. */
export const DispatchApproveRequest = z.object({
  executionId: Id,
  /** Of the `approval_start` event. */
  approvalId: Id,
  decision: z.enum(['approved', 'denied']),
  /** The model reads why a call was denied. */
  reason: z.optional(z.string().check(z.maxLength(2_000))),
  /** Those that the server no longer has. */
  secrets: z.optional(DispatchSecrets),
  /** Default true. */
  streamResponse: z.optional(z.boolean()),
});
export type DispatchApproveRequest = z.infer<typeof DispatchApproveRequest>;

/** `POST /v1/dispatch/cancel`: ends an execution of this key, whatever it is doing. A second cancel answers like the first. */
export const DispatchCancelRequest = z.object({ executionId: Id });
export type DispatchCancelRequest = z.infer<typeof DispatchCancelRequest>;

/** `POST /v1/dispatch/continue`, with an API key: goes on with the conversation of an ended execution. */
export const DispatchContinueRequest = z.object({
  executionId: Id,
  /** Default: goes on where it had to stop, for an execution that ended with `max_tool_calls` or `length`. */
  continuation: z.optional(
    z.object({
      messages: z.optional(Messages),
      /** The model reads them as data with the newest message. */
      inputs: z.optional(Bag),
    }),
  ),
  /** Those that its tools need: the server forgot them when the execution ended. */
  secrets: z.optional(DispatchSecrets),
  /** Default true. */
  streamResponse: z.optional(z.boolean()),
});
export type DispatchContinueRequest = z.infer<typeof DispatchContinueRequest>;

/** The one answer of a dispatch or resume with `streamResponse: false`: where the execution stands when it pauses or ends. */
export const DispatchResponse = z.object({
  executionId: Id,
  conversationId: Id,
  status: z.enum(['complete', 'awaiting', 'failed']),
  /** The words of this answer, all its texts together. */
  output: z.string(),
  /** The `await` events of the calls that wait for their outputs. */
  awaiting: z.array(StreamEvent),
  /** The `approval_start` events of the calls that wait for a person. Absent where there are none. */
  approvals: z.optional(z.array(StreamEvent)),
  stopReason: z.optional(StopReason),
  error: z.optional(z.object({ code: z.string(), message: z.string(), hint: z.optional(z.string()) })),
  /** Of the turns that ended in this answer, where the model counts them. */
  tokens: z.optional(z.object({ input: z.number(), output: z.number() })),
});
export type DispatchResponse = z.infer<typeof DispatchResponse>;
