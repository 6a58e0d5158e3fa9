import type { IDENTITY_PROOF_HEADER, VISITOR_TOKEN_HEADER } from '../../protocol/history.ts';
import type { SurfaceStorage } from '../surface-storage.ts';
import type { Refusal } from './wire.ts';

/** What the site's own server says about who visits: an HMAC or a JWT, or how to get one. */
export type Identity = string | (() => string | undefined | Promise<string | undefined>);

/** Who visits, as the server is told with every session and every question about earlier conversations. */
export interface VisitorFile {
  /** What an `init` says of the visitor. */
  greeting(): Promise<object>;
  headers(): Promise<Readonly<Record<string, string>>>;
  /** A secret that the server told. Whether it is a new one: under it the session is claimed next. */
  hear(secret: string | null): boolean;
  /** Drops the visitor's secret. */
  forget(): void;
  /** Whether an `init` that was refused may be asked again, with something left out. */
  mend({ status, refused }: Refusal): boolean;
}

const VISITOR_KEY = 'visitor';

/** Written again, because a value of the schemas' file would bring the schema library into the page. */
const TOKEN_HEADER: typeof VISITOR_TOKEN_HEADER = 'X-Visitor-Token';
const PROOF_HEADER: typeof IDENTITY_PROOF_HEADER = 'X-Identity-Proof';

/** Longest wait for the site's own proof, in milliseconds. Without it the visitor is nobody in particular. */
const PROOF_TIMEOUT_MS = 5_000;

export function openVisitorFile(
  storage: SurfaceStorage,
  isWanted: boolean,
  identity: Identity | undefined,
): VisitorFile {
  let isOn = isWanted;
  let hasBadProof = false;
  let token = storage.read(VISITOR_KEY);

  async function proof(): Promise<string | undefined> {
    if (hasBadProof || identity === undefined) return undefined;
    if (typeof identity === 'string') return identity;
    try {
      return await Promise.race([
        identity(),
        new Promise<undefined>((resolve) => setTimeout(resolve, PROOF_TIMEOUT_MS)),
      ]);
    } catch (error) {
      console.error('Pagehand: the identity of the visitor could not be had.', error);
      return undefined;
    }
  }

  function keep(secret: string | undefined) {
    token = secret;
    storage.write(VISITOR_KEY, secret);
  }

  return {
    async greeting() {
      if (!isOn) return {};
      const identityProof = await proof();
      // Another tab may have got it first.
      token = storage.read(VISITOR_KEY) ?? token;
      return {
        visitorHistory: true,
        ...(token !== undefined && { visitorToken: token }),
        ...(identityProof !== undefined && { identityProof }),
      };
    },
    async headers() {
      const identityProof = await proof();
      return {
        ...(token !== undefined && { [TOKEN_HEADER]: token }),
        ...(identityProof !== undefined && { [PROOF_HEADER]: identityProof }),
      };
    },
    hear(secret) {
      if (secret === null || secret === token) return false;
      keep(secret);
      return true;
    },
    forget: () => keep(undefined),
    mend({ status, refused: { code } }) {
      if (!isOn) return false;
      if (code === 'visitor_history_disabled') {
        isOn = false;
        return true;
      }
      if (code === 'invalid_identity_proof' && !hasBadProof) {
        hasBadProof = true;
        console.error('Pagehand: the server did not accept the identity of the visitor.');
        return true;
      }
      // A secret that the server no longer knows; the next answer tells a new one.
      if (status === 401 && token !== undefined) {
        keep(undefined);
        return true;
      }
      return false;
    },
  };
}
