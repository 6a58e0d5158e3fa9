import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import type { Finding, ToolKind } from '../../kind.ts';
import { declaredParameters, withDefaults } from '../../parameters.ts';
import { ToolError } from '../../tool-error.ts';

/** Longest run of all steps, in milliseconds. */
const TIMEOUT_MS = 600_000;

type Definition = ToolDefinitionOf<'flow'>;
type Parameters = Readonly<Record<string, unknown>>;

/** A saved flow. Its inputs are taken from the parameters, and its result is one of its variables. */
export const flowKind: ToolKind<'flow'> = {
  type: 'flow',
  review: (definition) => Promise.resolve(review(definition)),
  open: ({ config, parametersSchema }, { children }) => ({
    idempotent: false,
    timeoutMs: TIMEOUT_MS,
    async run(parameters, call) {
      const { flowId, parameterMapping, outputMapping } = config;
      const inputs = inputsFrom(withDefaults(parameters, parametersSchema), parameterMapping);
      const { variables, last } = await children.flow(flowId, inputs, call);
      return resultOf(variables, outputMapping ?? last);
    },
  }),
};

/** A parameter that the call left out is no input. */
function inputsFrom(parameters: Parameters, mapping: Definition['config']['parameterMapping']): Parameters {
  if (mapping === undefined) return parameters;
  const entries = Object.entries(mapping).flatMap(([input, parameter]) =>
    Object.hasOwn(parameters, parameter) ? [[input, parameters[parameter]] as const] : [],
  );
  return Object.fromEntries(entries);
}

function resultOf(variables: Parameters, name: string): unknown {
  if (Object.hasOwn(variables, name)) return variables[name];
  throw new ToolError(
    'child_failed',
    `The flow has run, and has no variable "${name}" that its result could be. It has ${Object.keys(variables).join(', ')}.`,
  );
}

function review({ config, parametersSchema }: Definition): readonly Finding[] {
  const declared = declaredParameters(parametersSchema);
  const missing = Object.entries(config.parameterMapping ?? {}).filter(
    ([, parameter]) => !Object.hasOwn(declared, parameter),
  );
  return [
    ...missing.map(
      ([input, parameter]): Finding => ({
        severity: 'warning',
        code: 'unknown_parameter',
        message: `The flow's input "${input}" is taken from "${parameter}", which parametersSchema does not declare.`,
        suggestion: `Declare "${parameter}" in parametersSchema.properties.`,
        path: `config.parameterMapping.${input}`,
      }),
    ),
  ];
}
