import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlEngine } from '../../server/store/engine.ts';
import { migrate } from '../../server/store/migrations.ts';
import { openStore } from '../../server/store/open-store.ts';
import { openPostgresEngine, openPostgresStore } from '../../server/store/postgres.ts';
import type { Store } from '../../server/store/store.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { aCommit, anAppend, anExecution, deltas, givenExecution } from '../support/store.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const UNAVAILABLE = { name: 'StoreError', code: 'unavailable' };

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop(), 60_000);

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

/** Opens a store on a new database, for as long as the test runs. */
async function withStore(use: (store: Store, url: string) => Promise<void>): Promise<void> {
  const url = await server.url();
  const store = await openStore(url);
  try {
    await use(store, url);
  } finally {
    await store.close();
  }
}

describe('a PostgreSQL server that comes and goes', () => {
  test.each(['fast', 'crash'] as const)(
    'a %s restart between two queries goes unnoticed',
    async (mode) => {
      await withStore(async (store) => {
        const execution = await givenExecution(store, 3);
        await server.restart(mode);
        expect(await store.execution('exec_1')).toEqual(execution);
        await store.appendEvents([anAppend('exec_1', deltas('exec_1', 4, 4))]);
        expect(await store.commit(aCommit({ ...execution, version: 2, seq: 4 }))).toBe(true);
        await server.restart(mode);
        expect(await store.commit(aCommit({ ...execution, version: 3, seq: 4 }))).toBe(true);
      });
    },
    60_000,
  );

  test('certificates are read once: one that is gone costs neither a query nor the process', async () => {
    const certificate = join(temporaryDirectory(), 'authority.pem');
    writeFileSync(certificate, '');
    const url = `${await server.url()}?sslrootcert=${encodeURIComponent(certificate)}&sslmode=disable`;
    const store = await openPostgresStore(url, { poolSize: 2 });
    const execution = await givenExecution(store);
    rmSync(certificate);
    // More at once than the pool has connections: it makes new ones from its queue, where nobody catches what it throws.
    const read = () =>
      Promise.all(Array.from({ length: 20 }, () => store.execution('exec_1').catch(() => {})));
    for (let round = 0; round < 5; round += 1) await Promise.all([read(), cutConnections(url)]);
    expect(await store.execution('exec_1')).toEqual(execution);
    await store.close();
  }, 30_000);

  test('a query while it is away waits for it', async () => {
    await withStore(async (store) => {
      const execution = await givenExecution(store, 3);
      await server.halt('fast');
      const read = store.execution('exec_1');
      const written = store.commit(aCommit({ ...execution, version: 2 }));
      await server.start();
      expect(await read).toMatchObject({ id: 'exec_1' });
      expect(await written).toBe(true);
    });
  }, 60_000);

  test('nothing is half written when it crashes in the middle of writing', async () => {
    await withStore(async (store) => {
      let execution = await givenExecution(store);
      let acknowledged = 1;
      let isOver = false;
      const crashes = (async () => {
        for (let crash = 0; crash < 3; crash += 1) {
          await sleep(200);
          await server.restart('crash');
        }
        isOver = true;
      })();
      while (!isOver) {
        const next = { ...execution, version: execution.version + 1 };
        const events = deltas('exec_1', execution.seq + 1, execution.seq + 3);
        try {
          // `false`: an earlier one whose answer was cut off had been kept.
          if (await store.commit(aCommit(next, { events }))) acknowledged = next.version;
        } catch (error) {
          expect(error).toMatchObject(UNAVAILABLE);
        }
        execution = (await store.execution('exec_1').catch(() => undefined)) ?? execution;
      }
      await crashes;
      const stored = (await store.execution('exec_1')) ?? expect.unreachable();
      expect(stored.version).toBeGreaterThanOrEqual(acknowledged);
      const log = await store.eventsAfter('exec_1', 0, 100_000);
      expect(log).toEqual(deltas('exec_1', 1, (stored.version - 1) * 3));
    });
  }, 60_000);

  test('a transaction that it ends fails with words, and the next one works', async () => {
    await withStore(async (store, url) => {
      const execution = await givenExecution(store);
      const engine = openPostgresEngine(url);
      const failed = engine.durable.transaction().execute(async (db) => {
        await sql`select 1`.execute(db);
        await cutConnections(url);
        await sql`select 2`.execute(db);
      });
      await expect(
        failed.catch((error: unknown) => Promise.reject(engine.storeError(error))),
      ).rejects.toMatchObject({
        ...UNAVAILABLE,
        message: expect.stringContaining('cut the connection. It is opened again with the next request.'),
      });
      expect((await sql<{ n: number }>`select 3 as n`.execute(engine.durable)).rows).toEqual([{ n: 3 }]);
      expect(await store.commit(aCommit({ ...execution, version: 2 }))).toBe(true);
      await engine.close();
    });
  });

  test('the rows of a process that says nothing any more are free again soon', async () => {
    await withStore(async (store, url) => {
      const execution = await givenExecution(store, 0, {}, { lease: { owner: 'process-1', forMs: 0 } });
      const frozen = openPostgresEngine(url);
      let wake = () => {};
      const sleeping = new Promise<void>((resolve) => {
        wake = resolve;
      });
      let isHolding = false;
      const stuck = frozen.durable
        .transaction()
        .execute(async (db) => {
          await sql`update executions set version = 2`.execute(db);
          isHolding = true;
          await sleeping;
          await sql`select 1`.execute(db);
        })
        .catch((error: unknown) => error);
      await expect.poll(() => isHolding, { timeout: 5_000 }).toBe(true);
      const claimed = await store.claim(execution, { owner: 'process-2', forMs: 60_000 }, false);
      expect(claimed).toEqual({ ...execution, version: 2 });
      wake();
      expect(frozen.storeError(await stuck)).toMatchObject(UNAVAILABLE);
      await frozen.close();
    });
  }, 30_000);
});

