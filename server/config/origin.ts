/** The spelling that browsers use in `Origin`; `undefined` for what can be no origin. */
export function canonicalOrigin(written: string): string | undefined {
  const spelled = written.includes('://') ? written : `${isLocal(written) ? 'http' : 'https'}://${written}`;
  let url: URL;
  try {
    url = new URL(spelled.trim());
  } catch {
    // Neither a URL nor a host: there is no spelling to offer.
    return undefined;
  }
  if (url.hostname === '') return undefined;
  // Browsers know the origin of `http` and `https`; pages of apps send their scheme and host as they are.
  return url.origin === 'null' ? `${url.protocol}//${url.host.toLowerCase()}` : url.origin;
}

/** What is wrong with an origin as it is written, as the rest of a sentence that starts with its field. */
export function originProblem(written: string): string | undefined {
  // What browsers send for pages without an origin, such as files and sandboxed frames.
  if (written === 'null') return undefined;
  if (written === '*') {
    return 'must name one origin: `*` is only for the rules of an allowlist. Write for example "https://store.example.com".';
  }
  if (written.includes('*')) {
    return 'must be one exact origin, and patterns are not read here. Write each origin on its own, for example "https://store.example.com".';
  }
  const canonical = canonicalOrigin(written);
  if (canonical === written) return undefined;
  if (canonical === undefined) return 'is not an origin. Write for example "https://store.example.com".';
  return `is not an origin as browsers send it. Write "${canonical}".`;
}

function isLocal(written: string): boolean {
  return /^(localhost|127\.|\[::1\])/i.test(written);
}
