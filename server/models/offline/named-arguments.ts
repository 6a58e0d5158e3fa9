import type { Clause } from './clauses.ts';
import { type Reading, readArguments } from './fill-arguments.ts';
import type { Naming } from './naming.ts';
import type { ToolProfile } from './profile.ts';
import { isAmount } from './reader.ts';
import { fits, type Parameter } from './schema.ts';
import { joinText, type Token } from './tokens.ts';
import { answerValue, choiceIn, typedValue } from './values.ts';

/** The whole arguments, when the name is followed by one JSON object: `echo {"text": "hi"}`. Taken as they are. */
export function wholeArguments({ tokens }: Naming): Readonly<Record<string, unknown>> | undefined {
  const content = tokens.filter(
    ({ kind, lower }) =>
      kind !== 'mark' && !/^(?:with|the|args|arguments|input|params|parameters|json|please)$/.test(lower),
  );
  const [only] = content;
  return content.length === 1 && only?.kind === 'json'
    ? (JSON.parse(only.text) as Record<string, unknown>)
    : undefined;
}

export function hasLabels(naming: Naming, source: string): boolean {
  return labelsIn(naming.profile, naming.tokens, source).length > 0;
}

/** What follows a tool's name, as its arguments: labelled, by type, and what is left as the one free text. */
export function readNamed(naming: Naming, clause: Clause): Reading {
  const { profile, tokens } = naming;
  const labels = labelsIn(profile, tokens, clause.source);
  const labelled = new Map(
    labels.flatMap(({ parameter, value }) => (value === undefined ? [] : [[parameter.name, value] as const])),
  );
  const used = new Set(labels.flatMap((label) => label.tokens));
  const rest = tokens.filter((token) => !used.has(token));
  const [only] = profile.parameters;
  if (labels.length === 0 && profile.parameters.length === 1 && only !== undefined && isText(only)) {
    const value = freeText(naming, tokens);
    return {
      values: value !== '' && fits(value, only.schema) ? new Map([[only.name, value]]) : new Map(),
      rest: [],
    };
  }
  const open = profile.parameters.filter(
    ({ name }) => !labels.some(({ parameter }) => parameter.name === name),
  );
  const slot = profile.slot !== undefined && open.includes(profile.slot) ? profile.slot : undefined;
  const reading = readArguments({ ...profile, parameters: open, slot }, { ...clause, tokens: rest });
  return fillOpen(naming, open, {
    values: new Map([...labelled, ...reading.values]),
    rest: reading.rest,
  });
}

/** Numbers that are not required, ids as they stand, and the free text. */
function fillOpen(naming: Naming, parameters: readonly Parameter[], given: Reading): Reading {
  const values = new Map(given.values);
  let rest = given.rest;
  const isOpen = ({ name }: Parameter): boolean => !values.has(name);
  const put = (parameter: Parameter, value: unknown, used: readonly Token[]): void => {
    if (used.length === 0 || !fits(value, parameter.schema)) return;
    values.set(parameter.name, value);
    rest = rest.filter((token) => !used.includes(token));
  };
  for (const parameter of parameters.filter(isOpen)) {
    const { schema, required } = parameter;
    const numbers = rest.filter(isAmount);
    if (schema.kind === 'number') put(parameter, numbers[0]?.amount, numbers.slice(0, 1));
    if (schema.kind === 'list' && schema.items?.numeric === true)
      put(
        parameter,
        numbers.map(({ amount }) => amount),
        numbers,
      );
    if (required && schema.kind === 'id' && !schema.numeric) {
      const id = withoutMarks(rest);
      const text = rawText(id, rest.length === naming.tokens.length ? naming.text : joinText(id));
      if (!/\s/.test(text) && (/[\d_-]/.test(text) || id[0]?.kind === 'quote')) put(parameter, text, id);
    }
  }
  const texts = parameters.filter((parameter) => isText(parameter) && isOpen(parameter));
  const required = texts.filter((parameter) => parameter.required);
  const target = required.length > 0 ? required : texts;
  const [only] = target;
  const words = withoutMarks(rest);
  if (target.length === 1 && only !== undefined) put(only, freeText(naming, rest), words);
  return { values, rest };
}

function isText({ schema }: Parameter): boolean {
  return schema.kind === 'text' || schema.kind === 'query';
}

/** As typed where nothing was taken out of it. */
function freeText(naming: Naming, rest: readonly Token[]): string {
  const words = withoutMarks(rest);
  if (rest.length !== naming.tokens.length) return rawText(words, joinText(words));
  return rawText(words, naming.text.replace(/^[\s:=,]+/, ''));
}

function rawText(tokens: readonly Token[], raw: string): string {
  const [only] = tokens;
  return tokens.length === 1 && only?.kind === 'quote' ? only.text : raw.trim();
}

