import { afterEach, describe, expect, test, vi } from 'vitest';
import { installPolyfill } from '../../../widget/tools/polyfill.ts';
import { READY_EVENT, runQueue } from '../../../widget/tools/queue.ts';
import { hasNative, modelContext } from './hosts.ts';

afterEach(() => {
  Reflect.deleteProperty(window, 'pagehandTools');
  if (!hasNative) Reflect.deleteProperty(Document.prototype, 'modelContext');
});

describe('the queue of a page that comes first', () => {
  test('runs what was pushed, in order, with the context of the page, and then whatever is pushed', () => {
    const order: unknown[] = [];
    const ready = vi.fn();
    document.addEventListener(READY_EVENT, ready, { once: true });
    window.pagehandTools = [(context: object) => order.push('first', context)];
    window.pagehandTools.push((context) => order.push('second', context));
    installPolyfill();
    runQueue();
    expect(ready).toHaveBeenCalledTimes(1);
    window.pagehandTools.push((context) => order.push('third', context));
    const context = modelContext();
    expect(order).toEqual(['first', context, 'second', context, 'third', context]);
  });

  test('runs each task once, however often it is begun', () => {
    const task = vi.fn();
    window.pagehandTools = [task];
    installPolyfill();
    runQueue();
    runQueue();
    expect(task).toHaveBeenCalledTimes(1);
  });

  test('goes on after a task that throws, and reports it', async () => {
    const reported = vi.fn((event: ErrorEvent) => event.preventDefault());
    addEventListener('error', reported);
    const task = vi.fn();
    window.pagehandTools = [
      () => {
        throw new Error('from the page');
      },
      task,
    ];
    installPolyfill();
    runQueue();
    expect(task).toHaveBeenCalledTimes(1);
    expect(reported.mock.calls[0]?.[0].message).toContain('from the page');
    removeEventListener('error', reported);
  });

  test.skipIf(hasNative)('waits where no implementation is there', () => {
    const task = vi.fn();
    window.pagehandTools = [task];
    runQueue();
    expect(task).not.toHaveBeenCalled();
    installPolyfill();
    runQueue();
    expect(task).toHaveBeenCalledTimes(1);
  });
});
