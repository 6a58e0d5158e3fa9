import { type Command, clientOf, EXIT, readArgs, SERVER_DETAILS, SERVER_OPTIONS } from './command.ts';
import { DEFAULT_FOLDER, readDefinitions } from './definitions-folder.ts';
import { paintFor } from './paint.ts';
import { needsWrite, planTools, showPlan } from './plan-tools.ts';

export const toolsPlanCommand: Command = {
  name: 'tools plan',
  usage: '[--dir <folder>]',
  summary:
    'Shows how the saved tools differ from the definitions of a folder. Writes nothing; ends with 1 on drift.',
  details: [`--dir <folder>    where the definitions are; default ${DEFAULT_FOLDER}`, ...SERVER_DETAILS],
  async run(terminal, args) {
    const { options } = readArgs(args, { ...SERVER_OPTIONS, dir: 'string' });
    const folder = options.dir ?? DEFAULT_FOLDER;
    const kept = await readDefinitions(terminal.cwd, folder);
    const planned = await planTools(clientOf(terminal, options), kept, folder);
    const count = (changes: string) => planned.filter(({ plan }) => plan.changes === changes).length;
    if (options.json) {
      const tools = planned.map(({ definition, file, plan }) => ({ name: definition.name, file, ...plan }));
      terminal.print(JSON.stringify({ tools }, null, 2));
    } else {
      const paint = paintFor(terminal);
      for (const tool of planned) terminal.print(showPlan(tool, paint));
      terminal.print(
        `\n${count('create')} to create, ${count('update')} to update, ${count('none')} unchanged.`,
      );
    }
    return planned.some(needsWrite) ? EXIT.failed : EXIT.ok;
  },
};
