import { randomBytes } from 'node:crypto';

/** An id that nobody guesses: the prefix and 144 random bits. */
export function newId(prefix: string): string {
  return `${prefix}${randomBytes(18).toString('base64url')}`;
}
