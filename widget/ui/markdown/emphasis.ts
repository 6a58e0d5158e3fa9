export type EmphasisTag = 'em' | 'strong' | 'del';

/** A run of `*`, `_` or `~` that may begin or end an emphasis, and what it turned out to do. */
export interface Emphasis {
  readonly kind: 'emphasis';
  readonly char: string;
  /** How many characters are left as text. */
  length: number;
  readonly written: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
  /** A letter stands before it. */
  readonly afterWord: boolean;
  /** Inner first. */
  readonly opens: EmphasisTag[];
  readonly closes: EmphasisTag[];
}

/**
 * Pairs the marks of one text, as CommonMark says. `floors` remembers where the search for an opener was in vain, which
 * keeps long runs of unmatched marks linear. With `open`, an opener that found no end is taken as in progress.
 */
export function pairEmphasis(marks: readonly Emphasis[], open: boolean): void {
  const stack: { readonly mark: Emphasis; readonly index: number }[] = [];
  const floors = new Map<string, number>();
  marks.forEach((closer, index) => {
    while (closer.canClose && closer.length > 0) {
      const key = `${closer.char}${closer.canOpen}${closer.written % 3}`;
      const floor = floors.get(key) ?? 0;
      let at = stack.length - 1;
      while (at >= 0 && (stack[at]?.index ?? 0) >= floor && !fits(stack[at]?.mark, closer)) at -= 1;
      const opener = stack[at];
      if (opener === undefined || opener.index < floor) {
        floors.set(key, index);
        break;
      }
      take(opener.mark, closer);
      stack.length = opener.mark.length > 0 ? at + 1 : at;
    }
    if (closer.canOpen && closer.length > 0) stack.push({ mark: closer, index });
  });
  if (!open) return;
  for (const { mark } of stack) {
    if (mark.afterWord) continue;
    mark.opens.push(mark.char === '~' ? 'del' : mark.length > 1 ? 'strong' : 'em');
    if (mark.length === 3) mark.opens.push('em');
    mark.length = 0;
  }
}

function fits(opener: Emphasis | undefined, closer: Emphasis): boolean {
  if (opener === undefined || opener.char !== closer.char) return false;
  const sum = opener.written + closer.written;
  const eitherWay = opener.canClose || closer.canOpen;
  return !eitherWay || sum % 3 !== 0 || (opener.written % 3 === 0 && closer.written % 3 === 0);
}

function take(opener: Emphasis, closer: Emphasis): void {
  const two = opener.length > 1 && closer.length > 1;
  const tag = closer.char === '~' ? 'del' : two ? 'strong' : 'em';
  opener.opens.push(tag);
  closer.closes.push(tag);
  opener.length -= two ? 2 : 1;
  closer.length -= two ? 2 : 1;
}

const SPACE = /\s/;
const SYMBOL = /[\p{P}\p{S}]/u;
/** Scripts written without spaces: a mark between them has no space to lean on. */
const SPACELESS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u;

const ASCII_SYMBOL = /[!-/:-@[-`{-~]/;

/** What every character of a language can be takes long to compile; most texts never ask. */
function isSymbol(char: string): boolean {
  return char < '\u0080' ? ASCII_SYMBOL.test(char) : SYMBOL.test(char);
}

function isSpaceless(char: string): boolean {
  return char >= '\u0080' && SPACELESS.test(char);
}

/** What a run of marks may do, by the characters on both sides of it. */
export function flanks(
  src: string,
  start: number,
  end: number,
): Pick<Emphasis, 'canOpen' | 'canClose' | 'afterWord'> {
  const before = src.charAt(start - 1) || ' ';
  const after = src.charAt(end) || ' ';
  const loose = (char: string) => SPACE.test(char) || isSymbol(char);
  const left = !SPACE.test(after) && (!isSymbol(after) || loose(before) || isSpaceless(before));
  const right = !SPACE.test(before) && (!isSymbol(before) || loose(after) || isSpaceless(after));
  const afterWord = !loose(before);
  if (src[start] !== '_') return { canOpen: left, canClose: right, afterWord };
  return { canOpen: left && (!right || !afterWord), canClose: right && (!left || loose(after)), afterWord };
}
