import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { CUSTOM_TOOL_TIMEOUT_MS } from '../../../../protocol/limits.ts';
import { MAX_WAIT_MS } from '../../../sandbox/create-sandbox.ts';
import type { ToolKind } from '../../kind.ts';
import { reviewCode } from './review-code.ts';

/** What a job may take beyond its time and its wait for a worker, in milliseconds: a worker has to begin, and to be ended. */
const SLACK_MS = 5_000;

/** JavaScript of the author's, run where it reaches nothing but its parameters. */
export const customKind: ToolKind<'custom'> = {
  type: 'custom',
  review: (definition, { sandbox }) => reviewCode(definition, parameterNames(definition) ?? [], sandbox),
  open(definition, { sandbox }) {
    const { code, timeout = CUSTOM_TOOL_TIMEOUT_MS } = definition.config;
    const timeoutMs = Math.min(timeout, CUSTOM_TOOL_TIMEOUT_MS);
    const names = parameterNames(definition);
    return {
      // It has nothing to act on.
      idempotent: true,
      timeoutMs: timeoutMs + MAX_WAIT_MS + SLACK_MS,
      run: (parameters, { signal }) =>
        sandbox.run({ code, parameters, names: names ?? Object.keys(parameters), timeoutMs, signal }),
    };
  },
};

/** What the tool says that it takes; `undefined` where it says nothing. */
function parameterNames({ parametersSchema }: ToolDefinitionOf<'custom'>): string[] | undefined {
  const properties = parametersSchema?.properties;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : undefined;
}
