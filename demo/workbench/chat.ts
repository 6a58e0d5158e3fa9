import { effect } from '@preact/signals';
import type { PagehandApi } from '../../widget/options.ts';
import { element } from '../element.ts';
import { place } from './location.ts';
import type { Workbench } from './model.ts';

/** The client token of the demo's surface, which the server seeds when it has no configuration. */
const TOKEN = 'ct_test_demo';

/**
 * Puts the chat into `root` with the same script tag that a customer's page has, and writes down what it tells.
 * A change of colours or direction puts in another, because a script tag says them once.
 */
export function mountChat(root: HTMLElement, bench: Workbench): void {
  root.id = 'chat';
  let previous: Promise<void> = Promise.resolve();
  effect(() => {
    const attributes = {
      src: '/pagehand.js',
      'data-token': TOKEN,
      'data-target': '#chat',
      'data-theme': place.value.theme,
      // The words stay English; the tag of a language that is written from the right turns the chat round.
      'data-locale': place.value.direction === 'rtl' ? 'ar' : 'en',
    };
    previous = previous.then(() => replaceChat(root, attributes, bench));
  });
}

async function replaceChat(
  root: HTMLElement,
  attributes: Readonly<Record<string, string>>,
  bench: Workbench,
): Promise<void> {
  const script = element('script', attributes);
  if (script.isEqualNode(document.querySelector('script[data-target]'))) return;
  document.querySelector('script[data-target]')?.remove();
  pagehand()?.destroy();
  root.replaceChildren();
  const loaded = new Promise<boolean>((resolve) => {
    script.addEventListener('load', () => resolve(true));
    script.addEventListener('error', () => resolve(false));
  });
  document.head.append(script);
  const chat = (await loaded) ? pagehand() : undefined;
  if (chat === undefined) explain(root);
  else listen(chat, bench);
}

function listen(chat: PagehandApi, bench: Workbench): void {
  chat.on('snapshot', (detail) => bench.recorder.snapshot(detail, Date.now()));
  chat.on('event', (event) => bench.recorder.event(event, Date.now()));
  chat.on('call', bench.recordChatCall);
}

/** What the script left on the page. */
function pagehand(): PagehandApi | undefined {
  const { Pagehand: found } = window as { readonly Pagehand?: PagehandApi };
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
