import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../../protocol/tool.ts';
import { nearest } from '../config/nearest.ts';
import { reviewSchema } from '../guard/tool-schema.ts';
import { isRecord } from '../is-record.ts';
import type { Finding } from './kind.ts';

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];

/** Problems that are told at once. */
const MAX_PROBLEMS = 5;

/** Problems that are looked at: a schema may break one rule thousands of times. */
const MAX_LOOKED_AT = 100;

/** Findings of one sort that are told; the rest is more of the same. */
const MAX_ALIKE = 20;

/**
 * What is wrong or odd about the schema of a tool's parameters: by the rules of the draft that it names, and by those of
 * the check that every call goes through.
 */
export function reviewParametersSchema(schema: JsonSchema | undefined): readonly Finding[] {
  if (schema === undefined) return [];
  const reviewed = reviewSchema(schema);
  if ('reason' in reviewed && reviewed.reason === 'schema_too_large') {
    return [error(reviewed.reason, reviewed.message)];
  }
  const broken = brokenRules(schema);
  if (broken.length > 0) return broken;
  const keywords = keywordsIn(schema, 'parametersSchema');
  const patterns = brokenPatterns(keywords);
  if (patterns.length > 0) return patterns;
  if ('reason' in reviewed) return [error(reviewed.reason, reviewed.message)];
  return [...remarks(schema, keywords), ...dialectRemarks(schema)];
}

/** What the meta-schema of the draft says. Nothing of the schema itself is compiled: that takes seconds where it is large. */
function brokenRules(schema: JsonSchema): readonly Finding[] {
  const { $schema, ...rules } = schema;
  const named = typeof $schema === 'string' ? DRAFTS.find(({ names }) => names.test($schema)) : undefined;
  if (named !== undefined) return problemsBy(named, rules);
  if ($schema !== undefined) return [];
  // A schema that names no draft is right where it fits the newest, or the one that most are written in.
  const [newest, , common] = DRAFTS;
  if (common !== undefined && problemsBy(common, rules).length === 0) return [];
  return newest === undefined ? [] : problemsBy(newest, rules);
}

interface Draft {
  readonly names: RegExp;
  readonly engine: () => Ajv;
}

