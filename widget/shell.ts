import type { App, AppModule } from './app.ts';
import { WidgetError } from './errors.ts';
import { createHost } from './host.ts';
import { drawLauncher } from './launcher.ts';
import type { Emit, PagehandWidget, ResolvedOptions, WidgetEvents } from './options.ts';

type Listeners = { [Name in keyof WidgetEvents]?: Set<(detail: WidgetEvents[Name]) => void> };

/**
 * One chat in the page: its element, its launcher, and the app once the visitor means to chat. `loadApp` is asked
 * again, with the number of the attempt, after it failed.
 */
export function createShell(
  options: ResolvedOptions,
  loadApp: (attempt: number) => Promise<AppModule>,
): PagehandWidget {
  const isInline = options.target !== undefined;
  const listeners: Listeners = {};
  const life = new AbortController();
  const { element, root } = createHost(options);
  let app: App | undefined;
  let loading: Promise<AppModule> | undefined;
  let attempts = 0;
  /** What is wanted. The panel follows when the app is there. */
  let isOpen = false;
  let isBroken = false;
  let arrived: (app: App) => void;
  const arrival = new Promise<App>((resolve) => {
    arrived = resolve;
  });

  const launcher = drawLauncher(root, {
    position: isInline ? undefined : options.position,
    theme: options.theme,
    onPress: () => setOpen(!isOpen),
    onIntent: () => {
      load().catch(() => {
        // Fetched ahead and in vain: nobody waits for it, and pressing tries again.
      });
    },
    onRetry: () => setOpen(true),
  });

  const emit: Emit = (name, detail) => {
    for (const listener of [...(listeners[name] ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        // The page's mistake is the page's to see, and the chat goes on.
        reportError(error);
      }
    }
  };

  function load(): Promise<AppModule> {
    attempts += loading ? 0 : 1;
    loading ??= loadApp(attempts).catch((cause) => {
      loading = undefined;
      throw cause;
    });
    return loading;
  }

  async function start() {
    try {
      const { startApp } = await load();
      if (life.signal.aborted) return;
      app ??= startApp({ root, options, emit, onOpenChange });
      arrived(app);
      app.setOpen(isOpen);
    } catch (cause) {
      isBroken = isOpen;
      isOpen = false;
      if (isBroken) emit('error', new WidgetError('unreachable', 'The chat could not be loaded.', { cause }));
    }
    show();
  }

  function setOpen(open: boolean) {
    isOpen = open || isInline;
    isBroken = false;
    show();
    if (app) app.setOpen(isOpen);
    else if (isOpen) start();
  }

  /** The app did it: on our order, or by the panel's own button. */
  function onOpenChange(open: boolean) {
    isOpen = open;
    show();
    if (!open && root.activeElement) launcher.focus();
    emit(open ? 'open' : 'close', undefined);
  }

  function show() {
    launcher.show({ isOpen, isBroken, isBusy: isOpen && !app });
  }

  /** Only where the connection is known to be fast and the visitor does not save data. */
  function loadWhenIdle() {
    const { connection } = navigator as { connection?: { effectiveType?: string; saveData?: boolean } };
    if (connection?.effectiveType !== '4g' || connection.saveData) return;
    requestIdleCallback(() => {
      if (!life.signal.aborted) load().catch(() => {});
    });
  }

  show();
  // An async script may run before there is a body; the root element can hold it just as well.
  (options.target ?? document.body ?? document.documentElement).append(element);
  if (options.open || isInline) setOpen(true);
  else if (document.readyState === 'complete') loadWhenIdle();
  else addEventListener('load', loadWhenIdle, life);

  return {
    open: () => setOpen(true),
    close: () => setOpen(false),
    toggle: () => setOpen(!isOpen),
    async send(text) {
      setOpen(true);
      await (await arrival).send(text);
    },
    on(name, listener) {
      const set: Set<typeof listener> = listeners[name] ?? new Set();
      (listeners as Record<string, unknown>)[name] = set.add(listener);
      return () => {
        set.delete(listener);
      };
    },
    destroy() {
      life.abort();
      app?.destroy();
      element.remove();
    },
  };
}
