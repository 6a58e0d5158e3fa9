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
    else if (typeof span === 'object' && typeof before === 'object' && span.tag !== 'a') {
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
  // A link is compared whole: the host shown with it depends on its text.
  return a.tag !== 'a' || JSON.stringify(a) === JSON.stringify(b);
}

function createSpan(span: Span): Node {
  if (typeof span === 'string') return document.createTextNode(span);
  const node = span.tag === 'a' ? createLink(span.href ?? '') : element(span.tag);
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
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow ugc';
  return link;
}
