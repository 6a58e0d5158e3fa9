import {
  type Command,
  clientOf,
  EXIT,
  readArgs,
  SERVER_DETAILS,
  SERVER_OPTIONS,
  UsageError,
} from './command.ts';
import { table } from './paint.ts';

export const tokensCreateCommand: Command = {
  name: 'tokens create',
  usage: '<surface> --origin <origin> [--origin <origin> …] [--test]',
  summary:
    'Makes a client token, with which pages of these origins open a surface. Its value is shown this once.',
  details: [
    '--origin <origin> of the pages, as browsers send it: https://store.example.com',
    '--test            a ct_test_… token; default ct_live_…',
    ...SERVER_DETAILS,
  ],
  async run(terminal, args) {
    const { options, words } = readArgs(
      args,
      { ...SERVER_OPTIONS, origin: 'strings', test: 'boolean' },
      { min: 1 },
    );
    const [surfaceId = ''] = words;
    const allowedOrigins = [...(options.origin ?? [])];
    if (allowedOrigins.length === 0)
      throw new UsageError(
        'Without an --origin no page could use the token. Write --origin https://store.example.com.',
      );
    const environment = options.test ? 'test' : 'live';
    const made = await clientOf(terminal, options).clientTokens.create({
      surfaceId,
      allowedOrigins,
      environment,
    });
    if (options.json) terminal.print(JSON.stringify(made, null, 2));
    else {
      terminal.print(made.token);
      terminal.note(
        `${made.id} opens ${surfaceId} from ${made.allowedOrigins.join(', ')}. This is the only time that it is shown.`,
      );
    }
    return EXIT.ok;
  },
};

export const tokensListCommand: Command = {
  name: 'tokens list',
  usage: '',
  summary: 'Lists the client tokens that were made by this command or over the API, without their values.',
  details: ['Those of the configuration file stand there alone.', ...SERVER_DETAILS],
  async run(terminal, args) {
    const { options } = readArgs(args, SERVER_OPTIONS);
    const clientTokens = await clientOf(terminal, options).clientTokens.list();
    if (options.json) terminal.print(JSON.stringify({ clientTokens }, null, 2));
    else if (clientTokens.length === 0) terminal.print('There are no client tokens.');
    else {
      const rows = clientTokens.map(({ id, label, surfaceId, isActive, allowedOrigins }) => [
        id,
        label,
        surfaceId,
        isActive ? 'active' : 'off',
        allowedOrigins.join(', '),
      ]);
      terminal.print(table(rows));
    }
    return EXIT.ok;
  },
};

export const tokensRevokeCommand: Command = {
  name: 'tokens revoke',
  usage: '<id>',
  summary: 'Forgets a client token. It opens nothing any more, and its sessions end.',
  details: SERVER_DETAILS,
  async run(terminal, args) {
    const { options, words } = readArgs(args, SERVER_OPTIONS, { min: 1 });
    const [id = ''] = words;
    await clientOf(terminal, options).clientTokens.delete(id);
    terminal.print(options.json ? JSON.stringify({ id, deleted: true }) : `${id} opens nothing any more.`);
    return EXIT.ok;
  },
};
