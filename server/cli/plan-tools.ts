import type { ToolDefinition } from '../../protocol/definition.ts';
import type { DefinitionWarning } from '../../protocol/saved.ts';
import { type PagehandClient, PagehandError, type ToolPlan } from '../sdk/index.ts';
import { type KeptTool, unusableDefinitions } from './definitions-folder.ts';
import type { Paint } from './paint.ts';
import { showToolDiff } from './tool-diff.ts';

/** What stands between a definition of the repository and the server. */
export interface PlannedTool extends KeptTool {
  readonly plan: ToolPlan;
  /** As it is on the server, where that differs. */
  readonly remote: ToolDefinition | undefined;
}

/**
 * Asks for every definition what would change. Nothing is written. Throws `PagehandError` `invalid_definition` where the
 * server refuses some, with all that is wrong.
 */
export async function planTools(
  client: PagehandClient,
  kept: readonly KeptTool[],
  folder: string,
): Promise<readonly PlannedTool[]> {
  const planned: PlannedTool[] = [];
  const problems: string[] = [];
  for (const tool of kept) {
    const { name } = tool.definition;
    try {
      const plan = await client.tools.ensure(tool.definition, { dryRun: true });
      const remote = plan.changes === 'update' ? (await client.tools.pull(name)).definition : undefined;
      planned.push({ ...tool, plan, remote });
    } catch (error) {
      if (!(error instanceof PagehandError && error.code === 'invalid_tool')) throw error;
      problems.push(...error.details.map((detail) => `${tool.file}: "${name}": ${detail}`));
    }
  }
  if (problems.length > 0) throw unusableDefinitions(folder, problems);
  return planned;
}

export function needsWrite({ plan }: PlannedTool): boolean {
  return plan.changes !== 'none';
}

/** One tool, with every line that would change. With `isOverwriting`, what stands against it is not asked about. */
export function showPlan(
  { definition, file, plan, remote }: PlannedTool,
  paint: Paint,
  isOverwriting = false,
): string {
  const { name } = definition;
  if (plan.changes === 'none') return paint.faint(`= ${name}  unchanged`);
  const isNew = plan.changes === 'create';
  const head = isNew ? paint.green(`+ ${name}  create`) : paint.yellow(`~ ${name}  update`);
  return [
    `${head}  ${paint.faint(file)}`,
    ...showToolDiff(remote, definition, paint),
    ...(plan.conflict === undefined ? [] : showConflict(name, plan.conflict.message, paint, isOverwriting)),
    ...(plan.validation?.warnings ?? []).map((warning) => showWarning(warning, paint)),
  ].join('\n');
}

function showWarning({ path, line, message, suggestion }: DefinitionWarning, paint: Paint): string {
  const place = [path, line && `line ${line}`].filter(Boolean).join(', ');
  const said = `    ${paint.yellow('warning')} ${place}: ${message}`;
  return suggestion === undefined ? said : `${said}\n      ${suggestion}`;
}

function showConflict(name: string, message: string, paint: Paint, isOverwriting: boolean): string[] {
  if (isOverwriting) return [`    ${paint.yellow('overwritten')} ${message}`];
  return [
    `    ${paint.red('conflict')} ${message}`,
    '      The repository wins:  pagehand tools ensure --on-conflict overwrite',
    `      The server wins:      pagehand tools pull ${JSON.stringify(name)}`,
  ];
}
