import type { Execution, FlowRun, OfferedTool, StartedCall } from '../store/store.ts';
import type { ServerTool } from '../tools/tool.ts';
import { ToolError } from '../tools/tool-error.ts';
import type { BindScope } from '../tools/toolbox.ts';
import type { Variables } from '../tools/variables.ts';
import type { DeskDeps } from './dispatcher.ts';
import { scrubberOf } from './secret-vault.ts';
import { asResolved } from './toolset.ts';

type Deps = Pick<DeskDeps, 'toolbox' | 'tools' | 'managedSecret' | 'scrubber' | 'vault'>;

/** The tool behind a call that began, and how it runs. */
export interface BoundCall {
  readonly offered: OfferedTool | undefined;
  /** `undefined`: there is no such tool any more. */
  readonly tool: ServerTool | undefined;
}

/** Finds what a call of this execution runs, in whatever process that is. */
export function bindCall(
  execution: Execution,
  call: Pick<StartedCall, 'modelName'>,
  deps: Deps,
  { ledger, inside }: Pick<BindScope, 'ledger' | 'inside'>,
): BoundCall {
  const offered = execution.tools.find(
    ({ modelName, origin }) => origin === 'server' && modelName === call.modelName,
  );
  if (offered === undefined) return { offered, tool: undefined };
  const missing = missingSecrets(execution, [offered], deps);
  const { workspace, agent, tools } = execution;
  const tool = deps.toolbox.bind(offered, {
    workspace,
    configured: deps.tools?.(agent.id) ?? [],
    variables: variablesOf(execution, deps),
    tools,
    model: agent.model,
    depth: 0,
    ledger,
    ...(inside === undefined ? {} : { inside }),
  });
  if (tool === undefined || missing.length === 0) return { offered, tool };
  return {
    offered,
    tool: {
      ...tool,
      run: () => {
        throw new ToolError('secrets_required', secretsGone(missing));
      },
    },
  };
}

/** What placeholders stand for in the tools of an execution. */
export function variablesOf(
  {
    id,
    workspace,
    record,
    user,
    flow,
  }: Pick<Execution, 'id' | 'workspace' | 'record' | 'user'> & {
    readonly flow: Pick<FlowRun, 'id' | 'name'> | null;
  },
  deps: Pick<Deps, 'vault' | 'managedSecret' | 'scrubber'>,
): Variables {
  const { vault, managedSecret } = deps;
  return {
    secret: (key) => vault.secret(id, key),
    managedSecret: (name) =>
      managedSecret?.(workspace, name) ??
      Promise.reject(new ToolError('unresolved_variable', `This server keeps no secret "${name}".`)),
    record,
    flow: flow === null ? {} : { id: flow.id, name: flow.name },
    user,
    scrub: (value) => scrubberOf(id, deps).scrubValue(value),
  };
}

/** Keys that came with the dispatch, are needed by these tools and are gone. */
function missingSecrets(
  { id, secretKeys }: Execution,
  tools: readonly OfferedTool[],
  { toolbox, vault }: Pick<Deps, 'toolbox' | 'vault'>,
): readonly string[] {
  if (secretKeys.length === 0) return [];
  const needed = new Set(toolbox.secretKeys(tools.filter(isServers).map(asResolved)));
  return secretKeys.filter((key) => needed.has(key) && vault.secret(id, key) === undefined);
}

function isServers({ origin }: OfferedTool): boolean {
  return origin === 'server';
}

function secretsGone(keys: readonly string[]): string {
  return (
    `The tool was not run: it needs ${keys.map((key) => `{{secrets.${key}}}`).join(', ')} of this dispatch, which ` +
    'the server no longer has. Tell the user that it must be sent again.'
  );
}
