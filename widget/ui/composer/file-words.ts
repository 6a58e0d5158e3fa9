import type { FileProblem } from '../../chat/file-rules.ts';
import type { WidgetError } from '../../errors.ts';
import type { MessageKey, Words } from '../../messages.ts';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** `1.2 MB`, as the locale writes it. */
export function sizeWords(bytes: number, locale: string): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1024)), 3);
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: UNITS[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power > 1 ? 1 : 0,
  }).format(bytes / 1024 ** power);
}

const KINDS: Readonly<Record<string, string>> = {
  'image/jpeg': 'JPEG',
  'image/svg+xml': 'SVG',
  'text/plain': 'TXT',
  'text/markdown': 'Markdown',
  'application/msword': 'DOC',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'DOCX',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'XLSX',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PPTX',
};

/** The kind of a file as people call it: `PNG`. */
export function kindWords(mimeType: string): string {
  const [, sub = ''] = mimeType.split('/');
  return KINDS[mimeType] ?? (sub.length > 8 || sub === '' ? '' : sub.replace(/^x-/, '').toUpperCase());
}

const FAMILIES: Readonly<Record<string, MessageKey>> = {
  'image/*': 'file.anyImage',
  'text/*': 'file.anyText',
  'audio/*': 'file.anyAudio',
  'video/*': 'file.anyVideo',
};

/** Why a file was not attached, as a sentence. */
export function problemWords(
  problem: FileProblem,
  accept: readonly string[],
  { say, locale, language }: Words,
): string {
  const { name, reason } = problem;
  switch (problem.reason) {
    case 'too_many':
      return say('file.too_many', { name, count: problem.limit });
    case 'too_large':
    case 'too_large_together':
      return say(`file.${problem.reason}`, { name, limit: sizeWords(problem.limit, locale) });
    case 'type': {
      const kinds = accept.map((type) => {
        const family = FAMILIES[type];
        return family === undefined ? kindWords(type) : say(family);
      });
      const list = new Intl.ListFormat(language, { type: 'conjunction' });
      return say('file.type', {
        name,
        kinds: list.format([...new Set(kinds)].filter((kind) => kind !== '')),
      });
    }
    default:
      return say(`file.${reason as 'empty'}`, { name });
  }
}

const FAILURES: Readonly<Record<string, MessageKey>> = {
  file_refused: 'file.refused',
  unsupported_file: 'file.unsupported',
  unsupported_media_type: 'file.unsupported',
  file_not_found: 'file.lost',
};

/** Why a file did not arrive, as a sentence. */
export function failureWords({ code, message }: WidgetError, { say }: Words): string {
  // The operator's own sentence about this very file.
  if (code === 'file_refused' && message !== '') return message;
  return say(FAILURES[code] ?? 'file.failed');
}
