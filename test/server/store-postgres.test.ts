import { afterAll, beforeAll } from 'vitest';
import { openPostgresEngine, openPostgresStore } from '../../server/store/postgres.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { storeContract } from './store-contract.ts';
import { damageContract } from './store-contract-damage.ts';
import { killedContract } from './store-contract-killed.ts';
import { schemaContract } from './store-contract-schema.ts';

let server: PostgresServer;
let database: string;
let schemas = 0;

beforeAll(async () => {
  // What is lost in a power cut is not asked here.
  server = await startPostgres('fsync=off');
  database = await server.url();
}, 60_000);

afterAll(() => server.stop(), 60_000);

/** A new schema is as empty as a new database, and made ten times as fast. */
async function emptySchema(): Promise<string> {
  schemas += 1;
  await server.query(`create schema test_${schemas}`, new URL(database).pathname.slice(1));
  return `${database}?options=-c%20search_path%3Dtest_${schemas}`;
}

storeContract(
  'PostgreSQL',
  async () => openPostgresStore(await emptySchema()),
  async () => {
    const url = await emptySchema();
    return () => openPostgresStore(url);
  },
);

schemaContract('PostgreSQL', async () => {
  const url = await emptySchema();
  return async () => openPostgresEngine(url);
});

damageContract('PostgreSQL', async () => {
  const url = await emptySchema();
  return async () => openPostgresEngine(url);
});

killedContract('PostgreSQL', emptySchema);
