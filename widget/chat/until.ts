/** Waits until one of several things lets it go, or the turn ends. `listen` gives how to undo it. */
export async function until(signal: AbortSignal, listen: (go: () => void) => () => void): Promise<void> {
  let undo = () => {};
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    const leave = listen(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    undo = leave;
  });
  undo();
}

export function listenTo(target: EventTarget, type: string, listener: () => void): () => void {
  target.addEventListener(type, listener);
  return () => target.removeEventListener(type, listener);
}
