import { currentContext } from './webmcp.ts';

/** What a page pushes: called once with the `modelContext` that is there. */
type QueuedTask = (modelContext: object) => unknown;

declare global {
  interface Window {
    /**
     * The queue of a page whose scripts run before any `modelContext` is there:
     * `(window.pagehandTools ||= []).push((mc) => mc.registerTool({ … }))`.
     */
    pagehandTools?: { push(...tasks: QueuedTask[]): unknown };
  }
}

/** On `document`, once, when the queue begins to run. */
export const READY_EVENT = 'pagehand:webmcp';

/**
 * Runs what the page queued in `window.pagehandTools`, and from then on whatever it pushes, at once. With any
 * implementation, the browser's own too; without one the queue stays as it is. May be called again at any time.
 */
export function runQueue(): void {
  if (typeof document === 'undefined' || !currentContext()) return;
  const waiting = window.pagehandTools ?? [];
  if (!Array.isArray(waiting)) return;
  window.pagehandTools = { push: (...tasks) => tasks.forEach(run) };
  waiting.forEach(run);
  document.dispatchEvent(new Event(READY_EVENT));
}

function run(task: QueuedTask): void {
  try {
    task(currentContext() as object);
  } catch (error) {
    reportError(error);
  }
}
