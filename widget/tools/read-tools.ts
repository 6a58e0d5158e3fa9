import { MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import { PAGE_TOOL_NAME } from '../../protocol/output.ts';
import type { ToolAnnotations } from '../../protocol/tool.ts';
import { copySchema } from './copy-schema.ts';
import { fingerprintOf } from './fingerprint.ts';
import { formOf } from './form-tool.ts';
import type { Implementation, PageTool, Snapshot } from './page-tools.ts';
import { cut, plainText } from './plain-text.ts';
import { Unfit } from './unfit.ts';
import type { RawTool } from './webmcp.ts';

export type Refused = Snapshot['refused'][number];

/** A tool as it stands in the page now: the plain copy, and what only the adapter may touch. */
export interface LiveTool {
  readonly tool: PageTool;
  readonly handle: RawTool;
  /** Whether a form may stand behind it: then its calls must not overlap. */
  readonly isForm: boolean;
}

export interface ReadTools {
  /** By name, in the order of the names. */
  readonly live: ReadonlyMap<string, LiveTool>;
  readonly refused: readonly Refused[];
}

/** Longest title that is shown, in characters. Browsers advise 30 for a name. */
const MAX_TITLE_CHARS = 100;

/** Makes plain, clean copies of what an implementation listed, and says what cannot be offered and why. */
export function readTools(raw: readonly RawTool[], implementation: Implementation): ReadTools {
  const named = raw.map((handle) => ({ handle, name: nameOf(handle), own: isOwn(handle) }));
  const counts = new Map<string, number>();
  for (const { name, own } of named) if (own) counts.set(name, (counts.get(name) ?? 0) + 1);
  const live = new Map<string, LiveTool>();
  const refused: Refused[] = [];
  for (const { handle, name, own } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    try {
      refuseAmbiguous(name, own, counts.get(name) ?? 0);
      live.set(name, readTool(handle, name, implementation));
    } catch (error) {
      refused.push(refusal(name, error));
    }
  }
  return { live, refused };
}

function refusal(name: string, error: unknown): Refused {
  const shown = cut(plainText(name), MAX_TITLE_CHARS, '…');
  return error instanceof Unfit
    ? { name: shown, reason: error.reason, message: error.message }
    : {
        name: shown,
        reason: 'invalid_schema',
        message: 'Reading the tool failed. Its fields must be plain values.',
      };
}

function refuseAmbiguous(name: string, own: boolean, count: number): void {
  if (!own) {
    throw count > 0
      ? new Unfit(
          'duplicate_name',
          'A frame registered a tool of this name too. The one of the page itself is offered.',
        )
      : new Unfit('other_frame', 'A frame registered it. Register it in the page itself to offer it.');
  }
  if (count > 1) {
    throw new Unfit('duplicate_name', 'Two tools have this name, and a call could reach either. Rename one.');
  }
  if (!PAGE_TOOL_NAME.test(name)) {
    throw new Unfit('invalid_name', 'A tool name is 1 to 128 of the characters A-Z a-z 0-9 _ . -');
  }
}

function readTool(handle: RawTool, name: string, implementation: Implementation): LiveTool {
  const parametersSchema = copySchema(handle.inputSchema);
  const form = formOf(name, handle, parametersSchema, implementation);
  if (form.isSensitive) {
    throw new Unfit(
      'sensitive_form',
      'Its form asks for a password, a code or a card number, which no model should fill in. Leave that field out of ' +
        'the form; if this is no form, register it with `annotations`.',
    );
  }
  const copy = {
    name,
    title: cut(plainText(textOf(handle.title)), MAX_TITLE_CHARS, '…'),
    description: cut(plainText(textOf(handle.description)), MAX_TOOL_DESCRIPTION_CHARS, ' … [cut]'),
    parametersSchema,
    annotations: copyAnnotations(handle.annotations),
    // Only tools of this window come here. What a polyfill lists as their origin is shown to nobody.
    pageOrigin: location.origin,
  };
  const tool = { ...copy, fingerprint: fingerprintOf(JSON.stringify([copy, textOf(handle.origin)])) };
  return { tool, handle, isForm: form.isForm };
}

/** Hints that are set. One that is absent and one that is false mean the same. */
function copyAnnotations(annotations: unknown): ToolAnnotations {
  const hints = ['readOnlyHint', 'untrustedContentHint', 'consequentialHint'] as const;
  const given = (annotations ?? {}) as RawTool;
  return Object.fromEntries(hints.filter((hint) => given[hint] === true).map((hint) => [hint, true]));
}

function nameOf(handle: RawTool): string {
  try {
    return textOf(handle.name);
  } catch {
    // A name that cannot be read is an invalid one.
    return '';
  }
}

/** Older implementations list their own window only, and do not name it. */
function isOwn(handle: RawTool): boolean {
  try {
    return (handle.window ?? window) === window;
  } catch {
    // As with the name: what cannot be read is not ours.
    return false;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
