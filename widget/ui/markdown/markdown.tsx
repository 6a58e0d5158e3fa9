import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { copy } from '../../copy.ts';
import { copyText } from '../clipboard.ts';
import type { createDrawing, Drawing } from './drawing.ts';

export interface MarkdownProps {
  readonly text: string;
  readonly streaming: boolean;
}

/** Code, not state: shared by every chat of the page. */
const drawer = signal<typeof createDrawing | undefined>(undefined);
let loading = false;

/** Fetches what draws Markdown, which a visitor who only opens the chat never needs. */
export function loadMarkdown(): void {
  if (loading) return;
  loading = true;
  import('./drawing.ts').then(
    (module) => {
      drawer.value = module.createDrawing;
    },
    () => {
      // Plain text says the same; the next answer tries again.
      loading = false;
    },
  );
}

/** Whether a text has anything in it that Markdown might read. */
const MARKED = /[*_`~#[\]<>|&\\\n]|:\/\/|www\.|^[-+\d]/;

/**
 * An answer's text; as it was written until the drawer is there. Preact sees one empty element: what is in it is drawn
 * without a virtual copy.
 */
export function Markdown({ text, streaming }: MarkdownProps) {
  const target = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(undefined);
  const create = drawer.value;
  useLayoutEffect(() => {
    if (create === undefined) {
      if (streaming || MARKED.test(text)) loadMarkdown();
    } else if (target.current !== null) {
      drawing.current ??= create(target.current, { words: copy, copy: copyText });
      drawing.current.update(text, !streaming);
    }
  }, [text, streaming, create]);
  if (create !== undefined) return <div key="drawn" class="md" dir="auto" ref={target} />;
  return (
    <div key="plain" class="md" dir="auto">
      <p class="as-written">{text}</p>
    </div>
  );
}
