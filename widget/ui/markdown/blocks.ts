type Align = 'start' | 'center' | 'end' | undefined;

interface Paragraph {
  readonly kind: 'paragraph';
  text: string;
}
interface Heading {
  readonly kind: 'heading';
  readonly level: number;
  readonly text: string;
}
interface Rule {
  readonly kind: 'rule';
}
export interface Code {
  readonly kind: 'code';
  readonly language: string;
  readonly fence: string;
  readonly indent: number;
  text: string;
}
export interface Table {
  readonly kind: 'table';
  readonly header: readonly string[];
  readonly aligns: readonly Align[];
  /** As written: split when they are drawn. */
  rows: string[];
}
interface Quote {
  readonly kind: 'quote';
  children: Block[];
}
interface List {
  readonly kind: 'list';
  /** The first number; `undefined` for bullets. */
  readonly start: number | undefined;
  /** What its items have in common: the bullet, or the character after the number. */
  readonly marker: string;
  children: Block[];
}
interface Item {
  readonly kind: 'item';
  readonly task: 'open' | 'done' | undefined;
  /** Columns before its text. */
  readonly indent: number;
  /** Columns that a line must be indented by to belong to it. */
  readonly least: number;
  children: Block[];
}
export type Block = Paragraph | Heading | Rule | Code | Table | Quote | List | Item;
type Container = Quote | List | Item;

/** The blocks that the next line may still change: the text itself, as a quote without a mark, and the last block of each. */
export type Path = [Quote, ...Block[]];

/** Longest path. Deeper quotes and lists are read as text. */
const MAX_PATH = 24;
const MAX_COLUMNS = 64;

