/** One end of a link that is written without brackets, or the end of one with them. */
export type LinkMark = { readonly kind: 'open'; readonly href: string } | { readonly kind: 'close' };

/** Where what was read goes. */
interface Tokens {
  push(...tokens: (string | LinkMark)[]): unknown;
}

const BARE_URL = /[^\s<>[\]`]*/y;
const ANGLE_URL = /<((?:https?|mailto|tel):[^\s<>]{1,2000}|[^\s<>@:]{1,100}@[^\s<>@:]{1,200})>/y;

/** Reads a URL in angle brackets, or the bracket alone. Returns where to go on. */
export function readAngleUrl(src: string, at: number, tokens: Tokens): number {
  ANGLE_URL.lastIndex = at;
  const found = ANGLE_URL.exec(src);
  const text = found?.[1];
  if (found === null || text === undefined) {
    tokens.push('<');
    return at + 1;
  }
  pushAutolink(text, text.includes(':') ? text : `mailto:${text}`, tokens);
  return at + found[0].length;
}

/** Reads a URL that stands in the text. One that is still `open` at the end stays text: its rest is to come. */
export function readBareUrl(src: string, at: number, open: boolean, tokens: Tokens): number {
  BARE_URL.lastIndex = at;
  const written = BARE_URL.exec(src)?.[0] ?? '';
  const text = withoutTrailingPunctuation(written);
  const growing = open && at + written.length === src.length;
  const bare = text.endsWith('://') || text === 'www';
  if (growing || bare) tokens.push(text);
  else pushAutolink(text, text.startsWith('www.') ? `https://${text}` : text, tokens);
  return at + text.length;
}

function pushAutolink(text: string, href: string, tokens: Tokens): void {
  tokens.push({ kind: 'open', href }, text, { kind: 'close' });
}

function withoutTrailingPunctuation(url: string): string {
  let unclosed = 0;
  for (const char of url) unclosed += char === '(' ? 1 : char === ')' ? -1 : 0;
  let end = url.length;
  for (; end > 0; end -= 1) {
    const last = url.charAt(end - 1);
    if (last === ')' && unclosed < 0) unclosed += 1;
    else if (!'?!.,:;*_~\'"'.includes(last)) break;
  }
  return url.slice(0, end);
}
