import type { Frame } from './frame.ts';
import { holdPage } from './hold-page.ts';
import page from './page.css?inline';

export const styles = page;

/** The chat is the page: it fills the viewport and cannot be closed. */
export function start({ root, stance }: Frame): () => void {
  const release = holdPage(root.host as HTMLElement);
  stance.value = { role: 'main', modal: false };
  return release;
}
