import type { AppModule } from './app.ts';
import { WidgetError } from './errors.ts';
import { checkMode } from './modes/check-mode.ts';
import { type MountOptions, type PagehandWidget, type ResolvedOptions, resolveOptions } from './options.ts';
import { createShell } from './shell.ts';
import { readTheme } from './theme/theme-options.ts';
import { installPolyfill } from './tools/polyfill.ts';
import { runQueue } from './tools/queue.ts';

export { WidgetError } from './errors.ts';
export type {
  BeforeSendAnswer,
  ContextProvider,
  HostChat,
  HostConversation,
  HostMessage,
  HostToolCall,
  LiveOptions,
  MessageHooks,
  Rendered,
  RenderedPart,
  Renderer,
} from './host/host-chat-api.ts';
export type {
  Mode,
  MountOptions,
  PagehandEventMap,
  PagehandWidget,
  Position,
  Theme,
  WidgetEvents,
} from './options.ts';
export type { ThemeOptions } from './theme/theme-options.ts';

/**
 * Puts a chat into the page: a launcher that floats, or, with `target`, the chat itself inside that element.
 * Throws `WidgetError` with the code `invalid_option`.
 *
 * ```ts
 * const chat = mount({ token: 'ct_live_…', api: 'https://chat.example.com' });
 * ```
 */
export function mount(options: MountOptions): PagehandWidget {
  const resolved = checked(options);
  const { enabled = true, polyfill = true } = resolved.webmcp ?? {};
  // Before the app: tools that the page registers meanwhile need somewhere to go.
  if (enabled && polyfill) installPolyfill();
  if (enabled) runQueue();
  return createShell(
    resolved,
    (): Promise<AppModule> => import('./app.ts'),
    () => import('./modes/dress-launcher.ts'),
  );
}

function checked(options: MountOptions): ResolvedOptions {
  try {
    if (typeof document === 'undefined') throw Error('`mount` needs a page: call it in the browser');
    if (!((options.webmcp?.timeoutMs ?? 1) > 0))
      throw Error('"webmcp.timeoutMs" must be above 0 milliseconds');
    readTheme(options.theme);
    checkMode(options);
    // Throws in words of its own.
    Intl.getCanonicalLocales(options.locale);
    return resolveOptions(options, location.origin);
  } catch (cause) {
    throw new WidgetError('invalid_option', `${(cause as Error).message}.`, { retryable: false, cause });
  }
}