/** Ends every connection to a database but the one that says so. */
async function cutConnections(url: string): Promise<void> {
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${databaseOf(url)}' and pid <> pg_backend_pid()`,
  );
}

/** Does something while it holds what keeps all others from preparing the tables. */
async function changingSchema(engine: SqlEngine, work: () => Promise<void>): Promise<void> {
  await engine.durable.transaction().execute(async (db) => {
    for (const statement of engine.beforeMigrating) await sql.raw(statement).execute(db);
    await work();
    await sql`select 1`.execute(db);
  });
}

async function locksOf(kind: string): Promise<number> {
  return (await server.query(`select 1 from pg_locks where locktype = '${kind}' and granted`)).length;
}

describe('watching across processes', () => {
  test('hears what another process tells, also after its connection was cut', async () => {
    await withStore(async (store, url) => {
      await givenExecution(store);
      const ids = Array.from({ length: 600 }, (_, index) => `exec_told_${index}`);
      const heard = new Set<string>();
      const stops = ids.map((id) => store.watch(id, () => heard.add(id)));
      // The first look calls everybody back once; from then on only news do, and nothing here changes.
      await expect.poll(() => heard.size, { timeout: 5_000 }).toBe(ids.length);
      const teller = openPostgresEngine(url);
      for (const cut of [false, true]) {
        if (cut) await cutConnections(url);
        heard.clear();
        await expect
          .poll(
            () => {
              teller.changes.announce(ids);
              return heard.size;
            },
            { timeout: 10_000, interval: 100 },
          )
          .toBe(ids.length);
      }
      for (const stop of stops) stop();
      await teller.close();
    });
  }, 30_000);

  test('finds by itself what nobody has told', async () => {
    await withStore(async (store, url) => {
      await givenExecution(store);
      let calls = 0;
      const stop = store.watch('exec_1', () => {
        calls += 1;
      });
      await expect.poll(() => calls, { timeout: 5_000 }).toBe(1);
      await server.query('update executions set version = 2', databaseOf(url));
      await expect.poll(() => calls, { timeout: 5_000 }).toBe(2);
      stop();
    });
  }, 30_000);
});

