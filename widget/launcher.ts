import { adopt } from './host.ts';
import type { Position, Theme } from './options.ts';

/** The tokens of `theme/tokens.css` that a launcher needs, in their light form. */
const CSS = `:host{--accent:var(--ph-accent,#1f5fbf);--on-accent:var(--ph-on-accent,#fff);--surface:var(--ph-surface,#fff);--text:var(--ph-text,#1b1c1e)}
.launcher,.trouble{position:fixed;box-sizing:border-box;--far:var(--ph-inset,20px);box-shadow:0 2px 10px #0003}
.launcher{--size:var(--ph-launcher-size,56px);display:grid;place-items:center;inline-size:var(--size);block-size:var(--size);padding:0;border:1px solid #0000;border-radius:50%;background:var(--accent);color:var(--on-accent);cursor:pointer}
.launcher:hover{filter:brightness(1.1)}
.launcher[aria-busy=true]{opacity:.6;cursor:progress}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.trouble{font:15px/1.5 var(--ph-font,system-ui,sans-serif);max-inline-size:260px;padding:12px 16px;border:1px solid;border-radius:8px;background:var(--surface);color:var(--text)}
.trouble button{margin-inline-start:8px;padding:4px 12px;font:inherit}
.trouble:not([data-position]){position:static}
.launcher~.trouble{--far:calc(var(--ph-inset,20px) + var(--ph-launcher-size,56px) + 12px)}
[data-position^=b]{bottom:calc(var(--far) + env(safe-area-inset-bottom,0px))}
[data-position^=t]{top:calc(var(--far) + env(safe-area-inset-top,0px))}
[data-position$=right]{right:calc(var(--ph-inset,20px) + env(safe-area-inset-right,0px))}
[data-position$=left]{left:calc(var(--ph-inset,20px) + env(safe-area-inset-left,0px))}
@media(max-width:480px),(max-height:420px){[aria-expanded=true]{display:none}}
@media(forced-colors:active){.launcher{border-color:ButtonText}}
@media print{:host{display:none!important}}`;

const DARK =
  ':host{--accent:var(--ph-accent,#8db6f5);--on-accent:var(--ph-on-accent,#0e1c31);--surface:var(--ph-surface,#1a1b1d);--text:var(--ph-text,#ececea)}';

const DARK_RULES: Record<Theme, string> = {
  light: '',
  dark: DARK,
  auto: `@media(prefers-color-scheme:dark){${DARK}}`,
};

/** A speech bubble to open, a chevron to close. */
const BUBBLE = 'M5 5h14v11h-8l-5 4v-4H5z';
const CHEVRON = 'M6 9l6 6 6-6';

/** What stands in the page before the chat does, in plain DOM: a button, and a sentence if the chat cannot come. */
export interface Launcher {
  show(state: { readonly isOpen: boolean; readonly isBusy: boolean; readonly isBroken: boolean }): void;
  focus(): void;
}

export interface LauncherOptions {
  /** `undefined`: inline, without a button. */
  readonly position: Position | undefined;
  readonly theme: Theme;
  readonly onPress: () => void;
  /** The visitor is about to press. */
  readonly onIntent: () => void;
  readonly onRetry: () => void;
}

export function drawLauncher(root: ShadowRoot, options: LauncherOptions): Launcher {
  const { position, theme, onPress, onIntent, onRetry } = options;
  adopt(root, CSS + DARK_RULES[theme]);
  const path = draw('path');
  const button = createButton(onPress);
  const trouble = document.createElement('div');
  const place = (element: HTMLElement, className: string) => {
    element.className = className;
    if (position) element.dataset.position = position;
  };
  place(button, 'launcher');
  place(trouble, 'trouble');
  button.ariaLabel = 'Open chat';
  button.ariaHasPopup = 'dialog';
  button.append(icon(path));
  for (const intent of ['pointerenter', 'focus', 'touchstart']) {
    button.addEventListener(intent, onIntent, { passive: true });
  }
  const retry = createButton(onRetry);
  retry.append('Retry');
  trouble.role = 'alert';
  if (position) root.append(button);

  return {
    show({ isOpen, isBusy, isBroken }) {
      path.setAttribute('d', isOpen ? CHEVRON : BUBBLE);
      button.ariaExpanded = `${isOpen}`;
      button.ariaBusy = `${isBusy}`;
      // Filled when it enters: an alert is read out for what is put into it.
      trouble.replaceChildren('The chat could not be loaded.', retry);
      if (isBroken) root.append(trouble);
      else trouble.remove();
    },
    focus: () => button.focus(),
  };
}

function createButton(onPress: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.onclick = onPress;
  return button;
}

function icon(path: SVGElement): SVGElement {
  const svg = draw('svg');
  const attributes = {
    width: 28,
    viewBox: '0 0 24 24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': 1.6,
    'stroke-linejoin': 'round',
    'aria-hidden': true,
  };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, `${value}`);
  svg.append(path);
  return svg;
}

function draw(name: 'svg' | 'path'): SVGElement {
  return document.createElementNS('http://www.w3.org/2000/svg', name);
}
