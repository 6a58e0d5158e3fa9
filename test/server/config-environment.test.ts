import { expect, test } from 'vitest';
import { isPostgresUrl, passwordsIn } from '../../server/config/database.ts';
import { readEnvironment } from '../../server/config/environment.ts';

test('an empty environment gives every default', () => {
  const defaults = {
    host: '127.0.0.1',
    port: 8787,
    database: '.pagehand/pagehand.db',
    databasePool: 10,
    maxRuns: 1_000,
    configPath: undefined,
    model: 'offline',
    logLevel: 'info',
    trustedProxies: 0,
    receiptDays: 365,
    secretKeys: [],
  };
  expect(readEnvironment({})).toEqual(defaults);
  expect(
    readEnvironment({
      HOST: '',
      PORT: ' ',
      PAGEHAND_DB: '',
      PAGEHAND_DB_POOL: '',
      PAGEHAND_MAX_RUNS: '',
      PAGEHAND_CONFIG: '',
      PAGEHAND_MODEL: '',
      PAGEHAND_LOG_LEVEL: '',
      PAGEHAND_TRUST_PROXY: '',
      PAGEHAND_RECEIPT_DAYS: '',
      PAGEHAND_SECRET_KEYS: '',
    }),
  ).toEqual(defaults);
});

test('every variable is read', () => {
  expect(
    readEnvironment({
      HOST: '::1',
      PORT: '65535',
      PAGEHAND_DB: ':memory:',
      PAGEHAND_DB_POOL: '200',
      PAGEHAND_MAX_RUNS: '100000',
      PAGEHAND_CONFIG: '/etc/pagehand.json',
      PAGEHAND_MODEL: 'openai-compatible/meta-llama/Llama-3.3:free',
      PAGEHAND_LOG_LEVEL: 'debug',
      PAGEHAND_TRUST_PROXY: '2',
      PAGEHAND_RECEIPT_DAYS: '3650',
      PATH: 'is none of ours',
    }),
  ).toEqual({
    host: '::1',
    port: 65_535,
    database: ':memory:',
    databasePool: 200,
    maxRuns: 100_000,
    configPath: '/etc/pagehand.json',
    model: 'openai-compatible/meta-llama/Llama-3.3:free',
    logLevel: 'debug',
    trustedProxies: 2,
    receiptDays: 3_650,
    secretKeys: [],
  });
});

const keyText = Buffer.alloc(32, 5).toString('base64');

test('the keys of kept secrets are read in their order, and stand in no text', () => {
  const environment = readEnvironment({ PAGEHAND_SECRET_KEYS: ` new:${keyText} , old:${keyText} ` });
  expect(environment.secretKeys.map(({ id }) => id)).toEqual(['new', 'old']);
  expect(environment.secretKeys[0]?.key.export()).toEqual(Buffer.alloc(32, 5));
  expect(JSON.stringify(environment)).not.toContain(keyText.slice(0, 20));
});

const KEYS_MEND = 'Write a name of your choice, a colon, and what `openssl rand -base64 32` prints.';

const HOST =
  'HOST must be a host name or an address, without scheme, port or brackets. Write for example 127.0.0.1, or 0.0.0.0 for every network.';
const PORT = 'PORT must be a whole number from 1 to 65535. Write for example 8787.';
const PROXIES =
  'PAGEHAND_TRUST_PROXY must be the number of your own proxies in front of the server, 0 to 9. Write for example 1.';
const DATABASE =
  'PAGEHAND_DB must be the path of a SQLite file, or a URL that starts with postgres:// or postgresql://. Write for example .pagehand/pagehand.db, or postgres://user:password@db.example.com:5432/pagehand.';
const POSTGRES =
  'PAGEHAND_DB is a PostgreSQL URL that cannot be read. Write for example postgres://user:password@db.example.com:5432/pagehand, with %23 for a # in the password, %25 for a %, %2F for a /, %3F for a ? and %40 for an @.';
const NO_NAME =
  'PAGEHAND_DB names no database. Write its name at the end, for example postgres://user:password@db.example.com:5432/pagehand.';
const POOL = 'PAGEHAND_DB_POOL must be a whole number from 2 to 200. Write for example 10.';
const RUNS = 'PAGEHAND_MAX_RUNS must be a whole number from 1 to 100000. Write for example 1000.';
const SPELLINGS = 'Write "offline", "openai/<model>", "anthropic/<model>" or "openai-compatible/<model>".';

