import type { ModelMessage } from '../models/model.ts';

const MAX_OPENING_CHARS = 80;
const MAX_PREVIEW_CHARS = 160;

/** What a list of conversations says of their messages. */
export interface Digest {
  readonly opening: string | null;
  readonly preview: string | null;
  /** Messages that a widget shows. */
  readonly shownCount: number;
}

/** Of messages in their order. */
export function digestOf(messages: readonly ModelMessage[]): Digest {
  const first = messages.find(({ role }) => role === 'user');
  const shown = messages.filter(isShown);
  const last = shown.at(-1);
  return {
    opening: first === undefined ? null : beginning(wordsOf(first) ?? '', MAX_OPENING_CHARS),
    preview: last === undefined ? null : beginning(wordsOf(last) ?? '', MAX_PREVIEW_CHARS),
    shownCount: shown.length,
  };
}

function isShown(message: ModelMessage): boolean {
  return message.role === 'user' || (message.role === 'assistant' && message.text.trim() !== '');
}

/** What a search looks into; `null` where there is nothing that a person has read. */
export function searchableWords(message: ModelMessage): string | null {
  const words = wordsOf(message);
  return words === null || words === '' ? null : searchable(words);
}

/** The same text in whatever case and composition, as every engine keeps it. */
export function searchable(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(UNKEEPABLE, ' ');
}

/** The start of a text on one line, without half a character at its end. */
export function beginning(text: string, maxChars: number): string {
  const line = text
    .slice(0, maxChars * 4)
    .replace(/[\s\p{Cc}\p{Surrogate}]+/gu, ' ')
    .trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

const UNKEEPABLE = /[\0\p{Surrogate}]/gu;

function wordsOf(message: ModelMessage): string | null {
  if (message.role === 'assistant') return message.text;
  if (message.role === 'tool') return null;
  return message.content
    .flatMap((part) => {
      if (part.type === 'text') return part.text;
      if (part.type === 'file' || part.type === 'upload') return part.filename;
      return part.type === 'image' ? (part.alt ?? []) : [];
    })
    .reverse()
    .join('\n');
}
