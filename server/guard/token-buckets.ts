/** Most keys that one set of buckets remembers. The one that was idle longest is forgotten first; it was the fullest. */
const MAX_KEYS = 50_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Rate limits in this process's memory: a bucket a key, which fills evenly and holds one minute's worth. */
export interface TokenBuckets {
  /** Takes one token. Returns the milliseconds until there will be one, 0 if there was. */
  take(key: string, perMinute: number): number;
}

export function createTokenBuckets(clock: () => number): TokenBuckets {
  const buckets = new Map<string, Bucket>();
  return {
    take(key, perMinute) {
      const nowMs = clock();
      const bucket = buckets.get(key) ?? { tokens: perMinute, atMs: nowMs };
      const filled = (Math.max(0, nowMs - bucket.atMs) * perMinute) / 60_000;
      bucket.tokens = Math.min(perMinute, bucket.tokens + filled);
      bucket.atMs = nowMs;
      buckets.delete(key);
      buckets.set(key, bucket);
      forgetOldest(buckets);
      if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 60_000) / perMinute);
      bucket.tokens -= 1;
      return 0;
    },
  };
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  if (buckets.size <= MAX_KEYS) return;
  const oldest = buckets.keys().next();
  if (!oldest.done) buckets.delete(oldest.value);
}
