import type { JsonSchema } from '../../protocol/tool.ts';
import { isRecord } from '../is-record.ts';

type Parameters = Readonly<Record<string, unknown>>;

/** The properties that a schema declares at its top. */
export function declaredParameters(schema: JsonSchema | undefined): Parameters {
  return isRecord(schema?.properties) ? schema.properties : {};
}

/** Parameters that the call leaves out, with the `default` that the schema gives them. */
export function withDefaults(parameters: Parameters, schema: JsonSchema | undefined): Parameters {
  const defaults = Object.entries(declaredParameters(schema)).flatMap(([name, property]) =>
    isRecord(property) && Object.hasOwn(property, 'default') ? [[name, property.default] as const] : [],
  );
  return Object.fromEntries([...defaults, ...Object.entries(parameters)]);
}

/** What a schema names, of all that a model gives: what it made up beside that goes nowhere unasked. */
export function namedParameters(parameters: Parameters, schema: JsonSchema | undefined): Parameters {
  const declared = declaredParameters(schema);
  const takesAny =
    Object.keys(declared).length === 0 || hasOthers(schema) || schema?.additionalProperties !== undefined;
  if (takesAny) return parameters;
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => Object.hasOwn(declared, name)));
}

/** Whether a schema may declare properties elsewhere than at its top. */
export function hasOthers(schema: JsonSchema | undefined): boolean {
  const elsewhere = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas', 'patternProperties'];
  return schema !== undefined && elsewhere.some((keyword) => Object.hasOwn(schema, keyword));
}
