import Database from 'libsql';
import pg from 'pg';

/*
 * The harness's fingers in the two database drivers: what no store offers, because nobody but a harness wants it.
 */

/** Counts statements from now on, and ends this process at the n-th, before it is sent. */
export function dieAtStatement(nth: number): void {
  let count = 0;
  const step = () => {
    count += 1;
    if (count === nth) process.kill(process.pid, 'SIGKILL');
  };
  const { prepare, exec } = Database.prototype;
  Database.prototype.prepare = function prepareOrDie(this: Database.Database, sql: string) {
    step();
    return prepare.call(this, sql);
  } as typeof prepare;
  Database.prototype.exec = function execOrDie(this: Database.Database, sql: string) {
    step();
    return exec.call(this, sql);
  } as typeof exec;
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function queryOrDie(this: pg.Client, ...parameters: unknown[]) {
    step();
    return Reflect.apply(query, this, parameters);
  } as typeof query;
}

/** SQLite connections that this process opens from now on. */
export function rememberDatabases(): ReadonlySet<Database.Database> {
  const seen = new Set<Database.Database>();
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function prepareAndRemember(this: Database.Database, sql: string) {
    seen.add(this);
    return prepare.call(this, sql);
  } as typeof prepare;
  return seen;
}
