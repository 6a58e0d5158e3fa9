import type { Mode, MountOptions } from '../options.ts';

interface Wanted {
  readonly mode?: Mode | undefined;
  readonly target?: MountOptions['target'] | undefined;
}

const MODES = ['floating', 'docked', 'inline', 'page', 'bar'];

/** The mode that the options ask for. Throws an `Error` where they contradict each other. */
export function chooseMode({ mode, target }: Wanted): Mode {
  if (mode === undefined) return usualMode(target);
  if (!MODES.includes(mode)) throw Error(`"mode" must be ${MODES.join(', ')}`);
  if (mode === 'inline' && target === undefined) throw Error('"mode" inline needs a "target"');
  if (mode !== 'inline' && target !== undefined) throw Error('"target" goes with "mode" inline alone');
  return mode;
}

/** Where nothing else is said. */
export function usualMode(target: Wanted['target']): Mode {
  return target === undefined ? 'floating' : 'inline';
}
