const HALF_CHARACTER = /[\uD800-\uDBFF]$/;

/** Cuts a text to at most `maxChars` characters, the mark included, never through the middle of a character. */
export function cut(text: string, maxChars: number, mark: string): string {
  if (text.length <= maxChars) return text;
  return text.slice(0, Math.max(0, maxChars - mark.length)).replace(HALF_CHARACTER, '') + mark;
}

/** Invisible characters that carry words past a reader: controls, direction overrides, tag characters. */
const HIDDEN = /(?![\n\t])\p{Cc}|[\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E007F}]/gu;

/** What people see of a text: a model must not read more. */
export function withoutHidden(text: string): string {
  return text.replace(HIDDEN, '');
}
