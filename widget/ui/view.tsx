import { effect, type Signal } from '@preact/signals';
import { render } from 'preact';
import type { Chat } from '../chat/chat.ts';
import type { Words } from '../messages.ts';
import type { Position, Theme } from '../options.ts';
import tokens from '../theme/tokens.css?inline';
import { lateParts } from './late-parts.ts';
import modes from './modes.css?inline';
import panelStyle from './panel.css?inline';
import { Panel } from './panel.tsx';
import threadStyle from './thread.css?inline';
import { trackVisibleArea } from './visible-area.ts';

export interface ViewProps {
  readonly chat: Chat;
  /** Whether the panel is shown. Written by the panel's own *Close* too. Always true inline. */
  readonly open: Signal<boolean>;
  readonly layout: 'floating' | 'inline';
  readonly position: Position;
  readonly theme: Theme;
  readonly words: Words;
  /** Whether its token is one for tests. */
  readonly isTest: boolean;
}

const RIGHT_TO_LEFT = /^(?:ar|ckb|dv|fa|he|iw|ps|sd|ug|ur|yi)\b/i;

/** Draws the panel into a shadow root that holds nothing else but the launcher; adopts its own styles. Returns the undo. */
export function renderView(root: ShadowRoot, props: ViewProps): () => void {
  // Adopted and not written into the tree: a policy of `style-src 'none'` lets them pass.
  const [base, late, last] = [new CSSStyleSheet(), new CSSStyleSheet(), new CSSStyleSheet()];
  const sheets = [base, late, last];
  base.replaceSync(tokens + panelStyle + threadStyle);
  last.replaceSync(modes);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...sheets];
  const stopStyling = effect(() => {
    late.replaceSync(lateParts.value?.styles ?? '');
  });

  const container = document.createElement('div');
  container.className = `ph ${props.layout} ${props.position}`;
  container.dataset.theme = props.theme;
  container.lang = props.words.language;
  container.dir = RIGHT_TO_LEFT.test(props.words.locale) ? 'rtl' : 'ltr';
  root.append(container);
  // First: what it writes is inherited by all that is drawn below.
  const stopTracking = trackVisibleArea(container);
  render(<Panel {...props} root={root} />, container);

  return () => {
    stopStyling();
    stopTracking();
    render(null, container);
    container.remove();
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
  };
}
