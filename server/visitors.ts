import { ID_PREFIX } from '../protocol/ids.ts';
import type { IdentityStatus, InitRequest, Visitor } from '../protocol/request.ts';
import type { Surface } from './config/config.ts';
import { hashCredential, randomSecret } from './credentials.ts';
import { RequestError } from './errors.ts';
import { verifyIdentityProof } from './identity.ts';
import type { ConversationRecord, StoredVisitor, Whose } from './store/records.ts';
import type { Store } from './store/store.ts';

const DAY_MS = 24 * 60 * 60_000;

/** What a request says of who makes it. */
interface Credentials {
  readonly visitorToken: string | undefined;
  readonly identityProof: unknown;
}

/** Who asks for earlier conversations. At least one of the two names is known. */
export interface Viewer {
  readonly surface: Surface;
  readonly visitor: StoredVisitor | undefined;
  /** Of an admitted proof of this request. */
  readonly endUserId: string | undefined;
  readonly identityStatus: IdentityStatus;
}

/** A viewer who opens a session. */
export interface Welcome {
  readonly viewer: Viewer & { readonly visitor: StoredVisitor };
  /** The visitor's secret, if it was just made: told once and kept nowhere. */
  readonly mintedToken: string | undefined;
}

/** Rejects with `RequestError` only, or with the store's own error. */
export interface Visitors {
  /**
   * Finds or makes the visitor of an `init`. Nothing: the request has no part in history. Rejects with
   * `visitor_history_disabled`, `identity_required`, `invalid_identity_proof`, and with `visitor_required` where an
   * earlier conversation is asked for with a secret that opens nothing.
   */
  welcome(request: InitRequest, surface: Surface): Promise<Welcome | undefined>;
  /**
   * Who reads or changes history. Rejects with `visitor_required`, `session_expired` for a secret that opens nothing
   * (a new `init` mends that), `visitor_identity_mismatch`, and as `welcome`.
   */
  require(credentials: Credentials, surface: Surface): Promise<Viewer>;
  /** The same for what a widget does with the secret alone, also where a proof is required otherwise. */
  requireSecret(visitorToken: string | undefined, surface: Surface): Promise<Viewer>;
  /** Voids a secret. */
  reset(visitorToken: string | undefined): Promise<void>;
}

