/** When it is done, and the focus went with what it was on, the focus goes to the first of these places that is there. */
export async function keepFocus(
  root: ShadowRoot,
  doing: Promise<unknown>,
  ...places: string[]
): Promise<void> {
  await doing;
  requestAnimationFrame(() => {
    if (root.activeElement !== null) return;
    for (const place of places) {
      const element = root.querySelector<HTMLElement>(place);
      if (element !== null) return element.focus();
    }
  });
}
