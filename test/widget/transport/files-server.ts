import { type Answer, json, type Sent, session } from './wire.ts';

/** A server that takes files, as far as uploads ask it. */
export interface FilesServer {
  readonly routes: Record<string, Answer>;
  /** By `fileId`. */
  readonly kept: Map<string, Uint8Array>;
  /** What happens to the next requests below `files/`, in order, before they are looked at. */
  readonly troubles: (() => Response | Promise<Response>)[];
}

const RULES = { maxBytes: 10_000_000, maxPerMessage: 3, accept: ['image/*', 'application/pdf'] };

/** Bytes that a server of these tests takes for a type that nobody may attach. */
export const REFUSED = 'MZ';

export function filesServer(rules: object | null = RULES): FilesServer {
  const kept = new Map<string, Uint8Array>();
  const sizes = new Map<
    string,
    { readonly size: number; readonly filename: string; readonly mimeType: string }
  >();
  const troubles: FilesServer['troubles'] = [];

  function stateOf(fileId: string): Response {
    const file = sizes.get(fileId);
    const bytes = kept.get(fileId);
    if (file === undefined || bytes === undefined) return refused(404, 'file_not_found');
    const isWhole = bytes.length === file.size;
    if (isWhole && new TextDecoder().decode(bytes.slice(0, 2)) === REFUSED)
      return refused(415, 'unsupported_file');
    return json({
      fileId,
      filename: file.filename,
      size: file.size,
      offset: bytes.length,
      status: isWhole ? 'ready' : 'uploading',
      mimeType: isWhole ? 'image/png' : null,
      expiresAt: '2030-01-01T00:00:00.000Z',
    });
  }

  async function one(fileId: string, sent: Sent): Promise<Response> {
    const trouble = troubles.shift();
    if (trouble !== undefined) return trouble();
    if (sent.method === 'DELETE') {
      kept.delete(fileId);
      return json({ deleted: true });
    }
    const before = kept.get(fileId);
    if (sent.method === 'PATCH' && before !== undefined && sent.bytes !== undefined) {
      if (Number(sent.headers['upload-offset']) !== before.length) return refused(409, 'invalid_offset');
      kept.set(fileId, new Uint8Array(await new Blob([before as BlobPart, sent.bytes]).arrayBuffer()));
    }
    return stateOf(fileId);
  }

  const routes: Record<string, Answer> = {
    init: session({
      capabilities: ['files'],
      config: { title: 'Shop', ...(rules !== null && { files: rules }) },
    }),
    files: ({ body }) => {
      const fileId = `file_${sizes.size + 1}`;
      sizes.set(fileId, body as never);
      kept.set(fileId, new Uint8Array());
      return stateOf(fileId);
    },
  };
  for (let index = 1; index <= 5; index += 1) {
    const id = `file_${index}`;
    routes[`files/${id}`] = (sent) => one(id, sent);
    routes[`files/${id}/content`] = () => new Response(kept.get(id) as BodyInit);
  }
  return { routes, kept, troubles };
}

export function refused(status: number, code: string): Response {
  return json({ error: `${code}.`, code, message: `${code}.` }, status);
}
