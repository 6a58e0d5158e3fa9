import type { FileRules, InitResponse } from '../../protocol/request.ts';

/** A session as it was opened. */
export interface Session {
  readonly answer: InitResponse;
  readonly expiresAtMs: number;
  /** A new secret of the visitor's, where one was made. */
  readonly visitorToken: string | null;
}

/** Reads the answer to `init` with whatever a server by others left out. `undefined` without a session. */
export function readInit(
  fields: Readonly<Record<string, unknown>>,
  /** Whether the page wants visitors to find earlier conversations. */
  history: boolean,
): Session | undefined {
  const { sessionId, expiresAt } = fields;
  if (typeof sessionId !== 'string' || sessionId === '') return undefined;
  const flow = bag(fields.flow);
  const config = bag(fields.config);
  const webmcp = bag(config.webmcp);
  const expiresAtMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  const capabilities = texts(fields.capabilities);
  return {
    // Without an expiry the session is good until the server says otherwise.
    expiresAtMs: Number.isNaN(expiresAtMs) ? Number.POSITIVE_INFINITY : expiresAtMs,
    visitorToken: text(bag(fields.visitor).token),
    answer: {
      sessionId,
      expiresAt: String(expiresAt ?? ''),
      flow: {
        id: text(flow.id) ?? '',
        name: text(flow.name) ?? '',
        description: text(flow.description),
      },
      conversationId: text(fields.conversationId) ?? '',
      capabilities,
      config: {
        title: text(config.title) ?? text(flow.name) ?? '',
        welcomeMessage: text(config.welcomeMessage),
        placeholder: text(config.placeholder),
        suggestions: texts(config.suggestions),
        theme: typeof config.theme === 'object' ? (config.theme as InitResponse['config']['theme']) : null,
        webmcp: {
          enabled: webmcp.enabled !== false,
          requireConfirmFor: texts(webmcp.requireConfirmFor),
          autoApprove: texts(webmcp.autoApprove),
        },
        builtInTools: texts(config.builtInTools),
        mediaHosts: texts(config.mediaHosts),
        csat: config.csat === true,
        history: history && config.history === true,
        // Whoever speaks the public wire and nothing more takes files inside of messages.
        ...((capabilities.includes('files') ? config.files !== undefined : !capabilities[0]) && {
          files: bag(config.files) as FileRules,
        }),
      },
    },
  };
}

function bag(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
