import { launcherWords } from '../languages/launcher.ts';
import type { ResolvedOptions } from '../options.ts';
import styles from './teaser.css?inline';

/** How long a visitor is left to look round, in milliseconds. */
const DELAY_MS = 4000;
/** On a phone it would lie over what is read. */
const ROOM = '(min-width: 640px) and (min-height: 480px)';

/** Says a sentence beside the launcher, once per visitor and surface, until it is dismissed or the chat is opened. */
export function showTeaser(
  root: ShadowRoot,
  button: HTMLButtonElement,
  { token, position, locale = document.documentElement.lang || navigator.language }: ResolvedOptions,
  text: string,
): void {
  const shownAs = `pagehand:teaser:${token.slice(-8)}`;
  if (!matchMedia(ROOM).matches || wasShown(shownAs)) return;
  const life = new AbortController();
  const sheet = new CSSStyleSheet();
  const bubble = document.createElement('div');

  function end() {
    life.abort();
    clearTimeout(waiting);
    bubble.remove();
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
    opened.disconnect();
  }
  // Opened by whatever way, there is nothing to tease about.
  const opened = new MutationObserver(() => button.ariaExpanded === 'true' && end());
  opened.observe(button, { attributes: true, attributeFilter: ['aria-expanded'] });
  root.host.addEventListener('pagehand:destroy', end, life);

  const waiting = setTimeout(() => {
    noteShown(shownAs);
    sheet.replaceSync(styles);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    draw();
  }, DELAY_MS);

  function draw() {
    bubble.className = `teaser ${position}`;
    bubble.part.add('teaser');
    bubble.lang = locale;
    const words = document.createElement('button');
    words.className = 'words';
    words.dir = 'auto';
    words.textContent = text;
    words.onclick = () => button.click();
    words.onpointerenter = () => button.dispatchEvent(new PointerEvent('pointerenter'));
    const dismiss = document.createElement('button');
    dismiss.className = 'dismiss';
    dismiss.ariaLabel = launcherWords(locale).dismiss;
    dismiss.onclick = () => {
      const hadFocus = root.activeElement === dismiss;
      end();
      if (hadFocus) button.focus();
    };
    bubble.addEventListener('keydown', ({ key }) => key === 'Escape' && dismiss.click(), life);
    // Before the launcher in the order of the keyboard, and said once: by whoever comes to it, and not on its own.
    bubble.append(words, dismiss);
    root.insertBefore(bubble, button);
  }
}

function wasShown(name: string): boolean {
  try {
    return localStorage.getItem(name) !== null;
  } catch {
    // What cannot be kept would be shown on every page.
    return true;
  }
}

function noteShown(name: string): void {
  try {
    localStorage.setItem(name, 'shown');
  } catch {
    // Full: it is shown once more on the next page.
  }
}
