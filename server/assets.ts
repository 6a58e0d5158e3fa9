import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Folders of built files. */
export interface AssetFolders {
  /** The script tag's files: `/pagehand.js`, `/webmcp.js`, `/chunks/…`. Any site may load them. */
  readonly widget?: string | undefined;
  /** The workbench and the sample pages; `index.html` is `/`. */
  readonly pages?: string | undefined;
}

/** Answers `GET` and `HEAD` for built files; `undefined` where there is none. */
export type Assets = (request: Request) => Response | undefined;

interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
  /** Any site may read it. */
  readonly shared: boolean;
  readonly encoded: (encoding: Encoding) => Uint8Array<ArrayBuffer> | undefined;
}

type Encoding = 'br' | 'gzip';

/** What the build put beside the server's code. Without a build, and in the bundle of another program: none. */
export function builtAssets(): AssetFolders {
  const here: string | undefined = import.meta.dirname;
  const found = ['dist', '.', '..']
    .map((place) => join(here ?? '', place, 'pagehand-web'))
    .find((folder) => here !== undefined && existsSync(folder));
  return found === undefined ? {} : { widget: join(found, 'widget'), pages: join(found, 'pages') };
}

/** Reads the folders once. Only what was found there is ever served, so no path can lead elsewhere. */
export function createAssets({ widget, pages }: AssetFolders): Assets {
  const assets = new Map([
    ...(pages === undefined ? [] : readFolder(pages, false)),
    ...(widget === undefined ? [] : readFolder(widget, true)),
  ]);
  return (request) => {
    const asset = assets.get(pathOf(request.url));
    return asset === undefined ? undefined : serve(asset, request);
  };
}

function pathOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    // Broken escapes are in no file's name.
    return pathname;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** As the build names files by their content: those in `chunks`, and those with eight characters at the end. */
const HASHED = /[\\/]chunks[\\/][^\\/]+$|-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;

function readFolder(folder: string, shared: boolean): [string, Asset][] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: false });
  return names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => TYPES[extname(name)] !== undefined)
    .flatMap((name) => {
      const asset = readAsset(join(folder, name), shared);
      return addresses(name).map((address): [string, Asset] => [address, asset]);
    });
}

/** `demo/site.html` is also `/demo/site`, and `index.html` is also its folder. */
function addresses(name: string): string[] {
  if (!name.endsWith('.html')) return [`/${name}`];
  const bare = name.slice(0, -'.html'.length);
  return [
    `/${name}`,
    `/${bare}`,
    ...(/(^|\/)index$/.test(bare) ? [`/${bare.slice(0, -'index'.length)}`] : []),
  ];
}

function readAsset(file: string, shared: boolean): Asset {
  const bytes = new Uint8Array(readFileSync(file));
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  return {
    bytes,
    type,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    cacheControl: HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'public, no-cache',
    shared,
    encoded: /^(text|application)\/|svg/.test(type) ? encoder(file, bytes) : () => undefined,
  };
}

/** Takes the file that the build compressed beside it, else compresses at the first request for it. */
function encoder(file: string, bytes: Uint8Array<ArrayBuffer>): Asset['encoded'] {
  const made = new Map<Encoding, Uint8Array<ArrayBuffer>>();
  return (encoding) => {
    const ready =
      made.get(encoding) ??
      readIfThere(`${file}.${encoding === 'br' ? 'br' : 'gz'}`) ??
      compress(encoding, bytes);
    made.set(encoding, ready);
    return ready;
  };
}

function readIfThere(file: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(readFileSync(file));
  } catch {
    // Not compressed by the build, which is the usual case.
    return undefined;
  }
}

function compress(encoding: Encoding, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const compressed =
    encoding === 'gzip'
      ? gzipSync(bytes, { level: 9 })
      : brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return new Uint8Array(compressed);
}

function serve(asset: Asset, { headers: asked }: Request): Response {
  const headers = new Headers({
    'Content-Type': asset.type,
    'Cache-Control': asset.cacheControl,
    ETag: asset.etag,
    Vary: 'Accept-Encoding',
    'X-Content-Type-Options': 'nosniff',
  });
  if (asset.shared) {
    headers.set('Access-Control-Allow-Origin', '*');
    headers.set('Cross-Origin-Resource-Policy', 'cross-origin');
  }
  if (isFresh(asked.get('if-none-match'), asset.etag)) return new Response(null, { status: 304, headers });
  const encoding = acceptedEncoding(asked.get('accept-encoding') ?? '');
  const encoded = encoding === undefined ? undefined : asset.encoded(encoding);
  if (encoding !== undefined && encoded !== undefined) headers.set('Content-Encoding', encoding);
  return new Response(encoded ?? asset.bytes, { headers });
}

/** Weak or strong: a proxy that compressed our answer weakens the tag. */
function isFresh(tags: string | null, etag: string): boolean {
  return (tags ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*');
}

function acceptedEncoding(accepted: string): Encoding | undefined {
  const offers = accepted
    .toLowerCase()
    .split(',')
    .map((offer) => offer.replaceAll(' ', ''));
  const takes = (encoding: Encoding) =>
    offers.some(
      (offer) =>
        offer === encoding || (offer.startsWith(`${encoding};q=`) && Number(offer.split('=')[1]) > 0),
    );
  if (takes('br')) return 'br';
  return takes('gzip') ? 'gzip' : undefined;
}
