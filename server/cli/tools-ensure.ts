import { PagehandError } from '../sdk/index.ts';
import {
  type Command,
  clientOf,
  EXIT,
  readArgs,
  SERVER_DETAILS,
  SERVER_OPTIONS,
  type Terminal,
  UsageError,
} from './command.ts';
import { DEFAULT_FOLDER, readDefinitions } from './definitions-folder.ts';
import { type Paint, paintFor } from './paint.ts';
import { needsWrite, type PlannedTool, planTools, showPlan } from './plan-tools.ts';

/** What became of one definition. */
interface Outcome {
  readonly name: string;
  readonly file: string;
  readonly result: 'unchanged' | 'created' | 'updated' | 'failed';
  readonly toolId?: string;
  readonly contentHash?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | undefined };
}

export const toolsEnsureCommand: Command = {
  name: 'tools ensure',
  usage: '[--dir <folder>] [--on-conflict overwrite]',
  summary: 'Makes the saved tools what the definitions of a folder say. Never deletes, never renames.',
  details: [
    `--dir <folder>    where the definitions are; default ${DEFAULT_FOLDER}`,
    '--on-conflict overwrite   writes over edits that came from elsewhere; without it they stay, and it ends with 1',
    ...SERVER_DETAILS,
  ],
  async run(terminal, args) {
    const { options } = readArgs(args, { ...SERVER_OPTIONS, dir: 'string', 'on-conflict': 'string' });
    const onConflict = onConflictOf(options['on-conflict']);
    const folder = options.dir ?? DEFAULT_FOLDER;
    const kept = await readDefinitions(terminal.cwd, folder);
    const client = clientOf(terminal, options);
    const paint = paintFor(terminal);
    const outcomes: Outcome[] = [];
    for (const tool of await planTools(client, kept, folder)) {
      const { definition, file, plan } = tool;
      if (!options.json) terminal.print(showPlan(tool, paint, onConflict === 'overwrite'));
      const bound = { expectedRemoteHash: plan.remoteHash, onConflict };
      // Only over what the plan saw, so that nothing is written that was not shown.
      const outcome = needsWrite(tool)
        ? await client.tools.ensure(definition, bound).catch(failed)
        : ({ result: 'unchanged', contentHash: plan.contentHash } as const);
      outcomes.push({ name: definition.name, file, ...outcome });
      if (!options.json) sayHowItWent(terminal, tool, outcomes.at(-1), paint);
    }
    if (options.json) terminal.print(JSON.stringify({ tools: outcomes }, null, 2));
    else terminal.print(`\n${summaryOf(outcomes)}`);
    return outcomes.some(({ result }) => result === 'failed') ? EXIT.failed : EXIT.ok;
  },
};

function onConflictOf(word: string | undefined): 'error' | 'overwrite' {
  if (word === undefined || word === 'error') return 'error';
  if (word === 'overwrite') return word;
  throw new UsageError(`--on-conflict takes "overwrite" or "error", and not "${word}".`);
}

function failed(error: unknown): Pick<Outcome, 'result' | 'error'> {
  if (!(error instanceof PagehandError)) throw error;
  const { code, message, hint, details } = error;
  return { result: 'failed', error: { code, message: [message, ...details].join('\n      '), hint } };
}

function sayHowItWent(
  terminal: Terminal,
  tool: PlannedTool,
  outcome: Outcome | undefined,
  paint: Paint,
): void {
  if (outcome?.error === undefined) return;
  const { code, message, hint } = outcome.error;
  // The plan said it already, with both ways out.
  if (tool.plan.conflict?.code === code) return;
  terminal.note(
    [`    ${paint.red('failed')} ${message}`, hint && `      ${hint}`].filter(Boolean).join('\n'),
  );
}

function summaryOf(outcomes: readonly Outcome[]): string {
  const count = (result: Outcome['result']) => outcomes.filter((outcome) => outcome.result === result).length;
  const bad = count('failed');
  const sum = `${count('created')} created, ${count('updated')} updated, ${count('unchanged')} unchanged`;
  return bad === 0 ? `${sum}.` : `${sum}, ${bad} not written.`;
}
