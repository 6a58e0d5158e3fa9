import { endingOf } from './filename.ts';

/** What a file is, by its bytes. `endings`: of names that fit it, the usual one first. */
export interface ContentType {
  readonly mimeType: string;
  readonly endings: readonly string[];
}

/** What is looked at to tell one binary format from another. */
const HEAD_BYTES = 1024 * 1024;

const PLAIN: ContentType = { mimeType: 'text/plain', endings: ['txt'] };
const HTML: ContentType = { mimeType: 'text/html', endings: ['html', 'htm'] };
const SVG: ContentType = { mimeType: 'image/svg+xml', endings: ['svg'] };
const XML: ContentType = { mimeType: 'application/xml', endings: ['xml'] };
const JSON_TEXT: ContentType = { mimeType: 'application/json', endings: ['json'] };
const MARKDOWN: ContentType = { mimeType: 'text/markdown', endings: ['md', 'markdown'] };
const CSV: ContentType = { mimeType: 'text/csv', endings: ['csv'] };

/** Formats with several usual endings. */
const OTHER_ENDINGS: Readonly<Record<string, readonly string[]>> = {
  jpg: ['jpg', 'jpeg', 'jpe', 'jfif'],
  tif: ['tif', 'tiff'],
  mp4: ['mp4', 'm4v'],
  ogg: ['ogg', 'oga'],
  heic: ['heic', 'heif'],
};

/**
 * Tells what a file is by its content; of its name only which kind of plain text it is. Nothing for bytes that are no
 * format that is known.
 */
export async function contentTypeOf(bytes: Uint8Array, filename: string): Promise<ContentType | undefined> {
  const found = await binaryType(bytes);
  const text = found === undefined || found.mimeType === XML.mimeType ? textOf(bytes) : undefined;
  if (text === undefined) return found;
  const ending = endingOf(filename);
  const markup = markupType(text);
  // Markdown often begins with a tag of its own; what a browser would take for a whole page is one.
  const isMarkdown = MARKDOWN.endings.includes(ending) && !PAGE_START.test(text.slice(0, PROLOGUE_CHARS));
  if (markup === HTML && isMarkdown) return MARKDOWN;
  return markup ?? found ?? namedType(text, ending);
}

async function binaryType(bytes: Uint8Array): Promise<ContentType | undefined> {
  // Loaded with the first file: a start need not wait for it.
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(bytes.subarray(0, HEAD_BYTES)).catch(() => undefined);
  if (found === undefined) return undefined;
  const mimeType = found.mime.split(';')[0]?.trim() ?? found.mime;
  return { mimeType, endings: OTHER_ENDINGS[found.ext] ?? [found.ext] };
}

/** Text in UTF-8 that somebody reads: with no other control characters than those that break lines and pages. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    return /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** How browsers tell that a text is HTML when nobody says so. */
const HTML_START =
  /^(?:<!--|<!doctype html|<(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|img|video|audio|object|embed|form|meta|link|base|template|math)(?=[\s>/]))/i;

const PAGE_START = /<(?:!doctype|html|head|body|script|iframe|object|embed|base|meta|svg)[\s>/]/i;

/** Longest look for a root element behind comments and declarations. */
const PROLOGUE_CHARS = 4_096;

function markupType(text: string): ContentType | undefined {
  const start = text.slice(0, PROLOGUE_CHARS).trimStart();
  if (!start.startsWith('<')) return undefined;
  const bare = start.replace(
    /^(?:\s|<\?[^>]*>|<!--[\s\S]*?-->|<!doctype\s+svg[^>[]*(?:\[[\s\S]*?\])?[^>]*>)+/i,
    '',
  );
  if (/^<(?:\w+:)?svg[\s>/]/i.test(bare)) return SVG;
  if (HTML_START.test(start) || HTML_START.test(bare)) return HTML;
  return /^<\?xml[\s?]/i.test(start) ? XML : undefined;
}

function namedType(text: string, ending: string): ContentType {
  if (MARKDOWN.endings.includes(ending)) return MARKDOWN;
  if (CSV.endings.includes(ending)) return CSV;
  return JSON_TEXT.endings.includes(ending) && isJson(text) ? JSON_TEXT : PLAIN;
}

/** Longest text that is read to see whether it is JSON. What is read of a longer one could take up much more memory. */
const MAX_JSON_CHARS = 256 * 1024;

function isJson(text: string): boolean {
  if (text.length > MAX_JSON_CHARS) return hasJsonEnds(text.trim());
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function hasJsonEnds(text: string): boolean {
  return (text.startsWith('{') && text.endsWith('}')) || (text.startsWith('[') && text.endsWith(']'));
}

/** Whether a surface takes this type. What browsers run is taken only by its whole name. */
export function isAccepted(mimeType: string, accept: readonly string[]): boolean {
  if (accept.includes(mimeType)) return true;
  if ([HTML, SVG, XML].some((active) => active.mimeType === mimeType)) return false;
  return accept.includes(`${mimeType.split('/')[0]}/*`);
}
