import type { Signal } from '@preact/signals';
import { render } from 'preact';
import type { Chat } from '../chat/chat.ts';
import { copy } from '../copy.ts';
import type { Position, Theme } from '../options.ts';
import tokens from '../theme/tokens.css?inline';
import approvalStyle from './approval.css?inline';
import markdownStyle from './markdown/markdown.css?inline';
import modes from './modes.css?inline';
import panelStyle from './panel.css?inline';
import { Panel } from './panel.tsx';
import threadStyle from './thread.css?inline';
import toolStyle from './tool.css?inline';
import { trackVisibleArea } from './visible-area.ts';

export interface ViewProps {
  readonly chat: Chat;
  /** Whether the panel is shown. Written by the panel's own *Close* too. Always true inline. */
  readonly open: Signal<boolean>;
  readonly layout: 'floating' | 'inline';
  readonly position: Position;
  readonly theme: Theme;
  /** A BCP 47 tag. */
  readonly locale: string;
}

const RIGHT_TO_LEFT = /^(?:ar|ckb|dv|fa|he|iw|ps|sd|ug|ur|yi)\b/i;

/** Draws the panel into a shadow root that holds nothing else but the launcher; adopts its own styles. Returns the undo. */
export function renderView(root: ShadowRoot, props: ViewProps): () => void {
  // Adopted and not written into the tree: a policy of `style-src 'none'` lets it pass.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(tokens + panelStyle + toolStyle + markdownStyle + threadStyle + approvalStyle + modes);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  const container = document.createElement('div');
  container.className = `ph ${props.layout} ${props.position}`;
  container.dataset['theme'] = props.theme;
  container.lang = copy.language;
  container.dir = RIGHT_TO_LEFT.test(props.locale) ? 'rtl' : 'ltr';
  root.append(container);
  render(<Panel {...props} root={root} />, container);
  const stopTracking = trackVisibleArea(container);

  return () => {
    stopTracking();
    render(null, container);
    container.remove();
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((adopted) => adopted !== sheet);
  };
}
