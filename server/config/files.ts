import { z } from 'zod';
import { checked, fields, kindOf, list, whole } from './fields.ts';

/** One file as a scan sees it. */
export interface ScannedFile {
  readonly filename: string;
  /** As the bytes say. */
  readonly mimeType: string;
  readonly bytes: Uint8Array;
  /** Aborts when the scan's time is over. */
  readonly signal: AbortSignal;
}

/** `refuse`: a sentence that the visitor reads. */
export type ScanResult = 'pass' | { readonly refuse: string };

export type Scan = (file: ScannedFile) => Promise<ScanResult>;

export interface FilesInput {
  /** Largest file, in bytes, up to 52428800. Default: 10485760. */
  readonly maxBytes?: number | undefined;
  /** Most files of one message, 1 to 20. Default: 4. */
  readonly maxPerMessage?: number | undefined;
  /** Media types, exact or `image/*`. HTML and SVG only where they are named. Default: common images, PDF and plain texts. */
  readonly accept?: readonly string[] | undefined;
  /** Hours that a file is kept which no message names, 1 to 720. Default: 24. */
  readonly keepHours?: number | undefined;
  /** Most that all files of the surface take up together, in bytes. Default: 10737418240. */
  readonly maxStoredBytes?: number | undefined;
  /** Looks at every file before it is ready, for at most 30 seconds. One that fails refuses. Default: all pass. */
  readonly scan?: Scan | undefined;
}

/** What visitors of a surface may attach. */
export interface FileSettings {
  readonly maxBytes: number;
  readonly maxPerMessage: number;
  readonly accept: readonly string[];
  readonly keepHours: number;
  readonly maxStoredBytes: number;
  readonly scan: Scan | null;
}

const MEBIBYTE = 1024 * 1024;

const DEFAULT_FILES: FileSettings = {
  maxBytes: 10 * MEBIBYTE,
  maxPerMessage: 4,
  accept: [
    'image/png',
    'image/jpeg',
    'image/gif',
    'image/webp',
    'application/pdf',
    'text/plain',
    'text/markdown',
    'text/csv',
    'application/json',
  ],
  keepHours: 24,
  maxStoredBytes: 10 * 1024 * MEBIBYTE,
  scan: null,
};

const MediaType = checked('"image/png"', (value) =>
  /^[a-z0-9][a-z0-9.+-]{0,63}\/(\*|[a-z0-9][a-z0-9.+-]{0,126})$/.test(value)
    ? undefined
    : 'is not a media type. Write it in lower case, for example "image/png", or "image/*" for all images.',
);

export const FileFields = fields(
  {
    maxBytes: whole(1, 50 * MEBIBYTE, DEFAULT_FILES.maxBytes),
    maxPerMessage: whole(1, 20, DEFAULT_FILES.maxPerMessage),
    accept: list(MediaType, '["image/png"]')
      .refine((value) => value.length > 0, {
        error:
          'names no type, so nothing can be attached. Write for example ["image/png"], or "files": false.',
      })
      .refine((value) => value.length <= 100, { error: 'has too many entries. Write at most 100.' })
      .optional(),
    keepHours: whole(1, 720, DEFAULT_FILES.keepHours),
    maxStoredBytes: whole(MEBIBYTE, Number.MAX_SAFE_INTEGER, DEFAULT_FILES.maxStoredBytes),
    scan: z
      .custom<Scan>((value) => typeof value === 'function', {
        error: ({ input }) =>
          `must be a function, and is ${kindOf(input)}. Write in a TypeScript or JavaScript file for example async ({ bytes }) => "pass".`,
      })
      .optional(),
  },
  '{ "maxBytes": 10485760 }, or false',
);

/** `false`, or an object whose mistakes are told like those of any other. */
export const Files = z
  .custom<FilesInput | false>(() => true)
  .superRefine((value, context) => {
    if (value === false) return;
    for (const issue of FileFields.safeParse(value).error?.issues ?? []) context.addIssue({ ...issue });
  });

/** `null`: nothing can be attached. */
export function resolveFiles(input: FilesInput | false = {}): FileSettings | null {
  if (input === false) return null;
  return {
    maxBytes: input.maxBytes ?? DEFAULT_FILES.maxBytes,
    maxPerMessage: input.maxPerMessage ?? DEFAULT_FILES.maxPerMessage,
    accept: [...new Set(input.accept ?? DEFAULT_FILES.accept)],
    keepHours: input.keepHours ?? DEFAULT_FILES.keepHours,
    maxStoredBytes: input.maxStoredBytes ?? DEFAULT_FILES.maxStoredBytes,
    scan: input.scan ?? null,
  };
}
