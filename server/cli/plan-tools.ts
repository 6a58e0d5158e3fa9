import type { ToolDefinition } from '../../protocol/definition.ts';
import type { PagehandClient, ToolPlan } from '../sdk/index.ts';
import type { KeptTool } from './definitions-folder.ts';
import type { Paint } from './paint.ts';
import { showToolDiff } from './tool-diff.ts';

/** What stands between a definition of the repository and the server. */
export interface PlannedTool extends KeptTool {
  readonly plan: ToolPlan;
  /** As it is on the server, where that differs. */
  readonly remote: ToolDefinition | undefined;
}

/** Asks for every definition what would change. Nothing is written. */
export async function planTools(
  client: PagehandClient,
  kept: readonly KeptTool[],
): Promise<readonly PlannedTool[]> {
  const planned: PlannedTool[] = [];
  for (const tool of kept) {
    const { name } = tool.definition;
    const plan = await client.tools.ensure(tool.definition, { dryRun: true });
    const remote = plan.changes === 'update' ? (await client.tools.pull(name)).definition : undefined;
    planned.push({ ...tool, plan, remote });
  }
  return planned;
}

export function needsWrite({ plan }: PlannedTool): boolean {
  return plan.changes !== 'none';
}

/** One tool, with every line that would change. */
export function showPlan({ definition, file, plan, remote }: PlannedTool, paint: Paint): string {
  const { name } = definition;
  if (plan.changes === 'none') return paint.faint(`= ${name}  unchanged`);
  const isNew = plan.changes === 'create';
  const head = isNew ? paint.green(`+ ${name}  create`) : paint.yellow(`~ ${name}  update`);
  return [
    `${head}  ${paint.faint(file)}`,
    ...showToolDiff(remote, definition, paint),
    ...(plan.conflict === undefined ? [] : showConflict(name, plan.conflict.message, paint)),
    ...(plan.validation?.warnings ?? []).map(
      ({ path, line, message }) =>
        `    ${paint.yellow('warning')} ${[path, line && `line ${line}`].filter(Boolean).join(', ')}: ${message}`,
    ),
  ].join('\n');
}

function showConflict(name: string, message: string, paint: Paint): string[] {
  return [
    `    ${paint.red('conflict')} ${message}`,
    '      The repository wins:  pagehand tools ensure --on-conflict overwrite',
    `      The server wins:      pagehand tools pull ${JSON.stringify(name)}`,
  ];
}
