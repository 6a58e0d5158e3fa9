import { RequestError } from '../errors.ts';
import { parseJson } from '../guard/parse-json.ts';

/**
 * Bytes of request bodies that may be on their way in at once, in this process. Whoever sends them is not known yet,
 * may send slowly, and may come from many addresses.
 */
const MAX_ARRIVING_BYTES = 256 * 1024 * 1024;

/** The part of it that one sender may hold, so that one who never gets to the end keeps nobody else out. */
const SHARE_OF_ONE_SENDER = 1 / 4;

/** Time after which a sender that was turned away may try again, in milliseconds. */
const RETRY_AFTER_MS = 5_000;

/**
 * Reads a request's JSON, counting while it arrives: a declared length may lie and a chunked body declares none.
 * At most `maxBytes` are kept. `sender`: the address, where it is known. Throws `unsupported_media_type`,
 * `body_too_large`, `rate_limited` or `invalid_json`.
 */
export type ReadBody = (request: Request, maxBytes: number, sender: string | undefined) => Promise<unknown>;

/** One reader a process: all bodies that it reads share what may arrive at once. */
export function createBodyReader(maxArrivingBytes = MAX_ARRIVING_BYTES): ReadBody {
  let arrivingBytes = 0;
  const bytesOfSenders = new Map<string, number>();
  const count = (sender: string | undefined, bytes: number) => {
    arrivingBytes += bytes;
    if (sender === undefined) return 0;
    const bytesOfSender = (bytesOfSenders.get(sender) ?? 0) + bytes;
    if (bytesOfSender > 0) bytesOfSenders.set(sender, bytesOfSender);
    else bytesOfSenders.delete(sender);
    return bytesOfSender;
  };
  return async function readBody(request, maxBytes, sender) {
    checkMedia(request.headers);
    if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
    let ownBytes = 0;
    const arrive = (bytes: number) => {
      ownBytes += bytes;
      const bytesOfSender = count(sender, bytes);
      if (ownBytes > maxBytes) throw tooLarge(maxBytes);
      if (arrivingBytes > maxArrivingBytes || bytesOfSender > maxArrivingBytes * SHARE_OF_ONE_SENDER)
        throw tooMuchAtOnce();
    };
    try {
      return parseJson(await collect(request, arrive));
    } finally {
      count(sender, -ownBytes);
    }
  };
}

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

function checkMedia(headers: Headers): void {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    throw new RequestError('unsupported_media_type', 'Compressed request bodies are not read.', {
      hint: 'Send the body without `Content-Encoding`.',
    });
  }
  if (JSON_TYPE.test(headers.get('content-type') ?? '')) return;
  throw new RequestError('unsupported_media_type', 'The body is not declared as JSON.', {
    hint: 'Send `Content-Type: application/json`.',
  });
}

/** The whole body. `arrive` hears of every piece before it is kept, and throws to end it. */
async function collect(request: Request, arrive: (bytes: number) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = request.body?.getReader();
  for (;;) {
    const chunk = await reader?.read().catch((cause: unknown) => {
      throw new RequestError('invalid_json', 'The body broke off before its end.', {
        hint: 'Send the request again.',
        cause,
      });
    });
    if (chunk === undefined || chunk.done) return Buffer.concat(chunks);
    try {
      arrive(chunk.value.byteLength);
    } catch (refusal) {
      // Not awaited: the sender decides when a cancelled body ends, and the answer must not wait for it.
      reader?.cancel().catch(() => undefined);
      throw refusal;
    }
    chunks.push(chunk.value);
  }
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError('body_too_large', `The body is larger than ${maxBytes} bytes.`, {
    hint: 'Send less: fewer or smaller attachments, a shorter text.',
  });
}

function tooMuchAtOnce(): RequestError {
  return new RequestError('rate_limited', 'The server is taking in too much at once.', {
    hint: 'Wait a few seconds and send the request again.',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
