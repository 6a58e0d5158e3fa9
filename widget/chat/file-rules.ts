import type { FileRules, InitResponse } from '../../protocol/request.ts';
import { fieldsOf, listOf, numberOf } from './reading.ts';
import type { Attachment } from './state.ts';

/** Why a file cannot be attached. What names nothing more is said of the file alone. */
export type FileProblem =
  | { readonly reason: 'empty' | 'type' | 'unreadable'; readonly name: string }
  | { readonly reason: 'too_large' | 'too_large_together'; readonly name: string; readonly limit: number }
  | { readonly reason: 'too_many'; readonly name: string; readonly limit: number };

/** What most models read, for servers that do not say. */
const COMMON_TYPES = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'text/plain',
  'text/markdown',
  'text/csv',
];

/** What may be attached. A server by others may have left something out. */
export function fileRulesOf({ config }: Pick<InitResponse, 'config'>): FileRules {
  const { maxBytes, maxPerMessage, accept } = fieldsOf(config.files);
  const types = listOf(accept).filter((type) => typeof type === 'string');
  return {
    maxBytes: numberOf(maxBytes) ?? MAX_INLINE_BYTES,
    maxPerMessage: numberOf(maxPerMessage) ?? 4,
    accept: types.length === 0 ? COMMON_TYPES : types,
  };
}

/** What browsers leave untyped, or call by what another program made of it. By ending, in small letters. */
const TYPES: Readonly<Record<string, string>> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  csv: 'text/csv',
  txt: 'text/plain',
  log: 'text/plain',
  json: 'application/json',
  pdf: 'application/pdf',
};

export function mimeTypeOf(file: File): string {
  const ending = /\.(\w+)$/.exec(file.name)?.[1]?.toLowerCase() ?? '';
  return TYPES[ending] ?? (file.type || 'application/octet-stream');
}

/** Whether a media type is one of those, `image/*` or exact. */
function isAccepted(mimeType: string, accept: readonly string[]): boolean {
  return accept.some((pattern) =>
    pattern.endsWith('/*') ? mimeType.startsWith(pattern.slice(0, -1)) : pattern === mimeType,
  );
}

/** Most bytes of the attachments of one message that carries them inside. */
const MAX_INLINE_BYTES = 4 * 1024 * 1024;

export interface Attached {
  readonly count: number;
  readonly bytes: number;
  /** The files go inside of the message. */
  readonly isInline: boolean;
}

/** What stands in the way of one more file; `undefined`: nothing. */
export function problemOf(file: File, rules: FileRules, attached: Attached): FileProblem | undefined {
  const { name, size } = file;
  if (attached.count >= rules.maxPerMessage) return { reason: 'too_many', name, limit: rules.maxPerMessage };
  if (!isAccepted(mimeTypeOf(file), rules.accept)) return { reason: 'type', name };
  if (size === 0) return { reason: 'empty', name };
  if (size > rules.maxBytes) return { reason: 'too_large', name, limit: rules.maxBytes };
  if (attached.isInline && attached.bytes + size > MAX_INLINE_BYTES) {
    return { reason: 'too_large_together', name, limit: MAX_INLINE_BYTES };
  }
  return undefined;
}

/** The attachments of a message that was kept: another script of the page may have written there. */
export function attachmentsIn(value: unknown): readonly Attachment[] {
  return listOf(value).filter(isAttachment);
}

function isAttachment(value: unknown): value is Attachment {
  const { id, name, size, mimeType, isUploaded } = fieldsOf(value);
  return (
    [id, name, mimeType].every((field) => typeof field === 'string') &&
    typeof size === 'number' &&
    typeof isUploaded === 'boolean'
  );
}
