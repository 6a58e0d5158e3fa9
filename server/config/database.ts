/** Whether `PAGEHAND_DB` names a PostgreSQL server. If not, it is the path of a SQLite file. */
export function isPostgresUrl(database: string): boolean {
  return /^postgres(ql)?:\/\//i.test(database);
}

/**
 * What is wrong with `PAGEHAND_DB`, as the rest of a sentence that starts with its name. `undefined`: nothing.
 * Never shows what was written: a password may stand in it.
 */
export function databaseProblem(database: string): string | undefined {
  if (isPostgresUrl(database)) return urlProblem(database);
  return /^(file:|postgres(ql)?:|[a-z][a-z0-9+.-]+:\/\/)/i.test(database) ? OTHER_SCHEME : undefined;
}

function urlProblem(database: string): string | undefined {
  const url = parsed(database);
  if (url === undefined || !isWhole(url, database)) return UNREADABLE;
  return url.pathname.length > 1 ? undefined : NO_DATABASE;
}

function isWhole(url: URL, written: string): boolean {
  if (/[#\s]/.test(written)) return false;
  // At a bare `#`, `/` or `?` in a password the address ends, and the user would be taken for the host.
  if (`${url.pathname}${url.search}`.includes('@')) return false;
  return [url.username, url.password, url.pathname].every((part) => decoded(part) !== undefined);
}

const OTHER_SCHEME =
  'must be the path of a SQLite file, or a URL that starts with postgres:// or postgresql://. Write for example .pagehand/pagehand.db, or postgres://user:password@db.example.com:5432/pagehand.';
const NO_DATABASE =
  'names no database. Write its name at the end, for example postgres://user:password@db.example.com:5432/pagehand.';
const UNREADABLE =
  'is a PostgreSQL URL that cannot be read. Write for example postgres://user:password@db.example.com:5432/pagehand, with %23 for a # in the password, %25 for a %, %2F for a /, %3F for a ? and %40 for an @.';

/** The password of a PostgreSQL URL in every spelling that an error may quote, to be kept out of logs. */
export function passwordsIn(database: string): readonly string[] {
  const url = isPostgresUrl(database) ? parsed(database) : undefined;
  if (url === undefined) return [];
  const written = [url.password, url.searchParams.get('password') ?? ''];
  const spellings = written.flatMap((password) => [password, decoded(password) ?? '']);
  return [...new Set(spellings.filter((password) => password !== ''))];
}

function parsed(database: string): URL | undefined {
  return URL.canParse(database) ? new URL(database) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
