import type { JsonSchema } from '../../protocol/tool.ts';
import { isRecord } from '../dispatch/tool-input.ts';

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
