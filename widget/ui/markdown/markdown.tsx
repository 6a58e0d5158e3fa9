import { useLayoutEffect, useRef } from 'preact/hooks';
import { useView } from '../context.ts';
import { createDrawing, type Drawing } from './drawing.ts';
import { finishBlock } from './finish.ts';

export interface MarkdownProps {
  readonly text: string;
  readonly streaming: boolean;
}

/** An answer's text. Preact sees one empty element: what is in it is drawn without a virtual copy. */
export function Markdown({ text, streaming }: MarkdownProps) {
  const { chat, words } = useView();
  const target = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(undefined);
  useLayoutEffect(() => {
    if (target.current === null) return;
    drawing.current ??= createDrawing(target.current, words.say, (node, language) =>
      finishBlock(node, language, chat.surface.peek()?.mediaHosts ?? []),
    );
    drawing.current.update(text, !streaming);
  }, [text, streaming]);
  return <div class="md" dir="auto" ref={target} />;
}
