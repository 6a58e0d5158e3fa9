import type { ContentPart } from '../../../protocol/message.ts';
import { plainText } from './plain-text.ts';

const MAX_LINES = 5;
const MAX_LINE_CHARS = 160;

/** Of a file's text, what is looked at for its first lines: base64 of some kilobytes. */
const MAX_DATA_CHARS = 16_384;

const NAMELESS = 'without a name';

/** What can be said of what the visitor attached, without a look into pictures. Empty for no attachments. */
export function describeAttachments(parts: readonly ContentPart[]): string {
  return parts.flatMap((part) => describe(part) ?? []).join('\n\n');
}

function describe(part: ContentPart): string | undefined {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return undefined;
    case 'upload':
      return `The file ${named(part.filename)} cannot be read any more.`;
    case 'image':
      return `I got the image ${named(part.alt)}, but I am an offline model and cannot look into images.`;
    case 'audio':
    case 'video':
      return `I got ${part.type === 'audio' ? 'a sound' : 'a video'}, but I am an offline model and cannot play it.`;
    case 'file': {
      const text = textIn(part.data, part.mimeType);
      return text === undefined
        ? `I got the file ${named(part.filename)} (${plainText(part.mimeType, 60)}), but I am an offline model and cannot look into it.`
        : quote(part.filename, text);
    }
  }
}

function quote(filename: string, text: string): string {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) return `I got the file ${named(filename)}. It is empty.`;
  const first = lines.slice(0, MAX_LINES).map((line) => `> ${plainText(line, MAX_LINE_CHARS)}`);
  return `I got the file ${named(filename)}. It begins with:\n\n${first.join('\n>\n')}`;
}

function named(name: string | undefined): string {
  return name === undefined || name === '' ? NAMELESS : `“${plainText(name, 120)}”`;
}

/** The beginning of a text that stands in the message itself. */
function textIn(resource: string, mimeType: string): string | undefined {
  if (!/^(?:text\/|application\/json$)/.test(mimeType)) return undefined;
  const head = /^data:[^,]{0,200},/.exec(resource.slice(0, 256))?.[0];
  if (head === undefined) return undefined;
  const body = resource.slice(head.length, head.length + MAX_DATA_CHARS);
  if (head.endsWith(';base64,')) return new TextDecoder().decode(Buffer.from(body, 'base64'));
  try {
    return decodeURIComponent(body.replace(/%[0-9a-f]?$/i, ''));
  } catch {
    return body;
  }
}
