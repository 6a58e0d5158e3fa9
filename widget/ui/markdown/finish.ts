import { mayLoad } from '../answer/media-hosts.ts';
import { isImage } from './draw-inline.ts';

/**
 * What a block gets once nothing of it can change any more, and what takes code of its own: colours, formulas, and
 * images from hosts that the site's owner named. Nothing waits for it, and without it the block reads as it is written.
 */
export function finishBlock(node: HTMLElement, language: string, hosts: readonly string[]): void {
  const code = node.querySelector<HTMLElement>(':scope > pre > code');
  if (code !== null) {
    if (language !== '') later(import('./highlight.ts').then(({ paint }) => paint(code, language)));
    return;
  }
  const maths = node.matches('.math') ? [node] : node.querySelectorAll<HTMLElement>('.math');
  if (maths.length > 0) {
    later(
      import('./maths.ts').then(({ drawMaths }) => {
        for (const target of maths) drawMaths(target, target.matches('.display'));
      }),
    );
  }
  for (const link of node.querySelectorAll('a')) {
    if (isImage(link) && mayLoad(link.href, hosts)) link.replaceWith(imageOf(link));
  }
}

function imageOf(link: HTMLAnchorElement): HTMLElement {
  const image = document.createElement('img');
  image.alt = link.textContent ?? '';
  image.loading = 'lazy';
  image.referrerPolicy = 'no-referrer';
  image.addEventListener('error', () => image.replaceWith(link), { once: true });
  image.src = link.href;
  return image;
}

function later(work: Promise<unknown>): void {
  work.catch(() => {
    // Not fetched: it reads as it is written.
  });
}
