import { afterAll, beforeAll } from 'vitest';
import { openPostgresStore } from '../../server/store/postgres.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { storeContract } from './store-contract.ts';

let server: PostgresServer;
beforeAll(async () => {
  // What is lost in a power cut is not asked here, and a new database for each test is made faster.
  server = await startPostgres('fsync=off');
}, 60_000);
afterAll(() => server.stop());

storeContract(
  'PostgreSQL',
  async () => openPostgresStore(await server.url()),
  async () => {
    const url = await server.url();
    return () => openPostgresStore(url);
  },
);
