import { CompiledQuery, type Kysely, sql } from 'kysely';
import { isKeepable } from './bindable.ts';
import type { SqlEngine } from './engine.ts';
import { batches, checkSequence, ROWS_PER_INSERT } from './executions.ts';
import { type Append, StoreError } from './store.ts';
import type { Tables } from './tables.ts';

/** Adds the pieces that follow their logs, each whole or not at all. Resolves to the ids of the other executions. */
export async function appendEvents(
  engine: SqlEngine,
  appends: readonly Append[],
): Promise<ReadonlySet<string>> {
  const movedOn = new Set<string>();
  const pieces: Append[] = [];
  for (const piece of joined(appends)) {
    if (!isOnePiece(piece)) movedOn.add(piece.executionId);
    else if (piece.events.length > 0) pieces.push(piece);
  }
  for (const group of grouped(pieces)) await insertGroup(engine, group, movedOn);
  return movedOn;
}

/** What came for one log in several pieces, as one. */
function joined(appends: readonly Append[]): readonly Append[] {
  const byExecution = new Map<string, Append>();
  for (const append of appends) {
    const before = byExecution.get(append.executionId);
    const piece = before === undefined ? append : { ...append, events: [...before.events, ...append.events] };
    byExecution.set(append.executionId, piece);
  }
  return [...byExecution.values()];
}

function isOnePiece({ executionId, events }: Append): boolean {
  try {
    checkSequence(executionId, (events[0]?.seq ?? 1) - 1, events);
  } catch {
    return false;
  }
  return isKeepable(executionId);
}

/** Pieces that go into one statement each; one that is too large for that is alone. */
function grouped(pieces: readonly Append[]): readonly (readonly Append[])[] {
  const groups: Append[][] = [];
  let rows = ROWS_PER_INSERT;
  for (const piece of pieces) {
    rows += piece.events.length;
    if (rows > ROWS_PER_INSERT) {
      groups.push([]);
      rows = piece.events.length;
    }
    groups.at(-1)?.push(piece);
  }
  return groups;
}

async function insertGroup(engine: SqlEngine, group: readonly Append[], movedOn: Set<string>): Promise<void> {
  try {
    for (const id of await insertWhole(engine, group)) movedOn.add(id);
  } catch (error) {
    if (engine.storeError(error).code !== 'conflict') throw error;
    // Two writers with the same version met at one position. Alone, each piece is in nobody else's way.
    if (group.length > 1) for (const piece of group) await insertGroup(engine, [piece], movedOn);
    else for (const { executionId } of group) movedOn.add(executionId);
  }
}

async function insertWhole(engine: SqlEngine, group: readonly Append[]): Promise<ReadonlySet<string>> {
  const [piece] = group;
  if (piece === undefined || piece.events.length <= ROWS_PER_INSERT)
    return insertRows(engine, engine.told, group);
  return engine.told.transaction().execute(async (db) => {
    let isBegun = false;
    for (const events of batches(piece.events)) {
      const refused = await insertRows(engine, db, [{ ...piece, events }]);
      if (refused.size > 0 && isBegun)
        throw new StoreError('conflict', `The log of ${piece.executionId} grew in the middle of a piece.`);
      if (refused.size > 0) return refused;
      isBegun = true;
    }
    return new Set();
  });
}

/** One statement: a piece goes in if its execution still has that version and its log ends where the piece begins. */
async function insertRows(
  engine: SqlEngine,
  db: Kysely<Tables>,
  pieces: readonly Append[],
): Promise<ReadonlySet<string>> {
  const rows = pieces.flatMap(({ executionId, version, events }) =>
    events.map((event) => [executionId, version, events[0]?.seq, event.seq, JSON.stringify(event)]),
  );
  const statement = CompiledQuery.raw(insertion(engine, rows.length), rows.flat());
  const written = await db.executeQuery<{ readonly execution_id: string }>(statement);
  if (written.rows.length === rows.length) return new Set();
  const kept = new Set(written.rows.map((row) => row.execution_id));
  return new Set(pieces.map(({ executionId }) => executionId).filter((id) => !kept.has(id)));
}

/** By number of rows. To build a statement costs more than to run it. */
const insertions = new WeakMap<SqlEngine, Map<number, string>>();

function insertion(engine: SqlEngine, rowCount: number): string {
  const known = insertions.get(engine) ?? new Map<number, string>();
  insertions.set(engine, known);
  const text = known.get(rowCount) ?? compileInsertion(engine, rowCount);
  known.set(rowCount, text);
  return text;
}

function compileInsertion({ locks, told }: SqlEngine, rowCount: number): string {
  const values = Array.from(
    { length: rowCount },
    () =>
      sql`(cast(${null} as text), cast(${null} as integer), cast(${null} as integer), cast(${null} as integer), cast(${null} as text))`,
  );
  // In order of id: two processes that lock rows in one order never wait for each other in a circle.
  return sql`
    with given (execution_id, version, first, seq, event) as (values ${sql.join(values)})
    insert into events (execution_id, seq, event)
    select given.execution_id, given.seq, given.event
    from given join executions on executions.id = given.execution_id and executions.version = given.version
    where given.first =
      1 + coalesce((select max(seq) from events where events.execution_id = given.execution_id), 0)
    order by executions.id, given.seq
    ${locks.share}
    returning execution_id`.compile(told).sql;
}
