import { plainText } from './plain-text.ts';
import { nameWords } from './schema.ts';
import { capitalized } from './wording.ts';

const MAX_ROWS = 10;
const MAX_COLUMNS = 5;
const MAX_CELL_CHARS = 80;
const MAX_DEPTH = 3;
const FIRST_COLUMNS: readonly string[] = ['name', 'title', 'subject', 'label'];

/** A value from a result as light Markdown: a table for things alike, a list for the rest. Everything in it is plain text. */
export function describeValue(value: unknown, key = '', depth = 0): string {
  if (typeof value === 'number')
    return isMoney(key) && !Number.isInteger(value) ? value.toFixed(2) : String(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return plainText(value, depth === 0 ? 1_200 : 200);
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return describeList(value, depth);
  return describeFields(value as Record<string, unknown>, depth);
}

function isMoney(key: string): boolean {
  return /price|total|cost|amount|sum|fare|tax|discount/i.test(key);
}

function describeList(list: readonly unknown[], depth: number): string {
  if (list.length === 0) return 'nothing';
  const rows = list.filter(
    (entry): entry is Record<string, unknown> =>
      typeof entry === 'object' && entry !== null && !Array.isArray(entry),
  );
  const columns = rows.length === list.length ? columnsOf(rows) : [];
  if (depth > 0) return `${list.length} ${list.length === 1 ? 'entry' : 'entries'}`;
  if (rows.length > 1 && columns.length > 1) return table(rows, columns);
  const lines = list.slice(0, MAX_ROWS).map((entry) => `- ${inline(entry)}`);
  return [...lines, ...more(list.length)].join('\n');
}

function more(count: number): readonly string[] {
  return count > MAX_ROWS ? ['', `… and ${count - MAX_ROWS} more.`] : [];
}

/** What can stand in a narrow table: short plain fields; ids only where nothing else names the row. */
function columnsOf(rows: readonly Record<string, unknown>[]): readonly string[] {
  const keys = [...new Set(rows.slice(0, MAX_ROWS).flatMap((row) => Object.keys(row)))];
  const short = keys.filter((key) =>
    rows.slice(0, MAX_ROWS).every((row) => isShort(Object.hasOwn(row, key) ? row[key] : undefined)),
  );
  const telling = short.filter((key) => !/^(?:image|imageUrl|url)$/i.test(key) && !isOpaqueId(key, rows));
  const chosen =
    telling.some((key) => FIRST_COLUMNS.includes(key.toLowerCase())) || telling.length > 2 ? telling : short;
  return [...chosen].sort((a, b) => rank(a) - rank(b)).slice(0, MAX_COLUMNS);
}

/** A number is something that people say ("ticket 42"); a slug is not. */
function isOpaqueId(key: string, rows: readonly Record<string, unknown>[]): boolean {
  return /^(?:id|uuid|sku)$|Id$|_id$/.test(key) && !rows.every((row) => typeof row[key] === 'number');
}

function rank(key: string): number {
  const at = FIRST_COLUMNS.indexOf(key.toLowerCase());
  return at < 0 ? FIRST_COLUMNS.length : at;
}

function isShort(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && value.length <= MAX_CELL_CHARS)
  );
}

function table(rows: readonly Record<string, unknown>[], columns: readonly string[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const fractional = new Set(
    columns.filter((column) => isMoney(column) && rows.some((row) => !Number.isInteger(row[column] ?? 0))),
  );
  const cell = (row: Record<string, unknown>, column: string): string => {
    const value = Object.hasOwn(row, column) ? row[column] : undefined;
    if (value === undefined || value === null) return '';
    return typeof value === 'number' && fractional.has(column)
      ? value.toFixed(2)
      : describeValue(value, column, 1);
  };
  return [
    line(columns.map(heading)),
    line(columns.map(() => '---')),
    ...rows.slice(0, MAX_ROWS).map((row) => line(columns.map((column) => cell(row, column)))),
    ...more(rows.length),
  ].join('\n');
}

function heading(key: string): string {
  return capitalized(plainText(nameWords(key).join(' '), 40));
}

/** One thing in one line: its name first, then the rest. */
function inline(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return describeValue(entry, '', 1);
  const row = entry as Record<string, unknown>;
  const [first, ...others] = columnsOf([row]);
  if (first === undefined) return 'an entry without plain fields';
  const facts = others.map(
    (key) => `${plainText(nameWords(key).join(' '), 40)} ${describeValue(row[key], key, 1)}`,
  );
  return [`**${describeValue(row[first], first, 1)}**`, ...facts].join(', ');
}

function describeFields(fields: Record<string, unknown>, depth: number): string {
  const all = Object.entries(fields);
  const telling = all.filter(([key]) => !isOpaqueId(key, [fields]));
  const entries = (telling.length > 0 ? telling : all).slice(0, 12);
  if (entries.length === 0) return 'nothing';
  if (depth >= MAX_DEPTH) return `${entries.length} fields`;
  if (depth > 0)
    return entries
      .slice(0, 4)
      .map(
        ([key, value]) =>
          `${plainText(nameWords(key).join(' '), 40)} ${describeValue(value, key, depth + 1)}`,
      )
      .join(', ');
  return entries.map(([key, value]) => `- ${heading(key)}: ${describeValue(value, key, 1)}`).join('\n');
}
