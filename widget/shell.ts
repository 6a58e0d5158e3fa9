import type { App, AppModule, Waiting } from './app.ts';
import type { WidgetError } from './errors.ts';
import { drawLauncher } from './launcher.ts';
import type { DressModule } from './modes/dress-launcher.ts';
import type { PagehandWidget, ResolvedOptions, WidgetEvents } from './options.ts';

/**
 * One chat in the page: its element, its launcher, and the app once the visitor means to chat. `loadApp` is asked
 * again after it failed.
 */
export function createShell(
  options: ResolvedOptions,
  loadApp: () => Promise<AppModule>,
  loadDress: () => Promise<DressModule>,
): PagehandWidget {
  /** Nobody opens or closes it. */
  const always = options.target || options.mode === 'page';
  const { host, root, button, show } = drawLauncher(options);
  const waiting: Waiting = [];
  let app: Promise<App> | undefined;
  /** What is wanted. The panel follows when the app is there. */
  let isOpen = false;
  let isGone = false;
  /** Thousands of them come with one answer. */
  let hearsStream = false;

  // What a listener throws is reported to the page, whose mistake it is, and the chat goes on.
  const emit = <Name extends keyof WidgetEvents>(name: Name, detail?: WidgetEvents[Name]) =>
    (name !== 'event' || hearsStream) &&
    host.dispatchEvent(new CustomEvent(`pagehand:${name}`, { detail, bubbles: true, composed: true }));

  function load(): Promise<App> {
    app ??= loadApp()
      .then(({ startApp }) => {
        if (isGone) throw isGone;
        return startApp({ root, options, emit, onOpenChange, waiting });
      })
      .catch((cause) => {
        app = undefined;
        // The shape of a `WidgetError`: its class is not worth its weight in the loader.
        throw Object.assign(Error('The chat did not load.'), {
          cause,
          code: 'unreachable',
          retryable: true,
        });
      });
    return app;
  }

  /** In vain is no matter: nobody waits for it, and pressing tries again. */
  function preload() {
    load().catch(() => {});
  }

  async function setOpen(open: boolean) {
    isOpen = open || !!always;
    if (!isOpen && !app) return;
    show(isOpen, true);
    try {
      const { setOpen } = await load();
      show(isOpen);
      setOpen(isOpen);
    } catch (cause) {
      if (isGone) return;
      isOpen = false;
      show(false, false, `${(cause as WidgetError).message} Retry`);
      emit('error', cause as WidgetError);
    }
  }

  /** The app did it: on our order, or by the panel's own button. */
  function onOpenChange(open: boolean) {
    isOpen = open;
    show(open);
    if (!open && root.activeElement) button.focus();
  }

  const open = () => setOpen(true);
  const toggle = () => setOpen(!isOpen);
  button.onclick = toggle;
  button.onpointerenter = button.onfocus = preload;
  show(false);
  // An async script may run before there is a body; the root element can hold it just as well.
  (options.target ?? document.body ?? document.documentElement).append(host);
  // The page before this one was left with the chat open.
  try {
    if (sessionStorage.pagehand) preload();
  } catch {
    // Blocked storage: the turn goes on when the visitor opens the chat.
  }
  if (options.open || always) open();
  // Not where it will be.
  button.hidden = options.mode === 'bar';
  // More than the bare button can do; in vain it stays bare.
  if (options.mode || options.teaser || options.theme) {
    loadDress().then(
      ({ dress }) => dress(root, options),
      () => {
        button.hidden = false;
      },
    );
  }

  return {
    open,
    close: () => setOpen(false),
    toggle,
    async send(text) {
      open();
      await (await load()).send(text);
    },
    on(name, listener) {
      const life = new AbortController();
      hearsStream ||= name === 'event';
      host.addEventListener(`pagehand:${name}`, ({ detail }: CustomEventInit) => listener(detail), life);
      return () => life.abort();
    },
    ready(callback) {
      const life = new AbortController();
      // The app makes this method its own.
      waiting.push([callback, life]);
      return () => life.abort();
    },
    destroy() {
      isGone ||= emit('destroy');
      host.remove();
      app?.then((app) => app.destroy()).catch(() => {});
      app = undefined;
    },
  };
}
