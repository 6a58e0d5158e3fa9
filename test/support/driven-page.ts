import { writeFileSync } from 'node:fs';
import type { WebDriverSession } from './webdriver-wire.ts';

/** An element of the page, as the browser names it to its driver. */
export type Found = Readonly<Record<string, string>>;

/** A page in a browser, as a visitor with eyes, a keyboard and a pointer has it. Finds through open shadow roots. */
export interface DrivenPage {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** The one visible element with this role and name, by the browser's own accessibility. Waits for it. */
  see(role: Role, name?: string | RegExp, within?: Found): Promise<Found>;
  /** How many there are now. */
  count(role: Role, name?: string | RegExp, within?: Found): Promise<number>;
  /** Presses and releases the pointer in the middle of it, once it takes clicks. */
  click(found: Found): Promise<void>;
  type(text: string): Promise<void>;
  press(...keys: readonly Key[]): Promise<void>;
  /** All its text, of open shadow roots only where it stands in one. */
  text(found: Found): Promise<string>;
  /** Presses what opens the dialog for files, and chooses one from the disk instead of the dialog. */
  choose(opener: Found, path: string): Promise<void>;
  /** The element that has the focus, in whichever shadow root. */
  focused(): Promise<Found>;
  is(one: Found, other: Found): boolean;
  /** Runs in the page; plain data and found elements go in and out. */
  evaluate<T, A extends readonly unknown[]>(work: (...args: A) => T, ...args: A): Promise<T>;
  /** Another window of the same visitor; what follows happens there. */
  newWindow(): Promise<void>;
  /** A window whose page is about this large, in CSS pixels. It is empty. */
  smallWindow(width: number, height: number): Promise<void>;
  screenshot(file: string): Promise<void>;
  close(): Promise<void>;
}

type Role = keyof typeof CANDIDATES;

/** Where an element of a role may be found; whether it is one, the browser says. */
const CANDIDATES = {
  button: 'button, [role=button], summary',
  textbox: 'textarea, input:not([type]), input[type=text]',
  searchbox: 'input[type=search]',
  dialog: 'dialog, [role=dialog]',
  log: '[role=log]',
  group: '[role=group], fieldset, details',
  region: '[role=region], section',
  listitem: 'li',
  strong: 'strong',
} as const;

const KEYS = {
  Enter: '\uE006',
  Escape: '\uE00C',
  Tab: '\uE004',
  Shift: '\uE008',
  ArrowDown: '\uE015',
} as const;

type Key = keyof typeof KEYS;

