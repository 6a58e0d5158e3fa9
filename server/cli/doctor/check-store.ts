import { resolve } from 'node:path';
import { isPostgresUrl } from '../../config/database.ts';
import type { Environment } from '../../config/environment.ts';
import type { StoredClientToken } from '../../store/credential-store.ts';
import { openStore } from '../../store/open-store.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { type Check, failed, ok, warning } from './checkup.ts';

/** Nobody's: what the check writes there it takes away again. */
const WORKSPACE = 'pagehand:doctor';

export interface StoreReport {
  readonly checks: readonly Check[];
  /** Empty where the store could not be read. */
  readonly clientTokens: readonly StoredClientToken[];
}

/** Opens the database as the server does, which makes or changes its tables, writes, reads, and looks at the secrets. */
export async function checkStore(environment: Environment, cwd: string): Promise<StoreReport> {
  const { database } = environment;
  const isPostgres = isPostgresUrl(database);
  const name = isPostgres ? `PostgreSQL at ${new URL(database).host}` : database;
  let store: Store | undefined;
  try {
    store = await openStore(isPostgres || database === ':memory:' ? database : resolve(cwd, database));
    if (!(await keepsWhatIsWritten(store)))
      return {
        checks: [failed('store', `${name} does not give back what was written into it.`)],
        clientTokens: [],
      };
    const clientTokens = await store.credentials.clientTokens();
    const secrets = await checkSecrets(store, environment);
    return {
      checks: [ok('store', `${name}: opened, written and read; the tables are up to date`), secrets],
      clientTokens,
    };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return {
      checks: [failed('store', error.message, 'Mend PAGEHAND_DB, or the rights to what it names.')],
      clientTokens: [],
    };
  } finally {
    await store?.close();
  }
}

async function keepsWhatIsWritten({ definitions }: Store): Promise<boolean> {
  const nowMs = Date.now();
  const probe = {
    id: `tool_doctor_${nowMs}_${process.pid}`,
    workspace: WORKSPACE,
    kind: 'tool' as const,
    name: `doctor ${nowMs} ${process.pid}`,
    body: { is: 'a probe' },
    lastModifiedSource: 'api' as const,
    isManaged: false,
    version: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  await definitions.insertDefinition(probe);
  const read = await definitions.definition(WORKSPACE, 'tool', probe.id);
  await definitions.removeDefinition(WORKSPACE, 'tool', probe.id);
  return read !== undefined;
}

async function checkSecrets({ secrets }: Store, { secretKeys }: Environment): Promise<Check> {
  const kept = await secrets.secrets();
  const ids = secretKeys.map(({ id }) => id);
  const lost = kept.filter(({ keyId }) => !ids.includes(keyId));
  if (lost.length > 0) {
    return failed(
      'secrets',
      `${lost.length} of ${kept.length} are encrypted with keys that are not there: ${[...new Set(lost.map(({ keyId }) => keyId))].join(', ')}.`,
      'Put those keys into PAGEHAND_SECRET_KEYS, behind the first.',
    );
  }
  if (ids.length === 0) {
    return warning(
      'secrets',
      'There is no key to encrypt with, so that {{secret:NAME}} cannot be used.',
      'Set PAGEHAND_SECRET_KEYS to a name, a colon, and what `openssl rand -base64 32` prints.',
    );
  }
  return ok('secrets', `${kept.length} kept; new ones are encrypted under ${ids[0]}`);
}
