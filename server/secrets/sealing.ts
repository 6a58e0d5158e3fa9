import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretKey } from '../config/secret-keys.ts';
import type { StoredSecret } from '../store/secret-store.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Where a value lies. It is a part of what is authenticated, so that no row opens in another's place. */
type Place = Pick<StoredSecret, 'workspace' | 'name' | 'version' | 'keyId'>;

/** A stored value that stays closed. Says why, never what it was. */
export class SealError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SealError';
  }
}

/** Base64 of nonce, ciphertext and tag. `place.keyId` is the key's. */
export function seal(value: string, { key }: SecretKey, place: Place): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(authenticated(place));
  const closed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, closed, cipher.getAuthTag()]).toString('base64');
}

/** Throws a `SealError` where its key is not among these, or it is not what was sealed in this place. */
export function unseal(secret: StoredSecret, keys: readonly SecretKey[]): string {
  const found = keys.find(({ id }) => id === secret.keyId);
  if (found === undefined) {
    throw new SealError(
      `It was encrypted with the key "${secret.keyId}", which PAGEHAND_SECRET_KEYS does not hold.`,
    );
  }
  const sealed = Buffer.from(secret.sealed, 'base64');
  try {
    const decipher = createDecipheriv(CIPHER, found.key, sealed.subarray(0, NONCE_BYTES))
      .setAAD(authenticated(secret))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const value = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([value, decipher.final()]).toString('utf8');
  } catch {
    throw new SealError(
      `It does not open with the key "${secret.keyId}": the key is another one of this name, or the row was changed.`,
    );
  }
}

/** None of the first three can hold a `|`. */
function authenticated({ workspace, name, version, keyId }: Place): Buffer {
  return Buffer.from([workspace, name, version, keyId].join('|'));
}
