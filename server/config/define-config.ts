import type { ServerToolInput } from '../tools/define-server-tool.ts';
import type { EgressInput } from './egress.ts';
import type { FilesInput } from './files.ts';
import type { McpServersInput } from './mcp-servers.ts';
import type { ToolChoiceInput } from './tool-choice.ts';

/** A credential: its value, or the environment variable that holds it. */
export type SecretInput = string | { readonly env: string };

interface AgentInput {
  /** What `POST /v1/dispatch` calls it. Default: the surface's id. */
  readonly id?: string | undefined;
  /** Default: the surface's id. */
  readonly name?: string | undefined;
  /** `offline`, `openai/<model>`, `anthropic/<model>` or `openai-compatible/<model>`. Default: `PAGEHAND_MODEL`, then `offline`. */
  readonly model?: string | undefined;
  /** The system prompt. Default: none. */
  readonly instructions?: string | undefined;
  /** Calls per execution, 0 to 100. Default: 10. */
  readonly maxToolCalls?: number | undefined;
  /** Minutes that an execution waits for the outputs of its client tools, 1 to 43200. Default: 1440, a day. */
  readonly pauseMinutes?: number | undefined;
  /** What it can do on the server. Only a TypeScript or JavaScript file can hold them. Default: nothing. */
  readonly tools?: readonly ServerToolInput[] | undefined;
  /** What it can do beside them: saved tools and built-in ones by their ids, MCP servers, tools declared here, children. Default: nothing. */
  readonly uses?: ToolChoiceInput | undefined;
}

interface CopyInput {
  /** Of the panel. Default: the agent's name. */
  readonly title?: string | undefined;
  readonly welcomeMessage?: string | undefined;
  /** Of the empty text field. */
  readonly placeholder?: string | undefined;
  /** Things to say, offered before the first message. At most 8. */
  readonly suggestions?: readonly string[] | undefined;
}

interface AllowlistRuleInput {
  /** `scheme://host[:port]` exactly, or `*` for every origin that the client token allows. */
  readonly origin: string;
  /** Exact tool names, or a prefix and one `*`. */
  readonly tools: readonly string[];
}

interface WebmcpInput {
  /** Whether page tools reach the model at all. Default: false. */
  readonly enabled?: boolean | undefined;
  /** Default and empty: every tool of every origin that the client token allows. */
  readonly allowlist?: readonly AllowlistRuleInput[] | undefined;
  /** Tools that always ask the visitor. Patterns as in the allowlist. */
  readonly requireConfirmFor?: readonly string[] | undefined;
  /** Tools that run without asking when they also say that they only read. Patterns as in the allowlist. */
  readonly autoApprove?: readonly string[] | undefined;
}

interface BehaviorInput {
  readonly webmcp?: WebmcpInput | undefined;
  /**
   * Bare names of `origin: "sdk"` tools that a browser may offer beside the widget's own. Pagehand's widget offers its
   * own two, `suggest_replies` and `ask_user_question`, where they are named here.
   */
  readonly sdkTools?: readonly string[] | undefined;
}

interface LimitsInput {
  /** Messages one session may send in a minute. Default: 20. */
  readonly messagesPerMinute?: number | undefined;
  /** Requests one client token may make in a minute, all visitors together. Default: 3000, ten times what one address may make. */
  readonly requestsPerMinute?: number | undefined;
  /** Messages one session may send in all. Default: 500. */
  readonly messagesPerSession?: number | undefined;
  /** Minutes without use after which a session must be renewed, more than 2. Default: 60. */
  readonly sessionMinutes?: number | undefined;
  /** Executions of one client token that run at once in one process, 1 to 10000. Default: 200. */
  readonly concurrentRuns?: number | undefined;
}

interface RetentionInput {
  /** Days that a conversation is kept after its last message, 1 to 3650. Default: 365. */
  readonly conversations?: number | undefined;
  /** Days that the event log of an execution is kept after its start, 1 to 3650. What was said stays. Default: 30. */
  readonly events?: number | undefined;
}

