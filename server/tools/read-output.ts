import { MAX_TOOL_RESULT_CHARS } from '../../protocol/limits.ts';
import { isRecord } from '../is-record.ts';
import { cut } from '../text.ts';

/**
 * The text of an output as the model reads it, whatever shape it came in: a string, `{ content: […], isError }`,
 * `{ result: … }`, or any other JSON.
 */
export function readOutput(value: unknown): { readonly text: string; readonly isError: boolean } {
  const { text, isError } = unwrap(value);
  const cutMark = `\n… (cut: the result has ${text.length} characters)`;
  return {
    text: text.trim() === '' ? '(The tool returned nothing.)' : cut(text, MAX_TOOL_RESULT_CHARS, cutMark),
    isError,
  };
}

function unwrap(value: unknown): { text: string; isError: boolean } {
  if (typeof value === 'string') return { text: value, isError: false };
  if (value === undefined || value === null) return { text: '', isError: false };
  if (!isRecord(value)) return { text: JSON.stringify(value), isError: false };
  const isError = value.isError === true;
  if (Array.isArray(value.content)) {
    const structured = value.content.length === 0 ? value.structuredContent : undefined;
    const text =
      structured === undefined ? value.content.map(textOfBlock).join('\n') : JSON.stringify(structured);
    return { text, isError };
  }
  const isWrapper =
    Object.hasOwn(value, 'result') && Object.keys(value).every((key) => ['result', 'isError'].includes(key));
  if (!isWrapper) return { text: JSON.stringify(value), isError };
  const inner = unwrap(value.result);
  return { text: inner.text, isError: isError || inner.isError };
}

/** Models of this release read text only; a block of another kind is named, so that none seems to be missing. */
function textOfBlock(block: unknown): string {
  if (typeof block === 'string') return block;
  if (!isRecord(block)) return JSON.stringify(block) ?? '';
  if (typeof block.text === 'string') return block.text;
  if (isRecord(block.resource) && typeof block.resource.text === 'string') return block.resource.text;
  const kind = typeof block.type === 'string' ? block.type : 'content';
  const about = [block.mimeType, block.uri, block.name].filter((word) => typeof word === 'string');
  return `[${[kind, ...about].join(' ')}]`;
}
