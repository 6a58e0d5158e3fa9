import type { Scan, ScannedFile, ScanResult } from '../config/files.ts';
import { RequestError } from '../errors.ts';

/** Longest time for an operator's scan of one file, in milliseconds. */
const SCAN_TIMEOUT_MS = 30_000;

const MAX_SENTENCE_CHARS = 300;

/** Lets a file pass, or throws `file_refused`. `onFailure` hears of a scan that threw, hung or answered nonsense. */
export async function runScan(
  scan: Scan,
  file: Omit<ScannedFile, 'signal'>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const result = await resultOf(scan, file).catch((error: unknown) => {
    onFailure(error);
    throw new RequestError('file_refused', 'The file could not be checked, so it was not taken.', {
      hint: 'Try again in a few minutes. If it stays, tell whoever runs this site.',
    });
  });
  if (result === 'pass') return;
  throw new RequestError('file_refused', result.refuse.trim().slice(0, MAX_SENTENCE_CHARS), {
    hint: 'Attach another file.',
  });
}

async function resultOf(scan: Scan, file: Omit<ScannedFile, 'signal'>): Promise<ScanResult> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`The scan did not answer within ${SCAN_TIMEOUT_MS / 1000} s.`);
      reject(error);
      controller.abort(error);
    }, SCAN_TIMEOUT_MS);
  });
  try {
    // It may throw before it gives a promise.
    const scanned = (async () => await scan({ ...file, signal: controller.signal }))();
    return readResult(await Promise.race([scanned, timeout]));
  } finally {
    clearTimeout(timer);
  }
}

function readResult(value: unknown): ScanResult {
  if (value === 'pass') return value;
  const refuse = typeof value === 'object' && value !== null && 'refuse' in value ? value.refuse : undefined;
  if (typeof refuse === 'string' && refuse.trim() !== '') return { refuse };
  throw new Error('The scan answered neither "pass" nor { refuse: "a sentence" }.');
}
