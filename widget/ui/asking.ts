import { useLayoutEffect, useState } from 'preact/hooks';
import { useView } from './context.ts';
import { focusComposer } from './focus-composer.ts';

/** How long something new refuses answers, in milliseconds: a click or key that was meant for what stood there before. */
const ARMING_MS = 500;

/** Whether what has just appeared may take an answer yet. */
export function useArming(): boolean {
  const [armed, setArmed] = useState(false);
  useLayoutEffect(() => {
    const timer = setTimeout(() => setArmed(true), ARMING_MS);
    return () => clearTimeout(timer);
  }, []);
  return armed;
}

/**
 * What asks above the composer takes the focus, on itself and not on a button, if the visitor is in the chat and not
 * in the middle of a message; when it goes, the focus it held goes on to the composer.
 */
export function useSheetFocus(sheet: { readonly current: HTMLElement | null }): void {
  const { chat, root, panel, composer } = useView();
  useLayoutEffect(() => {
    const element = sheet.current;
    const active = root.activeElement;
    const typing = active === composer.current && chat.draft.peek() !== '';
    if (active !== null && panel.current?.contains(active) && !typing)
      element?.focus({ preventScroll: true });
    return () => {
      if (element?.contains(root.activeElement)) focusComposer(composer, panel);
    };
  }, []);
}
