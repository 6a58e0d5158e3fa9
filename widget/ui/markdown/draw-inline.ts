import { element } from './element.ts';
import type { Span } from './inline.ts';
import { hiddenHost, safeUrl } from './links.ts';

/** Turns the nodes of `old` into those of `next`. What is equal keeps its node, so that a selection in it stands. */
export function patchSpans(parent: Node, old: readonly Span[], next: readonly Span[]): void {
  let node = parent.firstChild;
  next.forEach((span, i) => {
    const before = old[i];
    if (node === null || before === undefined) {
      parent.appendChild(createSpan(span));
      return;
    }
    const after = node.nextSibling;
    if (typeof span === 'string' && typeof before === 'string') patchText(node as Text, before, span);
    else if (!sameElement(before, span)) parent.replaceChild(createSpan(span), node);
    else if (typeof span === 'object' && typeof before === 'object' && !isWhole(span.tag)) {
      patchSpans(node, before.children, span.children);
    }
    node = after;
  });
  for (let extra = old.length - next.length; extra > 0; extra -= 1) parent.lastChild?.remove();
}

function patchText(node: Text, before: string, text: string): void {
  if (text === before) return;
  if (text.startsWith(before)) node.appendData(text.slice(before.length));
  else node.data = text;
}

function sameElement(a: Span, b: Span): boolean {
  if (typeof a === 'string' || typeof b === 'string' || a.tag !== b.tag) return false;
  return !isWhole(a.tag) || JSON.stringify(a) === JSON.stringify(b);
}

/** What is compared whole: the host shown with a link depends on its text. */
function isWhole(tag: Exclude<Span, string>['tag']): boolean {
  return tag === 'a' || tag === 'img' || tag === 'math';
}

/** Links that stand for images. */
const images = new WeakSet<Element>();

export function isImage(link: Element): boolean {
  return images.has(link);
}

function createSpan(span: Span): Node {
  if (typeof span === 'string') return document.createTextNode(span);
  if (span.tag === 'math') {
    const maths = element('span', span.href === undefined ? 'math' : 'math display');
    maths.textContent = span.children.join('');
    return maths;
  }
  const isLink = span.tag === 'a' || span.tag === 'img';
  const node = isLink ? createLink(span.href ?? '') : element(span.tag);
  if (span.tag === 'img') images.add(node);
  patchSpans(node, [], span.children);
  if (node instanceof HTMLAnchorElement) {
    const host = hiddenHost(node.textContent ?? '', new URL(node.href));
    if (host !== undefined) node.append(` (${host})`);
  }
  return node;
}

function createLink(href: string): HTMLElement {
  const url = safeUrl(href);
  if (url === undefined) return element('span');
  const link = document.createElement('a');
  link.href = url.href;
  // Where it leads, for who points at it.
  link.title = url.host === '' ? url.href : url.host;
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow ugc';
  return link;
}
