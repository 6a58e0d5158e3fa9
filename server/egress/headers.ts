type Headers = Readonly<Record<string, string>>;

/** Of one connection, of the way there, or of what the request is: whoever asks has no say in them. */
const NOT_OURS =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|host|content-length|accept-encoding|forwarded|x-forwarded-.*|x-http-method(-override)?|x-method-override)$/;

/** What another origin may read: none of it is a credential. */
const HARMLESS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'content-language',
  'user-agent',
]);

const OF_A_BODY = /^content-/;

/** Whether a header of a request is left out, by its name in lower case. */
export function isDropped(name: string): boolean {
  return NOT_OURS.test(name);
}

export function sendable(headers: Headers): Headers {
  return pick(headers, (name) => !isDropped(name));
}

/** For another origin than the one that they were written for. */
export function harmless(headers: Headers): Headers {
  return pick(headers, (name) => HARMLESS.has(name));
}

export function withoutBodyHeaders(headers: Headers): Headers {
  return pick(headers, (name) => !OF_A_BODY.test(name));
}

/** The first name whose header HTTP cannot carry. */
export function unsendable(headers: Headers): string | undefined {
  return Object.entries(headers).find(
    ([name, value]) => !isHeaderName(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value),
  )?.[0];
}

export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

function pick(headers: Headers, keeps: (name: string) => boolean): Headers {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(lower.filter(([name]) => keeps(name)));
}
