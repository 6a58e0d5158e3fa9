const HALF_CHARACTER = /[\uD800-\uDBFF]$/;

/** Cuts a text to at most `maxChars` characters, the mark included, never through the middle of a character. */
export function cut(text: string, maxChars: number, mark: string): string {
  if (text.length <= maxChars) return text;
  return text.slice(0, Math.max(0, maxChars - mark.length)).replace(HALF_CHARACTER, '') + mark;
}
