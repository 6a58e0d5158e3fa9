/**
 * The text with its hidden characters written out as `‹U+202E›`. Direction overrides, zero-width and tag characters
 * let a page show one thing to a person and another to a model.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cf}\p{Cc}\p{Co}\p{Cs}]/gu, (hidden) =>
    hidden === '\n' || hidden === '\t' ? hidden : `‹U+${code(hidden)}›`,
  );
}

function code(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
