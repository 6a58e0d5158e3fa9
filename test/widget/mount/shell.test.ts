import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { App, AppModule, AppOptions } from '../../../widget/app.ts';
import { type MountOptions, type PagehandWidget, resolveOptions } from '../../../widget/options.ts';
import { createShell } from '../../../widget/shell.ts';
import { hosts, inside, until } from './page.ts';

const TOKEN = 'ct_test_shell';

const widgets: PagehandWidget[] = [];

afterEach(() => {
  for (const widget of widgets.splice(0)) widget.destroy();
  expect(hosts()).toEqual([]);
});

/** A shell around an app that is made up; `load` says how its file arrives. */
function aShell(
  options: Partial<MountOptions> = {},
  load: (module: AppModule, attempt: number) => Promise<AppModule> = async (module) => module,
) {
  const started: AppOptions[] = [];
  const did: string[] = [];
  let attempts = 0;
  let dressed = 0;
  const module: AppModule = {
    startApp(appOptions): App {
      started.push(appOptions);
      let isOpen = false;
      return {
        setOpen(open) {
          did.push(open ? 'open' : 'close');
          if (open === isOpen) return;
          isOpen = open;
          appOptions.onOpenChange(open);
          appOptions.emit(open ? 'open' : 'close', undefined);
        },
        send: async (text) => {
          did.push(`send ${text}`);
        },
        destroy: () => {
          did.push('destroy');
        },
      };
    },
  };
  const widget: PagehandWidget = createShell(
    resolveOptions({ token: TOKEN, ...options }, location.origin),
    () => {
      attempts += 1;
      return load(module, attempts);
    },
    () => {
      dressed += 1;
      return import('../../../widget/modes/dress-launcher.ts');
    },
  );
  widgets.push(widget);
  const host = hosts().at(-1) ?? null;
  return {
    widget,
    host,
    started,
    did,
    attempts: () => attempts,
    dressed: () => dressed,
    launcher: () => inside(host).button('Open chat'),
  };
}

test('the launcher stands in the page at once, and nothing else is fetched', () => {
  const { host, launcher, attempts, dressed } = aShell();
  const box = launcher().getBoundingClientRect();
  expect([box.width, box.height]).toEqual([56, 56]);
  expect(Math.round(innerWidth - box.right)).toBe(20);
  expect(host?.getBoundingClientRect().width).toBe(0);
  expect(launcher().ariaExpanded).toBe('false');
  expect([attempts(), dressed()]).toEqual([0, 0]);
});

test.each([
  ['bottom-right', (box: DOMRect) => [innerWidth - box.right, innerHeight - box.bottom]],
  ['bottom-left', (box: DOMRect) => [box.left, innerHeight - box.bottom]],
  ['top-right', (box: DOMRect) => [innerWidth - box.right, box.top]],
  ['top-left', (box: DOMRect) => [box.left, box.top]],
] as const)('the launcher stands at the %s', (position, distance) => {
  const { launcher } = aShell({ position });
  expect(distance(launcher().getBoundingClientRect()).map(Math.round)).toEqual([20, 20]);
});

test('a style sheet that spares nobody does not move or hide the launcher', () => {
  const style = document.createElement('style');
  style.textContent = 'div, button { display: none; position: static; transform: scale(3); opacity: 0; }';
  document.head.append(style);
  onTestFinished(() => style.remove());
  const { host, launcher } = aShell();
  expect(getComputedStyle(host ?? document.body)).toMatchObject({
    display: 'block',
    position: 'fixed',
    opacity: '1',
  });
  expect(launcher().getBoundingClientRect().width).toBe(56);
});

test.each([
  ['the pointer', 'pointerenter'],
  ['the focus', 'focus'],
])('%s on the launcher fetches the app once, and opens nothing', async (_, type) => {
  const { launcher, attempts, did } = aShell();
  launcher().dispatchEvent(new Event(type));
  launcher().dispatchEvent(new Event(type));
  await Promise.resolve();
  expect(attempts()).toBe(1);
  expect(did).toEqual([]);
});

test('the app is fetched at once where the page before was left with a chat open', () => {
  sessionStorage.setItem('pagehand', 'open');
  onTestFinished(() => sessionStorage.removeItem('pagehand'));
  expect(aShell().attempts()).toBe(1);
});

test('blocked storage hinders no chat', () => {
  vi.spyOn(window, 'sessionStorage', 'get').mockImplementation(() => {
    throw new DOMException('Blocked.', 'SecurityError');
  });
  onTestFinished(() => void vi.restoreAllMocks());
  expect(aShell().host).not.toBeNull();
});

test('without a sign of intent nothing is fetched, however fast the connection and however long the page is idle', async () => {
  Object.defineProperty(navigator, 'connection', {
    value: { effectiveType: '4g', saveData: false },
    configurable: true,
  });
  onTestFinished(() => void Reflect.deleteProperty(navigator, 'connection'));
  const idle = vi.spyOn(window, 'requestIdleCallback');
  onTestFinished(() => void idle.mockRestore());
  const { attempts } = aShell();
  await new Promise((resolve) => requestIdleCallback(resolve));
  await new Promise((resolve) => requestIdleCallback(resolve));
  expect(idle).toHaveBeenCalledTimes(2);
  expect(attempts()).toBe(0);
});

