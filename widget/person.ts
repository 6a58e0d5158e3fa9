import { openSharedStorage } from './shared-storage.ts';
import { type OwnedStorage, openStorage, surfaceKey } from './surface-storage.ts';
import type { Identity } from './transport/visitor.ts';

/** What a surface keeps for one person, and under which name. */
export interface PersonStorage {
  readonly key: string;
  readonly storage: OwnedStorage;
}

/** Longest wait for the site's own proof, in milliseconds. After that the visitor is nobody in particular. */
const PROOF_TIMEOUT_MS = 5_000;

/** What goes along when somebody signs in. */
const CARRIED = ['thread', 'session', 'visitor', 'draft'];

/**
 * The storage of whoever the site says is there. Two people who sign in on one browser never see each other's thread,
 * not even until the server has answered. What was said before somebody signed in is theirs.
 */
export async function openPersonStorage(
  api: string,
  token: string,
  identity: Identity,
  isAlone: boolean,
): Promise<PersonStorage> {
  const nobody = surfaceKey(api, token);
  const open = isAlone ? openStorage : openSharedStorage;
  const person = await personOf(identity);
  if (person === undefined) return { key: nobody, storage: await open(nobody) };
  const key = surfaceKey(api, `${token} ${person}`);
  const [storage, before] = await Promise.all([open(key), open(nobody)]);
  if (storage.read('session') === undefined && before.read('session') !== undefined) {
    for (const name of CARRIED) {
      storage.write(name, before.read(name));
      before.write(name, undefined);
    }
    await Promise.all([storage.saved(), before.saved()]);
  }
  return { key, storage };
}

/** The name that a proof is about. It is the server that checks the proof: this only keeps people apart. */
async function personOf(identity: Identity): Promise<string | undefined> {
  try {
    const proof = await Promise.race([
      typeof identity === 'string' ? identity : identity(),
      new Promise<undefined>((resolve) => setTimeout(resolve, PROOF_TIMEOUT_MS)),
    ]);
    const [head = '', body = ''] = (proof ?? '').split('.');
    // A JWT begins with its header, `{"`; the other form with the name itself.
    const name = head.startsWith('eyJ') ? (JSON.parse(decoded(body)) as { sub?: unknown }).sub : head;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    // The server says what is wrong with it.
    return undefined;
  }
}

function decoded(base64url: string): string {
  return atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
}
