import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { ToolError } from '../tools/tool-error.ts';

/** What answers may be packed in. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

export function tooLarge(maxBytes: number): ToolError {
  return new ToolError(
    'response_too_large',
    `The answer is larger than ${maxBytes} bytes, which is all that is read of one. Ask for less at once.`,
  );
}

function tooMany(): ToolError {
  return new ToolError(
    'egress_failed',
    'This server is reading too many large answers at the same time. Call again in a minute.',
  );
}

/** Answers up to this size, in bytes, are read however many others are being read. */
const SMALL_BYTES = 65_536;

/** What is held of all answers that are being read, in bytes: many slow ones together would fill the memory. */
export interface HeldBytes {
  readonly max: number;
  now: number;
}

/**
 * The decoded body, cut off while it is decoded: what would be too large is never held. Rejects with `ToolError`
 * `response_too_large`, `egress_failed` for what is packed otherwise than it says or where too much is held already, and
 * with what the stream throws.
 */
export async function readBody(
  body: Readable,
  encoding: string | undefined,
  maxBytes: number,
  held: HeldBytes,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const collect = async (stream: AsyncIterable<Uint8Array>) => {
    for await (const chunk of stream) {
      bytes += chunk.byteLength;
      held.now += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      if (bytes > SMALL_BYTES && held.now > held.max) throw tooMany();
      chunks.push(chunk);
    }
  };
  const received = body[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
  const first = await received.next();
  // What is empty is packed in nothing, whatever its headers say.
  if (first.done === true) return new Uint8Array();
  const whole = startingWith(first.value, received);
  const decoder = decoderOf(encoding, first.value);
  try {
    await (decoder === undefined ? pipeline(whole, collect) : pipeline(whole, decoder, collect));
  } catch (error) {
    if (!isBroken(error)) throw error;
    const message = `The answer is not the ${encoding} that it says it is, or was cut off.`;
    throw new ToolError('egress_failed', message, { cause: error });
  } finally {
    held.now -= bytes;
  }
  return Buffer.concat(chunks);
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterableIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return?.();
  }
}

function decoderOf(encoding: string | undefined, first: Uint8Array) {
  switch (encoding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      // Some servers leave the wrapper of zlib out.
      return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
    default:
      throw new ToolError(
        'egress_failed',
        `The answer is packed as "${encoding?.slice(0, 40)}", which is not read here.`,
      );
  }
}

function isBroken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(Z_|ERR_(_ERROR|BROTLI|PADDING|BUF))/.test(code);
}
