import { launcherWords } from '../languages/launcher.ts';
import type { ResolvedOptions } from '../options.ts';
import { checkMode } from './check-mode.ts';
import { showTeaser } from './teaser.ts';

/** What the loader gets from this file. */
export interface DressModule {
  dress(root: ShadowRoot, options: ResolvedOptions): void;
}

/** A bar in the middle of the foot, which shows its name. */
const BAR =
  '#l{inset:auto auto max(var(--ph-inset,20px),env(safe-area-inset-bottom)) 50%;translate:-50%;display:flex;' +
  'align-items:center;gap:12px;inline-size:min(var(--ph-bar-width,44em),100vw - 2*var(--ph-inset,20px));' +
  'padding:12px 20px;border-color:var(--ph-line-strong,#85888e);background:var(--ph-surface,light-dark(#fff,#1a1b1d));' +
  'color:var(--ph-muted,light-dark(#5d6066,#a2a5ab));font:1rem var(--ph-font,system-ui)}' +
  '#l[hidden],#l[aria-expanded=true]{display:none}' +
  '#l:empty::before{border-width:12px;flex:none;clip-path:path("M2 4h20v14H12l-6 5v-5H2z")}' +
  '#l:empty::after{content:attr(aria-label);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}';

/** Gives the launcher what its options ask for beyond a round button. Goes with the chat's element. */
export function dress(root: ShadowRoot, options: ResolvedOptions): void {
  const button = root.querySelector<HTMLButtonElement>('#l');
  if (button === null) return;
  const { mode, theme, teaser, locale = document.documentElement.lang || navigator.language } = options;
  const scheme = /^(light|dark)$/.test(String(theme)) ? String(theme) : 'light dark';
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`#l{color-scheme:${scheme}}${mode === 'bar' ? BAR : ''}`);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  button.hidden = false;
  try {
    checkMode(options);
  } catch (error) {
    // The loader has no room to check it.
    console.error(`Pagehand: ${(error as Error).message}.`);
  }
  if (theme !== undefined && !/^(auto|light|dark)$/.test(String(theme))) {
    import('../theme/apply-theme.ts').then(
      ({ applyTheme }) => applyTheme(root, [theme]),
      // In its own colours the chat is as good as in the page's.
      () => {},
    );
  }
  if (mode === 'bar') keepName(button, launcherWords(locale).write);
  if (teaser) showTeaser(root, button, options, teaser);
}

/** What a bar is called by is what stands in it. Every other name that it is given says more, and stays. */
function keepName(button: HTMLButtonElement, name: string): void {
  button.ariaLabel = name;
  new MutationObserver(() => {
    // In the visitor's language, once the app is there.
    if (button.ariaLabel === button.name) button.ariaLabel = name;
  }).observe(button, { attributes: true, attributeFilter: ['aria-label'] });
}
