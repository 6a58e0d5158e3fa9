import type { Say } from '../../messages.ts';
import { copyText } from '../clipboard.ts';
import {
  type Block,
  type Code,
  emptyPath,
  feedLine,
  forkPath,
  isMaths,
  type Path,
  splitCells,
  type Table,
} from './blocks.ts';
import { patchSpans } from './draw-inline.ts';
import { element } from './element.ts';
import { parseInline, type Span } from './inline.ts';

/** A text in Markdown, drawn into an element and redrawn as it grows. */
export interface Drawing {
  /**
   * Draws `text`. While it goes on from the text before, finished blocks are neither read nor touched again. `done`
   * says that no more is to come: only then is half-open syntax shown as it is written.
   */
  update(text: string, done: boolean): void;
}

/** A block as it stands in the page. */
interface Drawn {
  block: Block;
  open: boolean;
  readonly shape: string;
  readonly node: HTMLElement;
  /** Of a container. */
  readonly inside: Drawn[];
  /** Of a paragraph or heading, one per node. */
  spans: Span[];
  /** Of a leaf: what it was drawn from; of a table: its rows. */
  source: readonly string[];
}

/** Nothing but marks: what comes next decides what it is. */
const UNDECIDED = /^[\s\-*+_=`~#|>:$\\]*$|^[\s>]*(?:`{3}|~{3})|^\s*\d{1,9}[.)]?\s*$|^\s*[-*+] \[[ xX]?\]? ?$/;
const MAYBE_FENCE = /^[\s>]*(?:`+|~+)?\s*$/;
/** The panel's title is a second-level heading; those of an answer stand below it. */
const HEADING_OFFSET = 2;

/** Told of each block but containers, once nothing of it can change any more. `language`: as code names its own. */
export type OnFinished = (node: HTMLElement, language: string) => void;

/** Builds nodes only: nothing that was written ever becomes markup. */
export function createDrawing(target: HTMLElement, say: Say, onFinished: OnFinished = () => {}): Drawing {
  let path = emptyPath();
  let drawn: Drawn[] = [];
  let text = '';
  let read = 0;
  const levels: number[] = [];

  const restart = () => {
    path = emptyPath();
    drawn = [];
    read = 0;
    levels.length = 0;
    target.replaceChildren();
  };

  let finished = false;
  return {
    update(next, done) {
      if (finished || !next.startsWith(text)) restart();
      text = next;
      finished = done;
      for (let end = text.indexOf('\n', read); end >= 0; end = text.indexOf('\n', read)) {
        feedLine(path, text.slice(read, end));
        read = end + 1;
      }
      const shown = withLastLine(path, text.slice(read), done);
      drawBlocks(
        { path: done ? [] : shown, depth: 1, levels, say, onFinished },
        target,
        drawn,
        shown[0].children,
      );
      // What is finished stands in the page, and nothing else is kept of it.
      const { children } = path[0];
      drawn.splice(0, done ? drawn.length : children.splice(0, children.length - 1).length);
      if (!done) return;
      path = emptyPath();
      text = '';
    },
  };
}

/** The path with the line that is still arriving. The first is left as it is: the rest of the line may change it all. */
function withLastLine(path: Path, line: string, done: boolean): Path {
  const inCode = path.at(-1)?.kind === 'code';
  if (line === '' || (!done && (inCode ? MAYBE_FENCE : UNDECIDED).test(line))) return path;
  const fork = forkPath(path);
  feedLine(fork, line);
  return fork;
}

/** Where the drawing stands: `path` says which blocks are open, `depth` is their place in it. */
interface Place {
  readonly path: readonly Block[];
  readonly depth: number;
  /** As written, of the headings that the next one stands below. */
  readonly levels: number[];
  readonly say: Say;
  readonly onFinished: OnFinished;
}

function drawBlocks(place: Place, parent: HTMLElement, drawn: Drawn[], blocks: readonly Block[]): void {
  blocks.forEach((block, i) => {
    const open = place.path[place.depth] === block;
    const old = drawn[i];
    if (old !== undefined && old.block === block && !old.open && !open) return;
    const shape = shapeOf(block);
    let current = old;
    if (current === undefined || current.shape !== shape) {
      const node = createBlock(block, place);
      if (current === undefined) parent.append(node);
      else current.node.replaceWith(node);
      current = { block, open, shape, node, inside: [], spans: [], source: [] };
      drawn[i] = current;
    }
    current.block = block;
    fillBlock(place, current, block, open);
    current.open = open;
    if (!open && !('children' in block)) {
      place.onFinished(current.node, block.kind === 'code' ? block.language : '');
    }
  });
  while (drawn.length > blocks.length) drawn.pop()?.node.remove();
}

/** Blocks of one shape share their element; it is filled anew, not made anew. */
function shapeOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `h${block.level}`;
    case 'code':
      return `code ${isMaths(block)} ${block.language}`;
    case 'list':
      return `list ${block.start}`;
    case 'item':
      return `item ${block.task}`;
    case 'table':
      return `table ${block.aligns.join()} ${block.header.join('|')}`;
    default:
      return block.kind;
  }
}

function createBlock(block: Block, { levels, say }: Place): HTMLElement {
  switch (block.kind) {
    case 'paragraph':
      return element('p');
    case 'heading':
      return element(`h${headingLevel(levels, block.level)}`);
    case 'rule':
      return element('hr');
    case 'quote':
      return element('blockquote');
    case 'code':
      return isMaths(block) ? element('div', 'math display') : createCode(block, say);
    case 'table':
      return createTable(block, say);
    case 'item':
      return createItem(block.task, say);
    case 'list': {
      const list = element(block.start === undefined ? 'ul' : 'ol');
      if (block.start !== undefined && block.start !== 1) list.setAttribute('start', String(block.start));
      return list;
    }
  }
}

/** One below the heading that it belongs to: whoever goes from heading to heading finds no level left out. */
function headingLevel(levels: number[], written: number): number {
  while ((levels.at(-1) ?? 0) >= written) levels.pop();
  levels.push(written);
  return Math.min(levels.length + HEADING_OFFSET, 6);
}

function createItem(task: 'open' | 'done' | undefined, say: Say): HTMLElement {
  const item = element('li');
  if (task === undefined) return item;
  const box = element('span', `task ${task}`);
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', say(task === 'done' ? 'task.done' : 'task.open'));
  item.className = 'has-task';
  item.append(box);
  return item;
}

function createCode(block: Code, say: Say): HTMLElement {
  const figure = element('div', 'code');
  const bar = element('div', 'code-bar');
  const button = element('button', 'quiet');
  const pre = element('pre');
  const code = element('code');
  button.setAttribute('type', 'button');
  button.textContent = say('code.copy');
  button.addEventListener('click', async () => {
    button.textContent = (await copyText(code.textContent ?? '')) ? say('copied') : say('notCopied');
    setTimeout(() => {
      button.textContent = say('code.copy');
    }, 2000);
  });
  bar.append(element('span'), button);
  if (bar.firstChild !== null) bar.firstChild.textContent = block.language;
  pre.tabIndex = 0;
  pre.dir = 'ltr';
  pre.append(code);
  figure.append(bar, pre);
  return figure;
}

function createTable(table: Table, say: Say): HTMLElement {
  const scroller = element('div', 'table');
  scroller.tabIndex = 0;
  scroller.setAttribute('role', 'group');
  scroller.setAttribute('aria-label', say('table.name'));
  const head = element('thead');
  head.append(createRow(table, table.header, 'th', false));
  const grid = element('table');
  grid.append(head, element('tbody'));
  scroller.append(grid);
  return scroller;
}

/**
 * Empty cells that are drawn for a row that lacks them. One stands for more: short rows of a wide table must not become
 * many times what they say.
 */
const MOST_MISSING = 3;

function createRow(table: Table, cells: readonly string[], tag: 'th' | 'td', open: boolean): HTMLElement {
  const row = element('tr');
  const missing = table.aligns.length - cells.length;
  const isShort = missing > MOST_MISSING;
  table.aligns.slice(0, isShort ? cells.length : undefined).forEach((align, i) => {
    const cell = element(tag, align ?? '');
    if (tag === 'th') cell.setAttribute('scope', 'col');
    patchSpans(cell, [], parseInline(cells[i] ?? '', open));
    row.append(cell);
  });
  if (isShort) {
    const rest = element('td');
    rest.setAttribute('colspan', String(missing));
    row.append(rest);
  }
  return row;
}

function fillBlock(place: Place, drawn: Drawn, block: Block, open: boolean): void {
  if (block.kind === 'paragraph' || block.kind === 'heading') {
    const source = open ? withoutTableStart(block.text) : block.text;
    if (drawn.source[0] === source && drawn.open === open) return;
    const spans = parseInline(source, open);
    patchSpans(drawn.node, drawn.spans, spans);
    drawn.spans = spans;
    drawn.source = [source];
  } else if (block.kind === 'code' && isMaths(block)) {
    if (!open) drawn.node.textContent = block.text;
  } else if (block.kind === 'code') fillCode(drawn, block);
  else if (block.kind === 'table') fillTable(drawn, block, open);
  else if (block.kind !== 'rule')
    drawBlocks(
      { ...place, path: open ? place.path : [], depth: place.depth + 1 },
      drawn.node,
      drawn.inside,
      block.children,
    );
}

/** A line that begins with a bar is likely the head of a table whose second line is still to come. */
function withoutTableStart(text: string): string {
  const lineStart = text.lastIndexOf('\n') + 1;
  return text.startsWith('|', lineStart) ? text.slice(0, Math.max(0, lineStart - 1)) : text;
}

function fillCode(drawn: Drawn, block: Code): void {
  const code = drawn.node.querySelector('code');
  if (code === null) return;
  const [before = ''] = drawn.source;
  const text = block.text.slice(0, -1);
  if (text === before) return;
  if (before !== '' && text.startsWith(before) && code.lastChild instanceof Text) {
    code.lastChild.appendData(text.slice(before.length));
  } else code.textContent = text;
  drawn.source = [text];
}

function fillTable(drawn: Drawn, table: Table, open: boolean): void {
  const body = drawn.node.querySelector('tbody');
  if (body === null) return;
  const last = table.rows.length - 1;
  table.rows.forEach((row, i) => {
    const wasOpen = drawn.open && i === drawn.source.length - 1;
    const isOpen = open && i === last;
    if (drawn.source[i] === row && wasOpen === isOpen) return;
    const node = createRow(table, splitCells(row), 'td', isOpen);
    const old = body.children[i];
    if (old === undefined) body.append(node);
    else old.replaceWith(node);
  });
  while (body.children.length > table.rows.length) body.lastChild?.remove();
  drawn.source = table.rows.slice();
}
