/** Headings, paragraphs, lists, tables and code, as they come. */
export interface Writer {
  write(text: string): void;
  /** What is still open is drawn as it stands. */
  end(): void;
}

interface Block {
  /** The lines of it that are complete. */
  readonly lines: string[];
  element: HTMLElement | undefined;
}

const FENCE = /^```/;
const HEADING = /^(#{1,6}) (.*)/;
const ITEM = /^[-*] (.*)/;
const ROW = /^\|/;
const RULE = /^\|[\s|:-]+$/;
const INLINE = /\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)/g;

export function createWriter(into: HTMLElement): Writer {
  let line = '';
  let block: Block = { lines: [], element: undefined };

  function finish() {
    if (block.lines.length > 0) draw(into, block, block.lines);
    block = { lines: [], element: undefined };
  }

  function take(complete: string) {
    const [first] = block.lines;
    if (first !== undefined && FENCE.test(first)) {
      block.lines.push(complete);
      if (FENCE.test(complete)) finish();
      return;
    }
    if (complete.trim() === '') return finish();
    if (first !== undefined && kindOf(first) !== kindOf(complete)) finish();
    block.lines.push(complete);
    if (HEADING.test(complete)) finish();
  }

  return {
    write(text) {
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const complete of lines) take(complete);
      const open = line === '' ? block.lines : [...block.lines, line];
      if (open.length > 0) draw(into, block, open);
    },
    end() {
      if (line !== '') take(line);
      line = '';
      finish();
    },
  };
}

function kindOf(line: string): string {
  if (FENCE.test(line)) return 'code';
  if (HEADING.test(line)) return 'heading';
  if (ITEM.test(line)) return 'list';
  return ROW.test(line) ? 'table' : 'paragraph';
}

function draw(into: HTMLElement, block: Block, lines: readonly string[]): void {
  const [first = ''] = lines;
  const kind = kindOf(first);
  if (kind === 'code' && block.element?.firstChild instanceof Text) {
    // One text node grows.
    const text = codeOf(lines);
    const node = block.element.firstChild;
    if (text.startsWith(node.data)) node.appendData(text.slice(node.length));
    else node.data = text;
    return;
  }
  const element = drawn(kind, first, lines);
  if (block.element === undefined) into.append(element);
  else block.element.replaceWith(element);
  block.element = element;
}

function drawn(kind: string, first: string, lines: readonly string[]): HTMLElement {
  if (kind === 'code') {
    const pre = document.createElement('pre');
    pre.append(new Text(codeOf(lines)));
    return pre;
  }
  if (kind === 'heading') {
    const [, marks = '', text = ''] = HEADING.exec(first) ?? [];
    return withInline(document.createElement(`h${marks.length}`), text);
  }
  if (kind === 'list') {
    const list = document.createElement('ul');
    for (const line of lines)
      list.append(withInline(document.createElement('li'), ITEM.exec(line)?.[1] ?? line));
    return list;
  }
  return kind === 'table' ? drawnTable(lines) : withInline(document.createElement('p'), lines.join('\n'));
}

function drawnTable(lines: readonly string[]): HTMLElement {
  const table = document.createElement('table');
  for (const [index, line] of lines.entries()) {
    if (RULE.test(line)) continue;
    const row = table.insertRow();
    for (const cell of line.replace(/^\||\|$/g, '').split('|')) {
      row.append(withInline(document.createElement(index === 0 ? 'th' : 'td'), cell.trim()));
    }
  }
  return table;
}

function codeOf(lines: readonly string[]): string {
  const isClosed = lines.length > 1 && FENCE.test(lines.at(-1) ?? '');
  return lines.slice(1, isClosed ? -1 : undefined).join('\n');
}

function withInline(element: HTMLElement, text: string): HTMLElement {
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, strong, emphasis, code, label, address = ''] = match;
    element.append(text.slice(at, match.index));
    at = match.index + whole.length;
    const name = strong ? 'strong' : emphasis ? 'em' : code ? 'code' : 'a';
    const inline = document.createElement(name);
    inline.textContent = strong ?? emphasis ?? code ?? label ?? '';
    if (inline instanceof HTMLAnchorElement) inline.href = address;
    element.append(inline);
  }
  element.append(text.slice(at));
  return element;
}
