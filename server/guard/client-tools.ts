import { MAX_CLIENT_TOOLS, MAX_CLIENT_TOOLS_BYTES } from '../../protocol/limits.ts';
import type { ClientTool } from '../../protocol/tool.ts';
import { RequestError } from '../errors.ts';
import type { Store, ToolSet } from '../store/store.ts';

/** Counts what was submitted, before any schema or policy looks at it. Throws what the wire calls for. */
export function checkSubmission(body: unknown): void {
  if (typeof body !== 'object' || body === null || !('clientTools' in body)) return;
  const { clientTools } = body;
  if (Array.isArray(clientTools) && clientTools.length > MAX_CLIENT_TOOLS) {
    throw new RequestError(
      'too_many_client_tools',
      `The request carries ${clientTools.length} client tools; the limit is ${MAX_CLIENT_TOOLS}.`,
      { hint: 'Offer only the tools that matter on this page.' },
    );
  }
  const bytes = Buffer.byteLength(JSON.stringify(clientTools));
  if (bytes > MAX_CLIENT_TOOLS_BYTES) {
    throw new RequestError(
      'client_tools_too_large',
      `The client tools have ${bytes} bytes; the limit is ${MAX_CLIENT_TOOLS_BYTES}.`,
      { hint: 'Shorten descriptions and schemas, or offer fewer tools.' },
    );
  }
}

/** Which tools a request of a session means, and what to remember of them once it was accepted. */
export interface MeantTools {
  /** `undefined`: the request says nothing about tools. */
  readonly tools: readonly ClientTool[] | undefined;
  readonly remember: ToolSet | undefined;
}

/**
 * The send-once rule: a set comes whole under a fingerprint, and later as the fingerprint alone. Throws
 * `client_tools_resend_required` for a fingerprint that this session did not send last.
 */
export async function meantTools(
  store: Store,
  sessionIdHash: string,
  request: {
    readonly clientTools?: readonly ClientTool[] | undefined;
    readonly clientToolsFingerprint?: string | undefined;
  },
): Promise<MeantTools> {
  const { clientTools: tools, clientToolsFingerprint: fingerprint } = request;
  if (tools !== undefined) {
    refuseDuplicates(tools);
    return { tools, remember: fingerprint === undefined ? undefined : { fingerprint, tools } };
  }
  if (fingerprint === undefined) return { tools: undefined, remember: undefined };
  const known = await store.toolSet(sessionIdHash);
  if (known?.fingerprint === fingerprint) return { tools: known.tools, remember: undefined };
  throw new RequestError(
    'client_tools_resend_required',
    'The server does not have the tools of this fingerprint.',
    {
      hint: 'Send the request again with `clientTools` in full.',
    },
  );
}

/** A page tool and an SDK tool may share a name: the server's prefix keeps them apart. */
export function refuseDuplicates(tools: readonly ClientTool[]): void {
  const seen = new Set<string>();
  for (const { origin, name } of tools) {
    const canonical = `${origin}:${name}`;
    if (seen.has(canonical)) {
      throw new RequestError(
        'duplicate_client_tool',
        `Two client tools of origin "${origin}" are called "${name}".`,
        {
          hint: 'Give each tool its own name.',
        },
      );
    }
    seen.add(canonical);
  }
}
