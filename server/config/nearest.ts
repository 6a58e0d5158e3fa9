/** Longest word that is compared, in characters: the time it takes grows with its square, and anybody may have written it. */
const MAX_CHARS = 100;

/** The candidate that was most likely meant; `undefined` when none is close. */
export function nearest(written: string, candidates: readonly string[]): string | undefined {
  if (written.length > MAX_CHARS) return undefined;
  const ranked = candidates
    .filter(({ length }) => length <= MAX_CHARS)
    .map((candidate) => ({ candidate, distance: distance(written.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Single-character edits between two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
