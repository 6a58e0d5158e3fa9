import { type Kysely, sql } from 'kysely';
import type { SqlEngine } from './engine.ts';
import { leaseRow, selectExecutions } from './executions.ts';
import { readExecution } from './rows.ts';
import type { Execution, Lease } from './store.ts';
import type { Tables } from './tables.ts';

/** Ids of one statement. */
const IDS_PER_UPDATE = 500;

/** Resolves to the ids that the owner still holds. */
export async function renewLeases(
  engine: SqlEngine,
  lease: Lease,
  executionIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (let start = 0; start < executionIds.length; start += IDS_PER_UPDATE) {
    const ids = executionIds.slice(start, start + IDS_PER_UPDATE);
    const rows = await engine.relaxed
      .updateTable('executions')
      .set(leaseRow(engine, lease))
      .where('id', 'in', ownedBy(engine, lease.owner).where('id', 'in', ids).modifyEnd(engine.locks.change))
      .returning('id')
      .execute();
    for (const { id } of rows) held.add(id);
  }
  return held;
}

export async function releaseLeases(engine: SqlEngine, owner: string): Promise<void> {
  await engine.relaxed
    .updateTable('executions')
    .set(leaseRow(engine, null))
    .where('id', 'in', ownedBy(engine, owner).modifyEnd(engine.locks.change))
    .execute();
}

/** The oldest first. */
export function abandonedExecutions(engine: SqlEngine) {
  return selectExecutions(engine.durable)
    .where('status', '=', 'running')
    .where('lease_until_ms', '<=', engine.clockMs)
    .orderBy('lease_until_ms')
    .orderBy('id');
}

export async function claim(
  db: Kysely<Tables>,
  engine: SqlEngine,
  { id, version }: Pick<Execution, 'id' | 'version'>,
  lease: Lease,
  evenIfHeld: boolean,
): Promise<Execution | undefined> {
  const free = evenIfHeld ? sql<boolean>`1 = 1` : sql<boolean>`lease_until_ms <= ${engine.clockMs}`;
  const { numUpdatedRows } = await db
    .updateTable('executions')
    .set({ version: version + 1, ...leaseRow(engine, lease) })
    .where('id', '=', id)
    .where('version', '=', version)
    .where('status', '=', 'running')
    .where(free)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return undefined;
  const row = await selectExecutions(db).where('executions.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : readExecution(row);
}

/** In order of id: two processes that lock rows in one order never wait for each other in a circle. */
function ownedBy({ durable }: SqlEngine, owner: string) {
  return durable
    .selectFrom('executions')
    .select('id')
    .where('status', '=', 'running')
    .where('lease_owner', '=', owner)
    .orderBy('id');
}
