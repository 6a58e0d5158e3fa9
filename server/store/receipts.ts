import type { Kysely, Transaction } from 'kysely';
import type { Doors } from './doors.ts';
import type { Receipt, ReceiptStore } from './receipt-store.ts';
import type { Tables } from './tables.ts';

/** Rows of one `insert`. */
const AT_ONCE = 100;

export function sqlReceipts({ read, write }: Doors): ReceiptStore {
  return {
    addReceipts: (receipts) => write((db) => insertReceipts(db, receipts)),
    async removeReceipts(beforeMs, limit) {
      let isMore = false;
      for (const workspace of await read(workspacesOf)) {
        const removed = await write((db) => {
          const old = db
            .selectFrom('receipts')
            .select('id')
            .where('workspace', '=', workspace)
            .where('started_at_ms', '<', beforeMs)
            .orderBy('started_at_ms')
            .limit(limit);
          return db.deleteFrom('receipts').where('id', 'in', old).executeTakeFirst();
        });
        if (removed.numDeletedRows >= limit) isMore = true;
      }
      return isMore;
    },
    receipts: ({ workspace, executionId, tool, fromMs, untilMs, after, limit }) =>
      read(async (db) => {
        let query = db.selectFrom('receipts').select('receipt').where('workspace', '=', workspace);
        if (executionId !== undefined) query = query.where('execution_id', '=', executionId);
        if (tool !== undefined) query = query.where('tool', '=', tool);
        if (fromMs !== undefined) query = query.where('started_at_ms', '>=', fromMs);
        if (untilMs !== undefined) query = query.where('started_at_ms', '<', untilMs);
        if (after !== undefined) {
          query = query.where(({ eb, or, and }) =>
            or([
              eb('started_at_ms', '>', after.startedAtMs),
              and([eb('started_at_ms', '=', after.startedAtMs), eb('id', '>', after.id)]),
            ]),
          );
        }
        const rows = await query.orderBy('started_at_ms').orderBy('id').limit(limit).execute();
        return rows.map((row) => JSON.parse(row.receipt) as Receipt);
      }),
  };
}

/** From one entry of the index to the next other one: a `distinct` would read them all. */
async function workspacesOf(db: Kysely<Tables>): Promise<readonly string[]> {
  const workspaces: string[] = [];
  for (;;) {
    const { next } = await db
      .selectFrom('receipts')
      .select((column) => column.fn.min('workspace').as('next'))
      .where('workspace', '>', workspaces.at(-1) ?? '')
      .executeTakeFirstOrThrow();
    if (next === null) return workspaces;
    workspaces.push(next);
  }
}

/** One that is there already stays: a boundary may be written again by whoever takes an execution over. */
export async function insertReceipts(db: Transaction<Tables>, receipts: readonly Receipt[]): Promise<void> {
  for (let start = 0; start < receipts.length; start += AT_ONCE) {
    const rows = receipts.slice(start, start + AT_ONCE).map((receipt) => ({
      id: receipt.id,
      workspace: receipt.workspace,
      execution_id: receipt.executionId,
      started_at_ms: receipt.startedAtMs,
      tool: receipt.tool,
      receipt: JSON.stringify(receipt),
    }));
    await db
      .insertInto('receipts')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
