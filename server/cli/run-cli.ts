import { PagehandError } from '../sdk/index.ts';
import { type Command, EXIT, type Exit, type Terminal, UsageError } from './command.ts';
import { doctorCommand } from './doctor.ts';
import { keysCreateCommand, keysListCommand, keysRevokeCommand } from './keys.ts';
import { receiptsExportCommand } from './receipts.ts';
import {
  secretsListCommand,
  secretsRemoveCommand,
  secretsRotateCommand,
  secretsSetCommand,
} from './secrets.ts';
import { serveCommand } from './serve.ts';
import { tokensCreateCommand, tokensListCommand, tokensRevokeCommand } from './tokens.ts';
import { toolsEnsureCommand } from './tools-ensure.ts';
import { toolsPlanCommand } from './tools-plan.ts';
import { toolsPullCommand } from './tools-pull.ts';

/** In the order of the help. */
const COMMANDS: readonly Command[] = [
  serveCommand,
  doctorCommand,
  toolsPlanCommand,
  toolsEnsureCommand,
  toolsPullCommand,
  secretsSetCommand,
  secretsListCommand,
  secretsRemoveCommand,
  secretsRotateCommand,
  receiptsExportCommand,
  tokensCreateCommand,
  tokensListCommand,
  tokensRevokeCommand,
  keysCreateCommand,
  keysListCommand,
  keysRevokeCommand,
];

/** Runs one command line, without the program's name. Says what went wrong, with the mend, and never throws it. */
export async function runCli(terminal: Terminal, args: readonly string[]): Promise<Exit> {
  const found = find(args);
  const wantsHelp = args.some((word) => word === '--help' || word === '-h');
  if (found === undefined) {
    const group = commandsUnder(args[0]);
    const isAsked = args.length === 0 || wantsHelp || (args.length === 1 && group.length > 0);
    if (!isAsked) terminal.note(`There is no command "${args.slice(0, 2).join(' ')}".\n`);
    (isAsked ? terminal.print : terminal.note)(overview(group.length > 0 ? group : COMMANDS));
    return isAsked ? EXIT.ok : EXIT.usage;
  }
  const { command, rest } = found;
  if (wantsHelp) {
    terminal.print(helpOf(command));
    return EXIT.ok;
  }
  try {
    return await command.run(terminal, rest);
  } catch (error) {
    return report(terminal, command, error, rest.includes('--json'));
  }
}

function find(args: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const command of COMMANDS) {
    const words = command.name.split(' ');
    if (words.every((word, at) => args[at] === word)) return { command, rest: args.slice(words.length) };
  }
  return undefined;
}

/** Those of a group, such as `tools`. */
function commandsUnder(word: string | undefined): readonly Command[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${word} `));
}

function overview(commands: readonly Command[]): string {
  const lines = commands.map(({ name, usage, summary }) =>
    `  pagehand ${name} ${usage}`.trimEnd().concat(`\n      ${summary}`),
  );
  return [
    ...lines,
    '',
    '  pagehand <command> --help says more. Ends with 0: done, 1: drift or a failure, 2: not understood.',
  ].join('\n');
}

function helpOf({ name, usage, summary, details = [] }: Command): string {
  return [
    `pagehand ${name} ${usage}`.trimEnd(),
    '',
    summary,
    ...(details.length > 0 ? ['', ...details.map((line) => `  ${line}`)] : []),
  ].join('\n');
}

function report(terminal: Terminal, command: Command, error: unknown, isJson: boolean): Exit {
  if (error instanceof UsageError) {
    terminal.note(`${error.message}\n\n${helpOf(command)}`);
    return EXIT.usage;
  }
  if (!(error instanceof Error)) throw error;
  const { code, details, requestId } = factsOf(error);
  const message = inWordsOfHere(error.message);
  const hint = inWordsOfHere(factsOf(error).hint ?? '') || undefined;
  if (isJson) terminal.print(JSON.stringify({ error: { code, message, hint, details, requestId } }, null, 2));
  else {
    const lines = [
      message,
      // A single one often stands in the sentence above already.
      ...details.filter((detail) => !message.includes(detail)).map((detail) => `  ${detail}`),
      hint,
      requestId && `requestId: ${requestId}`,
    ];
    terminal.note(lines.filter(Boolean).join('\n'));
  }
  return code === 'invalid_options' ? EXIT.usage : EXIT.failed;
}

/** The SDK speaks of its options to whoever writes programs. */
function inWordsOfHere(text: string): string {
  return text.replaceAll('`baseUrl`', 'PAGEHAND_URL or --url');
}

function factsOf(error: Error): Pick<PagehandError, 'code' | 'hint' | 'details' | 'requestId'> {
  if (error instanceof PagehandError) return error;
  return { code: 'internal', hint: undefined, details: [], requestId: undefined };
}
