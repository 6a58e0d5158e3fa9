import { type Command, EXIT, readArgs } from './command.ts';
import type { Check } from './doctor/checkup.ts';
import { type Paint, paintFor } from './paint.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '[--url <address> --token <ct_…> --origin <origin>]',
  summary:
    'Checks everything that a server here stands on, and chats once with one; ends with 1 where something fails.',
  details: [
    'Environment, configuration, database, secrets, models, origins; then a server on a free port over a database of its',
    'own answers one message. With a real model that is one short question to its provider.',
    '--url <address>   a server that runs, instead; default PAGEHAND_URL. Then only what it answers is checked',
    '--token, --origin a client token and one of its origins, for the chat with that server',
    '--json            print JSON',
  ],
  async run(terminal, args) {
    const { options } = readArgs(args, { url: 'string', token: 'string', origin: 'string', json: 'boolean' });
    const url = options.url ?? (terminal.env.PAGEHAND_URL?.trim() || undefined);
    const { checkHere, checkThere } = await import('./doctor/check-all.ts');
    const checks =
      url === undefined ? await checkHere(terminal) : await checkThere(terminal, { ...options, url });
    if (options.json) terminal.print(JSON.stringify({ checks }, null, 2));
    else terminal.print(show(checks, paintFor(terminal)));
    return checks.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.ok;
  },
};

function show(checks: readonly Check[], paint: Paint): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .map(({ name, state, found, mend }) => {
      const indent = `\n  ${' '.repeat(width + 2)}`;
      const lines = [found, ...(mend === undefined ? [] : [paint.bold(mend)])].join('\n').split('\n');
      return `${markOf(state, paint)} ${name.padEnd(width)}  ${lines.join(indent)}`;
    })
    .join('\n');
}

function markOf(state: Check['state'], { green, red, yellow, faint }: Paint): string {
  return { ok: green('\u2713'), failed: red('\u2717'), warning: yellow('!'), skipped: faint('\u2013') }[
    state
  ];
}
