import { createSecretKey, type KeyObject } from 'node:crypto';

/** What kept secrets are encrypted with. A key object: it appears in no JSON, log or error. */
export interface SecretKey {
  readonly id: string;
  readonly key: KeyObject;
}

const KEY_BYTES = 32;
const MEND = 'Write a name of your choice, a colon, and what `openssl rand -base64 32` prints.';

/** What is wrong with `PAGEHAND_SECRET_KEYS`, as the rest of a sentence that starts with its name. Never shows a key. */
export function secretKeysProblem(value: string): string | undefined {
  if (value === '') return undefined;
  const entries = entriesOf(value);
  for (const [index, { id, bytes }] of entries.entries()) {
    const which = `has in its entry ${index + 1}`;
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
      return `${which} no name of 1 to 32 letters, digits, "_" or "-" before the colon. ${MEND}`;
    }
    if (bytes === undefined) return `${which} a key that is not 32 bytes in base64. ${MEND}`;
    if (entries.findIndex((other) => other.id === id) < index) {
      return `${which} the name of an entry before. Give each key a name of its own, and never the same name to another key.`;
    }
  }
  return undefined;
}

/** The first one encrypts, all decrypt. Empty where nothing is written, or not what `secretKeysProblem` lets through. */
export function secretKeysOf(value: string): readonly SecretKey[] {
  if (value === '') return [];
  return entriesOf(value).flatMap(({ id, bytes }) =>
    bytes === undefined ? [] : [{ id, key: createSecretKey(bytes) }],
  );
}

/** The keys as text, to be kept out of logs. */
export function textsOf(keys: readonly SecretKey[]): string[] {
  return keys.map(({ key }) => key.export().toString('base64'));
}

function entriesOf(value: string): { readonly id: string; readonly bytes: Buffer | undefined }[] {
  return value.split(',').map((entry) => {
    const [id = '', text = ''] = entry.trim().split(/:(.*)/s);
    const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text.trim());
    const bytes = isBase64 ? Buffer.from(text.trim(), 'base64') : undefined;
    return { id: id.trim(), bytes: bytes?.length === KEY_BYTES ? bytes : undefined };
  });
}