test('pressing the launcher opens, pressing it again closes, and the page hears of both', async () => {
  const { widget, launcher, did } = aShell();
  const heard: string[] = [];
  widget.on('open', () => heard.push('open'));
  const stop = widget.on('close', () => heard.push('close'));
  launcher().click();
  await until(() => heard.length === 1);
  expect(launcher().ariaExpanded).toBe('true');
  launcher().click();
  await until(() => heard.length === 2);
  stop();
  widget.toggle();
  await until(() => did.length === 3);
  widget.close();
  await until(() => did.length === 4);
  expect(heard).toEqual(['open', 'close', 'open']);
});

test('calls before the app is there are kept', async () => {
  let arrive = () => {};
  const { widget, did } = aShell(
    {},
    (module) =>
      new Promise((resolve) => {
        arrive = () => resolve(module);
      }),
  );
  const sent = widget.send('Hello');
  expect(did).toEqual([]);
  arrive();
  await sent;
  expect(did).toEqual(['open', 'send Hello']);
});

test('an app that does not load says so on the launcher, and pressing tries again', async () => {
  const { widget, host, launcher, did, attempts } = aShell({}, async (module, attempt) => {
    if (attempt < 3) throw new TypeError('Failed to fetch dynamically imported module');
    return module;
  });
  const errors: string[] = [];
  widget.on('error', ({ code }) => errors.push(code));
  launcher().dispatchEvent(new Event('pointerenter'));
  await until(() => attempts() === 1);
  await new Promise((resolve) => setTimeout(resolve));
  expect(launcher().textContent).toBe('');
  launcher().click();
  await until(() => errors.length === 1);
  const retry = inside(host).button('The chat did not load. Retry');
  expect(retry.ariaLive).toBe('polite');
  expect(errors).toEqual(['unreachable']);
  retry.click();
  await until(() => did.includes('open'));
  expect(launcher().textContent).toBe('');
});

test('inline there is no button, unless the app does not load', async () => {
  const target = document.createElement('div');
  document.body.append(target);
  onTestFinished(() => target.remove());
  const { host, did } = aShell({ target }, async (module, attempt) => {
    if (attempt === 1) throw new TypeError('no');
    return module;
  });
  expect(host?.parentElement).toBe(target);
  await until(() => inside(host).text().includes('Retry'));
  const button = inside(host).button('The chat did not load. Retry');
  expect(button.checkVisibility()).toBe(true);
  button.click();
  await until(() => did.includes('open'));
  expect(button.checkVisibility()).toBe(false);
});

test('closing from within gives the focus back to the launcher', async () => {
  const { widget, started, launcher, host } = aShell();
  widget.open();
  await until(() => started.length === 1);
  const field = document.createElement('input');
  started[0]?.root.append(field);
  field.focus();
  started[0]?.onOpenChange(false);
  expect(host?.shadowRoot?.activeElement).toBe(launcher());
});

test('a listener that throws is the page\u2019s own trouble', async () => {
  const { widget, did } = aShell();
  const reported: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    reported.push(event.error);
  };
  window.addEventListener('error', onError, { capture: true });
  onTestFinished(() => window.removeEventListener('error', onError, { capture: true }));
  let heard = 0;
  widget.on('open', () => {
    throw new Error('mine');
  });
  widget.on('open', () => {
    heard += 1;
  });
  widget.open();
  await until(() => did.length === 1);
  expect(heard).toBe(1);
  expect(reported).toMatchObject([{ message: 'mine' }]);
});

test('a chat that was destroyed never starts, neither late nor again', async () => {
  let arrive = () => {};
  const { widget, did } = aShell(
    {},
    (module) =>
      new Promise((resolve) => {
        arrive = () => resolve(module);
      }),
  );
  widget.open();
  widget.destroy();
  arrive();
  await new Promise((resolve) => setTimeout(resolve));
  widget.open();
  await new Promise((resolve) => setTimeout(resolve));
  expect(did).toEqual([]);
});

test('destroying twice is destroying once', async () => {
  const { widget, did } = aShell();
  widget.open();
  await until(() => did.length === 1);
  widget.destroy();
  widget.destroy();
  await Promise.resolve();
  expect(did).toEqual(['open', 'destroy']);
});

test('nothing of the launcher reaches what is drawn beside it', async () => {
  const { host, launcher } = aShell();
  const other = document.createElement('button');
  other.ariaExpanded = 'true';
  host?.shadowRoot?.append(other);
  expect(getComputedStyle(other)).toMatchObject({ position: 'static', boxShadow: 'none' });
  expect(getComputedStyle(launcher()).position).toBe('fixed');
});

test('the page chooses the colours, the size and the place by tokens', () => {
  const style = document.createElement('style');
  style.textContent =
    '[data-pagehand] { --ph-accent: rgb(1, 2, 3); --ph-launcher-size: 48px; --ph-inset: 8px; --ph-layer: 7; }';
  document.head.append(style);
  onTestFinished(() => style.remove());
  const { host, launcher } = aShell();
  const box = launcher().getBoundingClientRect();
  expect(getComputedStyle(launcher()).backgroundColor).toBe('rgb(1, 2, 3)');
  expect([box.width, Math.round(innerWidth - box.right)]).toEqual([48, 8]);
  expect(getComputedStyle(host ?? document.body).zIndex).toBe('7');
});

test('before there is a body the chat stands in the root element', () => {
  vi.spyOn(document, 'body', 'get').mockReturnValue(null as unknown as HTMLElement);
  const { host } = aShell();
  vi.restoreAllMocks();
  expect(host?.parentElement).toBe(document.documentElement);
});