/** Slow machines draw late. */
const PATIENCE_MS = 20_000;
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export function drivenPage(session: WebDriverSession, close: () => Promise<void>): DrivenPage {
  const { command } = session;
  const idOf = (found: Found) => found[ELEMENT] ?? '';

  async function evaluate<T, A extends readonly unknown[]>(work: (...args: A) => T, ...args: A) {
    const script = `return (${work.toString()})(...arguments)`;
    return (await command('execute', { script, args })) as T;
  }

  async function all(role: Role, name?: string | RegExp, within?: Found): Promise<Found[]> {
    const candidates = await evaluate(visibleThroughShadows, CANDIDATES[role], within ?? null);
    const matching: Found[] = [];
    for (const found of candidates as unknown as Found[]) {
      const id = idOf(found);
      if (role !== 'strong' && (await command('role', { id })) !== role) continue;
      if (name === undefined || matches(String(await command('label', { id })), name)) matching.push(found);
    }
    return matching;
  }

  async function see(role: Role, name?: string | RegExp, within?: Found): Promise<Found> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      // What is drawn anew between two commands is asked for again.
      const found = await all(role, name, within).catch((cause: Error) => cause);
      if (Array.isArray(found) && found.length === 1 && found[0] !== undefined) return found[0];
      if (Date.now() > end) {
        const instead = Array.isArray(found) ? `${found.length} of them` : found.message;
        throw new Error(`Not one ${role} “${name ?? ''}” after ${PATIENCE_MS / 1000} s: ${instead}.`);
      }
      await pause();
    }
  }

  async function click(found: Found): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; !(await evaluate(takesClicks, found)); await pause())
      if (Date.now() > end) throw new Error('It takes no clicks.');
    const actions = [
      { type: 'pointerMove', duration: 0, origin: found, x: 0, y: 0 },
      { type: 'pointerDown', button: 0 },
      { type: 'pause', duration: 20 },
      { type: 'pointerUp', button: 0 },
    ];
    await command('perform', {
      actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }],
    });
  }

  const keys = (actions: readonly { type: string; value: string }[]) =>
    command('perform', { actions: [{ type: 'key', id: 'keyboard', actions }] });

  return {
    goto: async (url) => void (await command('navigate', { url })),
    reload: async () => void (await command('refresh')),
    see,
    count: async (...args) => (await all(...args)).length,
    click,
    type: async (text) =>
      void (await keys(
        [...text].flatMap((value) => [
          { type: 'keyDown', value },
          { type: 'keyUp', value },
        ]),
      )),
    async press(...names) {
      const values = names.map((name) => KEYS[name]);
      await keys([
        ...values.map((value) => ({ type: 'keyDown', value })),
        ...values.reverse().map((value) => ({ type: 'keyUp', value })),
      ]);
    },
    text: (found) => evaluate((element) => (element as unknown as Element).textContent ?? '', found),
    async choose(opener, path) {
      await evaluate(holdFileDialog);
      await click(opener);
      for (const end = Date.now() + PATIENCE_MS; ; await pause()) {
        const field = (await evaluate(fileField)) as unknown as Found | null;
        if (field !== null) {
          await command('keys', { id: idOf(field), text: path, value: [...path] });
          return;
        }
        if (Date.now() > end) throw new Error('No file was asked for.');
      }
    },
    focused: async () => (await evaluate(deepFocus)) as unknown as Found,
    is: (one, other) => idOf(one) === idOf(other),
    evaluate,
    async newWindow() {
      const { handle } = (await command('newWindow', { type: 'window' })) as { handle: string };
      await command('switchWindow', { handle });
    },
    async smallWindow(width, height) {
      // Windows with a toolbar have a least width; those that a page opens at a click have not.
      const before = (await command('windows')) as string[];
      const [page] = await evaluate(opensAtNextClick, `popup,width=${width},height=${height}`);
      await click(page as unknown as Found);
      for (const end = Date.now() + PATIENCE_MS; ; await pause()) {
        const handle = ((await command('windows')) as string[]).find((one) => !before.includes(one));
        if (handle !== undefined) return void (await command('switchWindow', { handle }));
        if (Date.now() > end) throw new Error('The browser opened no window.');
      }
    },
    async screenshot(file) {
      writeFileSync(file, Buffer.from(String(await command('screenshot', { full: false })), 'base64'));
    },
    close,
  };
}

function matches(text: string, name: string | RegExp): boolean {
  return typeof name === 'string' ? text === name : name.test(text);
}

const pause = () => new Promise((done) => setTimeout(done, 100));

/** Runs in the page. */
function visibleThroughShadows(selector: string, within: unknown): Element[] {
  const found: Element[] = [];
  const visit = (root: ParentNode) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches(selector) && element.checkVisibility({ visibilityProperty: true })) {
        found.push(element);
      }
      if (element.shadowRoot !== null) visit(element.shadowRoot);
    }
  };
  visit((within as ParentNode | null) ?? document);
  return found;
}

/** Runs in the page. */
function takesClicks(found: unknown): boolean {
  return !(found as Element).matches(':disabled, [aria-disabled=true]');
}

/** Runs in the page. */
function opensAtNextClick(features: string): Element[] {
  const onClick = () => void open('about:blank', '_blank', features);
  addEventListener('click', onClick, { once: true, capture: true });
  return [document.documentElement];
}

/** Runs in the page. The dialog is the browser's own; no driver can answer it. */
function holdFileDialog(): void {
  HTMLInputElement.prototype.click = function () {
    this.hidden = true;
    document.body.append(this);
  };
}

/** Runs in the page. */
function fileField(): Element | null {
  return document.querySelector('body > input[type=file]');
}

/** Runs in the page. */
function deepFocus(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement != null) element = element.shadowRoot.activeElement;
  return element;
}