/** Without the marks at both ends. */
function withoutMarks(tokens: readonly Token[]): readonly Token[] {
  const start = tokens.findIndex(({ kind }) => kind !== 'mark');
  const end = tokens.map(({ kind }) => kind !== 'mark').lastIndexOf(true);
  return start < 0 ? [] : tokens.slice(start, end + 1);
}

interface Label {
  readonly parameter: Parameter;
  /** The label with its value. */
  readonly tokens: readonly Token[];
  /** `undefined`: what stands there does not fit. */
  readonly value: unknown;
}

interface LabelPlace {
  readonly parameter: Parameter;
  readonly from: number;
  readonly valueFrom: number;
}

/** "with n 5 and text hello", "n=5", "n: 5". */
function labelsIn(profile: ToolProfile, tokens: readonly Token[], source: string): readonly Label[] {
  const places: LabelPlace[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const place = labelAt(profile, tokens, at, places.at(-1));
    if (place === undefined || places.some(({ parameter }) => parameter === place.parameter)) continue;
    places.push(place);
    at = place.valueFrom - 1;
  }
  return places.map(({ parameter, from, valueFrom }, index) => {
    const until = places[index + 1]?.from ?? tokens.length;
    const taken = tokens.slice(valueFrom, until);
    const last = taken.map((token) => !isJoint(token)).lastIndexOf(true);
    const value = taken.slice(0, last + 1);
    const raw = source.slice(value[0]?.start ?? 0, value.at(-1)?.end ?? 0);
    const read = labelledValue(parameter, value, raw);
    const lead = /^(?:with|where|using|,|and)$/.test(tokens[from - 1]?.lower ?? '') ? from - 1 : from;
    return { parameter, tokens: tokens.slice(lead, until), value: read };
  });
}

function isJoint({ kind, lower }: Token): boolean {
  return kind === 'mark' ? /[,;&)\n]/.test(lower) : /^(?:and|with|where|using)$/.test(lower);
}

function labelAt(
  { parameters }: ToolProfile,
  tokens: readonly Token[],
  at: number,
  before: LabelPlace | undefined,
): LabelPlace | undefined {
  const found = parameters
    .map((parameter) => ({ parameter, length: labelLength(parameter, tokens, at) }))
    .sort((a, b) => b.length - a.length)[0];
  if (found === undefined || found.length === 0) return undefined;
  const { parameter, length } = found;
  const links = isText(parameter) ? /^[=:]$/ : /^(?:[=:]|is|to|of|as)$/;
  const next = tokens[at + length];
  const linked = next !== undefined && links.test(next.lower);
  const valueFrom = at + length + (linked ? 1 : 0);
  const value = tokens[valueFrom];
  if (value === undefined) return undefined;
  const previous = tokens[at - 1];
  const introduced =
    /^[=:]$/.test(next?.lower ?? '') ||
    /^(?:with|where|using|\()$/.test(previous?.lower ?? '') ||
    (previous === undefined || (before !== undefined && isJoint(previous))
      ? !isText(parameter) || value.kind === 'quote' || before !== undefined
      : before !== undefined && (!isText(before.parameter) || previous.kind === 'quote'));
  return introduced ? { parameter, from: at, valueFrom } : undefined;
}

function labelLength({ name, words }: Parameter, tokens: readonly Token[], at: number): number {
  const first = tokens[at];
  if (first === undefined || first.kind === 'quote' || first.kind === 'mark') return 0;
  if (first.lower === name.toLowerCase()) return 1;
  return words.length > 0 && words.every((word, offset) => tokens[at + offset]?.lower === word)
    ? words.length
    : 0;
}

function labelledValue(parameter: Parameter, tokens: readonly Token[], raw: string): unknown {
  const value = readValue(parameter, tokens, raw);
  if (tokens[0]?.kind === 'json' && tokens.length === 1 && parameter.schema.kind === 'object')
    return JSON.parse(raw);
  return fits(value, parameter.schema) ? value : undefined;
}

function readValue(parameter: Parameter, tokens: readonly Token[], raw: string): unknown {
  const { schema } = parameter;
  const text = rawText(tokens, raw);
  const numbers = tokens.filter(isAmount);
  switch (schema.kind) {
    case 'text':
    case 'query':
      return text;
    case 'enum':
      return (
        schema.choices.find((choice) => String(choice) === text) ?? choiceIn(tokens, schema.choices)?.value
      );
    case 'boolean':
      return /^(?:true|yes|on|1)$/i.test(text)
        ? true
        : /^(?:false|no|off|0)$/i.test(text)
          ? false
          : undefined;
    case 'number':
      return numbers[0]?.amount;
    case 'list':
      if (schema.items?.numeric === true) return numbers.map(({ amount }) => amount);
      return schema.items === undefined
        ? undefined
        : (typedValue(schema, tokens)?.value ?? answerValue(parameter, tokens, raw));
    default:
      return schema.numeric ? numbers[0]?.amount : answerValue(parameter, tokens, text);
  }
}
