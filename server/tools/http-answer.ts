import type { EgressResponse } from '../egress/egress.ts';
import { MAX_RESULT_VALUES } from './run-tool.ts';
import { ToolError } from './tool-error.ts';

/** Largest answer of a service, in decoded bytes. A model reads far less of it. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** How much of a refusal is told, in characters. */
const MAX_REFUSAL_CHARS = 2_000;

/** What an answer holds: JSON as its value, text as it is, and of anything else only what it is. */
export function readAnswer(response: EgressResponse): unknown {
  const { body, status } = response;
  if (body.byteLength === 0) return `The service answered ${status}, and nothing more.`;
  const type = mediaType(response);
  const text = textOf(response);
  if (text === undefined)
    return `The service answered ${body.byteLength} bytes of ${type || 'an unknown type'}, which are no text.`;
  return isJson(type) ? parsed(text) : text;
}

/** Throws `ToolError` `upstream_error` for a status that is none of success. */
export function requireSuccess(response: EgressResponse): void {
  if (response.status >= 200 && response.status < 300) return;
  const wait = response.headers['retry-after'];
  const later =
    wait === undefined
      ? ''
      : ` It may be asked again after ${wait.slice(0, 40)}${/^\d+$/.test(wait) ? ' s' : ''}.`;
  const said = (textOf(response) ?? '').trim().slice(0, MAX_REFUSAL_CHARS);
  throw new ToolError(
    'upstream_error',
    `The service answered ${response.status}.${later}${said === '' ? '' : ` It said: ${said}`}`,
  );
}

/** The type alone, in lower case, without its parameters. Empty: the service does not say. */
export function mediaType({ headers }: EgressResponse): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** `undefined` for what is no text, by its type or, where none is said, by its bytes. */
export function textOf(response: EgressResponse): string | undefined {
  const type = mediaType(response);
  if (type === '' || type === 'application/octet-stream') return decoded(response.body, 'utf-8', true);
  if (!isJson(type) && !TEXTS.test(type)) return undefined;
  const charset = /charset="?([^";\s]+)/i.exec(response.headers['content-type'] ?? '')?.[1];
  return decoded(response.body, charset ?? 'utf-8', false);
}

const TEXTS =
  /^(text\/.*|application\/(.*\+xml|xml|javascript|ecmascript|x-www-form-urlencoded|.*yaml|toml|graphql|sql|x-ndjson|jsonl|.*\+yaml))$/;

function isJson(type: string): boolean {
  return /^(application|text)\/(.*\+)?json$/.test(type);
}

function decoded(body: Uint8Array, charset: string, fatal: boolean): string | undefined {
  try {
    return new TextDecoder(charset, { fatal }).decode(body);
  } catch {
    return fatal ? undefined : decoded(body, 'utf-8', false);
  }
}

function parsed(text: string): unknown {
  // A model reads the beginning of it, and to read all of it as values would hold up everybody else.
  if (holdsTooMany(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    // It says that it is JSON, and is not: the model reads it as it stands.
    return text;
  }
}

/** Whether JSON has more values than are read. Counts what stands before a value, without reading any. */
function holdsTooMany(json: string): boolean {
  let values = 1;
  let isQuoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (isQuoted && char === '\\') at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (char === ',' || char === '[' || char === '{')) values += 1;
    if (values > MAX_RESULT_VALUES) return true;
  }
  return false;
}
