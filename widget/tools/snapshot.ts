import { MAX_CLIENT_TOOLS, MAX_CLIENT_TOOLS_BYTES } from '../../protocol/limits.ts';
import type { ClientTool } from '../../protocol/tool.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { PageTool, Snapshot } from './page-tools.ts';
import type { ReadTools, Refused } from './read-tools.ts';

/** The tools of one turn: as many of those that were read as the wire takes, in the order of their names. */
export function packSnapshot({ live, refused }: ReadTools): Snapshot {
  const tools = new Map<string, PageTool>();
  const clientTools: ClientTool[] = [];
  const left: Refused[] = [];
  // The two brackets; every entry adds itself and a comma.
  let bytes = 2;
  for (const { tool } of live.values()) {
    const clientTool = toClientTool(tool);
    const size = new TextEncoder().encode(JSON.stringify(clientTool)).length + 1;
    const { name } = tool;
    if (clientTools.length === MAX_CLIENT_TOOLS) {
      const message = `A turn takes ${MAX_CLIENT_TOOLS} tools, in the order of their names. Register fewer at a time.`;
      left.push({ name, reason: 'too_many_tools', message });
    } else if (bytes + size > MAX_CLIENT_TOOLS_BYTES) {
      const message = `The tools of a turn take ${MAX_CLIENT_TOOLS_BYTES} bytes. Shorten descriptions and schemas.`;
      left.push({ name, reason: 'too_many_bytes', message });
    } else {
      bytes += size;
      tools.set(name, tool);
      clientTools.push(clientTool);
    }
  }
  const fingerprints = [...tools.values()].map(({ fingerprint }) => fingerprint);
  return {
    tools,
    clientTools,
    fingerprint: `${tools.size}:${fingerprintOf(fingerprints.join())}`,
    refused: [...refused, ...left],
  };
}

function toClientTool({
  name,
  description,
  parametersSchema,
  pageOrigin,
  annotations,
}: PageTool): ClientTool {
  return {
    name,
    description,
    ...(parametersSchema && { parametersSchema }),
    origin: 'webmcp',
    pageOrigin,
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}
