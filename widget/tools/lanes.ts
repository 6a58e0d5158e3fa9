/** Lets those who enter one lane go one at a time, in the order in which they came. */
export interface Lanes {
  /** Resolves with the way out when it is their turn, or at once when the signal aborts. Leave in any case. */
  enter(name: string, signal: AbortSignal): Promise<() => void>;
}

export function lanes(): Lanes {
  const last = new Map<string, Promise<void>>();
  return {
    async enter(name, signal) {
      const before = last.get(name);
      let leave: () => void = () => undefined;
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      last.set(name, before === undefined ? left : before.then(() => left));
      if (before !== undefined) await Promise.race([before, aborted(signal)]);
      return leave;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
