import { isIP } from 'node:net';
import { isReachable } from '../egress/address.ts';
import type { Egress } from '../egress/egress.ts';
import { isDropped, isHeaderName } from '../egress/headers.ts';
import { placeOf, requireTarget } from '../egress/target.ts';
import { MAX_SERVICE_TIMEOUT_MS } from './call-service.ts';
import type { Finding } from './kind.ts';
import { piecesOf, textsIn } from './template.ts';
import { readUrl } from './template-http.ts';
import { ToolError } from './tool-error.ts';

const URL_PATH = 'config.url';

/** `invalid_url` (error), `internal_host`, `insecure_url` (warnings). */
export function reviewUrl(template: string, { isNamed }: Pick<Egress, 'isNamed'>): readonly Finding[] {
  const read = readUrl(template);
  if ('problem' in read) return [invalidUrl(`config.url ${read.problem}`)];
  const literal = read.rest.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('');
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(literal.split(/[?#]/, 1)[0] ?? '')) {
    return [invalidUrl('config.url has `.` or `..` as a part of its path. Write the path that is meant.')];
  }
  try {
    const place = placeOf(new URL(read.authority));
    return isNamed(place) ? [] : reviewHost(requireTarget(`${read.authority}/`, new Set()));
  } catch (error) {
    if (error instanceof ToolError) return [invalidUrl(error.message)];
    throw error;
  }
}

function invalidUrl(message: string): Finding {
  return { severity: 'error', code: 'invalid_url', message, path: URL_PATH };
}

function reviewHost(url: URL): readonly Finding[] {
  if (looksInternal(url.hostname)) {
    const place = placeOf(url);
    return [
      {
        severity: 'warning',
        code: 'internal_host',
        message: `"${place}" does not look like the public internet, and tools reach nothing else unasked.`,
        suggestion: `The operator opens it in the configuration: egress: { internal: ['${place}'] }.`,
        path: URL_PATH,
      },
    ];
  }
  if (url.protocol === 'https:') return [];
  return [
    {
      severity: 'warning',
      code: 'insecure_url',
      message: 'config.url is called without encryption: whoever carries it reads it, secrets included.',
      suggestion: 'Write https://.',
      path: URL_PATH,
    },
  ];
}

function looksInternal(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0) return !isReachable(host, false);
  return !host.includes('.') || /\.(localhost|local|internal|intranet|lan|corp|home|home\.arpa)$/.test(host);
}

/** `invalid_header` (error), `dropped_header` (warning). */
export function reviewHeaders(headers: Readonly<Record<string, string>> | undefined): readonly Finding[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]): readonly Finding[] => {
    const path = `config.headers.${name}`;
    if (!isHeaderName(name)) {
      const message = `"${name}" is no name of a header. Placeholders stand in values only.`;
      return [{ severity: 'error', code: 'invalid_header', message, path }];
    }
    if (
      !piecesOf(value).every((piece) => typeof piece !== 'string' || /^[\t\x20-\x7e\x80-\xff]*$/.test(piece))
    ) {
      const message = `The header "${name}" holds a line break or another character that no header can have.`;
      return [{ severity: 'error', code: 'invalid_header', message, path }];
    }
    if (!isDropped(name.toLowerCase())) return [];
    const message = `The header "${name}" is not sent: it belongs to the connection or to whoever stands in between.`;
    return [{ severity: 'warning', code: 'dropped_header', message, suggestion: 'Leave it out.', path }];
  });
}

/** `invalid_timeout` (error). */
export function reviewTimeout(timeout: number | undefined): readonly Finding[] {
  if (timeout === undefined || (timeout >= 1 && timeout <= MAX_SERVICE_TIMEOUT_MS)) return [];
  const message = `config.timeout is a number of milliseconds from 1 to ${MAX_SERVICE_TIMEOUT_MS}.`;
  return [{ severity: 'error', code: 'invalid_timeout', message, path: 'config.timeout' }];
}

/** Names of headers and of values of a query that hold credentials. */
const CREDENTIAL_NAME =
  /^(proxy-)?authorization$|^cookie$|^key$|(^|[-_])(apikey|token|secret|password|passwd|signature)$|(^|[-_])(api|access|auth|secret|private|subscription|app|client)[-_]?key$/i;

/** What the credentials of well-known services begin with. */
const CREDENTIAL_VALUE =
  /\b(sk_live_|sk_test_|sk-[A-Za-z0-9]|rk_live_|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza|eyJ[A-Za-z0-9_-]{10,}\.)[A-Za-z0-9_.-]{8,}/;

/** `literal_credential` (warning): one that is written into the definition. Never shows it. */
export function reviewLiterals(config: Readonly<Record<string, unknown>>): readonly Finding[] {
  const paths = textsIn(config, 'config').flatMap(({ text, path }) => {
    const name = path.startsWith('config.headers.') ? path.slice('config.headers.'.length) : '';
    const isNamed = CREDENTIAL_NAME.test(name) && holdsLiteral(text);
    return isNamed || CREDENTIAL_VALUE.test(text) || (path === URL_PATH && hasLiteralInQuery(text))
      ? [path]
      : [];
  });
  return paths.map((path) => ({
    severity: 'warning',
    code: 'literal_credential',
    message:
      'A credential seems to be written into the definition, where everybody who may read tools reads it.',
    suggestion:
      'Use {{secret:KEY}} for one that the server keeps, or {{secrets.key}} for one of each dispatch.',
    path,
  }));
}

/** Beside the scheme, as in `Bearer {{secret:KEY}}`, and beside placeholders. */
function holdsLiteral(text: string): boolean {
  const literal = piecesOf(text).filter((piece) => typeof piece === 'string');
  return (
    literal
      .join('')
      .replace(/^\s*(Bearer|Basic|Token|ApiKey|Digest)\b/i, '')
      .trim().length >= 6
  );
}

function hasLiteralInQuery(template: string): boolean {
  const query = template.split('#', 1)[0]?.split('?').slice(1).join('?') ?? '';
  return query.split('&').some((pair) => {
    const [name = '', value = ''] = pair.split('=');
    return CREDENTIAL_NAME.test(name) && holdsLiteral(value);
  });
}
