import type { AppModule } from './app.ts';
import type { DressModule } from './modes/dress-launcher.ts';
import { type PagehandApi, type PagehandWidget, resolveOptions } from './options.ts';
import { createShell } from './shell.ts';
import { installPolyfill } from './tools/polyfill.ts';
import { runQueue } from './tools/queue.ts';

/** The app's files beside this one, under the names that their build gave them. */
declare const __APP_FILE__: string;
declare const __DRESS_FILE__: string;

// Only while the script runs does the browser say which one it is. Not whoever is called so: an image that a visitor
// named `currentScript` hides the property, and would choose where the app comes from.
const { currentScript } = document;
const { src = '', dataset = {} }: Partial<HTMLScriptElement> =
  currentScript instanceof HTMLScriptElement ? currentScript : {};
const { token, open = 'false', webmcp, polyfill, ...rest } = dataset;
const early = window.Pagehand;

// A script that stands twice on the page leaves the work to the first.
const api = (early as PagehandApi | undefined)?.mount ? (early as PagehandApi) : createApi();
window.Pagehand = api;

const enabled = webmcp !== 'off';
if (enabled) {
  if (polyfill !== 'off') installPolyfill();
  runQueue();
}

// The target may stand below the script.
if (rest.target && document.readyState === 'loading') addEventListener('DOMContentLoaded', begin);
else begin();

/** Has the methods of a chat from the first `mount` on. */
function createApi(): PagehandApi {
  const load = (file: string) => import(/* @vite-ignore */ new URL(file, src) as unknown as string);
  const widgets: PagehandWidget[] = [];
  const created = {
    mount(options) {
      const widget = createShell(
        resolveOptions(options, new URL(src).origin),
        (): Promise<AppModule> => load(__APP_FILE__),
        (): Promise<DressModule> => load(__DRESS_FILE__),
      );
      if (widgets.push(widget) === 1) Object.assign(created, { ...widget, destroy: created.destroy });
      return widget;
    },
    push(...commands) {
      // What one of them throws is the page's to see, and the others go on.
      for (const command of commands) queueMicrotask(() => command(created));
    },
    destroy() {
      for (const widget of widgets) widget.destroy();
      delete window.Pagehand;
    },
  } as PagehandApi;
  return created;
}

function begin(): void {
  try {
    if (token && !document.querySelector(`[data-pagehand="${token}"]`)) {
      api.mount({ ...rest, token, open: open !== 'false', webmcp: { enabled, polyfill: false } });
    }
  } catch (error) {
    complain((error as Error).message.replace('"', '"data-'));
  }
  if (Array.isArray(early)) api.push(...early);
  // A page may mount by itself a little later; otherwise the token was forgotten.
  if (!token) setTimeout(() => (api as Partial<PagehandApi>).open || complain('data-token is missing'), 999);
}

function complain(sentence: string): void {
  console.error(`Pagehand: ${sentence}`);
}
