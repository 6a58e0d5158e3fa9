import { type Command, clientOf, EXIT, readArgs, SERVER_DETAILS } from './command.ts';

export const receiptsExportCommand: Command = {
  name: 'receipts export',
  usage: '[--from <time>] [--until <time>] [--tool <name>] [--execution <id>]',
  summary: 'Prints the records of tool calls, one JSON object a line: who did what, when, and who let it.',
  details: [
    '--from, --until   calls that began then or later, and before; 2026-03-01 or 2026-03-01T08:00:00Z',
    '--tool <name>     of one tool, by its name as in a receipt',
    '--execution <id>  of one execution',
    ...SERVER_DETAILS.filter((line) => !line.startsWith('--json')),
  ],
  async run(terminal, args) {
    const { options } = readArgs(args, {
      url: 'string',
      from: 'string',
      until: 'string',
      tool: 'string',
      execution: 'string',
    });
    const { from, until, tool, execution: executionId } = options;
    const receipts = clientOf(terminal, options).receipts.all({ from, until, tool, executionId });
    for await (const receipt of receipts) terminal.print(JSON.stringify(receipt));
    return EXIT.ok;
  },
};
