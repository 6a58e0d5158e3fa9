import type { ApiKeyConfig, Surface } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import type { Session } from '../store/store.ts';
import { createTokenBuckets } from './token-buckets.ts';

/** Requests to the client routes from one address in a minute. An office behind one address still gets along with it. */
export const ADDRESS_REQUESTS_PER_MINUTE = 300;

/** Resumes of one session in a minute. They cost no message, and a chain of fast tools makes many. */
export const SESSION_RESUMES_PER_MINUTE = 120;

/** Ratings of one session in a minute. */
export const SESSION_FEEDBACK_PER_MINUTE = 30;

/** Requests of one API key in a minute. */
export const API_KEY_REQUESTS_PER_MINUTE = 1_200;

/** Wrong API keys from one address in a minute. */
export const ADDRESS_WRONG_KEYS_PER_MINUTE = 20;

/** What one process lets through. Each method throws `rate_limited` when its bucket is empty. */
export interface RateLimits {
  /** Any request to a client route. Nothing is counted where the address is unknown. */
  address(address: string | undefined): void;
  /** `init`, `chat` and `feedback` of a client token, all visitors together. */
  clientToken(hash: string, surface: Surface): void;
  message(session: Session, surface: Surface): void;
  resume(session: Session): void;
  feedback(session: Session): void;
  apiKey(key: ApiKeyConfig): void;
  wrongApiKey(address: string | undefined): void;
}

export function createRateLimits(clock: () => number): RateLimits {
  const buckets = createTokenBuckets(clock);
  const take = (key: string, perMinute: number, what: string) => {
    const waitMs = buckets.take(key, perMinute);
    if (waitMs > 0) throw limited(what, waitMs);
  };
  return {
    address(address) {
      if (address !== undefined) take(`address ${address}`, ADDRESS_REQUESTS_PER_MINUTE, 'requests');
    },
    clientToken: (hash, { limits }) => take(`token ${hash}`, limits.requestsPerMinute, 'requests'),
    message: ({ idHash }, { limits }) => take(`message ${idHash}`, limits.messagesPerMinute, 'messages'),
    resume: ({ idHash }) => take(`resume ${idHash}`, SESSION_RESUMES_PER_MINUTE, 'tool results'),
    feedback: ({ idHash }) => take(`feedback ${idHash}`, SESSION_FEEDBACK_PER_MINUTE, 'ratings'),
    apiKey: ({ hash }) => take(`key ${hash}`, API_KEY_REQUESTS_PER_MINUTE, 'requests'),
    wrongApiKey(address) {
      if (address !== undefined) take(`wrong key ${address}`, ADDRESS_WRONG_KEYS_PER_MINUTE, 'wrong keys');
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
