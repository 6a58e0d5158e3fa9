import { effect } from '@preact/signals';

/** Fetches a part once it is wanted, and starts it. What cannot be had is left out. Returns the undo. */
export function startWhen(isWanted: () => boolean, fetchPart: () => Promise<() => () => void>): () => void {
  let stop = () => {};
  let isFetched = false;
  let isGone = false;
  const unwatch = effect(() => {
    if (isFetched || !isWanted()) return;
    isFetched = true;
    fetchPart().then(
      (start) => {
        if (!isGone) stop = start();
      },
      () => {},
    );
  });
  return () => {
    isGone = true;
    unwatch();
    stop();
  };
}
