import type { ResolvedOptions } from './options.ts';

export interface Launcher {
  /** The chat's own element in the page. */
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
  readonly button: HTMLButtonElement;
  /** `sentence` takes the place of the icon: what went wrong, and what pressing does. */
  show(isOpen: boolean, isBusy?: boolean, sentence?: string): void;
}

/**
 * The chat's own element in the page, and in its shadow root what stands there before the chat does: one button.
 * Inline it shows only where the chat could not be loaded; there and everywhere it then says so, and tries again when
 * it is pressed.
 */
export function drawLauncher(options: ResolvedOptions): Launcher {
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  // The token is public, and so a second script tag for the same surface can see the first one's chat.
  host.dataset.pagehand = options.token;
  // Adopted, because a sheet is no inline style: a strict `style-src` lets it pass.
  sheet.replaceSync(look(options));
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement('button');
  button.id = 'l';
  // The app says it in the visitor's language once it is there.
  button.name = options.label ?? 'Open chat';
  button.part = 'launcher';
  button.ariaLive = 'polite';
  root.append(button);
  return {
    host,
    root,
    button,
    show(isOpen, isBusy = false, sentence = '') {
      button.ariaExpanded = `${isOpen}`;
      button.ariaBusy = `${isBusy}`;
      button.ariaLabel = sentence || button.name;
      button.textContent = sentence;
    },
  };
}

/**
 * With the tokens of the theme, in colours that hold on light and dark pages alike. The ring of the focus is the
 * browser's own. Every rule says `#l`: the panel is drawn in the same root later, and none of this is meant for its
 * buttons.
 */
function look({ target, position }: ResolvedOptions): string {
  const [y, x] = position.split('-');
  return (
    // Important, because a rule of the page for every `div` would move or hide the chat. Without a size it covers nothing.
    (target
      ? ':host{display:block;height:100%}#l[aria-expanded=true]{display:none}#l{'
      : `:host{all:initial!important;position:fixed!important;z-index:var(--ph-layer,999999999)!important}#l{position:fixed;${y}:max(var(--ph-inset,20px),env(safe-area-inset-${y}));${x}:max(var(--ph-inset,20px),env(safe-area-inset-${x}));`) +
    'background:var(--ph-accent,#1f5fbf);color:var(--ph-on-accent,#fff);' +
    'padding:calc(var(--ph-launcher-size,56px)/2 - 15px);border:1px solid #0000;border-radius:99px;' +
    'font:15px system-ui;cursor:pointer;box-shadow:0 2px 12px #0003}' +
    // Drawn by its border: that keeps the colour of the text where colours are forced, as no background does.
    '#l:empty:before{content:"";display:block;border:14px solid;clip-path:path("M3 5h22v15H14l-6 5v-5H3z")}#l[aria-busy=true]{opacity:.5}@media print{#l{display:none}}'
  );
}