/** All that draft-06 forbids, draft-07 forbids too. */
const DRAFTS: readonly Draft[] = [
  { names: /\/draft\/2020-12\/schema#?$/, engine: once(() => new Ajv2020(OPTIONS)) },
  { names: /\/draft\/2019-09\/schema#?$/, engine: once(() => new Ajv2019(OPTIONS)) },
  { names: /\/draft-0[67]\/schema#?$/, engine: once(() => new Ajv(OPTIONS)) },
];

const OPTIONS = { strict: false, allErrors: true, logger: false } as const;

/** What a meta-schema takes hundreds of milliseconds to compile is made when it is first needed. */
function once(make: () => Ajv): () => Ajv {
  let made: Ajv | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function problemsBy({ engine }: Draft, rules: JsonSchema): readonly Finding[] {
  const ajv = engine();
  if (ajv.validateSchema(rules) === true) return [];
  const byPlace = new Map<string, Finding>();
  for (const { instancePath, message = 'is wrong' } of (ajv.errors ?? []).slice(0, MAX_LOOKED_AT)) {
    if (!byPlace.has(instancePath)) byPlace.set(instancePath, problemAt(instancePath, message, rules));
  }
  // Of nested problems the innermost names the keyword.
  const places = [...byPlace.keys()];
  const innermost = places.filter((place) => !places.some((other) => other.startsWith(`${place}/`)));
  return innermost.slice(0, MAX_PROBLEMS).map((place) => byPlace.get(place) as Finding);
}

function problemAt(pointer: string, message: string, rules: JsonSchema): Finding {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const path = ['parametersSchema', ...steps].join('.');
  const value = steps.reduce<unknown>((place, step) => (isObject(place) ? place[step] : undefined), rules);
  const written = (JSON.stringify(value) ?? 'nothing').slice(0, 80);
  const keyword = steps.at(-1);
  if (keyword === 'type' && typeof value === 'string') {
    const meant = nearest(value, TYPES);
    const suggestion = meant === undefined ? `Write one of ${TYPES.join(', ')}.` : `Write "${meant}".`;
    return {
      ...error('invalid_schema', `\`${path}\` is ${written}, which is no type of JSON Schema.`, path),
      suggestion,
    };
  }
  return error('invalid_schema', `\`${path}\` is ${written}, and ${message}.`, path);
}

/** Compiled only, and never run. */
function brokenPatterns(keywords: readonly Keyword[]): readonly Finding[] {
  const patterns = keywords.flatMap(({ name, value, path }) => {
    if (name === 'patternProperties' && isRecord(value)) {
      return Object.keys(value).map((pattern) => ({ pattern, path }));
    }
    return name === 'pattern' && typeof value === 'string' ? [{ pattern: value, path }] : [];
  });
  return patterns
    .filter(({ pattern }) => !isExpression(pattern))
    .slice(0, MAX_PROBLEMS)
    .map(({ pattern, path }) => {
      const written = JSON.stringify(pattern).slice(0, 80);
      return error('invalid_schema', `\`${path}\` has ${written}, which is no regular expression.`, path);
    });
}

function isExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** What is told to the model and not checked, and what cannot have been meant. */
function remarks(schema: JsonSchema, keywords: readonly Keyword[]): readonly Finding[] {
  const unchecked = ['pattern', 'patternProperties', 'uniqueItems'].filter((keyword) =>
    keywords.some(({ name }) => name === keyword),
  );
  const properties = isRecord(schema.properties) ? Object.keys(schema.properties) : [];
  const declared = new Set(properties);
  const required = Array.isArray(schema.required)
    ? schema.required.filter((name) => typeof name === 'string')
    : [];
  return [
    ...(schema.type === undefined
      ? [
          warning(
            'schema_without_type',
            'The schema does not say `type: "object"`.',
            'Add `"type": "object"`.',
          ),
        ]
      : []),
    ...unchecked.map((keyword) =>
      warning(
        'schema_keyword_unchecked',
        `The model is told of \`${keyword}\`, and calls are not checked against it.`,
        'Let the tool itself check what must not go wrong.',
      ),
    ),
    ...required
      .filter((name) => !declared.has(name))
      .slice(0, MAX_ALIKE)
      .map((name) => undeclared(name, properties)),
  ];
}

function undeclared(name: string, properties: readonly string[]): Finding {
  const meant = nearest(name, properties);
  return {
    ...warning(
      'schema_required_undeclared',
      `\`required\` names "${name}", which \`properties\` does not have.`,
    ),
    path: 'parametersSchema.required',
    suggestion: meant === undefined ? `Add "${name}" to \`properties\`.` : `Did you mean "${meant}"?`,
  };
}

function dialectRemarks({ $schema }: JsonSchema): readonly Finding[] {
  if ($schema === undefined) return [];
  if (typeof $schema === 'string' && DRAFTS.some(({ names }) => names.test($schema))) return [];
  return [
    {
      ...warning(
        'schema_dialect_unknown',
        `\`$schema\` is ${JSON.stringify($schema)?.slice(0, 80)}, whose rules are not known here.`,
        'Write https://json-schema.org/draft/2020-12/schema, or leave it out.',
      ),
      path: 'parametersSchema.$schema',
    },
  ];
}

interface Keyword {
  readonly name: string;
  readonly value: unknown;
  readonly path: string;
}

/** All keywords that stand where a schema stands; a property that is called like one is none. */
function keywordsIn(schema: unknown, path: string): readonly Keyword[] {
  if (Array.isArray(schema)) return schema.flatMap((part, index) => keywordsIn(part, `${path}[${index}]`));
  if (!isRecord(schema)) return [];
  return Object.entries(schema).flatMap(([name, value]): readonly Keyword[] => {
    const keyword = { name, value, path: `${path}.${name}` };
    if (VALUES.includes(name)) return [keyword];
    const parts = MAPS.includes(name) && isRecord(value) ? Object.entries(value) : [];
    const inner = parts.flatMap(([key, part]) => keywordsIn(part, `${keyword.path}.${key}`));
    return [keyword, ...(MAPS.includes(name) ? inner : keywordsIn(value, keyword.path))];
  });
}

/** Keywords whose values are schemas by name, and those whose values are no schemas. */
const MAPS = ['properties', '$defs', 'definitions', 'dependentSchemas', 'patternProperties'];
const VALUES = ['enum', 'const', 'default', 'examples', 'required'];

function error(code: string, message: string, path = 'parametersSchema'): Finding {
  return { severity: 'error', code, message, path };
}

function warning(code: string, message: string, suggestion?: string): Finding {
  const finding: Finding = { severity: 'warning', code, message, path: 'parametersSchema' };
  return suggestion === undefined ? finding : { ...finding, suggestion };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
