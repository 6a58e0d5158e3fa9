import { describe, expect, test } from 'vitest';
import { createAttachments } from '../../server/dispatch/attachments.ts';
import type { ModelMessage } from '../../server/models/model.ts';
import type { StoredFile } from '../../server/store/store.ts';
import { aFile } from '../support/store.ts';

/** A store of pictures: `file_6` has six bytes, and as data URI eight characters. */
const store = {
  file: async (id: string): Promise<StoredFile> => {
    const size = Number(id.replace('file_', ''));
    return aFile({ id, size, received: size, mimeType: 'image/png', filename: `${id}.png` });
  },
  filePiece: async (id: string) => new Uint8Array(Number(id.replace('file_', ''))),
};

const naming = (...fileIds: string[]): readonly ModelMessage[] => [
  {
    role: 'user',
    content: fileIds.map((fileId) => ({ type: 'upload', fileId, filename: 'a.png', mimeType: 'image/png' })),
  },
];

const never = new AbortController().signal;
const isSettled = async (promise: Promise<unknown>) => {
  const open = Symbol('open');
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(open)])) !== open;
};

describe('files on their way to models', () => {
  test('wait for room in their order, and what is too large for it goes alone', async () => {
    const { attach } = createAttachments(store, 16);
    const first = await attach(naming('file_6'), never);
    const second = await attach(naming('file_6'), never);
    const large = attach(naming('file_600'), never);
    const small = attach(naming('file_3'), never);
    first.giveBack();
    first.giveBack();
    expect(await isSettled(large)).toBe(false);
    expect(await isSettled(small)).toBe(false);
    second.giveBack();
    expect((await large).messages[0]).toMatchObject({ content: [{ type: 'image', alt: 'file_600.png' }] });
    expect(await isSettled(small)).toBe(false);
    (await large).giveBack();
    expect((await small).messages[0]).toMatchObject({ content: [{ type: 'image' }] });
  });

  test('leave the line when their turn is stopped, and let those behind them in', async () => {
    const { attach } = createAttachments(store, 16);
    await attach(naming('file_6'), never);
    const stop = new AbortController();
    const waiting = attach(naming('file_12'), stop.signal);
    const behind = attach(naming('file_3'), never);
    expect(await isSettled(behind)).toBe(false);
    stop.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    await behind;
    await expect(attach(naming('file_600'), AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });

  test('what cannot be read gives its room back', async () => {
    const broken = { ...store, filePiece: () => Promise.reject(new Error('the store is gone')) };
    const { attach } = createAttachments(broken, 8);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(attach(naming('file_6'), never)).rejects.toThrow('the store is gone');
    }
  });

  test('messages without files cost nothing and wait for nothing', async () => {
    const { attach } = createAttachments(store, 8);
    await attach(naming('file_6'), never);
    const messages: readonly ModelMessage[] = [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }];
    expect((await attach(messages, never)).messages).toBe(messages);
  });
});
