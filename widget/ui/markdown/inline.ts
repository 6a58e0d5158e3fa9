import { type LinkMark, readAngleUrl, readBareUrl } from './autolinks.ts';
import { type Emphasis, type EmphasisTag, flanks, pairEmphasis } from './emphasis.ts';
import { ENTITIES } from './entities.ts';

/** What a line of text is made of: plain text, or an element around more of it. */
export type Span = string | ElementSpan;

interface ElementSpan {
  readonly tag: EmphasisTag | 'code' | 'a' | 'img' | 'math' | 'br';
  /** As written, not checked yet. Of a formula: `display` where it stands on a line of its own. */
  readonly href?: string;
  readonly children: Span[];
}

/** Deeper nesting is drawn flat: the tree is walked recursively. */
const MAX_DEPTH = 16;

/** A longer block is shown as it is written: nobody writes one, and reading it would hold up the page. */
const MAX_INLINE_CHARS = 50_000;

const SPECIAL = /[\\`*_~[\]!<&\n]|\$\$|\bhttps?:\/\/|\bwww\./g;
const ENTITY = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([A-Za-z]{2,8}));/y;
const DESTINATION =
  /\(\s{0,99}(?:<([^<>\n]{0,2000})>|([^\s()<>]{0,2000}(?:\([^\s()<>]{0,2000}\)[^\s()<>]{0,2000}){0,9}))(?:\s{1,99}(?:"[^"]{0,500}"|'[^']{0,500}'))?\s{0,99}\)/y;
/** The bounds keep a text full of unfinished links from being read to its end at each of them. */
const HALF_DESTINATION = /\([^\s]{0,1000}(?:\s{1,99}["'][^"']{0,200})?$/y;
const PUNCTUATION = /[!-/:-@[-`{-~]/;

/** `text` stands for itself unless the bracket becomes a link. */
interface Bracket {
  kind: 'bracket';
  text: string;
  link?: string;
  /** How many emphasis marks stood before it. */
  emphasisBefore: number;
}
type Token = string | ElementSpan | LinkMark | Bracket | Emphasis;

/**
 * Reads the inline syntax of one block. With `open`, more of the text is still to come: syntax that is half there is
 * shown as what it is about to become, or held back, so that nothing flashes.
 */
export function parseInline(source: string, open: boolean): Span[] {
  if (source.length > MAX_INLINE_CHARS) return [source];
  const src = open ? withoutHalfMark(source) : source;
  const tokens: Token[] = [];
  const emphasis: Emphasis[] = [];
  const brackets: Bracket[] = [];
  const codeEnds = new Map<number, number>();
  let at = 0;

  while (at < src.length) {
    SPECIAL.lastIndex = at;
    const found = SPECIAL.exec(src);
    if (found === null) break;
    if (found.index > at) tokens.push(src.slice(at, found.index));
    at = found.index;
    const mark = found[0];
    if (mark === '$$' || (mark === '\\' && '(['.includes(src[at + 1] ?? ' '))) {
      at = readMaths(src, at, open, tokens);
    } else if (mark === '\\') at = readEscape(src, at, tokens);
    else if (mark === '`') at = readCode(src, at, open, codeEnds, tokens);
    else if (mark === '*' || mark === '_' || mark === '~') at = readEmphasis(src, at, tokens, emphasis);
    else if (mark === '\n') at = readBreak(at, tokens);
    else if (mark === '&') at = readEntity(src, at, tokens);
    else if (mark === '<') at = readAngleUrl(src, at, tokens);
    else if (mark === '[' || (mark === '!' && src[at + 1] === '[')) {
      const bracket: Bracket = {
        kind: 'bracket',
        text: mark === '[' ? mark : '![',
        emphasisBefore: emphasis.length,
      };
      tokens.push(bracket);
      brackets.push(bracket);
      at += bracket.text.length;
    } else if (mark === ']') at = readLinkEnd(src, at, open, tokens, emphasis, brackets);
    else if (mark.length > 1) at = readBareUrl(src, at, open, tokens);
    else {
      tokens.push(mark);
      at += 1;
    }
  }
  if (at < src.length) tokens.push(src.slice(at));

  pairEmphasis(emphasis, open);
  const pending = open ? brackets.at(-1) : undefined;
  if (pending !== undefined) pending.text = '';
  return buildSpans(tokens);
}

/** Drops what the next character may turn into something else: `**`, half an entity, a backslash. */
function withoutHalfMark(source: string): string {
  let end = source.length;
  while (end > 0 && '*_~`\\!$'.includes(source.charAt(end - 1))) end -= 1;
  const ampersand = source.lastIndexOf('&', end - 1);
  if (ampersand >= 0 && end - ampersand <= 9 && /^&#?\w*$/.test(source.slice(ampersand, end)))
    end = ampersand;
  return source.slice(0, end);
}

/** Longest formula inside of a text, in characters. */
const MAX_MATHS_CHARS = 1_000;

/** `$$…$$`, `\\(…\\)` and `\\[…\\]`. A single dollar is money. One that is half there is held back. */
function readMaths(src: string, at: number, open: boolean, tokens: Token[]): number {
  const mark = src.slice(at, at + 2);
  const close = mark === '$$' ? '$$' : mark === '\\(' ? '\\)' : '\\]';
  const ahead = src.slice(at + 2, at + 2 + MAX_MATHS_CHARS);
  const length = ahead.indexOf(close);
  if (length < 0 && open && ahead.length < MAX_MATHS_CHARS) return src.length;
  const tex = ahead.slice(0, Math.max(0, length));
  if (tex.trim() === '') {
    tokens.push(mark === '$$' ? mark : mark.charAt(1));
    return at + 2;
  }
  tokens.push({ tag: 'math', children: [tex], ...(mark !== '\\(' && { href: 'display' }) });
  return at + 2 + length + close.length;
}

function readEscape(src: string, at: number, tokens: Token[]): number {
  const next = src.charAt(at + 1);
  if (next === '\n') tokens.push({ tag: 'br', children: [] });
  else if (PUNCTUATION.test(next)) tokens.push(next);
  else {
    tokens.push('\\');
    return at + 1;
  }
  return at + 2;
}

/** `ends` remembers, for each length of run, from where on there is no closing run, so that no text is searched twice in vain. */
function readCode(
  src: string,
  at: number,
  open: boolean,
  ends: Map<number, number>,
  tokens: Token[],
): number {
  const length = runLength(src, at);
  const start = at + length;
  const end = ends.has(length) ? -1 : closingRun(src, start, length);
  if (end < 0) {
    ends.set(length, start);
    if (!open) {
      tokens.push(src.slice(at, start));
      return start;
    }
    tokens.push({ tag: 'code', children: [src.slice(start).replaceAll('\n', ' ')] });
    return src.length;
  }
  const code = src.slice(start, end).replaceAll('\n', ' ');
  const padded = code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '';
  tokens.push({ tag: 'code', children: [padded ? code.slice(1, -1) : code] });
  return end + length;
}

function closingRun(src: string, from: number, length: number): number {
  let at = src.indexOf('`', from);
  while (at >= 0) {
    const found = runLength(src, at);
    if (found === length) return at;
    at = src.indexOf('`', at + found);
  }
  return -1;
}

function runLength(src: string, at: number): number {
  const char = src[at];
  let end = at;
  while (src[end] === char) end += 1;
  return end - at;
}

function readEmphasis(src: string, at: number, tokens: Token[], emphasis: Emphasis[]): number {
  const length = runLength(src, at);
  const end = at + length;
  const char = src.charAt(at);
  // A single tilde means "about" far more often than it strikes something out.
  if (char === '~' && length !== 2) {
    tokens.push(src.slice(at, end));
    return end;
  }
  const mark: Emphasis = {
    kind: 'emphasis',
    char,
    length,
    written: length,
    ...flanks(src, at, end),
    opens: [],
    closes: [],
  };
  tokens.push(mark);
  emphasis.push(mark);
  return end;
}

function readBreak(at: number, tokens: Token[]): number {
  const last = tokens.at(-1);
  if (typeof last === 'string' && last.endsWith(' ')) {
    tokens[tokens.length - 1] = last.trimEnd();
    if (last.endsWith('  ')) {
      tokens.push({ tag: 'br', children: [] });
      return at + 1;
    }
  }
  tokens.push('\n');
  return at + 1;
}

function readEntity(src: string, at: number, tokens: Token[]): number {
  ENTITY.lastIndex = at;
  const found = ENTITY.exec(src);
  const text = found === null ? undefined : entityText(found);
  if (found === null || text === undefined) {
    tokens.push('&');
    return at + 1;
  }
  tokens.push(text);
  return at + found[0].length;
}

function entityText([, decimal, hex, name]: RegExpExecArray): string | undefined {
  if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return valid ? String.fromCodePoint(code) : '\ufffd';
}

function readLinkEnd(
  src: string,
  at: number,
  open: boolean,
  tokens: Token[],
  emphasis: Emphasis[],
  brackets: Bracket[],
): number {
  const bracket = brackets.pop();
  const next = at + 1;
  if (bracket === undefined) {
    tokens.push(']');
    return next;
  }
  DESTINATION.lastIndex = next;
  const found = DESTINATION.exec(src);
  if (found !== null) {
    // An image inside a link's text stands for its words.
    if (bracket.text === '![' && brackets.length > 0) bracket.text = '';
    else {
      closeLink(bracket, found[1] ?? found[2] ?? '', tokens, emphasis);
      // A link holds no links: what is open around it stays text.
      brackets.length = 0;
    }
    return next + found[0].length;
  }
  HALF_DESTINATION.lastIndex = next;
  if (open && (next === src.length || HALF_DESTINATION.test(src))) {
    bracket.text = '';
    return src.length;
  }
  tokens.push(']');
  return next;
}

function closeLink(bracket: Bracket, href: string, tokens: Token[], emphasis: Emphasis[]): void {
  for (let i = tokens.length - 1; i >= 0; i -= 1) {
    const token = tokens[i];
    if (token === bracket) {
      if (i === tokens.length - 1) tokens.push(bracket.text === '[' ? href : 'image');
      break;
    }
    if (typeof token === 'object' && 'kind' in token && (token.kind === 'open' || token.kind === 'close'))
      tokens[i] = '';
  }
  pairEmphasis(emphasis.splice(bracket.emphasisBefore), false);
  bracket.link = href;
  tokens.push({ kind: 'close' });
}

function buildSpans(tokens: readonly Token[]): Span[] {
  const root: Span[] = [];
  const stack: Span[][] = [root];
  let flattened = 0;
  const text = (value: string) => {
    if (value === '') return;
    const into = stack.at(-1) ?? root;
    const last = into.at(-1);
    if (typeof last === 'string') into[into.length - 1] = last + value;
    else into.push(value);
  };
  const start = (tag: ElementSpan['tag'], href?: string) => {
    if (stack.length > MAX_DEPTH) {
      flattened += 1;
      return;
    }
    const span: ElementSpan = { tag, children: [], ...(href === undefined ? {} : { href }) };
    (stack.at(-1) ?? root).push(span);
    stack.push(span.children);
  };
  const end = () => {
    if (flattened > 0) flattened -= 1;
    else stack.pop();
  };
  for (const token of tokens) {
    if (typeof token === 'string') text(token);
    else if (!('kind' in token)) (stack.at(-1) ?? root).push(token);
    else if (token.kind === 'open') start('a', token.href);
    else if (token.kind === 'close') end();
    else if (token.kind === 'bracket') {
      if (token.link === undefined) text(token.text);
      else start(token.text === '![' ? 'img' : 'a', token.link);
    } else {
      for (const _ of token.closes) end();
      text(token.char.repeat(token.length));
      for (let i = token.opens.length - 1; i >= 0; i -= 1) start(token.opens[i] as EmphasisTag);
    }
  }
  return root;
}
