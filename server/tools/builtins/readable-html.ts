import { decodeEntities } from './html-entities.ts';
import { type Tag, tokensOf } from './html-tokens.ts';

/** Most text that is gathered of one page, in characters. */
const MAX_GATHERED_CHARS = 1_000_000;

/** Most tags and texts that are looked at: a page of nothing but tags would hold up everybody else. */
const MAX_TOKENS = 200_000;

/** What nobody reads on a page. */
const SILENT: ReadonlySet<string> = new Set([
  'script',
  'style',
  'template',
  'svg',
  'math',
  'iframe',
  'object',
  'noscript',
  'select',
  'canvas',
  'head',
  'dialog',
]);

/** Has no end tag. */
const VOID: ReadonlySet<string> = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
]);

const BLOCKS: ReadonlySet<string> = new Set([
  'address',
  'article',
  'aside',
  'blockquote',
  'body',
  'dd',
  'details',
  'div',
  'dl',
  'dt',
  'fieldset',
  'figcaption',
  'figure',
  'footer',
  'form',
  'header',
  'hr',
  'li',
  'main',
  'nav',
  'ol',
  'p',
  'pre',
  'section',
  'summary',
  'table',
  'ul',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
]);

/** A main part shorter than this is taken for a mistake, and the whole page read. */
const MIN_MAIN_CHARS = 200;

/**
 * What a page says, as plain text: headings behind `#`, items behind `-`, links as `[text](address)` with whole
 * addresses. The main part alone, where the page marks one. Takes any text for a page and never throws.
 */
export function readableText(
  html: string,
  address: string,
): { readonly title: string; readonly text: string } {
  const writer = createWriter();
  let base = address;
  let title = '';
  let tokens = 0;
  let inTitle = false;
  /** The element whose content is skipped, and how deep within others of its name. */
  let skipped: { readonly name: string; depth: number } | undefined;
  for (const token of tokensOf(html)) {
    tokens += 1;
    if (tokens > MAX_TOKENS || writer.gathered() > MAX_GATHERED_CHARS) break;
    if (typeof token === 'string') {
      if (inTitle) title = title.length < 1_000 ? title + token : title;
      else if (skipped === undefined) writer.text(decodeEntities(token.slice(0, MAX_GATHERED_CHARS)));
      continue;
    }
    const { name, isEnd } = token;
    if (name === 'title' && (skipped === undefined || skipped.name === 'head'))
      inTitle = !isEnd && title === '';
    if (name === 'base' && !isEnd) base = resolved(token, address) ?? base;
    // Some pages never close their head.
    if (name === 'body' && skipped?.name === 'head') skipped = undefined;
    if (skipped !== undefined) {
      if (name === skipped.name && !token.isClosed) skipped.depth += isEnd ? -1 : 1;
      if (skipped.depth === 0) skipped = undefined;
      continue;
    }
    if (!isEnd && !token.isClosed && !VOID.has(name) && (SILENT.has(name) || isHidden(token))) {
      skipped = { name, depth: 1 };
      continue;
    }
    if (name === 'a') {
      writer.linkEnd();
      if (!isEnd) writer.linkStart(resolved(token, base));
    } else if (name === 'img' && token.attributes.alt)
      writer.text(` [image: ${decodeEntities(token.attributes.alt)}] `);
    else if (name === 'br' || name === 'tr') writer.line();
    else if (name === 'td' || name === 'th') writer.text(isEnd ? ' ' : ' | ');
    else if (BLOCKS.has(name)) {
      writer.block(prefixOf(token));
      if (name === 'pre') writer.keepSpace(!isEnd);
      if (name === 'main' || (name === 'article' && !writer.hasMain())) writer.main(isEnd);
    }
  }
  return { title: tidy(decodeEntities(title)), text: writer.done() };
}

function prefixOf({ name, isEnd }: Tag): string {
  if (isEnd) return '';
  if (name === 'li') return '- ';
  return /^h[1-6]$/.test(name) ? `${'#'.repeat(Number(name[1]))} ` : '';
}

function isHidden({ attributes }: Tag): boolean {
  return (
    attributes.hidden !== undefined ||
    attributes['aria-hidden'] === 'true' ||
    /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attributes.style ?? '')
  );
}

function resolved({ attributes }: Tag, base: string): string | undefined {
  const href = decodeEntities(attributes.href ?? '').trim();
  if (href === '' || href.startsWith('#') || !URL.canParse(href, base)) return undefined;
  const url = new URL(href, base);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href.slice(0, 2_000) : undefined;
}

function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Puts lines together. Space is kept where the page asks for it, and is one space elsewhere. */
function createWriter() {
  const lines: string[] = [];
  /** The line that is being written, in parts: every part is looked at a few times, however long the line gets. */
  let parts: string[] = [];
  let prefix = '';
  let gathered = 0;
  let keeps = false;
  let mainFrom: number | undefined;
  let mainTo: number | undefined;
  let link: { readonly from: number; readonly address: string } | undefined;
  const linkEnd = () => {
    if (link === undefined) return;
    const { from, address } = link;
    link = undefined;
    const text = tidy(parts.slice(from).join(''));
    if (text === '') return;
    parts.splice(from, parts.length, ` [${text}](${address}) `);
    gathered += address.length;
  };
  const flush = () => {
    linkEnd();
    const line = parts.join('');
    const written = keeps ? line.trimEnd() : tidy(line).replace(/\) ([.,;:!?)])/g, ')$1');
    if (written !== '') lines.push(prefix + written);
    parts = [];
    prefix = '';
  };
  return {
    gathered: () => gathered,
    text(added: string) {
      gathered += added.length;
      parts.push(keeps ? added : added.replace(/\s+/g, ' '));
    },
    line: flush,
    block(next: string) {
      flush();
      if (lines.length > 0 && lines.at(-1) !== '' && next !== '- ') lines.push('');
      if (next !== '') prefix = next;
    },
    keepSpace(value: boolean) {
      keeps = value;
    },
    linkStart(address: string | undefined) {
      link = address === undefined ? undefined : { from: parts.length, address };
    },
    linkEnd,
    hasMain: () => mainTo !== undefined,
    main(isEnd: boolean) {
      if (!isEnd) mainFrom ??= lines.length;
      else if (mainFrom !== undefined) mainTo = lines.length;
    },
    done(): string {
      flush();
      const all = joined(lines);
      const main = mainFrom === undefined ? '' : joined(lines.slice(mainFrom, mainTo));
      return main.length >= MIN_MAIN_CHARS ? main : all;
    },
  };
}

function joined(lines: readonly string[]): string {
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
