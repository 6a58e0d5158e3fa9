const MAX_TEXT_CHARS = 400;

/** Text of a page as text: one line, no Markdown, not too long. */
export function plainText(text: string, maxChars = MAX_TEXT_CHARS): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  const cut =
    line.length > maxChars ? `${line.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
  return cut.replace(/[\\`*_[\]<>#|~]/g, '\\$&');
}
