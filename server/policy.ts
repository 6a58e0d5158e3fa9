import type { ClientToolsReport } from '../protocol/event.ts';
import type { ClientTool } from '../protocol/tool.ts';
import type { WebmcpPolicy } from './config/config.ts';

/** Whose rules apply: a surface's for browsers, the request's own for callers with an API key. */
export type AdmissionRules =
  | {
      readonly kind: 'surface';
      /** The validated HTTP `Origin`, never what the body says. */
      readonly origin: string;
      readonly webmcp: WebmcpPolicy;
      readonly sdkTools: readonly string[];
    }
  | { readonly kind: 'api_key'; readonly allowlist: readonly string[] | undefined };

export interface AdmittedTool {
  readonly tool: ClientTool;
  /** What was changed on the way in, in words: a description cut, an odd schema keyword left out. */
  readonly notes: readonly string[];
}

/** What became of a request's client tools. */
export interface Admission {
  readonly origin: string | null;
  /** In the order that they came in. */
  readonly admitted: readonly AdmittedTool[];
  readonly refused: ClientToolsReport['refused'];
}

/** The admission of a request that carries no tools. */
export const NO_TOOLS: Admission = { origin: null, admitted: [], refused: [] };
