import { createLiveChat, type Heard } from './live-chat.ts';
import type { MountOptions, PagehandWidget } from './options.ts';

/** On a server there is no element to extend; importing this file there defines nothing. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement;

const TEXTS = ['token', 'api', 'mode', 'position', 'theme', 'teaser', 'footer', 'locale', 'label'] as const;
const SWITCHES = ['open', 'inline'] as const;
/** As properties alone. */
const VALUES = ['webmcp', 'attachments', 'voice', 'history', 'identity'] as const;
const PROPERTIES = [...TEXTS, ...SWITCHES, ...VALUES] as const;

type Property = (typeof PROPERTIES)[number];

/**
 * `<pagehand-chat token api mode position theme teaser footer locale label open inline>`: a chat as long as the element is in
 * the page. It floats; with `inline` it fills the element. Attributes and the properties of the same names take effect
 * at once and keep the conversation. `webmcp`, `attachments`, `voice`, `history` and `identity` are properties alone. The chat's
 * events, `pagehand:open`, `pagehand:message` and so on, are also the element's.
 */
export class PagehandElement extends Base {
  static readonly observedAttributes = [...TEXTS, ...SWITCHES];

  declare token: string | null;
  declare api: string | null;
  declare mode: MountOptions['mode'] | null;
  declare position: MountOptions['position'] | null;
  declare theme: MountOptions['theme'] | null;
  declare locale: string | null;
  declare open: boolean;
  declare inline: boolean;
  declare teaser: string | null;
  declare footer: string | null;
  declare label: string | null;
  declare webmcp: MountOptions['webmcp'] | undefined;
  declare attachments: MountOptions['attachments'] | undefined;
  declare voice: MountOptions['voice'] | undefined;
  declare history: MountOptions['history'] | undefined;
  declare identity: MountOptions['identity'] | undefined;

  readonly #given = new Map<Property, unknown>();
  readonly #live = createLiveChat('<pagehand-chat>', (heard) => this.#hear(heard));

  /** The mounted chat; `undefined` outside of a page, or while an attribute is wrong. */
  get widget(): PagehandWidget | undefined {
    return this.#live.widget;
  }

  connectedCallback(): void {
    this.#adopt();
    this.#follow();
  }

  disconnectedCallback(): void {
    this.#follow();
  }

  attributeChangedCallback(name: Property, before: string | null, after: string | null): void {
    if (before === after) return;
    this.#given.delete(name);
    this.#follow();
  }

  /** Of an attribute or a property, whichever came last. */
  read(name: Property): unknown {
    if (this.#given.has(name)) return this.#given.get(name);
    if (isSwitch(name)) return this.hasAttribute(name);
    return isText(name) ? this.getAttribute(name) : undefined;
  }

  write(name: Property, value: unknown): void {
    if (isSwitch(name)) this.toggleAttribute(name, Boolean(value));
    else if (isText(name) && typeof value === 'string') this.setAttribute(name, value);
    else {
      if (isText(name)) this.removeAttribute(name);
      if (value === undefined || value === null) this.#given.delete(name);
      else this.#given.set(name, value);
    }
    this.#follow();
  }

  /** Properties that were set before the element was defined hide those of the class. */
  #adopt() {
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value: unknown = this[name];
      Reflect.deleteProperty(this, name);
      this.write(name, value);
    }
  }

  #hear({ name, detail }: Heard) {
    // Who opened it is no matter: the attribute says how it stands.
    if (name === 'open' || name === 'close') this.toggleAttribute('open', name === 'open');
    // Inline they bubble up by themselves.
    if (!this.inline) this.dispatchEvent(new CustomEvent(`pagehand:${name}`, { detail }));
  }

  #follow() {
    this.#live.set(this.isConnected ? this.#options() : undefined);
  }

  #options(): MountOptions {
    const options = [...TEXTS, ...VALUES].map((name) => [name, this.read(name)]);
    return {
      ...Object.fromEntries(options.filter(([, value]) => value !== null && value !== undefined)),
      ...(this.inline ? { target: this } : {}),
      open: this.open,
    } as MountOptions;
  }
}

for (const name of PROPERTIES) {
  Object.defineProperty(PagehandElement.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: PagehandElement) {
      return this.read(name);
    },
    set(this: PagehandElement, value: unknown) {
      this.write(name, value);
    },
  });
}

function isSwitch(name: Property): name is (typeof SWITCHES)[number] {
  return name === 'open' || name === 'inline';
}

function isText(name: Property): name is (typeof TEXTS)[number] {
  return (TEXTS as readonly Property[]).includes(name);
}

declare global {
  interface HTMLElementTagNameMap {
    'pagehand-chat': PagehandElement;
  }
}

if (typeof customElements !== 'undefined' && customElements.get('pagehand-chat') === undefined) {
  customElements.define('pagehand-chat', PagehandElement);
}
