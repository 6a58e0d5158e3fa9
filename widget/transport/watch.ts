import type { WidgetError } from '../errors.ts';
import { interrupted, timedOut } from './failure.ts';

/** Ends a request when its caller does, or when nothing is heard for too long. */
export interface Watch {
  /** For the request. */
  readonly signal: AbortSignal;
  /** Something was heard: the next may take this long. */
  expect(withinMs: number): void;
  /** What a request that broke off under this watch failed of; `otherwise` when neither time nor caller ended it. */
  failure(cause: unknown, otherwise: (cause: unknown) => WidgetError): WidgetError;
  close(): void;
}

export function watchOver(caller: AbortSignal): Watch {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let late = false;
  const leave = () => controller.abort();
  caller.addEventListener('abort', leave);
  if (caller.aborted) leave();
  return {
    signal: controller.signal,
    expect(withinMs) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        late = true;
        controller.abort();
      }, withinMs);
    },
    failure(cause, otherwise) {
      if (late) return timedOut(cause);
      return caller.aborted ? interrupted(cause) : otherwise(cause);
    },
    close() {
      clearTimeout(timer);
      caller.removeEventListener('abort', leave);
    },
  };
}
