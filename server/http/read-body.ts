import { RequestError } from '../errors.ts';
import { parseJson } from '../guard/parse-json.ts';

/**
 * Reads a request's JSON, counting while it arrives: a declared length may lie and a chunked body declares none.
 * At most `maxBytes` are kept. Throws `unsupported_media_type`, `body_too_large` or `invalid_json`.
 */
export async function readBody(request: Request, maxBytes: number): Promise<unknown> {
  checkMedia(request.headers);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return parseJson(await collect(request, maxBytes));
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

async function collect(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const chunk = await reader?.read().catch((cause: unknown) => {
      throw new RequestError('invalid_json', 'The body broke off before its end.', {
        hint: 'Send the request again.',
        cause,
      });
    });
    if (chunk === undefined || chunk.done) return Buffer.concat(chunks, length);
    length += chunk.value.byteLength;
    if (length > maxBytes) {
      // Not awaited: the sender decides when a cancelled body ends, and the answer must not wait for it.
      reader?.cancel().catch(() => undefined);
      throw tooLarge(maxBytes);
    }
    chunks.push(chunk.value);
  }
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError('body_too_large', `The body is larger than ${maxBytes} bytes.`, {
    hint: 'Send less: fewer or smaller attachments, a shorter text.',
  });
}
