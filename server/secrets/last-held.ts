import type { Scrubber } from './scrubber.ts';

/** Values that are looked for, all together, in characters. Those that were used longest ago give way. */
const MAX_CHARS = 2_000_000;

/** Values that were used here and may still be on their way out, in a slow answer or a late log line. */
export function createLastHeld(scrubber: Scrubber): { add(value: string): void } {
  const held = new Map<string, () => void>();
  let chars = 0;
  return {
    add(value) {
      const letGo = held.get(value) ?? scrubber.hold([value]);
      if (!held.delete(value)) chars += value.length;
      held.set(value, letGo);
      for (const [oldest, release] of held) {
        if (chars <= MAX_CHARS || oldest === value) return;
        held.delete(oldest);
        chars -= oldest.length;
        release();
      }
    },
  };
}
