import type { AppModule } from './app.ts';
import { WidgetError } from './errors.ts';
import { type MountOptions, type PagehandApi, type PagehandWidget, resolveOptions } from './options.ts';
import { createShell } from './shell.ts';
import { installPolyfill } from './tools/polyfill.ts';
import { runQueue } from './tools/queue.ts';

/** The app's file beside this one, under the name that its build gave it. */
declare const __APP_FILE__: string;

declare global {
  interface Window {
    /** A list of functions until the script is there. */
    Pagehand?: PagehandApi | ((pagehand: PagehandApi) => void)[];
  }
}

// Only while the script runs does the browser say which one it is.
const script = document.currentScript as HTMLScriptElement | null;
const early = window.Pagehand;

if (!script?.src) complain('load pagehand.js by a <script src> tag without type="module".');
else if (early && 'mount' in early) mountFrom(script, early, []);
else mountFrom(script, createApi(script.src), early ?? []);

function createApi(source: string): PagehandApi {
  const widgets: PagehandWidget[] = [];
  const first = () => {
    if (!widgets[0]) throw new WidgetError('invalid_option', 'There is no chat on this page yet.');
    return widgets[0];
  };
  const api: PagehandApi = {
    mount(options) {
      const widget = createShell(
        resolveOptions(options, new URL(source).origin),
        // The query asks browsers again that remember a module which failed.
        (attempt): Promise<AppModule> =>
          import(/* @vite-ignore */ new URL(__APP_FILE__, source) + (attempt > 1 ? `?${attempt}` : '')),
      );
      widgets.push(widget);
      return widget;
    },
    push(...commands) {
      for (const command of commands) {
        try {
          command(api);
        } catch (error) {
          reportError(error);
        }
      }
    },
    open: () => first().open(),
    close: () => first().close(),
    toggle: () => first().toggle(),
    send: (text) => first().send(text),
    on: (name, listener) => first().on(name, listener),
    destroy() {
      for (const widget of widgets) widget.destroy();
      delete window.Pagehand;
    },
  };
  window.Pagehand = api;
  return api;
}

/** Mounts what a script tag asks for, once: a tag that stands twice on the page is one chat. */
function mountFrom(
  { dataset }: HTMLScriptElement,
  api: PagehandApi,
  queue: ((pagehand: PagehandApi) => void)[],
): void {
  const { token, open, webmcp, polyfill, ...rest } = dataset;
  const enabled = webmcp !== 'off';
  const mends = polyfill !== 'off';
  if (enabled && mends) installPolyfill();
  if (enabled) runQueue();
  const begin = () => {
    try {
      const isThere = document.querySelector(`[data-pagehand="${CSS.escape(token ?? '')}"]`);
      // Without a token the page's own commands say what to mount; without them it was forgotten.
      if (!isThere && (token !== undefined || !early)) {
        api.mount({
          ...rest,
          token,
          open: open !== undefined && open !== 'false',
          webmcp: { enabled, polyfill: mends },
        } as MountOptions);
      }
    } catch (error) {
      complain(String((error as Error).message).replace('"', '"data-'));
    }
    api.push(...queue);
  };
  // The target may stand below the script.
  if (rest.target && document.readyState === 'loading') addEventListener('DOMContentLoaded', begin);
  else begin();
}

function complain(sentence: string): void {
  console.error(`Pagehand: ${sentence}`);
}
