import { openWords } from '../../../../widget/messages.ts';
import { createDrawing, type Drawing } from '../../../../widget/ui/markdown/drawing.ts';

const WORDS = await openWords('en');
await WORDS.complete();

/** An element of the page with a drawing in it. */
export function startDrawing(): { target: HTMLElement; drawing: Drawing } {
  const target = document.createElement('div');
  document.body.append(target);
  return { target, drawing: createDrawing(target, WORDS.say) };
}

/** A whole text, drawn at once. */
export function draw(text: string): HTMLElement {
  const { target, drawing } = startDrawing();
  drawing.update(text, true);
  target.remove();
  return target;
}

/** What stands there while a text is still arriving. */
export function drawOpen(text: string): HTMLElement {
  const { target, drawing } = startDrawing();
  drawing.update(text, false);
  target.remove();
  return target;
}

/** The drawing without what a test of syntax does not ask about. */
export function outline(target: Element): string {
  return target.innerHTML
    .replaceAll(/ title="[^"]*"/g, '')
    .replaceAll(' target="_blank" rel="noopener noreferrer nofollow ugc"', '')
    .replaceAll(/<div class="table"[^>]*>(.*?)<\/div>/g, '$1')
    .replaceAll(
      /<div class="code"><div class="code-bar"><span>(.*?)<\/span>.*?<\/div><pre[^>]*>/g,
      '<pre $1>',
    )
    .replaceAll('</pre></div>', '</pre>');
}
