import { resolve } from 'node:path';
import { isScope, SCOPE_RESOURCES } from '../../protocol/credentials.ts';
import { isPostgresUrl } from '../config/database.ts';
import { readEnvironment } from '../config/environment.ts';
import type { CredentialDesk } from '../credential-desk.ts';
import type { StoredApiKey } from '../store/credential-store.ts';
import { type Command, EXIT, readArgs, type Terminal, UsageError } from './command.ts';
import { table } from './paint.ts';

const DETAILS = [
  '--workspace <name>   what its tools, agents, flows and secrets belong to; default "default"',
  '--json               print JSON',
  'PAGEHAND_DB          the database, as the server\u2019s own; no server has to run',
];
const OPTIONS = { workspace: 'string', json: 'boolean' } as const;
const DEFAULT_WORKSPACE = 'default';

export const keysCreateCommand: Command = {
  name: 'keys create',
  usage: '<name> --scope <scope> [--scope <scope> …] [--expires-in-days <n>] [--test] [--workspace <name>]',
  summary:
    'Makes an API key in the database, for the first one that a server has. Its value is shown this once.',
  details: [
    `--scope <scope>      "*", or ${SCOPE_RESOURCES.join(', ')} with :READ, :WRITE or :*, for example DISPATCH:*`,
    '--expires-in-days    default: it does not expire',
    '--test               an sk_test_… key; default sk_live_…',
    ...DETAILS,
  ],
  async run(terminal, args) {
    const { options, words } = readArgs(
      args,
      { ...OPTIONS, scope: 'strings', 'expires-in-days': 'string', test: 'boolean' },
      { min: 1 },
    );
    const [name = ''] = words;
    const scopes = options.scope ?? [];
    const wrong = scopes.find((scope) => !isScope(scope));
    if (wrong !== undefined) throw new UsageError(`"${wrong}" is no scope.`);
    if (scopes.length === 0) throw new UsageError('A key without a --scope could do nothing.');
    const wanted = {
      workspace: options.workspace ?? DEFAULT_WORKSPACE,
      name,
      scopes,
      environment: options.test ? 'test' : 'live',
      expiresInDays: daysOf(options['expires-in-days']),
    } as const;
    const { value, stored } = await atDesk(terminal, (desk) => desk.issueApiKey(wanted));
    if (options.json) terminal.print(JSON.stringify({ ...summaryOf(stored), key: value }, null, 2));
    else {
      terminal.print(value);
      terminal.note(
        `${stored.id} may do ${scopes.join(', ')} in "${stored.workspace}". This is the only time that it is shown.`,
      );
    }
    return EXIT.ok;
  },
};

export const keysListCommand: Command = {
  name: 'keys list',
  usage: '',
  summary: 'Lists the API keys of the database, without their values.',
  details: DETAILS,
  async run(terminal, args) {
    const { options } = readArgs(args, OPTIONS);
    const keys = await atDesk(terminal, (desk) => desk.apiKeys(options.workspace ?? DEFAULT_WORKSPACE));
    if (options.json) terminal.print(JSON.stringify({ apiKeys: keys.map(summaryOf) }, null, 2));
    else if (keys.length === 0) terminal.print('There are no API keys in the database.');
    else {
      const rows = keys
        .map(summaryOf)
        .map(({ id, label, name, isActive, scopes, expiresAt }) => [
          id,
          label,
          name,
          isActive ? 'active' : 'revoked',
          scopes.join(', '),
          expiresAt === null ? '' : `until ${expiresAt}`,
        ]);
      terminal.print(table(rows));
    }
    return EXIT.ok;
  },
};

export const keysRevokeCommand: Command = {
  name: 'keys revoke',
  usage: '<id>',
  summary: 'Takes an API key back, for good.',
  details: DETAILS,
  async run(terminal, args) {
    const { options, words } = readArgs(args, OPTIONS, { min: 1 });
    const [id = ''] = words;
    const workspace = options.workspace ?? DEFAULT_WORKSPACE;
    const revoked = await atDesk(terminal, (desk) => desk.revokeApiKey(workspace, id));
    if (revoked === undefined) {
      terminal.note(`There is no API key ${id} in the workspace "${workspace}".`);
      return EXIT.failed;
    }
    terminal.print(
      options.json ? JSON.stringify(summaryOf(revoked), null, 2) : `${id} opens nothing any more.`,
    );
    return EXIT.ok;
  },
};

/** Works on the database itself: whoever may write to it needs no key. */
async function atDesk<T>({ env, cwd }: Terminal, work: (desk: CredentialDesk) => Promise<T>): Promise<T> {
  const { database } = readEnvironment(env);
  const [{ openStore }, { createCredentialDesk }, { newId }] = await Promise.all([
    import('../store/open-store.ts'),
    import('../credential-desk.ts'),
    import('../new-id.ts'),
  ]);
  const store = await openStore(isPostgresUrl(database) ? database : resolve(cwd, database));
  try {
    return await work(createCredentialDesk({ store: store.credentials, clock: Date.now, newId }));
  } finally {
    await store.close();
  }
}

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 3_650) return days;
  throw new UsageError('--expires-in-days takes a whole number from 1 to 3650.');
}

function summaryOf({ id, label, name, workspace, scopes, isActive, createdAtMs, expiresAtMs }: StoredApiKey) {
  return {
    id,
    label,
    name,
    workspace,
    scopes,
    isActive,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
  };
}
