import type { ToolDefinition, ToolType } from '../../../protocol/definition.ts';
import type { ToolKind } from '../kind.ts';
import { customKind } from './custom/custom.ts';
import { externalKind } from './external/external.ts';
import { flowKind } from './flow/flow.ts';
import { graphqlKind } from './graphql/graphql.ts';
import { localKind } from './local/local.ts';
import { mcpKind } from './mcp/mcp.ts';
import { subagentKind } from './subagent/subagent.ts';

/** Every way for a tool to run on this server. */
const KINDS: { readonly [Type in ToolType]?: ToolKind<Type> } = {
  custom: customKind,
  external: externalKind,
  flow: flowKind,
  graphql: graphqlKind,
  local: localKind,
  mcp: mcpKind,
  subagent: subagentKind,
};

/** How a definition's calls run. `undefined`: tools of its type cannot run here. */
export function kindOf({ toolType }: Pick<ToolDefinition, 'toolType'>): ToolKind | undefined {
  // A kind is only ever given definitions of its own type.
  return KINDS[toolType] as ToolKind | undefined;
}
