import * as z from 'zod/mini';
import { Id } from './ids.ts';

/**
 * Uploads, announced as the capability `files`. A file is begun, brought in one or more pieces, and named in a message
 * as a part of type `upload`. After a break, `GET` says how much is there, and the rest is brought from that byte on.
 */

export { MAX_UPLOAD_PIECE_BYTES, UPLOAD_OFFSET_HEADER } from './limits.ts';

/** `POST /v1/client/files`: begins an upload. */
export const FileRequest = z.object({
  sessionId: Id,
  filename: z.string().check(z.minLength(1), z.maxLength(255)),
  /** In bytes. */
  size: z.number().check(z.int(), z.minimum(1)),
  /** As the browser guesses it. The server looks at the bytes and believes those. */
  mimeType: z.optional(z.string().check(z.maxLength(255))),
});
export type FileRequest = z.infer<typeof FileRequest>;

/** `GET /v1/client/files/{fileId}?sessionId=…`: how far it has come. */
export const FileStateRequest = z.object({ fileId: Id, sessionId: Id });

/** Answers to all of these, and to `PATCH /v1/client/files/{fileId}?sessionId=…`, whose body is the next piece. */
export const FileState = z.object({
  fileId: Id,
  filename: z.string(),
  size: z.number(),
  /** Bytes that are there. */
  offset: z.number(),
  /** `ready` once all bytes are there, of a type that may be attached, and the operator's scan let them pass. */
  status: z.enum(['uploading', 'ready']),
  /** As the bytes say, once `ready`. */
  mimeType: z.nullable(z.string()),
  /** ISO 8601: a file that no message names is removed then. */
  expiresAt: z.string(),
});
export type FileState = z.infer<typeof FileState>;

/** `DELETE /v1/client/files/{fileId}?sessionId=…`: takes back what no message names yet. */
export const FileDeletedResponse = z.object({ deleted: z.literal(true) });
