import { MAX_TOOL_RESULT_CHARS } from '../../protocol/limits.ts';
import { errorOutput, type ToolOutput, textOutput } from '../../protocol/output.ts';
import type { Implementation } from './page-tools.ts';
import { cut, plainText } from './plain-text.ts';
import type { RawTool } from './webmcp.ts';

const CUT_MARK = `\n[Cut here: the result is longer than ${MAX_TOOL_RESULT_CHARS} characters.]`;

/** What implementations say for no value, `null` and an empty string, each in its own way. */
const EMPTY = ['', 'undefined', 'null', 'Operation succeeded'];

/** What Chromium says of whatever happened inside a tool; a polyfill says it too and adds the reason. */
const SILENT = /^Tool was executed but the invocation failed\.[^:]*(: )?|^.*unknown transient reason.*$/;

export interface Returned {
  readonly status: 'done' | 'failed' | 'navigated';
  readonly output: ToolOutput;
}

/** Reads what an implementation resolved with: text, JSON, an MCP result, nothing, or the end of the page. */
export function returned(value: unknown, implementation: Implementation): Returned {
  // Older polyfills say `null` for a tool without a result; the browser's own says it when the page went away.
  if (value === null && implementation === 'native') {
    return {
      status: 'navigated',
      output: textOutput(
        'The page navigated while the tool ran. What it did shows on the new page, if anything.',
      ),
    };
  }
  const parsed = typeof value === 'string' ? parse(value, implementation) : value;
  const text = typeof parsed === 'string' ? parsed : typeof value === 'string' ? value : asText(value);
  if (!isObject(parsed)) return done(text);
  const mcpText = mcpTexts(parsed)?.join('\n');
  return parsed.isError === true
    ? {
        status: 'failed',
        output: errorOutput(fit(mcpText ?? text) || 'The tool reported an error without a word.'),
      }
    : done(mcpText ?? text);
}

/** What an implementation rejected with, in words. Chromium keeps the tool's own words to its console. */
export function thrown(error: unknown, name: string): Returned {
  const message = isObject(error) && typeof error.message === 'string' ? error.message : asText(error);
  const words = plainText(message).replace(SILENT, '') || 'The browser keeps the reason to itself.';
  return { status: 'failed', output: errorOutput(fit(`The tool "${name}" failed. ${words}`)) };
}

function done(text: string): Returned {
  const words = fit(text);
  const isEmpty = EMPTY.includes(words.trim());
  return { status: 'done', output: textOutput(isEmpty ? 'The tool finished and returned nothing.' : words) };
}

/**
 * An object that a tool gave, where the text is one. Some polyfills also put strings in quotes, as the draft says;
 * Chromium and ours do not, and quotes that come from them are the tool's.
 */
function parse(text: string, implementation: Implementation): unknown {
  const isRaw = implementation === 'native' || implementation === 'pagehand';
  try {
    return (isRaw ? /^\s*\{/ : /^\s*[{"]/).test(text) ? JSON.parse(text) : undefined;
  } catch {
    // Text that only begins like JSON.
    return undefined;
  }
}

/** The texts of an MCP result; `undefined` for any other object. */
function mcpTexts(result: RawTool): readonly string[] | undefined {
  const { content, structuredContent } = result;
  const blocks = Array.isArray(content) && content.every(isBlock) ? content : undefined;
  if (blocks === undefined && structuredContent === undefined) return undefined;
  const texts = (blocks ?? []).map(blockText);
  return texts.some((text) => text !== '') || structuredContent === undefined
    ? texts
    : [asText(structuredContent)];
}

function isBlock(block: unknown): block is RawTool {
  return isObject(block) && typeof block.type === 'string';
}

/** A block as text. What is no text is named, so that the model knows that there was something. */
function blockText(block: RawTool): string {
  const resource = isObject(block.resource) ? block.resource : block;
  if (typeof resource.text === 'string') return resource.text;
  const about = ['mimeType', 'name', 'uri']
    .map((key) => resource[key])
    .filter((part) => typeof part === 'string');
  return `[${[block.type, ...about].join(' ')}]`;
}

function asText(value: unknown): string {
  try {
    return isObject(value) ? (JSON.stringify(value) ?? '') : String(value ?? '');
  } catch {
    // A value without a JSON form, such as a circle.
    return '[a result that cannot be shown]';
  }
}

/** Clean, and short enough for a model. Cut first as well, because cleaning megabytes takes time. */
function fit(text: string): string {
  return cut(plainText(text.slice(0, 2 * MAX_TOOL_RESULT_CHARS)), MAX_TOOL_RESULT_CHARS, CUT_MARK);
}

function isObject(value: unknown): value is RawTool {
  return typeof value === 'object' && value !== null;
}
