import type { ModeModule } from './frame.ts';
import { holdPage } from './hold-page.ts';
import styles from './page.css?inline';

/** The chat is the page: it fills the viewport and cannot be closed. */
export const page: ModeModule = {
  styles,
  start: ({ root, stance }) => {
    const release = holdPage(root.host as HTMLElement);
    stance.value = { role: 'main', modal: false };
    return release;
  },
};