test.each([
  [{ HOST: 'http://localhost' }, HOST],
  [{ HOST: 'localhost:8787' }, HOST],
  [{ HOST: '[::1]' }, HOST],
  [{ HOST: 'two hosts' }, HOST],
  [{ PAGEHAND_TRUST_PROXY: 'true' }, PROXIES],
  [{ PAGEHAND_TRUST_PROXY: '-1' }, PROXIES],
  [{ PORT: '0' }, PORT],
  [{ PORT: '65536' }, PORT],
  [{ PORT: '-1' }, PORT],
  [{ PORT: '80.5' }, PORT],
  [{ PORT: '0x50' }, PORT],
  [{ PORT: 'http' }, PORT],
  [{ PAGEHAND_DB: 'libsql://db.example.com' }, DATABASE],
  [{ PAGEHAND_DB: 'mysql://user:secret@db/pagehand' }, DATABASE],
  [{ PAGEHAND_DB: 'postgres:user:secret@db/pagehand' }, DATABASE],
  [{ PAGEHAND_DB: 'postgres://' }, NO_NAME],
  [{ PAGEHAND_DB: 'postgres://user:secret@db/?sslmode=require' }, NO_NAME],
  [{ PAGEHAND_DB: 'postgres://user:secret@db:99999/pagehand' }, POSTGRES],
  [{ PAGEHAND_DB: 'postgres://user:secret@db:five/pagehand' }, POSTGRES],
  [{ PAGEHAND_DB: 'postgres://user:1#secret@db/pagehand' }, POSTGRES],
  [{ PAGEHAND_DB: 'postgres://user:1/secret@db/pagehand' }, POSTGRES],
  [{ PAGEHAND_DB: 'postgres://user:1?secret@db/pagehand' }, POSTGRES],
  [{ PAGEHAND_DB: 'postgres://user:secret%@db/pagehand' }, POSTGRES],
  [{ PAGEHAND_DB: 'postgres://user:secret secret@db/pagehand' }, POSTGRES],
  [{ PAGEHAND_DB_POOL: '1' }, POOL],
  [{ PAGEHAND_DB_POOL: '201' }, POOL],
  [{ PAGEHAND_DB_POOL: 'ten' }, POOL],
  [{ PAGEHAND_MAX_RUNS: '0' }, RUNS],
  [{ PAGEHAND_MAX_RUNS: '100001' }, RUNS],
  [{ PAGEHAND_MAX_RUNS: '1e3' }, RUNS],
  [{ PAGEHAND_DB: 'file:pagehand.db' }, DATABASE],
  [{ PAGEHAND_MODEL: 'gemini/pro' }, `PAGEHAND_MODEL is not a model that this server knows. ${SPELLINGS}`],
  [{ PAGEHAND_MODEL: 'sk-proj-abc' }, `PAGEHAND_MODEL is not a model that this server knows. ${SPELLINGS}`],
  [
    { PAGEHAND_MODEL: 'ofline' },
    'PAGEHAND_MODEL is not a model that this server knows. Did you mean "offline"?',
  ],
  [
    { PAGEHAND_MODEL: 'Offline' },
    'PAGEHAND_MODEL is not a model that this server knows. Did you mean "offline"?',
  ],
  [
    { PAGEHAND_MODEL: 'gpt-5.4' },
    'PAGEHAND_MODEL is not a model that this server knows. Did you mean "openai/gpt-5.4"?',
  ],
  [
    { PAGEHAND_MODEL: 'claude-sonnet-5' },
    'PAGEHAND_MODEL is not a model that this server knows. Did you mean "anthropic/claude-sonnet-5"?',
  ],
  [
    { PAGEHAND_MODEL: 'OpenAI/gpt-5.4' },
    'PAGEHAND_MODEL is not a model that this server knows. Did you mean "openai/gpt-5.4"?',
  ],
  [
    { PAGEHAND_MODEL: 'openai/' },
    'PAGEHAND_MODEL must name one model after "openai/", without spaces. Write for example "openai/gpt-5.4".',
  ],
  [
    { PAGEHAND_MODEL: 'openai-compatible/my model' },
    'PAGEHAND_MODEL must name one model after "openai-compatible/", without spaces. Write for example "openai-compatible/llama3.3".',
  ],
  [
    { PAGEHAND_SECRET_KEYS: keyText },
    `PAGEHAND_SECRET_KEYS has in its entry 1 no name of 1 to 32 letters, digits, "_" or "-" before the colon. ${KEYS_MEND}`,
  ],
  [
    { PAGEHAND_SECRET_KEYS: `a:${keyText},b:secret` },
    `PAGEHAND_SECRET_KEYS has in its entry 2 a key that is not 32 bytes in base64. ${KEYS_MEND}`,
  ],
  [
    { PAGEHAND_SECRET_KEYS: `a:${keyText},a:${keyText}` },
    'PAGEHAND_SECRET_KEYS has in its entry 2 the name of an entry before. Give each key a name of its own, and never the same name to another key.',
  ],
  [{ PAGEHAND_LOG_LEVEL: 'verbose' }, 'PAGEHAND_LOG_LEVEL must be one of debug, info, warn, error, silent.'],
  [
    { PORT: 'x', PAGEHAND_LOG_LEVEL: 'y' },
    `${PORT}\nPAGEHAND_LOG_LEVEL must be one of debug, info, warn, error, silent.`,
  ],
])('refuses %j with the sentence that mends it', (env, message) => {
  expect(() => readEnvironment(env)).toThrow(expect.objectContaining({ name: 'ConfigError', message }));
  expect(message).not.toContain('secret');
});

test.each([
  'postgres://user:pass@db.example.com:5432/pagehand',
  'postgresql://user@db/pagehand?sslmode=require',
  'Postgres://user:p%23%2F%25@[::1]/pagehand',
  'postgres:///pagehand?host=/var/run/postgresql',
  'data/pagehand.db',
  'C:\\data\\pagehand.db',
])('takes the database %s', (database) => {
  expect(readEnvironment({ PAGEHAND_DB: database }).database).toBe(database);
});

test('a path is told from the URL of a PostgreSQL server', () => {
  expect(isPostgresUrl('POSTGRES://db/pagehand')).toBe(true);
  expect(isPostgresUrl('postgresql://db/pagehand')).toBe(true);
  expect(isPostgresUrl('postgres/pagehand.db')).toBe(false);
});

test('the password of a database is known in every spelling that a log could hold', () => {
  expect(passwordsIn('postgres://user:s%23cret@db/pagehand')).toEqual(['s%23cret', 's#cret']);
  expect(passwordsIn('postgres://db/pagehand?user=me&password=s%23cret')).toEqual(['s#cret']);
  expect(passwordsIn('postgres://user@db/pagehand')).toEqual([]);
  expect(passwordsIn('data/pagehand.db')).toEqual([]);
});
