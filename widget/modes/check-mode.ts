import type { MountOptions, ResolvedOptions } from '../options.ts';

const MODES = ['floating', 'docked', 'inline', 'page', 'bar'];

/** Throws an `Error` where the options that choose the mode are wrong, or contradict each other. */
export function checkMode({ mode, target }: ResolvedOptions | MountOptions): void {
  if (mode === undefined) return;
  if (!MODES.includes(mode)) throw Error(`"mode" must be ${MODES.join(', ')}`);
  if (mode === 'inline' && target === undefined) throw Error('"mode" inline needs a "target"');
  if (mode !== 'inline' && target !== undefined) throw Error('"target" goes with "mode" inline alone');
}
