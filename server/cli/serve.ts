import { type Command, EXIT, readArgs } from './command.ts';

export const serveCommand: Command = {
  name: 'serve',
  usage: '',
  summary: 'Runs the server until it is stopped.',
  details: ['HOST, PORT, PAGEHAND_CONFIG, PAGEHAND_DB, PAGEHAND_MODEL and the others of the README say how.'],
  async run({ env, cwd }, args) {
    readArgs(args, {});
    // The other commands need no server, and start without one.
    const { serve } = await import('../serve.ts');
    await serve({ env, cwd });
    return EXIT.ok;
  },
};
