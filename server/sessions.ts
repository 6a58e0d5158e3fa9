import { ID_PREFIX } from '../protocol/ids.ts';
import type { InitRequest } from '../protocol/request.ts';
import { type Credentials, hashCredential, randomSecret, type TokenGrant } from './credentials.ts';
import { RequestError } from './errors.ts';
import type { Owner, Session, Store } from './store/store.ts';

/** A session that was just opened or continued, with its id, which is told to nobody else. */
export interface OpenedSession extends TokenGrant {
  readonly sessionId: string;
  readonly session: Session;
}

/** Whoever presents a good session id on a good origin. */
export interface ActiveSession extends TokenGrant {
  readonly session: Session;
}

/** Rejects with `RequestError` only, or with the store's own error. */
export interface Sessions {
  /**
   * Opens a session, or continues the conversation of an earlier one of the same token and origin: under the same
   * id while it lives, under a new one after that.
   */
  open(request: InitRequest, grant: TokenGrant, origin: string): Promise<OpenedSession>;
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

  const startConversation = async ({ surface, token }: TokenGrant): Promise<string> => {
    const id = newId(ID_PREFIX.conversation);
    const owner = { kind: 'client_token', hash: token.hash } as const;
    await store.createConversation({ id, owner, surfaceId: surface.id, createdAtMs: clock() });
    return id;
  };

  return {
    expiry,

    async open({ sessionId: earlierId, conversationId }, grant, origin) {
      const found = earlierId === undefined ? undefined : await store.session(hashCredential(earlierId));
      const earlier = found !== undefined && continues(found, grant, origin) ? found : undefined;
      if (conversationId !== undefined && conversationId !== earlier?.conversationId) throw notTheirs();
      const expiresAtMs = expiry(grant);
      if (earlierId !== undefined && earlier !== undefined && earlier.expiresAtMs > clock()) {
        const session = { ...earlier, expiresAtMs };
        await store.saveSession(session);
        return { ...grant, sessionId: earlierId, session };
      }
      const sessionId = `${ID_PREFIX.session}${randomSecret()}`;
      const session: Session = {
        idHash: hashCredential(sessionId),
        tokenHash: grant.token.hash,
        surfaceId: grant.surface.id,
        origin,
        conversationId: earlier?.conversationId ?? (await startConversation(grant)),
        messageCount: 0,
        expiresAtMs,
      };
      await store.saveSession(session);
      return { ...grant, sessionId, session };
    },

    async require(sessionId, named) {
      const session = await store.session(hashCredential(sessionId));
      if (session === undefined) throw expired('The session is unknown.');
      const origin = named ?? session.origin;
      const grant = requireActive(credentials.clientTokenByHash(session.tokenHash));
      if (session.origin !== origin || !grant.token.allowedOrigins.includes(origin))
        throw wrongOrigin(origin);
      if (session.expiresAtMs <= clock()) throw expired('The session has expired.');
      return { ...grant, session };
    },
  };
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
    hint: 'Send the `sessionId` of the session that it belongs to, or leave `conversationId` out to start a new one.',
  });
}
