import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { RequestError } from './errors.ts';

/** What clocks may differ by, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** Longest proof that is looked at, in characters. */
const MAX_PROOF_CHARS = 4_096;

/** Longest name of an end user, in characters. */
const MAX_END_USER_ID_CHARS = 200;

const HMAC_PROOF = /^([A-Za-z0-9_-]{1,1000})\.([0-9]{1,12})\.([0-9a-f]{64})$/;

/**
 * Who a visitor is to the site, by a proof that the site's own server signed: a JWT (HS256, with `sub` and `exp`), or
 * `<base64url of the end user's id>.<unix seconds at which it expires>.<hex HMAC-SHA256 of what stands before>`.
 * Rejects with `invalid_identity_proof`, which repeats nothing of the proof.
 */
export async function verifyIdentityProof(key: KeyObject, proof: unknown, nowMs: number): Promise<string> {
  const text = proofText(proof);
  const hmac = HMAC_PROOF.exec(text);
  const endUserId = hmac === null ? await fromJwt(key, text, nowMs) : fromHmac(key, hmac, nowMs);
  if (endUserId.length > MAX_END_USER_ID_CHARS || !/^[^\p{Cc}\p{Cs}]+$/u.test(endUserId)) {
    throw invalid(
      `The end user's id is empty, longer than ${MAX_END_USER_ID_CHARS} characters, or has control characters.`,
    );
  }
  return endUserId;
}

/** A proof as some clients wrap it, `{ provider, token }`, or bare. */
function proofText(proof: unknown): string {
  const text = typeof proof === 'object' && proof !== null && 'token' in proof ? proof.token : proof;
  if (typeof text !== 'string') throw invalid('It is no text.');
  if (text.length > MAX_PROOF_CHARS) throw invalid(`It is longer than ${MAX_PROOF_CHARS} characters.`);
  return text;
}

function fromHmac(
  key: KeyObject,
  [, id = '', expiry = '', signature = '']: RegExpExecArray,
  nowMs: number,
): string {
  const expected = createHmac('sha256', key).update(`${id}.${expiry}`).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) throw invalid('Its signature is wrong.');
  if (Number(expiry) + CLOCK_TOLERANCE_SECONDS <= nowMs / 1000) throw invalid('It has expired.');
  return Buffer.from(id, 'base64url').toString('utf8');
}

async function fromJwt(key: KeyObject, token: string, nowMs: number): Promise<string> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    });
    return payload.sub ?? '';
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw invalid(JWT_PROBLEMS[error.code] ?? 'It is neither a JWT nor an HMAC proof.');
  }
}

const JWT_PROBLEMS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'It has expired.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'Its signature is wrong.',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'It lacks `sub` or `exp`, or it is not valid yet.',
  ERR_JOSE_ALG_NOT_ALLOWED: 'It is not signed with HS256.',
};

function invalid(problem: string): RequestError {
  return new RequestError('invalid_identity_proof', `The proof of identity is not good. ${problem}`, {
    hint: "Let the site's own server make a new one with the secret of the surface's `identity`.",
  });
}
