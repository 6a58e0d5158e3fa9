import type { KeyObject } from 'node:crypto';
import type { ToolChoice } from '../../protocol/definition.ts';
import type { McpServerConfig } from '../mcp/server-config.ts';
import type { ServerTool } from '../tools/tool.ts';
import type { EgressConfig } from './egress.ts';
import type { FileSettings } from './files.ts';

/** One rule that admits page tools: on this page origin, tools whose bare name matches one of these patterns. */
export interface AllowlistRule {
  /** `scheme://host[:port]` exactly, or `*` for every origin that the client token allows. */
  readonly origin: string;
  /** Exact bare names, or a prefix followed by one `*`. */
  readonly tools: readonly string[];
}

export interface WebmcpPolicy {
  /** Off: no page tool reaches the model. */
  readonly enabled: boolean;
  /** Empty: every page tool from every origin of the token. */
  readonly allowlist: readonly AllowlistRule[];
  /** Name patterns of tools that always ask the visitor. */
  readonly requireConfirmFor: readonly string[];
  /** Name patterns of tools that run without asking when they also say that they only read. */
  readonly autoApprove: readonly string[];
}

export interface Agent {
  readonly id: string;
  readonly name: string;
  /** `offline`, `openai/<model>`, `anthropic/<model>` or `openai-compatible/<model>`. */
  readonly model: string;
  readonly instructions: string;
  /** Calls per execution, 0 to 100. Then the model must answer with what it has. */
  readonly maxToolCalls: number;
  /** Minutes that an execution waits for the outputs of its client tools, 1 to 43 200. Then it expires. */
  readonly pauseMinutes: number;
  /** What it can do on the server: functions of the configuration file. */
  readonly tools: readonly ServerTool[];
  /** What it can do beside them. Of one name, these win. */
  readonly uses: ToolChoice;
}

export interface SurfaceLimits {
  /** Messages one session may send in a minute. */
  readonly messagesPerMinute: number;
  /** Requests one client token may make in a minute, all visitors together. */
  readonly requestsPerMinute: number;
  /** Messages one session may send in all. */
  readonly messagesPerSession: number;
  /** Minutes without use after which a session must be renewed; more than 2. */
  readonly sessionMinutes: number;
  /** Executions of one client token that run at once in one process. */
  readonly concurrentRuns: number;
}

/** How long what was said is kept. */
export interface RetentionDays {
  /** A conversation, after its last message. */
  readonly conversations: number;
  /** The event log of an execution, after its start. What was said stays in the conversation. */
  readonly events: number;
}

/** How the surface learns who its visitors are to the site. */
export interface IdentityConfig {
  /** What the site's own server signs proofs with. A key object: it appears in no JSON, log or error. */
  readonly key: KeyObject;
  /** Whether only visitors who prove an identity may chat. */
  readonly isRequired: boolean;
}

export interface ClientTokenConfig {
  /** SHA-256 of the token, in hexadecimal. The token itself is not kept. */
  readonly hash: string;
  /** The token's first characters, for logs and messages. */
  readonly label: string;
  readonly environment: 'live' | 'test';
  /** Exact origins. `null` only for pages without one, and only when named. */
  readonly allowedOrigins: readonly string[];
  readonly isActive: boolean;
}

/** A configured place where the chat appears. */
export interface Surface {
  readonly id: string;
  /** What is saved in its workspace and answers in the agent's place, as it is when somebody chats. `null`: nothing. */
  readonly saved: { readonly kind: 'agent' | 'flow'; readonly id: string } | null;
  /** What its agent finds saved tools and secrets in. */
  readonly workspace: string;
  /** With a saved one: what is known of it before it is looked up. */
  readonly agent: Agent;
  readonly copy: {
    readonly title: string;
    readonly welcomeMessage: string | null;
    readonly placeholder: string | null;
    readonly suggestions: readonly string[];
  };
  readonly behavior: {
    readonly webmcp: WebmcpPolicy;
    /** Bare names of `origin: "sdk"` tools that a browser may offer beside the widget's own. */
    readonly sdkTools: readonly string[];
  };
  /** Whether visitors find their earlier conversations. */
  readonly hasHistory: boolean;
  /** `null`: proofs of an identity are ignored. */
  readonly identity: IdentityConfig | null;
  /** Hosts from which images and media of an answer may be loaded: exact, or `*.` and a domain. */
  readonly mediaHosts: readonly string[];
  /** Whether the visitor is asked, at the end, how it was. */
  readonly hasCsat: boolean;
  /** Of the widget; `null`: its own. */
  readonly theme: { readonly tokens: Readonly<Record<string, string>> } | null;
  /** `null`: nothing can be attached. */
  readonly files: FileSettings | null;
  readonly limits: SurfaceLimits;
  readonly retentionDays: RetentionDays;
  readonly clientTokens: readonly ClientTokenConfig[];
}

export interface ApiKeyConfig {
  readonly hash: string;
  readonly label: string;
  readonly scopes: readonly string[];
  /** What its saved tools, agents, flows and secrets belong to. */
  readonly workspace: string;
  /** Milliseconds since 1970. Keys of the configuration do not expire. */
  readonly expiresAtMs?: number;
}

/** The whole configuration, checked, with every default filled in. */
export interface Config {
  readonly surfaces: readonly Surface[];
  readonly apiKeys: readonly ApiKeyConfig[];
  /** Of agents and steps that name none. */
  readonly model: string;
  /** By name. */
  readonly mcpServers: ReadonlyMap<string, McpServerConfig>;
  /** Where tools may call beside the public internet. */
  readonly egress: EgressConfig;
}

/** A configuration that cannot work. Stops the start; `message` names the field and the mend. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
