import { effect, type Signal, signal } from '@preact/signals';
import { render } from 'preact';
import type { Chat } from '../chat/chat.ts';
import type { LateComposing } from '../chat/late-composing.ts';
import type { Words } from '../messages.ts';
import { type ModeModule, SMALL_SCREEN, type Stance } from '../modes/frame.ts';
import { startWhen } from '../modes/start-when.ts';
import type { Mode, MountOptions, Position, Theme } from '../options.ts';
import tokens from '../theme/tokens.css?inline';
import type { View } from './context.ts';
import { offerHistory } from './history/offer-history.ts';
import { lateParts } from './late-parts.ts';
import modes from './modes.css?inline';
import panelStyle from './panel.css?inline';
import { isClosable, Panel } from './panel.tsx';
import { createPanelSlots, type PanelSlots } from './panel-slots.ts';
import threadStyle from './thread.css?inline';
import { trackVisibleArea } from './visible-area.ts';

export interface ViewProps {
  readonly chat: Chat;
  /** Whether the panel is shown. Written by the panel's own *Close* too. Always true inline and as a page. */
  readonly open: Signal<boolean>;
  readonly mode: Mode;
  /** What the mode needs beyond the frame. */
  readonly modeModule?: ModeModule | undefined;
  readonly position: Position;
  readonly theme?: Theme | undefined;
  readonly words: Words;
  /** What goes with the words of a message. Default: words alone. */
  readonly composing?: LateComposing;
  /** Whether files may be attached, as far as the server takes them. Default true. */
  readonly attaches?: MountOptions['attachments'] | undefined;
  /** Whether messages can be dictated and answers read aloud. Default false. */
  readonly voice?: MountOptions['voice'] | undefined;
  /** Whether its token is one for tests. */
  readonly isTest: boolean;
  /** Where others add to the panel. Default: slots of its own. */
  readonly slots?: PanelSlots;
  /** Under which the browser keeps sizes of the panel. Default: for all chats of the page. */
  readonly storageKey?: string;
  readonly drawings?: View['drawings'];
  readonly sources?: View['sources'];
}

const RIGHT_TO_LEFT = /^(?:ar|ckb|dv|fa|he|iw|ps|sd|ug|ur|yi)\b/i;

/** Draws the panel into a shadow root that holds nothing else but the launcher; adopts its own styles. Returns the undo. */
export function renderView(root: ShadowRoot, props: ViewProps): () => void {
  const { mode, modeModule, words, position, open, slots = createPanelSlots(), storageKey = '' } = props;
  // Adopted and not written into the tree: a policy of `style-src 'none'` lets them pass.
  const [base, late, last] = [new CSSStyleSheet(), new CSSStyleSheet(), new CSSStyleSheet()];
  const sheets = [base, late, last];
  base.replaceSync(tokens + (modeModule?.styles ?? '') + panelStyle + threadStyle);
  last.replaceSync(modes);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...sheets];
  const stopStyling = effect(() => {
    late.replaceSync(lateParts.value?.styles ?? '');
  });

  const container = document.createElement('div');
  container.className = `ph ${mode} ${position}`;
  container.dataset.theme = 'auto';
  container.lang = words.language;
  container.dir = RIGHT_TO_LEFT.test(words.locale) ? 'rtl' : 'ltr';
  root.append(container);
  // First: what it writes is inherited by all that is drawn below.
  const stops = [stopStyling, keepTheme(root, container, props), trackVisibleArea(container)];
  const stance = signal<Stance>({ role: mode === 'inline' ? 'region' : 'dialog', modal: false });
  render(<Panel {...props} slots={slots} stance={stance} root={root} />, container);
  stops.push(offerHistory({ chat: props.chat, slots, words }));
  const frame = { root, container, open, stance, position, words, slots, storageKey };
  if (modeModule !== undefined) stops.push(modeModule.start(frame));
  if (isClosable(mode)) {
    stops.push(
      startWhen(
        () => open.value && matchMedia(SMALL_SCREEN).matches,
        async () => {
          const { startSheet } = await import('../modes/sheet.ts');
          return () => startSheet(frame);
        },
      ),
    );
  }

  return () => {
    for (const stop of stops) stop();
    render(null, container);
    container.remove();
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
  };
}

/** Light and dark are a word; a whole theme, the page's or the surface's, is fetched with what sets it. */
function keepTheme(root: ShadowRoot, container: HTMLElement, { chat, theme }: ViewProps): () => void {
  let undo: (() => void) | undefined;
  let isGone = false;
  const stop = effect(() => {
    const own = chat.surface.value?.theme;
    if (/^(auto|light|dark)$/.test(String(theme))) container.dataset.theme = String(theme);
    else if (theme === undefined && !own) return;
    if (!own && container.dataset.theme === theme) return;
    import('../theme/apply-theme.ts').then(
      ({ applyTheme }) => {
        undo?.();
        if (!isGone) undo = applyTheme(root, [own, theme], container);
      },
      // In its own colours the chat is as good as in the page's.
      () => {},
    );
  });
  return () => {
    isGone = true;
    stop();
    undo?.();
  };
}
