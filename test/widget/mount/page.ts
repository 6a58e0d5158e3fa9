/** What a visitor finds inside a chat's element, by role and name. */
export function inside(host: Element | null): {
  button(name: string): HTMLButtonElement;
  find(selector: string): HTMLElement | null;
  text(): string;
} {
  const root = host?.shadowRoot;
  if (!root) throw new Error('There is no chat here.');
  return {
    button(name) {
      const found = [...root.querySelectorAll('button')].find(
        (button) => (button.ariaLabel ?? button.textContent?.trim()) === name,
      );
      if (found === undefined) throw new Error(`There is no button "${name}".`);
      return found;
    },
    find: (selector) => root.querySelector(selector),
    text: () => root.textContent ?? '',
  };
}

export function hosts(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-pagehand]')];
}

export async function until(holds: () => boolean, turns = 500): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Waited in vain for ${holds}`);
}
