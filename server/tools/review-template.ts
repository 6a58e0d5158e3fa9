import type { JsonSchema } from '../../protocol/tool.ts';
import { nearest } from '../config/nearest.ts';
import { isRecord } from '../is-record.ts';
import type { Finding } from './kind.ts';
import { declaredParameters, hasOthers } from './parameters.ts';
import { piecesOf, placeholdersIn, RESERVED_ROOTS, textsIn } from './template.ts';

/** Findings that are told of one definition's placeholders; the rest is more of the same. */
const MAX_ALIKE = 20;

/**
 * What is wrong or odd about the placeholders in the texts of a JSON value: `bad_placeholder` (error),
 * `unknown_parameter`, `optional_parameter` and `reserved_parameter` (warnings). Places are named below `path`.
 */
export function reviewTemplates(
  value: unknown,
  path: string,
  schema: JsonSchema | undefined,
): readonly Finding[] {
  const declared = declaredParameters(schema);
  const findings: Finding[] = Object.keys(declared)
    .filter((name) => RESERVED_ROOTS.includes(name))
    .map((name) => ({
      severity: 'warning',
      code: 'reserved_parameter',
      message: `No placeholder reaches the parameter "${name}": the name is taken.`,
      suggestion: 'Give the parameter another name.',
      path: `parametersSchema.properties.${name}`,
    }));
  const told = findings.length + MAX_ALIKE;
  const looked = new Set<string>();
  for (const { text, path: place } of textsIn(value, path)) {
    for (const piece of piecesOf(text)) {
      if (findings.length >= told) return findings;
      if (typeof piece === 'string' || looked.has(`${place} ${piece.written}`)) continue;
      looked.add(`${place} ${piece.written}`);
      if (piece.root === 'bad') {
        findings.push({
          severity: 'error',
          code: 'bad_placeholder',
          message: `${piece.written} ${piece.problem}`,
          ...(piece.mend === undefined ? {} : { suggestion: `Write ${piece.mend}.` }),
          path: place,
        });
      }
      if (piece.root === 'parameter')
        findings.push(...reviewParameter(piece.path[0], piece.written, place, schema));
    }
  }
  return findings;
}

function reviewParameter(
  name: string,
  written: string,
  path: string,
  schema: JsonSchema | undefined,
): readonly Finding[] {
  const declared = declaredParameters(schema);
  if (!Object.hasOwn(declared, name)) {
    if (hasOthers(schema)) return [];
    const meant = nearest(name, Object.keys(declared));
    const suggestion =
      meant === undefined ? `Declare "${name}" in parametersSchema.properties.` : `Write {{${meant}}}.`;
    const message = `${written} stands for a parameter that parametersSchema does not declare: calls without it fail.`;
    return [{ severity: 'warning', code: 'unknown_parameter', message, suggestion, path }];
  }
  const property = declared[name];
  const isRequired = Array.isArray(schema?.required) && schema.required.includes(name);
  if (isRequired || (isRecord(property) && Object.hasOwn(property, 'default'))) return [];
  return [
    {
      severity: 'warning',
      code: 'optional_parameter',
      message: `${written} stands for a parameter that calls may leave out, and those fail.`,
      suggestion: `Add "${name}" to parametersSchema.required, or give it a "default".`,
      path,
    },
  ];
}

/** `unused_parameter` (warning): what a model is asked for, and nobody ever gets. `value` is all that is sent. */
export function reviewUnused(value: unknown, schema: JsonSchema | undefined): readonly Finding[] {
  const used = new Set(
    placeholdersIn(value).map((placeholder) => (placeholder.root === 'parameter' ? placeholder.path[0] : '')),
  );
  return Object.keys(declaredParameters(schema))
    .filter((name) => !used.has(name) && !RESERVED_ROOTS.includes(name))
    .map((name) => ({
      severity: 'warning',
      code: 'unused_parameter',
      message: `The parameter "${name}" stands nowhere in the config, so that what a model gives for it is never sent.`,
      suggestion: `Write {{${name}}} where it belongs, or leave it out.`,
      path: `parametersSchema.properties.${name}`,
    }));
}