const QUOTE = /^ *> ?/;
const RULE = /^ *(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$/;
const FENCE = /^( *)(`{3,}|~{3,})([^`]*)$/;
/** A formula on lines of its own. */
const MATHS = /^( *)(\$\$|\\\[)$/;
const HEADING = /^ *(#{1,6})(?= |$)/;
const MARKER = /^( *)([-*+]|\d{1,9}[.)])( +|$)/;
const TASK = /^\[([ xX])\] +(?=\S)/;
const DELIMITERS = /^ *\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$/;

export function emptyPath(): Path {
  return [{ kind: 'quote', children: [] }];
}

/** A path that can be changed without changing the first. Finished blocks are shared. */
export function forkPath(path: Path): Path {
  const fork = path.map((block): Block => {
    if (isContainer(block)) return { ...block, children: block.children.slice() };
    return block.kind === 'table' ? { ...block, rows: block.rows.slice() } : { ...block };
  }) as Path;
  for (let i = 1; i < fork.length; i += 1) {
    const { children } = fork[i - 1] as Container;
    children[children.length - 1] = fork[i] as Block;
  }
  return fork;
}

/**
 * Reads one line. Only blocks on the path change; what leaves the path is finished and never changes again. That rules
 * out the three things of CommonMark that reach back: underlined headings, link definitions and loose lists.
 */
export function feedLine(path: Path, line: string): void {
  const leaf = path.at(-1) as Block;
  let { rest, matched } = matchContainers(path, withoutTabs(line));
  const inLeaf = matched === path.length - 1 && !isContainer(leaf);

  if (inLeaf && leaf.kind === 'code') {
    if (closesFence(leaf, rest)) path.pop();
    else leaf.text += `${withoutIndent(rest, leaf.indent)}\n`;
    return;
  }
  if (rest.trim() === '') {
    path.length = matched;
    return;
  }

  let started = false;
  for (;;) {
    const parent = path[matched - 1] as Container;
    if (matched >= MAX_PATH) break;
    const quote = QUOTE.exec(rest);
    if (quote !== null) {
      if (parent.kind === 'list') matched -= 1;
      push(path, matched, { kind: 'quote', children: [] });
      rest = rest.slice(quote[0].length);
      matched += 1;
    } else {
      const item = RULE.test(rest) ? undefined : readMarker(rest);
      if (item === undefined || (!started && leaf.kind === 'paragraph' && cannotInterrupt(parent, item)))
        break;
      if (parent.kind !== 'list' || parent.marker !== item.marker) {
        if (parent.kind === 'list') matched -= 1;
        push(path, matched, { kind: 'list', start: item.start, marker: item.marker, children: [] });
        matched += 1;
      }
      push(path, matched, item.block);
      rest = item.rest;
      matched += 1;
    }
    started = true;
  }
  if (started && rest.trim() === '') return;
  readLeaf(path, matched, rest, started ? undefined : leaf, inLeaf);
}

/** Strips from the line what continues the open containers, as far as they go. */
function matchContainers(path: Path, line: string): { rest: string; matched: number } {
  let rest = line;
  let matched = 1;
  for (; matched < path.length; matched += 1) {
    const block = path[matched] as Block;
    if (block.kind === 'quote') {
      const mark = QUOTE.exec(rest);
      if (mark === null) break;
      rest = rest.slice(mark[0].length);
    } else if (block.kind === 'item') {
      if (indentOf(rest) < block.least && rest.trim() !== '') break;
      rest = withoutIndent(rest, block.indent);
    } else if (block.kind !== 'list') break;
  }
  return { rest, matched };
}

/** `leaf` is the open block that the line may go on with, if it began nothing new. */
function readLeaf(path: Path, level: number, rest: string, leaf: Block | undefined, inLeaf: boolean): void {
  const fence = FENCE.exec(rest);
  const heading = HEADING.exec(rest);
  const maths = MATHS.exec(rest.trimEnd());
  if (maths !== null) {
    const [, indent = '', mark = ''] = maths;
    pushLeaf(path, level, { kind: 'code', language: '', fence: mark, indent: indent.length, text: '' });
  } else if (fence !== null) {
    const language = (fence[3] ?? '').trim().split(/\s/, 1)[0] ?? '';
    const [indent, mark] = [(fence[1] ?? '').length, fence[2] ?? ''];
    pushLeaf(path, level, { kind: 'code', language, fence: mark, indent, text: '' });
  } else if (heading !== null) {
    const text = withoutClosingMarks(rest.slice(heading[0].length).trim());
    pushLeaf(path, level, { kind: 'heading', level: heading[1]?.length ?? 1, text });
    path.pop();
  } else if (leaf?.kind === 'paragraph' && inLeaf && startsTable(path, leaf, rest)) {
    // Done by the condition.
  } else if (RULE.test(rest)) {
    pushLeaf(path, level, { kind: 'rule' });
    path.pop();
  } else if (leaf?.kind === 'table' && inLeaf) leaf.rows.push(rest);
  // A paragraph also goes on in a line that lacks the marks of its quote or item.
  else if (leaf?.kind === 'paragraph') leaf.text += `\n${rest.trimStart()}`;
  else pushLeaf(path, level, { kind: 'paragraph', text: rest.trimStart() });
}

function startsTable(path: Path, paragraph: Paragraph, rest: string): boolean {
  if (!rest.includes('|') || !DELIMITERS.test(rest)) return false;
  const lineStart = paragraph.text.lastIndexOf('\n') + 1;
  const header = splitCells(paragraph.text.slice(lineStart));
  const marks = splitCells(rest);
  if (marks.length !== header.length || marks.length > MAX_COLUMNS) return false;
  path.pop();
  if (lineStart > 0) paragraph.text = paragraph.text.slice(0, lineStart - 1);
  else (path.at(-1) as Container).children.pop();
  push(path, path.length, { kind: 'table', header, aligns: marks.map(alignOf), rows: [] });
  return true;
}

function alignOf(mark: string): Align {
  const end = mark.endsWith(':');
  if (mark.startsWith(':')) return end ? 'center' : 'start';
  return end ? 'end' : undefined;
}

/** The cells of a row of a table, at most as many as a table may have. */
export function splitCells(row: string): string[] {
  const trimmed = row.trim();
  const cells: string[] = [];
  let cell = '';
  for (let at = trimmed.startsWith('|') ? 1 : 0; at < trimmed.length; at += 1) {
    const char = trimmed.charAt(at);
    if (char === '\\' && trimmed[at + 1] === '|') {
      cell += '|';
      at += 1;
    } else if (char === '|') {
      cells.push(cell.trim());
      cell = '';
    } else cell += char;
  }
  if (cell !== '' || cells.length === 0) cells.push(cell.trim());
  return cells;
}

interface Marker {
  readonly start: number | undefined;
  readonly marker: string;
  readonly block: Item;
  readonly rest: string;
}

function readMarker(line: string): Marker | undefined {
  const found = MARKER.exec(line);
  if (found === null) return undefined;
  const [whole, before = '', mark = '', gap = ''] = found;
  const width = before.length + mark.length;
  // Five spaces and more would be indented code, which nobody means in a chat.
  const indent = width + (gap.length >= 1 && gap.length <= 4 ? gap.length : 1);
  let rest = line.slice(Math.min(indent, whole.length));
  const task = TASK.exec(rest);
  if (task !== null) rest = rest.slice(task[0].length);
  const done = task === null ? undefined : task[1] === ' ' ? 'open' : 'done';
  return {
    start: mark.length > 1 ? Number.parseInt(mark, 10) : undefined,
    marker: mark.slice(-1),
    // Two columns are enough even under `1. `: models indent nested lists by two.
    block: { kind: 'item', task: done, indent, least: Math.min(indent, before.length + 2), children: [] },
    rest,
  };
}

/** A number at the start of a line of prose is not a list: "… in\n1986. A great year". */
function cannotInterrupt(parent: Container, item: Marker): boolean {
  if (parent.kind === 'list') return false;
  return item.rest.trim() === '' || (item.start !== undefined && item.start !== 1);
}

function push(path: Path, level: number, block: Block): void {
  path.length = level;
  (path[level - 1] as Container).children.push(block);
  path.push(block);
}

function pushLeaf(path: Path, level: number, block: Block): void {
  push(path, path[level - 1]?.kind === 'list' ? level - 1 : level, block);
}

function isContainer(block: Block): block is Container {
  return 'children' in block;
}

/** Whether it is a formula and no code. */
export function isMaths({ fence }: Code): boolean {
  return fence === '$$' || fence === '\\[';
}

function closesFence(code: Code, line: string): boolean {
  const text = line.trim();
  if (code.fence === '\\[') return text === '\\]';
  return text.length >= code.fence.length && text === code.fence.charAt(0).repeat(text.length);
}

function withoutTabs(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  const end = text.length - text.trimStart().length;
  return text.slice(0, end).replaceAll('\t', '    ') + text.slice(end);
}

function indentOf(line: string): number {
  let end = 0;
  while (line[end] === ' ') end += 1;
  return end;
}

function withoutIndent(line: string, columns: number): string {
  return line.slice(Math.min(columns, indentOf(line)));
}

function withoutClosingMarks(text: string): string {
  let end = text.length;
  while (text[end - 1] === '#') end -= 1;
  return end === 0 || text[end - 1] === ' ' ? text.slice(0, end).trimEnd() : text;
}
