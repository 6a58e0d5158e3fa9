export interface Tag {
  /** In lower case. */
  readonly name: string;
  readonly isEnd: boolean;
  /** `<br/>`, or an element whose content was left out. */
  readonly isClosed: boolean;
  /** Names in lower case; values as they are written. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Their content is no markup, up to their end tag. */
const RAW: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'xmp', 'noembed', 'noframes']);

/** Attributes that are read of one tag. */
const MAX_ATTRIBUTES = 100;

/**
 * The texts and tags of HTML, one after the other. Comments and the content of scripts and styles are left out. Reads
 * whatever comes, looks at every character once, and gives the rest up where a tag or a comment never ends.
 */
export function* tokensOf(html: string): Generator<string | Tag> {
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open === -1) {
      yield html.slice(at);
      return;
    }
    if (open > at) yield html.slice(at, open);
    const next = html[open + 1] ?? '';
    if (html.startsWith('<!--', open)) at = after(html, '-->', open + 4);
    else if (next === '!' || next === '?') at = after(html, '>', open + 2);
    else if (/[a-z/]/i.test(next)) {
      const read = readTag(html, open);
      if (read === undefined) return;
      at = read.end;
      if (read.tag.name === '') continue;
      const isRaw = RAW.has(read.tag.name) && !read.tag.isEnd;
      if (isRaw) at = endOfRaw(html, read.tag.name, at);
      yield isRaw ? { ...read.tag, isClosed: true } : read.tag;
    } else {
      yield '<';
      at = open + 1;
    }
  }
}

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found === -1 ? html.length : found + mark.length;
}

function endOfRaw(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}[\\s/>]`, 'gi');
  end.lastIndex = from;
  const found = end.exec(html);
  return found === null ? html.length : after(html, '>', found.index);
}

function readTag(html: string, open: number): { readonly tag: Tag; readonly end: number } | undefined {
  const isEnd = html[open + 1] === '/';
  const head = /[a-z][^\s/>]{0,100}/iy;
  head.lastIndex = open + (isEnd ? 2 : 1);
  const name = head.exec(html)?.[0].toLowerCase() ?? '';
  const attributes: Record<string, string> = Object.create(null);
  let count = 0;
  let at = open + (isEnd ? 2 : 1) + name.length;
  const part = /[\s/]*(?:(>)|([^\s=>/]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>][^\s>]*)?))?|(.))/sy;
  for (;;) {
    part.lastIndex = at;
    const match = part.exec(html);
    if (match === null) return undefined;
    at = part.lastIndex;
    const [whole, isOver, attribute, double, single, bare] = match;
    if (isOver !== undefined) {
      return { tag: { name, isEnd, isClosed: whole.includes('/'), attributes }, end: at };
    }
    if (attribute === undefined || count >= MAX_ATTRIBUTES) continue;
    count += 1;
    attributes[attribute.toLowerCase()] ??= double ?? single ?? bare ?? '';
  }
}
