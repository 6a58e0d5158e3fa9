import pg from 'pg';
import { codeOf } from './sqlite-errors.ts';
import { StoreError } from './store.ts';

/** A database by its address, for sentences. No user, no password. */
export function nameOf(url: string): string {
  if (!URL.canParse(url)) return 'The PostgreSQL database';
  const { host, pathname } = new URL(url);
  const name = pathname.slice(1);
  return `The PostgreSQL database${name === '' ? '' : ` "${name}"`}${host === '' ? '' : ` at ${host}`}`;
}

/** Whether the connection is of no use any more, or was never made. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return LOST.some((start) => codeOf(error).startsWith(start));
}

/** What a server says that will soon be there: it starts, stops, or has no connection to give. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(error)) || /Connection terminated/.test(messageOf(error));
}

/** What went wrong, in our words: which of our codes, what happened to which database, and what mends it. */
export function storeError(database: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const isAnswer = error instanceof pg.DatabaseError;
  // What a connection could not be made with may quote the address with its password, so only answers are passed on.
  const options = isAnswer ? { cause: error } : {};
  if (isAnswer && (code.startsWith('23') || code === '22021')) {
    return new StoreError('conflict', `What was to be stored contradicts what is stored (${code}).`, options);
  }
  const sentence = SENTENCES[code] ?? SENTENCES[code.slice(0, 2)] ?? sentenceOf(messageOf(error));
  return new StoreError('unavailable', `${database} ${sentence} (${code})`, options);
}

/** What is wrong with a URL from which no connection can be made: a file that it names, or the URL itself. */
export function unreadableUrl(database: string, error: unknown): StoreError {
  if (!(error instanceof Error && 'syscall' in error)) return storeError(database, error);
  const file = 'path' in error ? `: ${error.path}` : '';
  return new StoreError(
    'unavailable',
    `${database} is to be reached with a certificate that cannot be read${file}. ` +
      `Correct sslrootcert, sslcert or sslkey in PAGEHAND_DB. (${codeOf(error)})`,
  );
}

/** For failures that come without a code. */
function sentenceOf(message: string): string {
  if (/timeout exceeded when trying to connect|Connection terminated due to connection timeout/.test(message))
    return 'gave no connection in time. See whether it is overloaded or unreachable, or raise PAGEHAND_DB_POOL.';
  if (/read timeout/.test(message)) return 'did not answer in time. See whether its machine is reachable.';
  if (/Connection terminated|ended by server|not queryable/.test(message)) return CUT;
  if (/does not support SSL/.test(message))
    return 'does not speak TLS. Remove sslmode from PAGEHAND_DB, or turn TLS on in the server.';
  if (/password must be a(?: non-empty)? string/.test(message))
    return 'wants a password. Write it into PAGEHAND_DB: postgres://user:password@host:5432/database.';
  return 'failed. See the log of the PostgreSQL server.';
}

const CUT = 'cut the connection. It is opened again with the next request.';
const UNREACHABLE =
  'could not be reached. See whether the server runs and the host and port in PAGEHAND_DB are right.';
const UNTRUSTED =
  'has a certificate that this machine does not trust. Add its authority with sslrootcert in PAGEHAND_DB.';
const UNKNOWN_SETTING = 'does not take a setting that PAGEHAND_DB names. Correct or remove its options.';

/** By SQLSTATE, by its class, or by Node's code. */
const SENTENCES: Readonly<Record<string, string>> = {
  '08': CUT,
  '0A000': 'does not know a statement that the store needs. Use PostgreSQL 12 or newer.',
  '22023': UNKNOWN_SETTING,
  '25006': 'only reads, like a replica. Set PAGEHAND_DB to the primary server.',
  '25P03': 'ended a transaction of a process that had stopped answering.',
  '28000':
    'does not let this user in. See the roles and pg_hba.conf of the server, and the user in PAGEHAND_DB.',
  '28P01': 'refused the password. Correct user and password in PAGEHAND_DB.',
  '3D000': 'does not exist. Make it with `create database`, or correct the name in PAGEHAND_DB.',
  '3F000': 'has no schema to make tables in. Make one, and name it in the search_path of the user.',
  '40': 'could not decide between two transactions. Try again.',
  '42501':
    'refused the user of PAGEHAND_DB something. Make it the owner of the database, or grant it create on the schema and all on the tables.',
  '42704': UNKNOWN_SETTING,
  '42P07':
    'has a table of another program by a name that the store needs. Give the store a database of its own.',
  '53100': 'has a full disk. Make room; nothing that was acknowledged is lost.',
  '53': 'has no connection or memory left. Lower PAGEHAND_DB_POOL, or raise max_connections in the server.',
  '55P02': UNKNOWN_SETTING,
  '55P03':
    'was locked by another process for too long. If a newer release is just starting, try again once it has started; else see pg_stat_activity for who holds a lock, and end that.',
  '57014': 'took too long for a statement. See what else runs there.',
  '57P01': CUT,
  '57P02': CUT,
  '57P03': 'is starting or stopping. Try again in a moment.',
  '58': 'could not be read or written: its disk reported an error.',
  XX: 'reported damage or an error of its own. See its log.',
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: CUT,
  EPIPE: CUT,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENOENT: UNREACHABLE,
  ENOTFOUND: 'has a host that no name server knows. Correct the host in PAGEHAND_DB.',
  EAI_AGAIN: 'has a host whose name could not be looked up now. See whether this machine has a name server.',
  ERR_INVALID_URL:
    'has an address that cannot be read. Write PAGEHAND_DB as postgres://user:password@host:5432/database.',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another host. Correct the host in PAGEHAND_DB.',
};

/** Codes after which the connection ends. */
const LOST = ['08', '25P03', '57P'];

const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03', '53300']);

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
