import type { ApiKeyConfig, Surface } from '../config/config.ts';
import { hashCredential } from '../credentials.ts';
import { RequestError } from '../errors.ts';
import type { Session } from '../store/store.ts';
import { createTokenBuckets } from './token-buckets.ts';

/** Requests to the client routes from one address in a minute. An office behind one address still gets along with it. */
export const ADDRESS_REQUESTS_PER_MINUTE = 300;

/** Resumes of one session in a minute. They cost no message, and a chain of fast tools makes many. */
export const SESSION_RESUMES_PER_MINUTE = 120;

/** Looks of one session at the events of its executions in a minute. A widget on a bad line comes back often. */
export const SESSION_FOLLOWS_PER_MINUTE = 120;

/** Cancels of one session in a minute. */
export const SESSION_CANCELS_PER_MINUTE = 60;

/** Files that one session may begin in a minute. */
const SESSION_FILES_PER_MINUTE = 30;

/** Files that may be begun from one address in a minute, in however many sessions: sessions cost nothing. */
export const ADDRESS_FILES_PER_MINUTE = 60;

/** Pieces and looks at files of one session in a minute. With the largest pieces it bounds the bytes, too. */
const SESSION_FILE_PIECES_PER_MINUTE = 120;

/** Looks of one session at its visitor's conversations, and changes of them, in a minute. Scrolling and searching make many. */
export const SESSION_HISTORY_PER_MINUTE = 120;

/** Ratings of one session in a minute. */
export const SESSION_FEEDBACK_PER_MINUTE = 30;

/** Requests of one API key in a minute. */
export const API_KEY_REQUESTS_PER_MINUTE = 1_200;

/** Wrong API keys from one address in a minute. */
export const ADDRESS_WRONG_KEYS_PER_MINUTE = 20;

/** What is let through. Each method rejects with `rate_limited` when its bucket is empty. */
export interface RateLimits {
  /** Any request to a client route. Nothing is counted where the address is unknown. */
  address(address: string | undefined): Promise<void>;
  /** `init`, `chat` and `feedback` of a client token, all visitors together. */
  clientToken(hash: string, surface: Surface): Promise<void>;
  message(session: Session, surface: Surface): Promise<void>;
  resume(session: Session): Promise<void>;
  follow(session: Session): Promise<void>;
  cancel(session: Session): Promise<void>;
  feedback(session: Session): Promise<void>;
  history(session: Session): Promise<void>;
  /** A file that is begun. The address counts where it is known. */
  file(session: Session, address: string | undefined): Promise<void>;
  filePiece(session: Session): Promise<void>;
  apiKey(key: ApiKeyConfig): Promise<void>;
  wrongApiKey(address: string | undefined): Promise<void>;
}

/** Takes a token from a bucket of many processes. Resolves to the milliseconds until there will be one, 0 if there was. */
export type TakeShared = (key: string, perMinute: number, nowMs: number) => Promise<number>;

/**
 * Limits of this process, and where `takeShared` is given those of all processes together. This process's own come
 * first: a flood is refused before it reaches whatever is shared.
 */
export function createRateLimits(clock: () => number, takeShared?: TakeShared): RateLimits {
  const buckets = createTokenBuckets(clock);
  const take = async (key: string, perMinute: number, what: string) => {
    const ownWaitMs = buckets.take(key, perMinute);
    if (ownWaitMs > 0) throw limited(what, ownWaitMs);
    // Hashed, because nobody who reads the store need learn addresses.
    const waitMs = (await takeShared?.(hashCredential(key), perMinute, clock())) ?? 0;
    if (waitMs > 0) throw limited(what, waitMs);
  };
  return {
    async address(address) {
      if (address !== undefined) await take(`address ${address}`, ADDRESS_REQUESTS_PER_MINUTE, 'requests');
    },
    clientToken: (hash, { limits }) => take(`token ${hash}`, limits.requestsPerMinute, 'requests'),
    message: ({ idHash }, { limits }) => take(`message ${idHash}`, limits.messagesPerMinute, 'messages'),
    resume: ({ idHash }) => take(`resume ${idHash}`, SESSION_RESUMES_PER_MINUTE, 'tool results'),
    follow: ({ idHash }) => take(`follow ${idHash}`, SESSION_FOLLOWS_PER_MINUTE, 'reconnections'),
    cancel: ({ idHash }) => take(`cancel ${idHash}`, SESSION_CANCELS_PER_MINUTE, 'cancels'),
    feedback: ({ idHash }) => take(`feedback ${idHash}`, SESSION_FEEDBACK_PER_MINUTE, 'ratings'),
    async file({ idHash }, address) {
      await take(`file ${idHash}`, SESSION_FILES_PER_MINUTE, 'files');
      if (address !== undefined) await take(`files of ${address}`, ADDRESS_FILES_PER_MINUTE, 'files');
    },
    filePiece: ({ idHash }) =>
      take(`file piece ${idHash}`, SESSION_FILE_PIECES_PER_MINUTE, 'pieces of files'),
    history: ({ idHash }) => take(`history ${idHash}`, SESSION_HISTORY_PER_MINUTE, 'looks at the history'),
    apiKey: ({ hash }) => take(`key ${hash}`, API_KEY_REQUESTS_PER_MINUTE, 'requests'),
    async wrongApiKey(address) {
      if (address === undefined) return;
      await take(`wrong key ${address}`, ADDRESS_WRONG_KEYS_PER_MINUTE, 'wrong keys');
    },
  };
}

function limited(what: string, retryAfterMs: number): RequestError {
  const seconds = Math.ceil(retryAfterMs / 1000);
  const wait = seconds === 1 ? 'a second' : `${seconds} seconds`;
  return new RequestError('rate_limited', `Too many ${what} in a short time.`, {
    hint: `Too many ${what} in a short time. Wait ${wait} and try again.`,
    retryAfterMs,
  });
}
