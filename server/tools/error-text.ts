import { cut } from '../text.ts';

/** Longest text of an error that reaches a model, in characters. */
const MAX_ERROR_CHARS = 2_000;

const UNSAID = 'The tool failed and did not say why.';

/**
 * What a model may read of something thrown: the message, without the stack and without the folders of this machine.
 * Secrets go first, before anything of them is cut away. Never throws, whatever was thrown.
 */
export function errorText(thrown: unknown, scrub: (text: string) => string): string {
  try {
    const text = withoutPlaces(scrub(messageOf(thrown))).trim();
    return text === '' ? UNSAID : cut(text, MAX_ERROR_CHARS, '… (cut)');
  } catch {
    return UNSAID;
  }
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  if (typeof thrown !== 'object' || thrown === null || !('message' in thrown)) return '';
  return typeof thrown.message === 'string' ? thrown.message : '';
}

/** Some libraries put the stack of an inner error into their own message. */
const STACK_LINE = /^[ \t]+at .*(\r?\n|$)/gm;

/**
 * The folders of an absolute path, up to its last name. Addresses of the web, which tell a model what failed, are left
 * alone: their path stands behind a letter, a digit or a slash.
 */
const FOLDERS =
  /(?<![\w/.:\-\]])(?:file:\/\/)?(?:\/[^\s/'"`()<>]+)+\/(?=[^\s/'"`()<>])|\b[A-Za-z]:[\\/](?:[^\s\\/'"`()<>]+[\\/])*/g;

function withoutPlaces(message: string): string {
  return message
    .slice(0, 8 * MAX_ERROR_CHARS)
    .replace(STACK_LINE, '')
    .replace(FOLDERS, '…/');
}
