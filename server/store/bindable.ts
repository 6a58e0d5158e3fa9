import { StoreError } from './store.ts';

/** Whether an engine keeps this text as it is: one cuts at NUL, the other replaces lone surrogates, and so one id could pass for another. */
export function isKeepable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}

/** A value for a query. Throws `conflict` for what no engine keeps; libsql would end the whole process on a boolean. */
export function bindable(value: unknown): string | number | bigint | Uint8Array | null {
  if (value === null || typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'string' && isKeepable(value)) return value;
  // A view would be bound as the whole of what it looks at.
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new StoreError(
    'conflict',
    `A value of type ${typeof value} reached the database that it cannot keep as it is.`,
  );
}
