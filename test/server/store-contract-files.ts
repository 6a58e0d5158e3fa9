import { beforeEach, describe, expect, test } from 'vitest';
import type { Store, StoredFile } from '../../server/store/store.ts';
import { aConversation, aFile, aNewExecution, anExecution, givenExecution } from '../support/store.ts';

const ROOM = { conversationFiles: 10, conversationBytes: 1_000, surfaceBytes: 10_000 };
const PDF = { filename: 'a.pdf', mimeType: 'application/pdf' };
const bytes = (...values: number[]) => Uint8Array.of(...values);

/** What every engine must keep of files. */
export function filesContract(current: () => Store): void {
  describe('files', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    const begun = async (fields: Partial<StoredFile> = {}) => {
      const file = aFile(fields);
      expect(await store.createFile(file, ROOM)).toBe('created');
      return file;
    };
    const whole = async (fields: Partial<StoredFile> = {}) => {
      const file = await begun({ size: 3, ...fields });
      expect(await store.appendPiece(file.id, 0, bytes(1, 2, 3))).toBe(true);
      expect(await store.finishFile(file.id, PDF)).toBe(true);
      return { ...file, ...PDF, received: 3 };
    };
    const naming = async (...files: string[]) => {
      await store.createConversation(aConversation());
      return store.createExecution(aNewExecution(anExecution(), { files }));
    };

    test('a file is kept as it was begun, and grows by its pieces, byte for byte', async () => {
      const file = await begun({ size: 300, filename: '“Grüße”.txt' });
      expect(await store.file('file_1')).toEqual(file);
      expect(await store.file('file_2')).toBeUndefined();
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      expect(await store.appendPiece('file_1', 0, all)).toBe(true);
      // A view of a larger buffer, as they come from a socket.
      expect(await store.appendPiece('file_1', 256, all.subarray(100, 144))).toBe(true);
      expect(await store.file('file_1')).toEqual({ ...file, received: 300 });
      expect([...((await store.filePiece('file_1', 0)) ?? [])]).toEqual([...all]);
      expect([...((await store.filePiece('file_1', 256)) ?? [])]).toEqual([...all.subarray(100, 144)]);
      expect(await store.filePiece('file_1', 1)).toBeUndefined();
    });

    test('a piece goes in at the end of its file alone, and never beyond its size', async () => {
      await begun({ size: 4 });
      expect(await store.appendPiece('file_1', 1, bytes(1))).toBe(false);
      expect(await store.appendPiece('file_1', 0, bytes(1, 2, 3, 4, 5))).toBe(false);
      expect(await store.appendPiece('file_1', 0, bytes(1, 2))).toBe(true);
      expect(await store.appendPiece('file_1', 0, bytes(1, 2))).toBe(false);
      expect(await store.appendPiece('file_2', 0, bytes(1))).toBe(false);
      expect(await store.file('file_1')).toMatchObject({ received: 2 });
    });

    test('of two pieces for one place, one goes in', async () => {
      await begun({ size: 4 });
      const tries = [bytes(1, 2), bytes(3, 4), bytes(5, 6)].map((piece) =>
        store.appendPiece('file_1', 0, piece),
      );
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
      expect(await store.file('file_1')).toMatchObject({ received: 2 });
    });

    test('what a file is can be said once, when all of it is there', async () => {
      await begun({ size: 3 });
      expect(await store.finishFile('file_1', PDF)).toBe(false);
      await store.appendPiece('file_1', 0, bytes(1, 2, 3));
      expect(await store.finishFile('file_1', PDF)).toBe(true);
      expect(await store.finishFile('file_1', { filename: 'b', mimeType: 'text/plain' })).toBe(false);
      expect(await store.file('file_1')).toMatchObject(PDF);
    });

    test('there is no room for more than a conversation or a surface may hold', async () => {
      await begun({ size: 600 });
      const create = (fields: Partial<StoredFile>, room = ROOM) =>
        store.createFile(aFile({ id: 'file_2', ...fields }), room);
      expect(await create({ size: 401 })).toBe('conversation_full');
      expect(await create({}, { ...ROOM, conversationFiles: 1 })).toBe('conversation_full');
      const elsewhere = { conversationId: 'conv_2', size: 401 };
      expect(await store.surfaceFileBytes('store')).toBe(0);
      await store.appendPiece('file_1', 0, new Uint8Array(600));
      expect(await store.surfaceFileBytes('store')).toBe(600);
      expect(await create(elsewhere, { ...ROOM, surfaceBytes: 1_000 })).toBe('surface_full');
      expect(await store.file('file_2')).toBeUndefined();
      expect(await create({ ...elsewhere, surfaceId: 'other' }, { ...ROOM, surfaceBytes: 1_000 })).toBe(
        'created',
      );
    });

    test('one that no message names can be taken back, with its bytes', async () => {
      await whole();
      expect(await store.removeFile('file_1')).toBe(true);
      expect(await store.removeFile('file_1')).toBe(false);
      expect(await store.file('file_1')).toBeUndefined();
      expect(await store.filePiece('file_1', 0)).toBeUndefined();
    });

    test('one that a message names stays, whatever its time was', async () => {
      await whole();
      expect(await naming('file_1')).toBe('created');
      expect(await store.file('file_1')).toMatchObject({ expiresAtMs: null });
      expect(await store.removeFile('file_1')).toBe(false);
      await store.removeOld([], Number.MAX_SAFE_INTEGER, 100);
      expect(await store.filePiece('file_1', 0)).toBeDefined();
    });

    test.each([
      ['is not there', undefined],
      ['is not all there', { size: 4 }],
      ["is another conversation's", { conversationId: 'conv_2' }],
    ])('nothing is begun with a file that %s', async (_, fields) => {
      await whole({ id: 'file_0' });
      if (fields !== undefined && 'size' in fields) await begun(fields);
      else if (fields !== undefined) await whole(fields);
      expect(await naming('file_0', 'file_1')).toBe('moved_on');
      expect(await store.execution('exec_1')).toBeUndefined();
      expect((await store.file('file_0'))?.expiresAtMs).not.toBeNull();
    });

    test('those that no message has named in time go, and no others', async () => {
      await whole({ id: 'file_1', expiresAtMs: 1_000 });
      await begun({ id: 'file_2', expiresAtMs: 1_001 });
      while (await store.removeOld([], 1_000, 100));
      expect(await store.file('file_1')).toBeUndefined();
      expect(await store.file('file_2')).toBeDefined();
    });

    test('a conversation takes its files with it', async () => {
      await whole({ id: 'file_1' });
      await whole({ id: 'file_2', conversationId: 'conv_2' });
      await givenExecution(store, 1, { status: 'complete', createdAtMs: 1 }, { files: ['file_1'] });
      const retention = { surfaceId: 'store', conversationsBeforeMs: Number.MAX_SAFE_INTEGER };
      while (await store.removeOld([{ ...retention, executionsBeforeMs: 0 }], 0, 100));
      expect(await store.conversation('conv_1')).toBeUndefined();
      expect(await store.file('file_1')).toBeUndefined();
      expect(await store.filePiece('file_1', 0)).toBeUndefined();
      expect(await store.file('file_2')).toBeDefined();
    });

    test('the files of many old conversations go in several batches', async () => {
      for (const index of Array(60).keys()) {
        const conversationId = `conv_${index}`;
        await store.createConversation(aConversation({ id: conversationId, createdAtMs: 1 }));
        await begun({ id: `file_${index}`, conversationId, expiresAtMs: null });
      }
      const old = { surfaceId: 'store', conversationsBeforeMs: 1_000, executionsBeforeMs: 0 };
      expect(await store.removeOld([old], 0, 100)).toBe(true);
      const isThere = async (index: number) => (await store.conversation(`conv_${index}`)) !== undefined;
      const left = (await Promise.all([...Array(60).keys()].map(isThere))).filter(Boolean);
      expect(left).toHaveLength(10);
      while (await store.removeOld([old], 0, 100));
      for (const index of Array(60).keys()) {
        expect(await store.file(`file_${index}`)).toBeUndefined();
        expect(await isThere(index)).toBe(false);
      }
    });
  });
}
