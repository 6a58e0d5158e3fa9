/** Each rule in its turn: what of Markdown is to be seen and not to be heard. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:\n\1[^\n]*|$(?![\s\S]))/gm, ''],
  [/^ {0,3}(?:[-*_] *){3,}$/gm, ''],
  // The line under a table's head, then the bars of its cells.
  [/^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/gm, ''],
  [/^[ \t]*\|[ \t]*(.*?)[ \t]*\|?[ \t]*$/gm, '$1.'],
  [/[ \t]*\|[ \t]*/g, ', '],
  [/^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$/gm, '$1.'],
  [/^(?:[ \t]*>)+[ \t]?/gm, ''],
  [/^[ \t]*(?:[-*+]|\d+[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/gm, ''],
  [/!?\[([^\]]*)\]\([^)]*\)/g, '$1'],
  [/<?https?:\/\/(?:www\.)?([^\s/>)]+)[^\s>)]*>?/g, '$1'],
  [/`+([^`]*)`+/g, '$1'],
  [/(\*\*|__|~~)(?=\S)([\s\S]*?\S)\1/g, '$2'],
  [/(^|[^\p{L}\p{N}])([*_])(?=\S)([^*_\n]*?\S)\2(?![\p{L}\p{N}])/gmu, '$1$3'],
  [/\\([!-/:-@[-`{-~])/g, '$1'],
  // A heading that ended in a mark of its own.
  [/([.:!?…。！？])\.$/gm, '$1'],
];

/** The sentences of a Markdown text as a voice should say them. */
export function sentencesOf(markdown: string, locale: string): readonly string[] {
  const plain = RULES.reduce((text, [pattern, by]) => text.replace(pattern, by), markdown);
  return plain.split(/\n+/).flatMap((line) => split(line, locale));
}

function split(line: string, locale: string): readonly string[] {
  const pieces =
    'Segmenter' in Intl
      ? Array.from(
          new Intl.Segmenter(locale, { granularity: 'sentence' }).segment(line),
          ({ segment }) => segment,
        )
      : (line.match(/[^.!?…]+[.!?…]*/g) ?? []);
  return pieces.map((piece) => piece.trim()).filter((piece) => /[\p{L}\p{N}]/u.test(piece));
}
