import { parseArgs } from 'node:util';
import type { EnvironmentVariables } from '../config/environment.ts';
import { type ConnectionOptions, PagehandClient, PagehandError } from '../sdk/index.ts';

/** Where a command is run: everything that it may read and write, files aside. */
export interface Terminal {
  readonly env: EnvironmentVariables;
  readonly cwd: string;
  /** Whether people read what is written: then with colours. */
  readonly hasColours: boolean;
  /** To standard output, with a line's end. */
  print(text: string): void;
  /** To standard error, with a line's end: what no program reads. */
  note(text: string): void;
  /** All of standard input; what a person types there is not shown. */
  readInput(prompt: string): Promise<string>;
  readonly fetch?: ConnectionOptions['fetch'];
}

/** How a command ended, as a process says it. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** One thing to do. */
export interface Command {
  /** As it is typed, without `pagehand`: `tools plan`. */
  readonly name: string;
  /** What follows the name: `[name] [--dir folder]`. */
  readonly usage: string;
  readonly summary: string;
  /** Further lines of its help: options, variables, what it ends with. */
  readonly details?: readonly string[];
  run(terminal: Terminal, args: readonly string[]): Promise<Exit>;
}

/** A command line that means nothing. */
export class UsageError extends Error {}

type OptionTypes = Readonly<Record<string, 'string' | 'boolean' | 'strings'>>;
type Options<Types extends OptionTypes> = {
  readonly [Name in keyof Types]?: Types[Name] extends 'strings'
    ? readonly string[]
    : Types[Name] extends 'string'
      ? string
      : boolean;
};

/** Reads a command line. Throws `UsageError` for what is not known, and for more or fewer words than there are places. */
export function readArgs<const Types extends OptionTypes>(
  args: readonly string[],
  types: Types,
  words: { readonly min?: number; readonly max?: number } = {},
): { readonly options: Options<Types>; readonly words: readonly string[] } {
  const { min = 0, max = min } = words;
  const options = Object.entries(types).map(([name, type]) => [
    name,
    type === 'strings' ? { type: 'string', multiple: true } : { type },
  ]);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(options),
      allowPositionals: true,
    });
    if (positionals.length < min) throw new UsageError('Something is missing.');
    if (positionals.length > max)
      throw new UsageError(`"${positionals[max]}" is one word too many. Put names with spaces in quotes.`);
    return { options: values as Options<Types>, words: positionals };
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    // The first sentence of Node's own; what follows explains its `--` in general.
    throw new UsageError(`${error.message.split(/\.\s|\n/)[0]}.`);
  }
}

/** Of every command that speaks to a server. */
export const SERVER_OPTIONS = { url: 'string', json: 'boolean' } as const;

export const SERVER_DETAILS = [
  '--url <address>   the server; default PAGEHAND_URL, then http://localhost:8787',
  '--json            print JSON',
  'PAGEHAND_API_KEY  the API key; it is read from the environment alone, where no process list shows it',
];

/** The client of the server that the environment names. Throws `PagehandError` `invalid_options` where no key is there. */
export function clientOf(
  { env, fetch }: Terminal,
  { url }: { readonly url?: string | undefined },
): PagehandClient {
  if (!env.PAGEHAND_API_KEY?.trim()) {
    throw new PagehandError('invalid_options', 'PAGEHAND_API_KEY is not set.', {
      hint: 'Set it to an API key of the server. `pagehand keys create <name> --scope <scope>` makes one.',
    });
  }
  return new PagehandClient({
    apiKey: env.PAGEHAND_API_KEY,
    baseUrl: url ?? (env.PAGEHAND_URL?.trim() || undefined),
    fetch,
  });
}
