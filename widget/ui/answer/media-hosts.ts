/** Image types that draw and do nothing else. */
const SAFE_DATA = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,/;

/**
 * Whether the browser may fetch this by itself: from a host that the site's owner named, `images.example.com` or
 * `*.example.com`, or out of the answer itself. Everything else is a link, and loads when it is followed.
 */
export function mayLoad(address: string, hosts: readonly string[]): boolean {
  if (SAFE_DATA.test(address)) return true;
  const url = httpUrl(address);
  if (url === undefined) return false;
  // A page that came safely takes no pictures that did not.
  if (url.protocol === 'http:' && location.protocol === 'https:') return false;
  return hosts.some((host) =>
    host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : host === url.hostname || host === url.host,
  );
}

export function httpUrl(address: string): URL | undefined {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
  } catch {
    // No address of the web.
    return undefined;
  }
}
