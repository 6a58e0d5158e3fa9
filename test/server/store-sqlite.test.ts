import { openSqliteStore } from '../../server/store/sqlite.ts';
import { temporaryDatabase } from '../support/store.ts';
import { storeContract } from './store-contract.ts';

storeContract('SQLite in memory', () => openSqliteStore(':memory:'));

storeContract(
  'SQLite in a file',
  () => openSqliteStore(temporaryDatabase()),
  async () => {
    const path = temporaryDatabase();
    return () => openSqliteStore(path);
  },
);
