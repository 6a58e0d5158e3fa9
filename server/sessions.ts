import { ID_PREFIX } from '../protocol/ids.ts';
import type { InitRequest } from '../protocol/request.ts';
import { type Credentials, hashCredential, randomSecret, type TokenGrant } from './credentials.ts';
import { RequestError } from './errors.ts';
import type { ConversationRecord } from './store/records.ts';
import type { Owner, Session, Store } from './store/store.ts';
import { isTheirs, type Welcome } from './visitors.ts';

/** A session that was just opened or continued, with its id, which is told to nobody else. */
export interface OpenedSession extends TokenGrant {
  readonly sessionId: string;
  readonly session: Session;
  /** Of the conversation. */
  readonly revision: number;
}

/** Whoever presents a good session id on a good origin. */
export interface ActiveSession extends TokenGrant {
  readonly session: Session;
}

/** Rejects with `RequestError` only, or with the store's own error. */
export interface Sessions {
  /**
   * Opens a session, or continues the conversation of an earlier one of the same token and origin: under the same
   * id while it lives, under a new one after that. A visitor also opens any conversation of theirs, and claims the one
   * of their session once they have shown the secret that they were told; what is somebody else's is not continued.
   */
  open(
    request: InitRequest,
    grant: TokenGrant,
    origin: string,
    welcome: Welcome | undefined,
  ): Promise<OpenedSession>;
  /**
   * Finds a session that may be used now, on this origin, with a token that is still good. Without an origin the
   * session's own counts: for requests on which browsers name none.
   */
  require(sessionId: string, origin: string | undefined): Promise<ActiveSession>;
  /** When a session that is used now will expire. */
  expiry(grant: TokenGrant): number;
}

