import { effect } from '@preact/signals';
import type { FileProgress } from '../chat/attachments.ts';
import type { LateComposing } from '../chat/late-composing.ts';
import type { Emit, WidgetEvents } from '../options.ts';

/** Tells the page of the files of the message that is being written. Returns the undo. */
export function watchAttachments(composing: LateComposing['now'], emit: Emit): () => void {
  const told = new Map<string, FileProgress['status']>();
  return effect(() => {
    const files = composing.value?.attachments.list.value ?? [];
    for (const { key, name, mimeType, size, progress } of files) {
      const before = told.get(key);
      told.set(key, progress.status);
      const tell = (kind: WidgetEvents['attachment']['kind']) =>
        queueMicrotask(() => emit('attachment', { kind, name, mimeType, size }));
      if (before === undefined) tell('added');
      if (before !== progress.status && progress.status === 'ready') tell('uploaded');
      if (before !== progress.status && progress.status === 'failed') tell('failed');
    }
  });
}
