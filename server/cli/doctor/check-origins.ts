import type { Config } from '../../config/config.ts';
import type { StoredClientToken } from '../../store/credential-store.ts';
import { type Check, ok, warning } from './checkup.ts';

const NAME = 'origins';

/** Where client tokens may be used: pages without encryption, without an origin, and hosts that pose as others. */
export function checkOrigins(
  { surfaces }: Pick<Config, 'surfaces'>,
  stored: readonly StoredClientToken[],
): readonly Check[] {
  const configured = surfaces.flatMap(({ id, clientTokens }) =>
    clientTokens
      .filter(({ isActive }) => isActive)
      .map(({ allowedOrigins }) => ({ surfaceId: id, allowedOrigins })),
  );
  const tokens = [...configured, ...stored.filter(({ isActive }) => isActive)];
  const origins = [...new Set(tokens.flatMap(({ allowedOrigins }) => allowedOrigins))];
  const closed = surfaces
    .map(({ id }) => id)
    .filter((id) => tokens.every(({ surfaceId }) => surfaceId !== id));
  const findings = [
    ...origins.flatMap((origin) => problemsOf(origin, origins)),
    ...closed.map((id) =>
      warning(
        NAME,
        `The surface "${id}" has no active client token, so that no page can open it.`,
        `Make one: pagehand tokens create ${id} --origin https://\u2026`,
      ),
    ),
  ];
  return findings.length > 0
    ? findings
    : [ok(NAME, `${origins.length} allowed: ${origins.join(', ') || 'none'}`)];
}

function problemsOf(origin: string, all: readonly string[]): Check[] {
  if (origin === 'null') {
    return [
      warning(
        NAME,
        'Pages without an origin are allowed (null), as every file and every sandboxed frame is.',
        'Leave "null" out unless the chat stands in such a page.',
      ),
    ];
  }
  const { protocol, hostname } = new URL(origin);
  const original = all.find(
    (other) => other !== origin && other !== 'null' && posesAs(hostname, new URL(other).hostname),
  );
  return [
    ...(protocol === 'http:' && !isLocal(hostname)
      ? [
          warning(
            NAME,
            `${origin} is not encrypted: whoever stands between can read and change its pages.`,
            `Serve it as https://${hostname} and allow that.`,
          ),
        ]
      : []),
    ...(original === undefined
      ? []
      : [
          warning(
            NAME,
            `${origin} begins like ${original} and is another host.`,
            'Leave it out unless it is really yours.',
          ),
        ]),
  ];
}

/** `store.example.com.evil.io`, beside `store.example.com`. */
function posesAs(hostname: string, original: string): boolean {
  return hostname.startsWith(`${original}.`) && original.includes('.');
}

function isLocal(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
