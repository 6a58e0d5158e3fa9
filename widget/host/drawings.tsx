import { type Signal, signal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { TextPart, ToolCallPart, UserEntry } from '../chat/state.ts';
import type { Drawn, Rendered, RenderedPart, Renderer, RendererOptions } from './host-chat-api.ts';
import { plainCall } from './snapshot.ts';

/** What can be drawn by the page. */
type Drawable = UserEntry | TextPart | ToolCallPart;

/** The page's own drawings of parts. */
export interface Drawings {
  /** The page's drawing of a part; `undefined` where the page has none, `otherwise` where its own fails. */
  draw(part: Drawable, otherwise: ComponentChildren): VNode | undefined;
}

interface Registered {
  readonly id: number;
  readonly renderer: Renderer;
  readonly styledBy: RendererOptions['styledBy'];
}

export interface DrawingRegistry extends Drawings {
  setRenderer(what: Rendered, renderer: Renderer, options?: RendererOptions): () => void;
}

/** `host`: the chat's element, which takes in what the page's style sheets are to reach. */
export function createDrawings(host: Element): DrawingRegistry {
  const renderers: Signal<ReadonlyMap<Rendered, readonly Registered[]>> = signal(new Map());
  let count = 0;

  function change(what: Rendered, next: (before: readonly Registered[]) => readonly Registered[]) {
    renderers.value = new Map(renderers.peek()).set(what, next(renderers.peek().get(what) ?? []));
  }

  return {
    setRenderer(what, renderer, { styledBy } = {}) {
      count += 1;
      const mine = { id: count, renderer, styledBy };
      change(what, (before) => [...before, mine]);
      return () => change(what, (before) => before.filter((other) => other !== mine));
    },
    draw(part, otherwise) {
      const what = whatOf(part);
      const registered = what && renderers.value.get(what)?.at(-1);
      return (
        registered && (
          <Drawing key={registered.id} {...registered} what={what} part={part} host={host}>
            {otherwise}
          </Drawing>
        )
      );
    },
  };
}

/** A question for the visitor's consent, and what leads up to it, is the chat's own to draw. */
function whatOf(part: Drawable): Rendered | undefined {
  if ('role' in part && part.role === 'user') return 'message';
  if (!('kind' in part)) return undefined;
  if (part.kind === 'text') return part.role === undefined ? 'answer' : undefined;
  return /^(requested|approval|asking)$/.test(part.state.status) ? undefined : `tool:${part.name}`;
}

interface DrawingProps {
  readonly renderer: Renderer;
  readonly styledBy: RendererOptions['styledBy'];
  readonly what: Rendered;
  readonly part: Drawable;
  readonly host: Element;
  /** What stands there when the renderer fails. */
  readonly children: ComponentChildren;
}

interface Filled {
  readonly element: HTMLElement;
  plain: RenderedPart;
  drawn: Drawn;
}

/** One element that the page fills. */
function Drawing({ renderer, styledBy, what, part, host, children }: DrawingProps) {
  const name = `pagehand${useId()}`;
  const place = useRef<HTMLDivElement>(null);
  const filled = useRef<Filled | undefined>(undefined);
  const [failed, setFailed] = useState(false);

  const clear = () => {
    const { element, drawn } = filled.current ?? {};
    filled.current = undefined;
    try {
      drawn?.remove?.();
    } catch (cause) {
      reportError(cause);
    }
    element?.remove();
  };
  useLayoutEffect(() => {
    if (failed) return;
    try {
      const plain = plainPart(part);
      if (filled.current !== undefined && isSame(filled.current.plain, plain)) return;
      if (filled.current) filled.current.plain = plain;
      if (filled.current?.drawn.update) {
        filled.current.drawn.update(plain);
        return;
      }
      clear();
      const element = document.createElement('div');
      element.dataset.pagehandPart = what;
      if (styledBy === 'chat') place.current?.append(element);
      else {
        element.slot = name;
        host.append(element);
      }
      filled.current = { element, plain, drawn: {} };
      const drawn = renderer(plain, element);
      filled.current.drawn = typeof drawn === 'function' ? { remove: drawn } : (drawn ?? {});
    } catch (cause) {
      reportError(cause);
      clear();
      setFailed(true);
    }
  }, [part]);
  useLayoutEffect(() => clear, []);

  if (failed) return <>{children}</>;
  return styledBy === 'chat' ? <div ref={place} /> : <slot name={name} />;
}

/** Whether there is nothing new to draw. Of a tool there always may be. */
function isSame(one: RenderedPart, other: RenderedPart): boolean {
  if (one.kind === 'tool' || other.kind === 'tool') return false;
  const isComplete = (part: typeof one) => part.kind === 'answer' && part.isComplete;
  return one.text === other.text && one.id === other.id && isComplete(one) === isComplete(other);
}

function plainPart(part: Drawable): RenderedPart {
  if (!('kind' in part)) return Object.freeze({ kind: 'message', id: part.id, text: part.text });
  const { id } = part;
  return part.kind === 'tool'
    ? Object.freeze({ kind: 'tool', ...plainCall(part) })
    : Object.freeze({ kind: 'answer', id, text: part.text, isComplete: !part.streaming });
}