export interface VisitorOptions {
  readonly store: Store;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

export function createVisitors({ store, clock, newId }: VisitorOptions): Visitors {
  const find = async (token: string | undefined, surface: Surface) => {
    if (token === undefined || !token.startsWith(ID_PREFIX.visitorToken)) return undefined;
    const visitor = await store.visitor(hashCredential(token), clock());
    return visitor?.surfaceId === surface.id ? visitor : undefined;
  };

  const identify = async ({ identity }: Surface, proof: unknown) => {
    if (proof === undefined || proof === null) {
      if (identity?.isRequired) throw identityRequired();
      return { endUserId: undefined, identityStatus: 'not_provided' } as const;
    }
    if (identity === null) return { endUserId: undefined, identityStatus: 'ignored' } as const;
    const endUserId = await verifyIdentityProof(identity.key, proof, clock());
    return { endUserId, identityStatus: 'admitted' } as const;
  };

  const expiry = ({ retentionDays }: Surface) => clock() + retentionDays.conversations * DAY_MS;

  const mint = async (surface: Surface, endUserId: string | undefined) => {
    const token = `${ID_PREFIX.visitorToken}${randomSecret()}`;
    const visitor: StoredVisitor = {
      id: newId(ID_PREFIX.visitor),
      tokenHash: hashCredential(token),
      surfaceId: surface.id,
      endUserId: endUserId ?? null,
      createdAtMs: clock(),
      expiresAtMs: expiry(surface),
    };
    await store.createVisitor(visitor);
    return { visitor, mintedToken: token };
  };

  /** The visitor as this end user's, unless they are another one's. */
  const bind = async (visitor: StoredVisitor, endUserId: string | undefined) => {
    if (endUserId === undefined || visitor.endUserId === endUserId) return visitor;
    return (await store.bindVisitor(visitor.id, endUserId)) ? { ...visitor, endUserId } : undefined;
  };

  /** Who keeps coming back keeps their secret. Once a day is often enough. */
  const prolong = async (visitor: StoredVisitor, surface: Surface) => {
    const expiresAtMs = expiry(surface);
    if (expiresAtMs - visitor.expiresAtMs < DAY_MS) return visitor;
    await store.prolongVisitor(visitor.id, expiresAtMs);
    return { ...visitor, expiresAtMs };
  };

  return {
    async welcome({ visitorHistory, visitorToken, identityProof, conversationId, sessionId }, surface) {
      const identified = await identify(surface, identityProof);
      const isReopening = conversationId !== undefined && sessionId === undefined;
      const takesPart = visitorHistory === true || visitorToken !== undefined || identityProof != null;
      if (!surface.hasHistory) {
        if (visitorHistory === true || (isReopening && takesPart)) throw historyDisabled();
        return undefined;
      }
      if (!takesPart) return undefined;
      const { endUserId } = identified;
      const found = await find(visitorToken, surface);
      // A secret that opens nothing is replaced, but never so that a conversation changes hands unseen.
      if (found === undefined && isReopening && endUserId === undefined) throw visitorRequired();
      const bound = found === undefined ? undefined : await bind(found, endUserId);
      if (bound !== undefined) {
        const visitor = await prolong(bound, surface);
        return { viewer: { surface, visitor, ...identified }, mintedToken: undefined };
      }
      // Also for somebody else at the same browser: they get a clean one.
      const { visitor, mintedToken } = await mint(surface, endUserId);
      return { viewer: { surface, visitor, ...identified }, mintedToken };
    },

    async require({ visitorToken, identityProof }, surface) {
      if (!surface.hasHistory) throw historyDisabled();
      const identified = await identify(surface, identityProof);
      if (visitorToken === undefined && identified.endUserId === undefined) throw visitorRequired();
      const found = await find(visitorToken, surface);
      if (visitorToken !== undefined && found === undefined) throw visitorGone();
      const visitor = found === undefined ? undefined : await bind(found, identified.endUserId);
      if (found !== undefined && visitor === undefined) throw identityMismatch();
      return { surface, visitor, ...identified };
    },

    async requireSecret(visitorToken, surface) {
      if (!surface.hasHistory) throw historyDisabled();
      if (visitorToken === undefined) throw visitorRequired();
      const visitor = await find(visitorToken, surface);
      if (visitor === undefined) throw visitorGone();
      return { surface, visitor, endUserId: undefined, identityStatus: 'not_provided' };
    },

    async reset(visitorToken) {
      if (visitorToken !== undefined) await store.removeVisitor(hashCredential(visitorToken));
    },
  };
}

/** With a proof all conversations of the end user, on whatever device they were; else those of this browser. */
export function whoseRecords({ surface, visitor, endUserId }: Viewer): Whose {
  if (endUserId !== undefined) return { surfaceId: surface.id, endUserId };
  if (visitor === undefined) throw visitorRequired();
  return { visitorId: visitor.id };
}

export function isTheirs({ surface, visitor, endUserId }: Viewer, record: ConversationRecord): boolean {
  if (record.surfaceId !== surface.id) return false;
  if (endUserId !== undefined && record.endUserId === endUserId) return true;
  // What another end user said in this browser is not for whoever comes after them.
  if (endUserId !== undefined && record.endUserId !== null) return false;
  return visitor !== undefined && record.visitorId === visitor.id;
}

/** What an `init` tells of its visitor. */
export function toldVisitor({ viewer, mintedToken }: Welcome): Visitor {
  const { visitor, identityStatus } = viewer;
  return {
    id: visitor.id,
    ...(mintedToken === undefined ? {} : { token: mintedToken }),
    expiresAt: new Date(visitor.expiresAtMs).toISOString(),
    endUserId: visitor.endUserId,
    identityStatus,
  };
}

function historyDisabled(): RequestError {
  return new RequestError('visitor_history_disabled', 'This chat keeps no history for visitors to browse.', {
    hint: 'Open the session without `visitorHistory`, or switch `history` of the surface on.',
  });
}

function visitorRequired(): RequestError {
  return new RequestError('visitor_required', 'This needs the secret of a visitor, or a proof of identity.', {
    hint: 'Send `X-Visitor-Token` with the `visitor.token` that `POST /v1/client/init` told once, or open a session with `visitorHistory` for a new one.',
  });
}

/** The words are compared by widgets of this wire: on these they open a session anew, which mends it. */
function visitorGone(): RequestError {
  return new RequestError('session_expired', 'The visitor was not found, or their secret has expired.', {
    hint: 'Open a session with `POST /v1/client/init` and `visitorHistory`: it tells a new secret.',
  });
}

function identityMismatch(): RequestError {
  return new RequestError(
    'visitor_identity_mismatch',
    'The visitor of this browser is somebody else than the proof says.',
    { hint: 'Open a session with the same proof: it tells a new secret for this person.' },
  );
}

function identityRequired(): RequestError {
  return new RequestError('identity_required', 'This chat is for people who are signed in to the site.', {
    hint: 'Send a proof of identity as `identityProof`, or as the header `X-Identity-Proof`.',
  });
}
