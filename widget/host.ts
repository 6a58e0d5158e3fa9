import type { ResolvedOptions } from './options.ts';

/**
 * Marked important: a rule of the page for every `div` would move the chat, and the page may style it through its
 * tokens only. Without a size it covers nothing; what floats inside is fixed by itself.
 */
const FLOATING = ':host{position:fixed!important;z-index:2147483000!important;inset:0 auto auto 0!important';
const INLINE = ':host{position:relative!important;block-size:100%';

/** The chat's own element in the page, and the shadow root that everything of it is drawn in. */
export interface Host {
  readonly element: HTMLElement;
  readonly root: ShadowRoot;
}

export function createHost({ target, locale, token }: ResolvedOptions): Host {
  const element = document.createElement('div');
  // The token is public, and so a second script tag for the same surface can see the first one's chat.
  element.dataset.pagehand = token;
  element.lang = locale;
  const root = element.attachShadow({ mode: 'open' });
  adopt(root, `${target === undefined ? FLOATING : INLINE};display:block!important}`);
  return { element, root };
}

/** Adopted sheets are no inline style: a strict `style-src` lets them pass. */
export function adopt(root: ShadowRoot, css: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets.push(sheet);
}
