import { mount } from './index.ts';
import type { MountOptions, PagehandWidget } from './options.ts';

/** On a server there is no element to extend; importing this file there defines nothing. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement;

/** Another value of these takes another chat. */
const MOUNTED_ANEW = ['token', 'api', 'mode', 'position', 'theme', 'teaser', 'footer', 'locale', 'inline'];

/**
 * `<pagehand-chat token api mode position theme teaser footer locale open inline>`: a chat as long as the element is in the page. It
 * floats; with `inline` it fills the element. A changed attribute takes effect at once and keeps the conversation.
 */
export class PagehandElement extends Base {
  static readonly observedAttributes = [...MOUNTED_ANEW, 'open'];

  /** The mounted chat; `undefined` outside of a page, or while an attribute is wrong. */
  widget: PagehandWidget | undefined;
  #mountedAs = '';
  #isScheduled = false;
  #isOpen = false;

  connectedCallback(): void {
    this.#schedule();
  }

  disconnectedCallback(): void {
    this.#schedule();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name !== 'open' || this.widget === undefined) this.#schedule();
    else if (after === null) this.widget.close();
    else this.widget.open();
  }

  /** Once for all changes of a task: frameworks set attributes one by one, and move an element by taking it out. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#follow();
    });
  }

  #follow(): void {
    const options = this.#options();
    const wanted = this.isConnected ? JSON.stringify(options) : '';
    if (wanted === this.#mountedAs) return;
    this.#mountedAs = wanted;
    this.widget?.destroy();
    this.widget = undefined;
    if (!this.isConnected) return;
    try {
      const widget = mount({
        ...options,
        ...(this.hasAttribute('inline') ? { target: this } : {}),
        open: this.#isOpen || this.hasAttribute('open'),
      });
      widget.on('open', () => {
        this.#isOpen = true;
      });
      widget.on('close', () => {
        this.#isOpen = false;
      });
      this.widget = widget;
    } catch (error) {
      console.error(`<pagehand-chat>: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** What another value of has to be mounted anew. */
  #options(): MountOptions {
    const given = MOUNTED_ANEW.map((name) => [name, this.getAttribute(name)]);
    return Object.fromEntries(given.filter(([, value]) => value !== null)) as unknown as MountOptions;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'pagehand-chat': PagehandElement;
  }
}

if (typeof customElements !== 'undefined' && customElements.get('pagehand-chat') === undefined) {
  customElements.define('pagehand-chat', PagehandElement);
}
