/**
 * Takes out what a person does not see and a model still reads: control characters, bidirectional overrides,
 * zero-width and tag characters, variation selectors, lone surrogates. Line breaks and tabs stay, and so do joiners
 * and emoji selectors where a script or an emoji needs them.
 */
export function plainText(text: string): string {
  return text.replace(UNSEEN, '');
}

/** Cuts to at most `max` characters, the mark included, never through a surrogate pair. */
export function cut(text: string, max: number, mark: string): string {
  return text.length <= max ? text : text.slice(0, max - mark.length).replace(/[\ud800-\udbff]$/, '') + mark;
}

/**
 * The first branch: everything of these kinds but line breaks, tabs, joiners and emoji selectors. The second: a joiner
 * or selector that does not follow a letter of a script without case, a symbol or a keycap's base.
 */
const UNSEEN =
  /(?![\t\n\r]|\u200c|\u200d|\ufe0e|\ufe0f)[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\u2028\u2029\ufff9-\ufffb]|(?<!(?:\p{Lo}|\p{S})\p{M}?|[\d#*])(?:\u200c|\u200d|\ufe0e|\ufe0f)/gu;
