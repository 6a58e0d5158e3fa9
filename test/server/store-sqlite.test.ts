import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import { MIGRATIONS } from '../../server/store/migrations.ts';
import { openSqliteEngine, openSqliteStore } from '../../server/store/sqlite.ts';
import { deltas, givenExecution, temporaryDatabase } from '../support/store.ts';
import { storeContract } from './store-contract.ts';
import { damageContract } from './store-contract-damage.ts';
import { killedContract } from './store-contract-killed.ts';
import { schemaContract } from './store-contract-schema.ts';

storeContract('SQLite in memory', () => openSqliteStore(':memory:'));

storeContract(
  'SQLite in a file',
  () => openSqliteStore(temporaryDatabase()),
  async () => {
    const path = temporaryDatabase();
    return () => openSqliteStore(path);
  },
);

schemaContract('SQLite', async () => {
  const path = temporaryDatabase();
  return () => openSqliteEngine(path);
});

damageContract('SQLite', async () => {
  const path = temporaryDatabase();
  return () => openSqliteEngine(path);
});

killedContract('SQLite', async () => temporaryDatabase());

/** What another program does to the file, behind the store's back. */
function behindItsBack(path: string, ...statements: readonly string[]): void {
  const database = new Database(path);
  for (const statement of statements) database.exec(statement);
  database.close();
}

async function prepared(): Promise<string> {
  const path = temporaryDatabase();
  await (await openSqliteStore(path)).close();
  return path;
}

describe('opening a SQLite file', () => {
  test('makes the file and its directories, for nobody else to read', async () => {
    const path = join(dirname(temporaryDatabase()), 'a/b/pagehand.db');
    const store = await openSqliteStore(path);
    await store.close();
    expect(existsSync(path)).toBe(true);
    expect(statSync(dirname(path)).mode & 0o077).toBe(0);
  });

  test('refuses a schema that is newer than this release', async () => {
    const path = await prepared();
    behindItsBack(path, "insert into pagehand_migrations values (99, 'later', 'x', 1)");
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'newer_schema',
      message: `The database ${path} has schema version 99, and this release knows versions up to ${MIGRATIONS.length}. Start the newer release that wrote it, or set PAGEHAND_DB to another database.`,
    });
  });

  test.each([
    ['was changed', "update pagehand_migrations set checksum = 'other'"],
    ['is out of order', 'update pagehand_migrations set version = version - 1'],
  ])('refuses a schema whose migration %s', async (_, statement) => {
    const path = await prepared();
    behindItsBack(path, statement);
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'changed_migration',
      message: expect.stringMatching(
        /was made with another version of migration [01] \("conversations and executions"\)/,
      ),
    });
  });

  test('leaves the file of another program as it was', async () => {
    const path = temporaryDatabase();
    behindItsBack(path, 'create table sessions (sid text)');
    const before = readFileSync(path);
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'unavailable' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.each<[string, (path: string) => string, string]>([
    [
      'is no database',
      (path) => {
        writeFileSync(path, 'these are no tables '.repeat(1_000));
        return path;
      },
      'is not a SQLite database. Set PAGEHAND_DB to another file, or restore this one from a backup. (SQLITE_NOTADB)',
    ],
    [
      'is a directory',
      (path) => {
        mkdirSync(path);
        return path;
      },
      'is a directory. Set PAGEHAND_DB to a file, for example PATH/pagehand.db.',
    ],
    [
      'belongs to another program',
      (path) => {
        behindItsBack(path, 'create table sessions (sid text)');
        return path;
      },
      'belongs to another program. Set PAGEHAND_DB to a file of its own.',
    ],
    [
      'stands below a file',
      (path) => {
        writeFileSync(path, '');
        return join(path, 'pagehand.db');
      },
      'would stand below a file. Set PAGEHAND_DB to a file in a directory.',
    ],
    [
      'stands far below a file',
      (path) => {
        writeFileSync(path, '');
        return join(path, 'a/pagehand.db');
      },
      'could not be made (ENOTDIR). Set PAGEHAND_DB to a file in a directory that this process may write to.',
    ],
    [
      'stands where nothing can be made',
      () => '/proc/nowhere/pagehand.db',
      'could not be made (ENOENT). Set PAGEHAND_DB to a file in a directory that this process may write to.',
    ],
  ])('says what to do when the file %s', async (_, make, message) => {
    const path = make(temporaryDatabase());
    const error: unknown = await openSqliteStore(path).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'StoreError', code: 'unavailable' });
    expect((error as Error).message.replaceAll(path, 'PATH')).toContain(message);
  });

  test('a damaged file is refused with words, at the latest when the damage is met', async () => {
    const path = await prepared();
    const store = await openSqliteStore(path);
    for (let index = 0; index < 40; index += 1)
      await givenExecution(store, 20, { id: `exec_${index}`, conversationId: `conv_${index}` });
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 2, bytes.length);
    writeFileSync(path, bytes);
    const meet = async () => {
      const damaged = await openSqliteStore(path);
      await damaged.eventsAfter('exec_1', 0, 100);
    };
    await expect(meet()).rejects.toMatchObject({
      name: 'StoreError',
      code: 'unavailable',
      message: `The database ${path} is damaged. Restore it from a backup, or set PAGEHAND_DB to another file. (SQLITE_CORRUPT)`,
    });
  });
});

describe('beside another process', () => {
  test('a write waits for the lock of another one without holding up the event loop', async () => {
    const path = await prepared();
    const store = await openSqliteStore(path);
    const other = new Database(path);
    other.exec('begin immediate');
    let done = false;
    const written = givenExecution(store, 1).then(() => {
      done = true;
    });
    for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(done).toBe(false);
    other.exec('commit');
    await written;
    other.close();
    expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 1));
    await store.close();
  });
});
