import { sql } from 'kysely';
import type { SqlEngine } from './engine.ts';
import { readOutcome } from './rows.ts';
import type { Outcome } from './store.ts';

const MINUTE_MS = 60_000;

/** What rounding may add up to, in milliseconds. */
const ROUNDING_MS = 0.5;

/**
 * A bucket of which only the time is kept at which it will be full: a token moves it on by what one takes to fill.
 * Resolves to the milliseconds until there is a token, 0 if there was.
 */
export async function takeToken(
  { relaxed }: SqlEngine,
  key: string,
  perMinute: number,
  nowMs: number,
): Promise<number> {
  const interval = MINUTE_MS / perMinute;
  const now = sql<number>`cast(${nowMs} as double precision)`;
  // A time that no clock near ours can have set comes from one that jumped: that bucket is full.
  const fullAt = sql<number>`case
    when buckets.full_at_ms between ${now} and ${now} + ${sql.lit(2 * MINUTE_MS)} then buckets.full_at_ms
    else ${now} end`;
  const latest = nowMs + MINUTE_MS - interval + ROUNDING_MS;
  const taken = await relaxed
    .insertInto('buckets')
    .values({ key, full_at_ms: nowMs + interval })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({ full_at_ms: sql<number>`${fullAt} + cast(${interval} as double precision)` })
        .where(sql<boolean>`${fullAt} <= cast(${latest} as double precision)`),
    )
    .returning('full_at_ms')
    .executeTakeFirst();
  if (taken !== undefined) return 0;
  const bucket = await relaxed
    .selectFrom('buckets')
    .select('full_at_ms')
    .where('key', '=', key)
    .executeTakeFirst();
  return Math.max(1, Math.ceil((bucket?.full_at_ms ?? nowMs) + interval - MINUTE_MS - nowMs));
}

/** The outcome under a key. One whose time is over gives its key back. */
export async function outcome(
  { relaxed }: SqlEngine,
  keyHash: string,
  nowMs: number,
): Promise<Outcome | undefined> {
  const row = await relaxed
    .selectFrom('outcomes')
    .selectAll()
    .where('key_hash', '=', keyHash)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.expires_at_ms > nowMs) return readOutcome(row);
  await relaxed
    .deleteFrom('outcomes')
    .where('key_hash', '=', keyHash)
    .where('expires_at_ms', '<=', nowMs)
    .execute();
  return undefined;
}
