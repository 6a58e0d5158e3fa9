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

/** Longest time for the bytes of a file's piece to arrive, in milliseconds. Below the server's own limit, which says nothing. */
const MAX_BYTES_MS = 55_000;

/**
 * Reads a request's body, counting while it arrives: a declared length may lie and a chunked body declares none. At
 * most `maxBytes` are kept. `sender`: the address, where it is known. Rejects with `unsupported_media_type`,
 * `body_too_large` or `rate_limited`.
 */
export interface BodyReader {
  /** Rejects also with `invalid_json`. */
  json(request: Request, maxBytes: number, sender: string | undefined): Promise<unknown>;
  /** Of whatever type. Rejects with `invalid_request` where they break off or take longer than 55 seconds. */
  bytes(request: Request, maxBytes: number, sender: string | undefined): Promise<Uint8Array>;
}

/** One reader a process: all bodies that it reads share what may arrive at once. */
export function createBodyReader(maxArrivingBytes = MAX_ARRIVING_BYTES): BodyReader {
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
  const read = async (
    request: Request,
    maxBytes: number,
    sender: string | undefined,
    brokeOff: (cause: unknown) => RequestError,
    maxMs: number | undefined,
  ): Promise<Uint8Array> => {
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
      return await collect(request, arrive, brokeOff, maxMs);
    } finally {
      count(sender, -ownBytes);
    }
  };
  return {
    async json(request, maxBytes, sender) {
      checkEncoding(request.headers);
      checkJson(request.headers);
      return parseJson(await read(request, maxBytes, sender, brokenJson, undefined));
    },
    async bytes(request, maxBytes, sender) {
      checkEncoding(request.headers);
      return await read(request, maxBytes, sender, brokenBytes, MAX_BYTES_MS);
    },
  };
}

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

function checkEncoding(headers: Headers): void {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    throw new RequestError('unsupported_media_type', 'Compressed request bodies are not read.', {
      hint: 'Send the body without `Content-Encoding`.',
    });
  }
}

function checkJson(headers: Headers): void {
  if (JSON_TYPE.test(headers.get('content-type') ?? '')) return;
  throw new RequestError('unsupported_media_type', 'The body is not declared as JSON.', {
    hint: 'Send `Content-Type: application/json`.',
  });
}

/** The whole body. `arrive` hears of every piece before it is kept, and throws to end it. */
async function collect(
  request: Request,
  arrive: (bytes: number) => void,
  brokeOff: (cause: unknown) => RequestError,
  maxMs: number | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = request.body?.getReader();
  // Not awaited: the sender decides when a cancelled body ends, and the answer must not wait for it.
  const leave = () => void reader?.cancel().catch(() => undefined);
  let isLate = false;
  const timer =
    maxMs === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          leave();
        }, maxMs);
  try {
    for (;;) {
      const chunk = await reader?.read().catch((cause: unknown) => {
        throw brokeOff(cause);
      });
      if (isLate) throw brokeOff(new Error(`The body took longer than ${maxMs} ms.`));
      if (chunk === undefined || chunk.done) return Buffer.concat(chunks);
      try {
        arrive(chunk.value.byteLength);
      } catch (refusal) {
        leave();
        throw refusal;
      }
      chunks.push(chunk.value);
    }
  } finally {
    clearTimeout(timer);
  }
}

function brokenJson(cause: unknown): RequestError {
  return new RequestError('invalid_json', 'The body broke off before its end.', {
    hint: 'Send the request again.',
    cause,
  });
}

function brokenBytes(cause: unknown): RequestError {
  return new RequestError('invalid_request', 'The bytes broke off before their end, or came too slowly.', {
    hint: 'Nothing of them was kept. Send them again, in smaller pieces on a slow line.',
    cause,
  });
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
