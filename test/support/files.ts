import type { FileState } from '../../protocol/file.ts';
import type { FilesInput } from '../../server/config/files.ts';
import { aServer, CONFIG, STORE_ORIGIN, type TestServer, type TestServerOptions } from './server.ts';

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
export const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n');
export const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
export const ZIP = Buffer.from('504b0506000000000000000000000000000000000000', 'hex');

/** A server whose surface `store` has these settings. */
export function withFiles(
  files: FilesInput | false | undefined,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const [store, ...others] = CONFIG.surfaces ?? [];
  if (store === undefined) throw new Error('There is no surface.');
  return aServer({ ...options, config: { ...CONFIG, surfaces: [{ ...store, files }, ...others] } });
}

/** What a page does with files, in one session. */
export function visitor(server: TestServer, sessionId: string, origin = STORE_ORIGIN) {
  const of = (fileId: string) =>
    `/v1/client/files/${encodeURIComponent(fileId)}?sessionId=${encodeURIComponent(sessionId)}`;
  const begin = (filename: string, size: number, more: object = {}) =>
    server.post('/v1/client/files', { sessionId, filename, size, ...more }, { origin });
  const append = (fileId: string, offset: number | string | undefined, bytes: Uint8Array | string) =>
    server.request(of(fileId), {
      method: 'PATCH',
      headers: {
        origin,
        'content-type': 'application/octet-stream',
        ...(offset === undefined ? {} : { 'upload-offset': String(offset) }),
      },
      body: bytes as BodyInit,
    });
  const begun = async (filename: string, size: number) => (await read(await begin(filename, size))).fileId;
  return {
    begin,
    append,
    begun,
    state: (fileId: string) => server.request(of(fileId), { headers: { origin } }),
    remove: (fileId: string) => server.request(of(fileId), { method: 'DELETE', headers: { origin } }),
    content: (fileId: string, bearer = sessionId) =>
      server.request(`/v1/client/files/${fileId}/content`, {
        headers: { origin, authorization: `Bearer ${bearer}` },
      }),
    upload: async (filename: string, bytes: Uint8Array | string) => {
      const size = Buffer.from(bytes).byteLength;
      return await append(await begun(filename, size), 0, bytes);
    },
  };
}

export async function read(response: Response): Promise<FileState> {
  const body = await response.json();
  if (response.status !== 200) throw new Error(`Answered ${response.status}: ${JSON.stringify(body)}`);
  return body as FileState;
}
