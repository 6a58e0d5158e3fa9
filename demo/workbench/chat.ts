import { effect } from '@preact/signals';
import type { PagehandWidget } from '../../widget/options.ts';
import { element } from '../element.ts';
import { place } from './location.ts';
import type { Workbench } from './model.ts';

/** The client token of the demo's surface, which the server seeds when it has no configuration. */
const TOKEN = 'ct_test_demo';

/** What the script tag leaves on the page. */
type Pagehand = Pick<PagehandWidget, 'on' | 'destroy'>;

/**
 * Puts the chat into `root` with the same script tag that a customer's page has, and writes down what it tells.
 * A change of colours or direction loads it anew, because a script tag says them once.
 */
export function mountChat(root: HTMLElement, bench: Workbench): void {
  root.id = 'chat';
  effect(() => {
    const { theme, direction } = place.value;
    const script = element('script', {
      src: '/pagehand.js',
      'data-token': TOKEN,
      'data-target': '#chat',
      'data-theme': theme,
      // The words stay English; the locale of a language that is written from the right turns the chat round.
      'data-locale': direction === 'rtl' ? 'ar' : 'en',
    });
    script.addEventListener('load', () => listen(bench));
    script.addEventListener('error', () => explain(root));
    document.head.append(script);
    return () => {
      pagehand()?.destroy();
      script.remove();
      root.replaceChildren();
    };
  });
}

function listen(bench: Workbench): void {
  const chat = pagehand();
  chat?.on('snapshot', (detail) => bench.recorder.snapshot(detail, Date.now()));
  chat?.on('event', (event) => bench.recorder.event(event, Date.now()));
  chat?.on('call', bench.recordChatCall);
}

function pagehand(): Pagehand | undefined {
  const { Pagehand: found } = window as { readonly Pagehand?: Pagehand };
  return found;
}

function explain(root: HTMLElement): void {
  root.replaceChildren(
    element(
      'p',
      { class: 'pad problem', role: 'alert' },
      'The chat could not be loaded from /pagehand.js. The tools can still be run by hand. Start the server with npm start and load the page again.',
    ),
  );
}
