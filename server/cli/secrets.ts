import { PagehandError } from '../sdk/index.ts';
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

export const secretsSetCommand: Command = {
  name: 'secrets set',
  usage: '<NAME>',
  summary: 'Keeps a secret for {{secret:NAME}}, or replaces its value.',
  details: [
    'The value is typed where nothing shows it, or comes on standard input: pagehand secrets set NAME < file',
    'It is never an argument, which process lists and shell histories show. One line\u2019s end behind it is left out.',
    ...SERVER_DETAILS,
  ],
  async run(terminal, args) {
    const { options, words } = readArgs(args, SERVER_OPTIONS, { min: 1 });
    const [name = ''] = words;
    const client = clientOf(terminal, options);
    const value = (await terminal.readInput(`Value of ${name}: `)).replace(/\r?\n$/, '');
    if (value === '') throw new UsageError('The value is empty. Nothing was kept.');
    const saved = await client.secrets.set(name, value);
    if (options.json) terminal.print(JSON.stringify(saved, null, 2));
    else {
      terminal.print(`Kept ${saved.name}. Tools use it as {{secret:${saved.name}}}.`);
      for (const warning of saved.warnings ?? []) terminal.note(warning);
    }
    return EXIT.ok;
  },
};

export const secretsListCommand: Command = {
  name: 'secrets list',
  usage: '',
  summary: 'Lists the names of the secrets, and when each was last set. No value is ever shown.',
  details: SERVER_DETAILS,
  async run(terminal, args) {
    const { options } = readArgs(args, SERVER_OPTIONS);
    const secrets = await clientOf(terminal, options).secrets.list();
    if (options.json) terminal.print(JSON.stringify({ secrets }, null, 2));
    else if (secrets.length === 0) terminal.print('There are no secrets.');
    else {
      const rows = secrets.map(({ name, updatedAt, keyId }) => [name, updatedAt, `key ${keyId}`]);
      terminal.print(table(rows));
    }
    return EXIT.ok;
  },
};

export const secretsRemoveCommand: Command = {
  name: 'secrets rm',
  usage: '<NAME>',
  summary: 'Forgets a secret. Tools that name it fail from then on.',
  details: SERVER_DETAILS,
  async run(terminal, args) {
    const { options, words } = readArgs(args, SERVER_OPTIONS, { min: 1 });
    const [name = ''] = words;
    await clientOf(terminal, options).secrets.delete(name);
    terminal.print(options.json ? JSON.stringify({ name, deleted: true }) : `Forgot ${name}.`);
    return EXIT.ok;
  },
};

export const secretsRotateCommand: Command = {
  name: 'secrets rotate',
  usage: '',
  summary: 'Encrypts all secrets under the first key of the server\u2019s PAGEHAND_SECRET_KEYS.',
  details: [
    'First put a new key before the old one in PAGEHAND_SECRET_KEYS and restart the server; afterwards leave the old one out.',
    ...SERVER_DETAILS,
  ],
  async run(terminal, args) {
    const { options } = readArgs(args, SERVER_OPTIONS);
    const { secrets } = clientOf(terminal, options);
    let done = await secrets.rotate();
    const { unchanged } = done;
    let { rotated } = done;
    while (done.left > 0) {
      done = await secrets.rotate();
      rotated += done.rotated;
    }
    if (options.json) terminal.print(JSON.stringify({ ...done, rotated, unchanged }, null, 2));
    else terminal.print(`Under the key ${done.keyId}: ${rotated} encrypted anew, ${unchanged} were already.`);
    if (done.failed === 0) return EXIT.ok;
    throw new PagehandError(
      'secrets_unavailable',
      `${done.failed} secrets cannot be decrypted and stay as they are.`,
      {
        details: done.failedNames,
        hint: 'Put the key that they are encrypted with back into PAGEHAND_SECRET_KEYS, or set them anew.',
      },
    );
  },
};