describe('what PostgreSQL makes sure', () => {
  test('commits wait for the disk, and so does all that a visitor may have read; leases and limits do not', async () => {
    const engine = openPostgresEngine(await server.url());
    const settings = async (door: 'durable' | 'told' | 'relaxed') => {
      const { rows } = await sql<{ readonly value: string }>`
        select current_setting('synchronous_commit') as value`.execute(engine[door]);
      return rows[0]?.value;
    };
    expect(await settings('durable')).toBe('on');
    expect(await settings('told')).toBe('on');
    expect(await settings('relaxed')).toBe('off');
    await engine.close();
  });

  test('commits wait for the disk also where the server would not', async () => {
    const url = await server.url();
    await server.query(`alter database ${databaseOf(url)} set synchronous_commit = off`);
    const engine = openPostgresEngine(url);
    const { rows } = await sql`select current_setting('synchronous_commit') as value`.execute(engine.durable);
    expect(rows).toEqual([{ value: 'on' }]);
    await engine.close();
  });

  test('words that meet a takeover in the middle of it are not kept', async () => {
    await withStore(async (store, url) => {
      await givenExecution(store);
      const other = openPostgresEngine(url);
      let append: Promise<ReadonlySet<string>> | undefined;
      await other.durable.transaction().execute(async (db) => {
        await sql`update executions set version = 2`.execute(db);
        append = store.appendEvents([anAppend('exec_1', deltas('exec_1', 1, 3), 1)]);
        const isWaiting = async () =>
          (await server.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")).length;
        await expect.poll(isWaiting, { timeout: 5_000 }).toBe(1);
      });
      expect(await append).toEqual(new Set(['exec_1']));
      expect(await store.eventsAfter('exec_1', 0, 10)).toEqual([]);
      await other.close();
    });
  });

  test('appends, signs of life, commits and removal at once wait for each other in no circle', async () => {
    const url = await server.url();
    const [one, two] = await Promise.all([openPostgresStore(url), openPostgresStore(url)]);
    const ids = Array.from({ length: 40 }, (_, index) => `exec_${index}`);
    for (const id of ids)
      await givenExecution(one, 0, { id }, { lease: { owner: 'process-1', forMs: 60_000 } });
    const lease = { owner: 'process-1', forMs: 60_000 };
    const appending = async () => {
      for (let seq = 1; seq <= 40; seq += 1) {
        const appends = ids.map((id) => anAppend(id, deltas(id, seq, seq)));
        expect(await one.appendEvents(appends)).toEqual(new Set());
      }
    };
    const renewing = async (store: Store, order: readonly string[]) => {
      for (let round = 0; round < 40; round += 1)
        expect((await store.renewLeases(lease, order)).size).toBe(40);
    };
    const removing = async () => {
      const old = { surfaceId: 'store', conversationsBeforeMs: 2e12, executionsBeforeMs: 2e12 };
      for (let round = 0; round < 40; round += 1) await two.removeOld([old], 0, 100);
    };
    await Promise.all([appending(), renewing(one, ids), renewing(two, ids.toReversed()), removing()]);
    await Promise.all(
      ids.map(async (id) => {
        const next = anExecution({ id, conversationId: id.replace('exec', 'conv'), version: 2, seq: 40 });
        expect(await one.commit(aCommit({ ...next, status: 'complete' }))).toBe(true);
      }),
    );
    await Promise.all([one.close(), two.close()]);
  }, 60_000);
});

describe('opening a PostgreSQL database', () => {
  async function refused(url: string): Promise<string> {
    const error: unknown = await openStore(url).then(
      (store) => store.close().then(() => expect.unreachable()),
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject(UNAVAILABLE);
    const said = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(said).not.toContain('pagehand-test');
    expect(said).not.toContain('s3cr3t');
    return (error as Error).message;
  }

  const changed = (url: string, change: (url: URL) => void) => {
    const other = new URL(url);
    change(other);
    return other.href;
  };

  test('a wrong password', async () => {
    const url = changed(await server.url(), (wrong) => {
      wrong.password = 's3cr3t';
    });
    expect(await refused(url)).toMatch(
      /^The PostgreSQL database "pagehand_\d+" at 127\.0\.0\.1:\d+ refused the password\. Correct user and password in PAGEHAND_DB\. \(28P01\)$/,
    );
  });

  test('no password', async () => {
    const url = changed(await server.url(), (without) => {
      without.password = '';
    });
    expect(await refused(url)).toContain('wants a password. Write it into PAGEHAND_DB');
  });

  test('a database that is not there', async () => {
    expect(await refused(server.urlOf('nowhere'))).toContain(
      '"nowhere" at 127.0.0.1:'.concat(
        new URL(server.urlOf('x')).port,
        ' does not exist. Make it with `create database`',
      ),
    );
  });

  test('a server that is not there', async () => {
    expect(await refused('postgres://me:s3cr3t@127.0.0.1:1/pagehand')).toContain(
      'could not be reached. See whether the server runs and the host and port in PAGEHAND_DB are right. (ECONNREFUSED)',
    );
  }, 30_000);

  test('a host that has no address', async () => {
    expect(await refused('postgres://me:s3cr3t@nowhere.invalid/pagehand')).toMatch(/ENOTFOUND|EAI_AGAIN/);
  }, 30_000);

  test('an address that cannot be read', async () => {
    expect(await refused('postgres://me:s3cr3t@127.0.0.1:port/pagehand')).toContain('cannot be read');
  });

  test('a certificate that is not there', async () => {
    const url = `${await server.url()}?sslmode=verify-full&sslrootcert=/nowhere/authority.pem`;
    expect(await refused(url)).toMatch(
      /^The PostgreSQL database "pagehand_\d+" at \S+ is to be reached with a certificate that cannot be read: \/nowhere\/authority\.pem\. Correct sslrootcert, sslcert or sslkey in PAGEHAND_DB\. \(ENOENT\)$/,
    );
  });

  test.each([
    ['of no known name', 'wal_levels=1', '42704'],
    ['with a value that it cannot have', 'work_mem=lots', '22023'],
    ['that only the server may have', 'port=1', '55P02'],
  ])('a setting %s', async (_, setting, code) => {
    const url = `${await server.url()}?options=${encodeURIComponent(`-c ${setting}`)}`;
    expect(await refused(url)).toContain(
      `does not take a setting that PAGEHAND_DB names. Correct or remove its options. (${code})`,
    );
  });

  test('a server that does not speak TLS', async () => {
    const url = `${await server.url()}?sslmode=require`;
    expect(await refused(url)).toContain('does not speak TLS. Remove sslmode from PAGEHAND_DB');
  });

  test('a database that keeps text otherwise', async () => {
    await server.query("create database ascii encoding 'SQL_ASCII' template template0");
    expect(await refused(server.urlOf('ascii'))).toContain(
      'keeps text as SQL_ASCII, which not every text fits.',
    );
  });

  test('a user who may not make tables', async () => {
    const url = await server.url();
    await server.query("create role guest login password 's3cr3t'");
    const guest = changed(url, (address) => {
      address.username = 'guest';
      address.password = 's3cr3t';
    });
    expect(await refused(guest)).toContain(
      'Make it the owner of the database, or grant it create on the schema',
    );
  });

  test('the database of another program', async () => {
    const url = await server.url();
    await server.query('create table sessions (sid text)', databaseOf(url));
    expect(await refused(url)).toContain('has a table of another program by a name that the store needs.');
    const left = await server.query(
      "select table_name from information_schema.tables where table_schema = 'public'",
      databaseOf(url),
    );
    expect(left).toEqual([{ table_name: 'sessions' }]);
  });

  test('a database that only reads', async () => {
    const url = await server.url();
    await server.query(`alter database ${databaseOf(url)} set default_transaction_read_only = on`);
    expect(await refused(url)).toContain(
      'only reads, like a replica. Set PAGEHAND_DB to the primary server.',
    );
  });

  test('a schema that is newer than this release', async () => {
    const url = await server.url();
    await (await openStore(url)).close();
    await server.query("insert into pagehand_migrations values (7, 'later', 'x', 1)", databaseOf(url));
    await expect(openStore(url)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'newer_schema',
      message: expect.stringMatching(
        /^The PostgreSQL database "pagehand_\d+" at \S+ has schema version 7, and/,
      ),
    });
  });

  test('nothing of a step is left when the connection is cut in the middle of it', async () => {
    const url = await server.url();
    const engine = openPostgresEngine(url);
    const slow = { name: 'slow', statements: ['create table halfway (x text)', 'select pg_sleep(30)'] };
    const migrating = migrate(engine, 'The database', [slow]).catch((error: unknown) => error);
    const isAsleep = async () =>
      (await server.query("select 1 from pg_stat_activity where query = 'select pg_sleep(30)'")).length;
    await expect.poll(isAsleep, { timeout: 10_000 }).toBe(1);
    await cutConnections(url);
    expect(engine.storeError(await migrating)).toMatchObject(UNAVAILABLE);
    const tables = "select count(*) as n from information_schema.tables where table_schema = 'public'";
    expect(await server.query(tables, databaseOf(url))).toEqual([{ n: '0' }]);
    await migrate(engine, 'The database', [{ ...slow, statements: slow.statements.slice(0, 1) }]);
    await engine.close();
  }, 30_000);

  test('a process that freezes while it changes the schema keeps no other from starting', async () => {
    const url = await server.url();
    const frozen = openPostgresEngine(url, { isPatient: true });
    let wake = () => {};
    const sleeping = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const stuck = changingSchema(frozen, () => sleeping).catch((error: unknown) => error);
    await expect.poll(() => locksOf('advisory'), { timeout: 10_000 }).toBe(1);
    await (await openStore(url)).close();
    wake();
    expect(frozen.storeError(await stuck)).toMatchObject(UNAVAILABLE);
    await frozen.close();
  }, 30_000);

  test('while another process changes the schema for longer than can be waited for', async () => {
    const url = await server.url();
    const busy = openPostgresEngine(url);
    await changingSchema(busy, async () => {
      await expect(openPostgresStore(url, { lockWaitMs: 300 })).rejects.toMatchObject({
        ...UNAVAILABLE,
        message: expect.stringMatching(
          /^The PostgreSQL database "pagehand_\d+" at \S+ was locked by another process for too long\. If a newer release .* \(55P03\)$/,
        ),
      });
    });
    await busy.close();
    await (await openStore(url)).close();
  }, 30_000);

  test('several processes at once', async () => {
    const url = await server.url();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(url)));
    await givenExecution(stores[0] ?? expect.unreachable(), 1);
    for (const store of stores) expect(await store.execution('exec_1')).toBeDefined();
    await Promise.all(stores.map((store) => store.close()));
  }, 30_000);
});