export interface SessionOptions {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

export function createSessions({ store, credentials, clock, newId }: SessionOptions): Sessions {
  const expiry = ({ surface }: TokenGrant) => clock() + surface.limits.sessionMinutes * 60_000;

  const startConversation = async ({ surface, token }: TokenGrant, claimant: Claimant | undefined) => {
    const id = newId(ID_PREFIX.conversation);
    const owner = { kind: 'client_token', hash: token.hash } as const;
    await store.createConversation({
      id,
      owner,
      surfaceId: surface.id,
      createdAtMs: clock(),
      ...(claimant === undefined ? {} : { visitorId: claimant.visitorId }),
      ...(claimant?.endUserId == null ? {} : { endUserId: claimant.endUserId }),
    });
    return { id, revision: 0 };
  };

  /** The conversation of an earlier session, where it may go on with that one. */
  const continued = async (
    conversationId: string,
    welcome: Welcome | undefined,
  ): Promise<Place | undefined> => {
    const record = await store.record(conversationId);
    if (record === undefined || record.isDeleted) return undefined;
    if (welcome === undefined) return record;
    if (record.visitorId !== null) return isTheirs(welcome.viewer, record) ? record : undefined;
    const claimant = claimantOf(welcome);
    if (claimant === undefined || (await store.claimRecord(conversationId, claimant))) return record;
    // Somebody was faster, maybe this same visitor in another tab.
    const claimed = await store.record(conversationId);
    return claimed !== undefined && isTheirs(welcome.viewer, claimed) ? claimed : undefined;
  };

  const reopened = async (conversationId: string, welcome: Welcome | undefined): Promise<Place> => {
    const record = welcome === undefined ? undefined : await store.record(conversationId);
    if (welcome === undefined || record === undefined || record.isDeleted) throw notTheirs();
    if (!isTheirs(welcome.viewer, record)) throw notTheirs();
    return record;
  };

  return {
    expiry,

    async open({ sessionId: earlierId, conversationId }, grant, origin, welcome) {
      const found = earlierId === undefined ? undefined : await store.session(hashCredential(earlierId));
      const earlier = found !== undefined && continues(found, grant, origin) ? found : undefined;
      const isReopening = conversationId !== undefined && earlierId === undefined;
      if (!isReopening && (conversationId ?? earlier?.conversationId) !== earlier?.conversationId)
        throw notTheirs();
      const place = isReopening
        ? await reopened(conversationId, welcome)
        : earlier && (await continued(earlier.conversationId, welcome));
      const expiresAtMs = expiry(grant);
      const isAlive = earlier !== undefined && earlier.expiresAtMs > clock();
      if (earlierId !== undefined && isAlive && place !== undefined) {
        const session = { ...earlier, expiresAtMs };
        await store.saveSession(session);
        return { ...grant, sessionId: earlierId, session, revision: place.revision };
      }
      const sessionId = `${ID_PREFIX.session}${randomSecret()}`;
      const conversation =
        place ?? (await startConversation(grant, welcome === undefined ? undefined : claimantOf(welcome)));
      const session: Session = {
        idHash: hashCredential(sessionId),
        tokenHash: grant.token.hash,
        surfaceId: grant.surface.id,
        origin,
        conversationId: conversation.id,
        messageCount: 0,
        expiresAtMs,
      };
      await store.saveSession(session);
      return { ...grant, sessionId, session, revision: conversation.revision };
    },

    async require(sessionId, named) {
      const session = await store.session(hashCredential(sessionId));
      if (session === undefined) throw expired('The session is unknown.');
      const origin = named ?? session.origin;
      const grant = requireActive(await credentials.clientTokenByHash(session.tokenHash));
      if (session.origin !== origin || !grant.token.allowedOrigins.includes(origin))
        throw wrongOrigin(origin);
      if (session.expiresAtMs <= clock()) throw expired('The session has expired.');
      return { ...grant, session };
    },
  };
}

/** A conversation, and where its messages stand. */
type Place = Pick<ConversationRecord, 'id' | 'revision'>;

type Claimant = Parameters<Store['claimRecord']>[1];

/** Whose a conversation becomes. Nobody's while the visitor may not have kept the secret that they are told just now. */
function claimantOf({ viewer, mintedToken }: Welcome): Claimant | undefined {
  if (mintedToken !== undefined && viewer.endUserId === undefined) return undefined;
  return { visitorId: viewer.visitor.id, endUserId: viewer.visitor.endUserId };
}

/** The token owns its executions, not the session: a session may end while a tool waits for the visitor. */
export function ownerOf({ token }: TokenGrant): Owner {
  return { kind: 'client_token', hash: token.hash };
}

/** Throws unless the token is configured and active. */
export function requireActive(grant: TokenGrant | undefined): TokenGrant {
  if (grant?.token.isActive) return grant;
  throw new RequestError('invalid_client_token', 'The client token is unknown or switched off.', {
    hint: "Copy an active token of the surface from the server's configuration.",
  });
}

/** Throws unless the token allows the origin that the HTTP header names. */
export function requireOrigin({ token }: TokenGrant, origin: string): void {
  if (!token.allowedOrigins.includes(origin)) throw wrongOrigin(origin);
}

export function wrongOrigin(origin: string): RequestError {
  return new RequestError('origin_not_allowed', `The origin ${origin.slice(0, 200)} may not use this chat.`, {
    hint: 'Add it to the `allowedOrigins` of the client token, exactly as it stands here.',
  });
}

function continues(session: Session, { surface, token }: TokenGrant, origin: string): boolean {
  return session.tokenHash === token.hash && session.surfaceId === surface.id && session.origin === origin;
}

function expired(message: string): RequestError {
  return new RequestError('session_expired', message, {
    hint: 'Open a new one with `POST /v1/client/init`; send this `sessionId` along to keep the conversation.',
  });
}

/** The same answer for a conversation of somebody else and for one that never was. */
function notTheirs(): RequestError {
  return new RequestError('not_found', 'There is no such conversation for this session.', {
    hint: 'Send the `sessionId` of the session that it belongs to or the `visitorToken` of its visitor, or leave `conversationId` out to start a new one.',
  });
}
