import picomatch from 'picomatch';
import type { ClientToolsReport, RefusalReason } from '../protocol/event.ts';
import { MAX_TOOL_DESCRIPTION_CHARS, MAX_TOOL_NAME_CHARS } from '../protocol/limits.ts';
import { PAGE_TOOL_NAME } from '../protocol/output.ts';
import { BUILT_IN_TOOLS, type ClientTool, WEBMCP_PREFIX } from '../protocol/tool.ts';
import type { WebmcpPolicy } from './config/config.ts';
import { reviewSchema } from './guard/tool-schema.ts';
import { withoutHidden } from './text.ts';

/** Whose rules apply: a surface's for browsers, the request's own for callers with an API key. */
export type AdmissionRules =
  | {
      readonly kind: 'surface';
      /** The validated HTTP `Origin`, never what the body says. */
      readonly origin: string;
      readonly webmcp: WebmcpPolicy;
      readonly sdkTools: readonly string[];
    }
  | {
      readonly kind: 'api_key';
      /** Patterns for `webmcp` tools. Absent: all of them. Empty: none. */
      readonly allowlist: readonly string[] | undefined;
    };

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

/** Decides for each tool on its own; a refused one never takes the others with it. */
export function admit(tools: readonly ClientTool[], rules: AdmissionRules): Admission {
  const admitted: AdmittedTool[] = [];
  const refused: ClientToolsReport['refused'] = [];
  for (const tool of tools) {
    const verdict = judge(tool, rules);
    if ('tool' in verdict) admitted.push(verdict);
    else refused.push({ name: tool.name, origin: tool.origin, ...verdict });
  }
  return { origin: rules.kind === 'surface' ? rules.origin : null, admitted, refused };
}

/** Whether a pattern is one that rules may hold: a name, with at most one `*`, at its end. */
export function isToolPattern(pattern: string): boolean {
  return TOOL_PATTERN.test(pattern);
}

const TOOL_PATTERN = /^(?=.)[A-Za-z0-9_.-]{0,128}\*?$/;

/** Other servers' tools and our own go by these; a client tool that wears one would pass for them. */
const RESERVED_PREFIXES = [WEBMCP_PREFIX, 'mcp:', 'builtin:'];

type Refusal = { readonly reason: RefusalReason; readonly message: string };

function judge(tool: ClientTool, rules: AdmissionRules): AdmittedTool | Refusal {
  const refusal = refuseName(tool) ?? refuseByRules(tool, rules);
  if (refusal !== undefined) return refusal;
  const reviewed = reviewSchema(tool.parametersSchema);
  if ('reason' in reviewed) return reviewed;
  const { description, notes } = reviewDescription(tool.description);
  return {
    tool: { ...tool, description, parametersSchema: reviewed.schema },
    notes: [...notes, ...reviewed.notes],
  };
}

function refuseName({ name, origin }: ClientTool): Refusal | undefined {
  const prefix = RESERVED_PREFIXES.find((reserved) => name.toLowerCase().startsWith(reserved));
  if (prefix !== undefined) {
    return {
      reason: 'reserved_prefix',
      message: `Names that begin with \`${prefix}\` belong to the server. Register the tool under its bare name.`,
    };
  }
  if (origin === 'webmcp' && !PAGE_TOOL_NAME.test(name)) {
    return {
      reason: 'invalid_name',
      message: `A page tool's name has 1 to ${MAX_TOOL_NAME_CHARS} characters of A-Z a-z 0-9 _ . and -. Rename it.`,
    };
  }
  return undefined;
}

function refuseByRules(tool: ClientTool, rules: AdmissionRules): Refusal | undefined {
  if (rules.kind === 'api_key') {
    const { allowlist } = rules;
    if (tool.origin === 'sdk' || allowlist === undefined || matchesAny(tool.name, allowlist))
      return undefined;
    return {
      reason: 'not_allowlisted',
      message:
        'No pattern of `clientToolsPolicy.allowlist` names it. Add its name there, or leave the policy out.',
    };
  }
  return tool.origin === 'sdk' ? refuseSdkTool(tool, rules.sdkTools) : refusePageTool(tool, rules);
}

/** A page could label its own tools `sdk` to get around the allowlist, so a browser may bring only these. */
function refuseSdkTool({ name }: ClientTool, sdkTools: readonly string[]): Refusal | undefined {
  if (BUILT_IN_TOOLS.includes(name) || sdkTools.includes(name)) return undefined;
  return {
    reason: 'sdk_not_admitted',
    message:
      "From a browser, `sdk` tools are only the widget's own and those that the surface names. Add it to the surface's `behavior.sdkTools`.",
  };
}

function refusePageTool(
  { name }: ClientTool,
  { origin, webmcp }: Extract<AdmissionRules, { kind: 'surface' }>,
): Refusal | undefined {
  if (!webmcp.enabled) {
    return {
      reason: 'webmcp_disabled',
      message: 'Page tools are switched off for this surface. Set its `behavior.webmcp.enabled` to true.',
    };
  }
  const { allowlist } = webmcp;
  if (allowlist.length === 0) return undefined;
  const admits = allowlist.some(
    (rule) => (rule.origin === '*' || rule.origin === origin) && matchesAny(name, rule.tools),
  );
  if (admits) return undefined;
  return {
    reason: 'not_allowlisted',
    message: `No rule of the surface's \`behavior.webmcp.allowlist\` admits it on ${origin}. Add \`{ "origin": "${origin}", "tools": ["${name}"] }\`.`,
  };
}

const GLOB_OPTIONS = { dot: true, nobrace: true, noextglob: true, nonegate: true };

function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => isToolPattern(pattern) && picomatch(pattern, GLOB_OPTIONS)(name));
}

const HALF_CHARACTER = /[\uD800-\uDBFF]$/;
const CUT_MARK = ' … (cut)';

function reviewDescription(submitted: string): { description: string; notes: readonly string[] } {
  const visible = withoutHidden(submitted);
  const notes = visible === submitted ? [] : ['Hidden characters were left out of its description.'];
  if (visible.length <= MAX_TOOL_DESCRIPTION_CHARS) return { description: visible, notes };
  const kept = visible.slice(0, MAX_TOOL_DESCRIPTION_CHARS - CUT_MARK.length).replace(HALF_CHARACTER, '');
  return {
    description: `${kept}${CUT_MARK}`,
    notes: [...notes, `Its description was cut to ${MAX_TOOL_DESCRIPTION_CHARS} characters.`],
  };
}
