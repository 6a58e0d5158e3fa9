import * as z from 'zod/mini';
import {
  FileDeletedResponse,
  FileRequest,
  FileState,
  FileStateRequest,
  MAX_UPLOAD_PIECE_BYTES,
  UPLOAD_OFFSET_HEADER,
} from '../../protocol/file.ts';
import { Id } from '../../protocol/ids.ts';
import { MAX_SMALL_BODY_BYTES } from '../../protocol/limits.ts';
import { RequestError } from '../errors.ts';
import type { FileContent, Files } from '../files/create-files.ts';
import type { RateLimits } from '../guard/rate-limits.ts';
import type { Sessions } from '../sessions.ts';
import { SESSION_ERRORS } from './client.ts';
import { bearerOf, type Call, type ClientRoute, clientRoute, jsonAnswer } from './route.ts';

export interface FileRouteParts {
  readonly files: Files;
  readonly sessions: Sessions;
  readonly limits: RateLimits;
}

/** The routes of what visitors attach. */
export function fileRoutes(parts: FileRouteParts): ClientRoute[] {
  return [beginRoute(parts), appendRoute(parts), stateRoute(parts), removeRoute(parts), contentRoute(parts)];
}

const FILE_PATH = '/v1/client/files/{fileId}';
const REFUSALS = ['file_too_large', 'unsupported_file', 'file_refused', 'overloaded'] as const;

/** The session may stand in `Authorization` too: without it a page of the server's own origin cannot ask with GET. */
const FileStateQuery = z.extend(FileStateRequest, { sessionId: z.optional(Id) });

const FileContentRequest = z.object({ fileId: Id });

function beginRoute({ files, sessions, limits }: FileRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/files',
    summary: 'Begins a file. Its bytes follow in pieces.',
    request: FileRequest,
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'The file, still without bytes.', json: FileState },
    errors: [...SESSION_ERRORS, ...REFUSALS],
    async handle(call, body) {
      const active = await sessions.require(body.sessionId, call.origin);
      await limits.file(active.session, call.address);
      return jsonAnswer(await files.begin(active, body));
    },
  });
}

function appendRoute({ files, sessions, limits }: FileRouteParts): ClientRoute {
  return clientRoute({
    method: 'PATCH',
    path: FILE_PATH,
    operation: 'appendClientFile',
    body: 'bytes',
    summary: 'Brings the next piece of a file. With its last byte the file is looked at.',
    request: FileStateRequest,
    headers: [
      { name: UPLOAD_OFFSET_HEADER, description: 'The position of the first byte of the piece in the file.' },
    ],
    answer: { description: 'How far the file has come.', json: FileState },
    errors: [...SESSION_ERRORS, ...REFUSALS, 'file_not_found', 'invalid_offset'],
    async handle(call, { fileId, sessionId }) {
      const active = await sessions.require(sessionId, call.origin);
      await limits.filePiece(active.session);
      const offset = offsetOf(call);
      // Before its bytes are taken in: a piece for nobody's file need not arrive.
      await files.state(active, fileId);
      const bytes = await call.bytes(MAX_UPLOAD_PIECE_BYTES);
      return jsonAnswer(await files.append(active, fileId, offset, bytes));
    },
  });
}

function stateRoute({ files, sessions, limits }: FileRouteParts): ClientRoute {
  return clientRoute({
    method: 'GET',
    path: FILE_PATH,
    operation: 'clientFileState',
    summary: 'Says how far a file has come.',
    request: FileStateQuery,
    answer: { description: 'How far the file has come.', json: FileState },
    errors: ['unauthorized', ...SESSION_ERRORS, 'file_not_found'],
    async handle(call, { fileId, sessionId = bearerOf(call) }) {
      const active = await sessions.require(sessionId ?? noSession(), call.header('origin'));
      await limits.filePiece(active.session);
      return jsonAnswer(await files.state(active, fileId));
    },
  });
}

function removeRoute({ files, sessions, limits }: FileRouteParts): ClientRoute {
  return clientRoute({
    method: 'DELETE',
    path: FILE_PATH,
    operation: 'deleteClientFile',
    summary: 'Takes a file back that no message names.',
    request: FileStateRequest,
    answer: { description: 'It is gone.', json: FileDeletedResponse },
    errors: [...SESSION_ERRORS, 'file_not_found', 'file_refused'],
    async handle(call, { fileId, sessionId }) {
      const active = await sessions.require(sessionId, call.origin);
      await limits.filePiece(active.session);
      await files.remove(active, fileId);
      return jsonAnswer({ deleted: true });
    },
  });
}

function contentRoute({ files, sessions, limits }: FileRouteParts): ClientRoute {
  return clientRoute({
    method: 'GET',
    path: `${FILE_PATH}/content`,
    operation: 'clientFileContent',
    summary: 'Gives the bytes of a file back to whoever attached it.',
    request: FileContentRequest,
    answer: { description: 'The bytes, of the type that `Content-Type` names.', bytes: true },
    errors: ['unauthorized', ...SESSION_ERRORS, 'file_not_found'],
    async handle(call, { fileId }) {
      const active = await sessions.require(bearerOf(call) ?? noSession(), call.header('origin'));
      await limits.filePiece(active.session);
      return contentAnswer(await files.content(active, fileId));
    },
  });
}

/** As something to be saved: what a visitor attached must not act as a page of this server. */
function contentAnswer({ filename, mimeType, size, pieces }: FileContent): Response {
  const charset = mimeType.startsWith('text/') ? '; charset=utf-8' : '';
  return new Response(ReadableStream.from(pieces), {
    headers: {
      'Content-Type': `${mimeType}${charset}`,
      'Content-Length': String(size),
      'Content-Disposition': `attachment; filename*=UTF-8''${encodeName(filename)}`,
      'Content-Security-Policy': "sandbox; default-src 'none'",
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'private, no-store',
    },
  });
}

function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function offsetOf(call: Call): number {
  const text = call.header(UPLOAD_OFFSET_HEADER) ?? '';
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new RequestError(
    'invalid_request',
    `The request has no \`${UPLOAD_OFFSET_HEADER}\` that is a number.`,
    {
      hint: `Send the position of the first byte of the piece, for example \`${UPLOAD_OFFSET_HEADER}: 0\`.`,
      details: [`${UPLOAD_OFFSET_HEADER}: not a whole number`],
    },
  );
}

function noSession(): never {
  throw new RequestError('unauthorized', 'This route needs the session that the file belongs to.', {
    hint: 'Send `Authorization: Bearer cs_…` with the `sessionId` of `POST /v1/client/init`.',
  });
}
