/**
 * What is asked inside the page. Handed over as one function, so it may use nothing from outside itself; and only when
 * it is needed, because a page that loads is measured without it.
 */
interface Probe {
  /** Whether these words are drawn, in whatever shadow root. */
  shows(words: string): boolean;
  /** Whether such an element can be used, cannot, has the focus, or exists at all. */
  isThere(selector: string): boolean;
  isGone(selector: string): boolean;
  isFocused(selector: string): boolean;
  hasAny(selector: string): boolean;
  watchLauncher(selector: string): void;
  /** Time of day. */
  launcherAt: Promise<number>;
  /** From the next click on: until the input can be typed into, and until it has the focus. */
  watchInput(selector: string): void;
  waited: Promise<InputWait> | undefined;
  watchFrames(): void;
  frames(): Frames;
}

/** In milliseconds from the click. */
export interface InputWait {
  readonly usable: number;
  /** Absent: within a second it did not get the focus. */
  readonly focused?: number;
  /** When the first byte of what the pointer made the page fetch was there; 0 where nothing was fetched. */
  readonly firstByte: number;
}

interface Frames {
  readonly dropped: number;
  readonly longestFrame: number;
  readonly longTasks: number;
  readonly longestTask: number;
}

export type ProbedWindow = Window & { benchProbe: Probe };

export function installProbe(): void {
  const FRAME_MS = 1000 / 60;
  const target = window as unknown as ProbedWindow;
  if (target.benchProbe !== undefined) return;

  function* roots(from: Document | ShadowRoot): Generator<Document | ShadowRoot> {
    yield from;
    for (const element of from.querySelectorAll('*'))
      if (element.shadowRoot) yield* roots(element.shadowRoot);
  }

  function find(selector: string): HTMLElement | undefined {
    for (const root of roots(document)) {
      for (const element of root.querySelectorAll<HTMLElement>(selector))
        if (isUsable(element)) return element;
    }
    return undefined;
  }

  /** Drawn, in sight, not shut off, and what a click on its middle would hit. */
  function isUsable(element: HTMLElement): boolean {
    const { left, top, width, height } = element.getBoundingClientRect();
    if (width === 0 || height === 0 || element.matches(':disabled')) return false;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const root = element.getRootNode() as Document | ShadowRoot;
    const hit = root.elementFromPoint(left + width / 2, top + height / 2);
    return hit !== null && (element === hit || element.contains(hit));
  }

  function focusedElement(): Element | null {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    return focused;
  }

  /** The pointer that presses has come over the launcher before, and what that fetches is fetched for the press. */
  function firstByteAfter(start: number, watchedAt: number): number {
    const bytes = (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(
        ({ startTime, initiatorType, responseStart }) =>
          startTime >= watchedAt && responseStart > 0 && !/fetch|xml|beacon/.test(initiatorType),
      )
      .map(({ responseStart }) => responseStart - start);
    return bytes.length === 0 ? 0 : Math.min(...bytes);
  }

  function waitForInput(selector: string, start: number, watchedAt: number): Promise<InputWait> {
    return new Promise((resolve) => {
      let usable: number | undefined;
      const look = () => {
        const now = performance.now() - start;
        const element = find(selector);
        if (element !== undefined) usable ??= now;
        const isFocused = element !== undefined && focusedElement() === element;
        if (usable === undefined ? now < 30_000 : !isFocused && now < usable + 1000)
          return void requestAnimationFrame(look);
        resolve({
          usable: usable ?? Number.NaN,
          ...(isFocused && { focused: now }),
          firstByte: firstByteAfter(start, watchedAt),
        });
      };
      requestAnimationFrame(look);
    });
  }

  let dropped = 0;
  let longestFrame = 0;
  const tasks: number[] = [];

  target.benchProbe = {
    isThere: (selector) => find(selector) !== undefined,
    isGone: (selector) => find(selector) === undefined,
    isFocused: (selector) => Boolean(focusedElement()?.matches(selector)),
    hasAny: (selector) => [...roots(document)].some((root) => root.querySelector(selector) !== null),
    waited: undefined,
    launcherAt: Promise.resolve(Number.NaN),
    watchLauncher(selector) {
      target.benchProbe.launcherAt = new Promise((resolve) => {
        const look = () => {
          if (find(selector) === undefined) requestAnimationFrame(look);
          else resolve(Date.now());
        };
        requestAnimationFrame(look);
      });
    },
    shows(words) {
      for (const root of roots(document)) {
        const text = root instanceof Document ? root.body.textContent : root.textContent;
        if (text?.includes(words)) return true;
      }
      return false;
    },
    watchInput(selector) {
      const watchedAt = performance.now();
      const clicked = new Promise<number>((resolve) => {
        addEventListener('click', ({ timeStamp }) => resolve(timeStamp), { capture: true, once: true });
      });
      target.benchProbe.waited = clicked.then((start) => waitForInput(selector, start, watchedAt));
    },
    watchFrames() {
      let last = performance.now();
      const frame = (now: number) => {
        const took = now - last;
        last = now;
        longestFrame = Math.max(longestFrame, took);
        // Half a frame late is jitter of the clock; more is a frame that the visitor did not see.
        dropped += Math.max(0, Math.round(took / FRAME_MS) - 1);
        requestAnimationFrame(frame);
      };
      requestAnimationFrame((now) => {
        last = now;
        requestAnimationFrame(frame);
      });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) tasks.push(duration);
      }).observe({ type: 'longtask' });
    },
    frames: () => ({
      dropped,
      longestFrame,
      longTasks: tasks.length,
      longestTask: Math.max(0, ...tasks),
    }),
  };
}
