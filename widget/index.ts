import type { AppModule } from './app.ts';
import { WidgetError } from './errors.ts';
import { type MountOptions, type PagehandWidget, resolveOptions } from './options.ts';
import { createShell } from './shell.ts';
import { installPolyfill } from './tools/polyfill.ts';
import { runQueue } from './tools/queue.ts';

export { WidgetError } from './errors.ts';
export type { MountOptions, PagehandWidget, Position, Theme, WidgetEvents } from './options.ts';

/**
 * Puts a chat into the page: a launcher that floats, or, with `target`, the chat itself inside that element.
 * Throws `WidgetError` with the code `invalid_option`.
 *
 * ```ts
 * const chat = mount({ token: 'ct_live_…', api: 'https://chat.example.com' });
 * ```
 */
export function mount(options: MountOptions): PagehandWidget {
  if (typeof document === 'undefined') {
    throw new WidgetError('invalid_option', '`mount` needs a page: call it in the browser, after rendering.');
  }
  const resolved = resolveOptions(options, location.origin);
  const { enabled = true, polyfill = true } = resolved.webmcp;
  // Before the app: tools that the page registers meanwhile need somewhere to go.
  if (enabled && polyfill) installPolyfill();
  if (enabled) runQueue();
  return createShell(resolved, (): Promise<AppModule> => import('./app.ts'));
}