interface IdentityInput {
  /** At least 32 characters, known to the site's own server alone, which signs proofs of who a visitor is with it. */
  readonly secret: SecretInput;
  /** Whether only visitors who bring such a proof may chat. Default: false. */
  readonly required?: boolean | undefined;
}

interface ThemeInput {
  /** Values of the widget's design tokens, by their names without `--ph-`. At most 100. */
  readonly tokens: Readonly<Record<string, string>>;
}

export interface ClientTokenInput {
  /** `ct_live_…` or `ct_test_…`. Stored hashed. */
  readonly token: SecretInput;
  /** Origins of the pages that may use it: exact, lower-case, without a path. */
  readonly allowedOrigins: readonly string[];
  /** Default: what the token's prefix says. */
  readonly environment?: 'live' | 'test' | undefined;
  /** Default: true. */
  readonly isActive?: boolean | undefined;
}

/** A configured place where the chat appears. */
export interface SurfaceInput {
  /** Letters, digits, `_` and `-`. */
  readonly id: string;
  /** What its agent finds saved tools and secrets in. Default: `default`. */
  readonly workspace?: string | undefined;
  readonly agent?: AgentInput | undefined;
  /** A saved agent of the workspace that answers instead, as it is when somebody chats. Not beside `agent` or `flowId`. */
  readonly agentId?: string | undefined;
  /** A saved flow of the workspace that answers instead, as it is when somebody chats. Not beside `agent` or `agentId`. */
  readonly flowId?: string | undefined;
  readonly copy?: CopyInput | undefined;
  readonly behavior?: BehaviorInput | undefined;
  /** Whether visitors find their earlier conversations, by a secret that their browser keeps. Default: true. */
  readonly history?: boolean | undefined;
  /** Lets the site say who its visitors are, so that they find their conversations on every device. Default: it cannot. */
  readonly identity?: IdentityInput | undefined;
  /** Hosts from which images and media of an answer may be loaded, exact or `*.example.com`. At most 50. Default: none. */
  readonly mediaHosts?: readonly string[] | undefined;
  /** Whether the visitor is asked, at the end, how it was. Default: false. */
  readonly csat?: boolean | undefined;
  readonly theme?: ThemeInput | undefined;
  /** What visitors may attach to a message, or `false` for nothing. Default: images, PDF and plain texts. */
  readonly files?: FilesInput | false | undefined;
  readonly limits?: LimitsInput | undefined;
  readonly retentionDays?: RetentionInput | undefined;
  readonly clientTokens?: readonly ClientTokenInput[] | undefined;
}

interface ApiKeyInput {
  /** `sk_live_…` or `sk_test_…`. Stored hashed. */
  readonly key: SecretInput;
  /**
   * What it may do: `*` for everything, or `DISPATCH`, `TOOLS`, `AGENTS`, `FLOWS`, `SECRETS`, `TOKENS`, `KEYS`, `RECEIPTS`
   * or `METRICS`, each with `:READ`, `:WRITE`, or `:*` for both.
   */
  readonly scopes: readonly string[];
  /** What its saved tools, agents, flows and secrets belong to. Other workspaces do not see them. Default: `default`. */
  readonly workspace?: string | undefined;
}

/** What an operator writes in `pagehand.config.ts` or `.json`. */
export interface ConfigInput {
  readonly surfaces?: readonly SurfaceInput[] | undefined;
  readonly apiKeys?: readonly ApiKeyInput[] | undefined;
  /** MCP servers that agents, flows and requests name. Only here can one be a program. Default: none. */
  readonly mcpServers?: McpServersInput | undefined;
  /** Where tools may call. Default: the public internet and nothing else. */
  readonly egress?: EgressInput | undefined;
}

/** Gives the configuration back as it is. It is there so that an editor completes and checks what is written. */
export function defineConfig(input: ConfigInput): ConfigInput {
  return input;
}
