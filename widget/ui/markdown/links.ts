const SAFE = new Set(['http:', 'https:', 'mailto:', 'tel:']);
const LOOKS_LIKE_HOST = /^(?:https?:\/\/)?([^\s/:?#@]+\.[^\s/:?#@]{2,63})(?:[/:?#@]|$)/i;

/** The URL that a link of an answer may lead to; `undefined` where it may lead nowhere. */
export function safeUrl(href: string): URL | undefined {
  try {
    const url = new URL(href, document.baseURI);
    return SAFE.has(url.protocol) ? url : undefined;
  } catch {
    // What is no URL is shown as text.
    return undefined;
  }
}

/** The host to show beside a link whose text names another one. */
export function hiddenHost(text: string, url: URL): string | undefined {
  const named = LOOKS_LIKE_HOST.exec(text.trim())?.[1]?.toLowerCase();
  if (named === undefined || url.hostname === '') return undefined;
  return withoutWww(named) === withoutWww(url.hostname) ? undefined : url.hostname;
}

function withoutWww(host: string): string {
  return host.startsWith('www.') ? host.slice(4) : host;
}
