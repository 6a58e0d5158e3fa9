import type { Store, StoredFile } from '../store/store.ts';

/** The bytes of a file in their pieces. Ends early where the file is removed meanwhile. */
export async function* piecesOf(
  store: Pick<Store, 'filePiece'>,
  { id, received }: Pick<StoredFile, 'id' | 'received'>,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < received; ) {
    const piece = await store.filePiece(id, start);
    if (piece === undefined || piece.byteLength === 0) return;
    yield piece;
    start += piece.byteLength;
  }
}

/** All of a file at once; nothing if a part of it is not there any more. */
export async function readWhole(
  store: Pick<Store, 'filePiece'>,
  file: Pick<StoredFile, 'id' | 'received' | 'size'>,
): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(store, file)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  return bytes.byteLength === file.size ? bytes : undefined;
}
