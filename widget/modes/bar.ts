import styles from './bar.css?inline';
import type { ModeModule } from './frame.ts';

/** A bar at the foot of the page, which the panel rises from and falls back into. */
export const bar: ModeModule = { styles, start: () => () => {} };
